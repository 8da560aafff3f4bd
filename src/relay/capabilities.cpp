#include "maild/relay/capabilities.hpp"

#include "maild/base/ascii.hpp"
#include "maild/base/cursor.hpp"

#include <algorithm>

namespace maild::relay {
namespace {

constexpr std::uint64_t kMostOctets = std::uint64_t{1} << 62U;
constexpr std::uint64_t kMostSeconds = 999'999'999; // nine digits: RFC 2852 §2, RFC 4865 §3

std::string_view take_word(Cursor& in) {
    in.take_while(ascii::is_space);
    return in.take_while([](char c) { return !ascii::is_space(c); });
}

std::optional<std::uint64_t> number_of(std::string_view word, std::uint64_t limit) {
    Cursor in(word);
    const auto number = in.take_number(limit);
    if (!number || !in.at_end()) return std::nullopt;
    return *number;
}

// RFC 1870 §3: without a number, or with 0, there is no fixed limit.
void take_size(Capabilities& out, Cursor in) {
    const auto word = take_word(in);
    out.size = true;
    const auto number = number_of(word, kMostOctets);
    if (number && *number > 0) out.most_octets = *number;
}

void take_auth(Capabilities& out, Cursor in) {
    for (auto word = take_word(in); !word.empty(); word = take_word(in)) {
        auto name = ascii::to_upper(word);
        if (out.mechanisms.size() < kMaxMechanisms && !out.has_mechanism(name))
            out.mechanisms.push_back(std::move(name));
    }
}

// RFC 9422 §3: name=value; unknown names are passed over.
void take_limits(Capabilities& out, Cursor in) {
    for (auto word = take_word(in); !word.empty(); word = take_word(in)) {
        const auto equals = word.find('=');
        if (equals == word.npos) continue;
        const auto name = word.substr(0, equals);
        const auto number = number_of(word.substr(equals + 1), 999'999);
        if (!number || *number == 0) continue;
        if (ascii::equals_icase(name, "MAILMAX")) out.most_transactions = *number;
        if (ascii::equals_icase(name, "RCPTMAX")) out.most_recipients = *number;
        if (ascii::equals_icase(name, "RCPTDOMAINMAX")) out.most_domains = *number;
    }
}

void take_deliver_by(Capabilities& out, Cursor in) {
    const auto word = take_word(in);
    if (word.empty()) out.deliver_by = std::chrono::seconds(0);
    if (const auto number = number_of(word, kMostSeconds))
        out.deliver_by = std::chrono::seconds(*number);
}

void take_future_release(Capabilities& out, Cursor in) {
    if (const auto number = number_of(take_word(in), kMostSeconds))
        out.future_release = std::chrono::seconds(*number);
}

struct Keyword {
    std::string_view name;
    bool Capabilities::* flag;
    void (*take)(Capabilities&, Cursor);
};

constexpr Keyword kKeywords[] = {
    {"PIPELINING", &Capabilities::pipelining, nullptr},
    {"8BITMIME", &Capabilities::eight_bit_mime, nullptr},
    {"SMTPUTF8", &Capabilities::smtputf8, nullptr},
    {"STARTTLS", &Capabilities::starttls, nullptr},
    {"DSN", &Capabilities::dsn, nullptr},
    {"CHUNKING", &Capabilities::chunking, nullptr},
    {"BINARYMIME", &Capabilities::binary_mime, nullptr},
    {"REQUIRETLS", &Capabilities::requiretls, nullptr},
    {"ENHANCEDSTATUSCODES", &Capabilities::enhanced_status_codes, nullptr},
    {"MT-PRIORITY", &Capabilities::mt_priority, nullptr},
    {"SIZE", nullptr, take_size},
    {"AUTH", nullptr, take_auth},
    {"LIMITS", nullptr, take_limits},
    {"DELIVERBY", nullptr, take_deliver_by},
    {"FUTURERELEASE", nullptr, take_future_release},
};

// ehlo-line = ehlo-keyword *( SP ehlo-param ). Old servers write "AUTH=LOGIN PLAIN", beside the
// right form or in its place, for mail programs from before RFC 2554.
void take_line(Capabilities& out, std::string_view line) {
    Cursor in(line);
    const auto keyword = in.take_while([](char c) { return !ascii::is_space(c) && c != '='; });
    const bool is_old_auth = in.take('=');
    if (is_old_auth && !ascii::equals_icase(keyword, "AUTH")) return;
    for (const auto& known : kKeywords) {
        if (!ascii::equals_icase(known.name, keyword)) continue;
        if (known.flag != nullptr) out.*known.flag = true;
        if (known.take != nullptr) known.take(out, in);
        return;
    }
}

} // namespace

bool Capabilities::has_mechanism(std::string_view upper_case) const {
    return std::ranges::find(mechanisms, upper_case) != mechanisms.end();
}

Capabilities parse_capabilities(const Reply& reply) {
    auto out = without_extensions(reply);
    out.is_extended = true;
    for (std::size_t i = 1; i < reply.lines.size(); ++i) take_line(out, reply.lines[i]);
    out.binary_mime = out.binary_mime && out.chunking; // RFC 3030 §3
    return out;
}

Capabilities without_extensions(const Reply& reply) {
    Capabilities out;
    Cursor in(reply.lines.empty() ? std::string_view() : reply.lines.front());
    out.name = take_word(in);
    return out;
}

} // namespace maild::relay
