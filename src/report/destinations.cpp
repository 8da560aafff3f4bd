// Whom a domain wants its reports sent to, and whether they want them (RFC 9990 §3.5, §4).
#include "report/rua.hpp"

#include "maild/base/ascii.hpp"
#include "maild/base/encoding.hpp"
#include "maild/report/outgoing.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace maild::report {
namespace {

namespace dmarc = policy::dmarc;

constexpr std::chrono::milliseconds kTimeout{5'000}; // of one question

// rua= of a record; of a tag that comes twice there is no record (RFC 9989 §4.7).
std::string_view uris_of(std::string_view record) {
    if (!dmarc::parse_record(record)) return {};
    while (!record.empty()) {
        const auto tag = record.substr(0, record.find(';'));
        record.remove_prefix(std::min(tag.size() + 1, record.size()));
        const auto equals = tag.find('=');
        if (equals == tag.npos || !ascii::equals_icase(ascii::trim(tag.substr(0, equals)), "rua"))
            continue;
        return tag.substr(equals + 1);
    }
    return {};
}

// "!" 1*DIGIT [ "k" / "m" / "g" / "t" ], RFC 7489 §6.4. None: it is no size.
std::optional<std::uint64_t> size_of(std::string_view text) {
    constexpr std::uint64_t kMost = 1ULL << 20;
    Cursor in(text);
    const auto number = in.take_number(kMost);
    if (!number) return std::nullopt;
    if (in.at_end()) return *number;
    const auto unit = std::string_view("kmgt").find(ascii::to_lower(in.take_bytes(1).front()));
    if (unit == std::string_view::npos || !in.at_end()) return std::nullopt;
    return *number << (10 * (unit + 1));
}

std::optional<std::string> percent_decode(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out += text[i];
            continue;
        }
        const auto octet = hex_decode(text.substr(i + 1, 2));
        if (!octet || octet->size() != 1) return std::nullopt;
        out += *octet;
        i += 2;
    }
    return out;
}

class Verification {
public:
    Verification(net::Resolver& resolver, std::string domain)
        : resolver_(resolver), domain_(std::move(domain)) {}

    net::Task<void> check(Destination destination);
    VerifiedDestinations take() { return std::move(out_); }

private:
    net::Task<bool> is_own(std::string host);
    void judge(const net::DnsAnswer& answer, Destination destination);
    void refuse(const Destination& destination) {
        out_.refused.push_back(destination.address.format());
    }
    void allow(Destination destination) {
        // Each of those that agree may name as many others (RFC 9990 §4, step 8).
        const bool has_room = out_.allowed.size() < kMaxDestinations;
        if (has_room && !is_known(out_.allowed, destination.address))
            out_.allowed.push_back(std::move(destination));
    }

    net::Resolver& resolver_;
    std::string domain_;
    std::optional<std::string> organization_; // of the domain; empty: it cannot be told
    VerifiedDestinations out_;
};

// Where the organizational domain cannot be told, the other side is asked.
net::Task<bool> Verification::is_own(std::string host) {
    if (host == domain_) co_return true;
    if (!organization_) {
        dmarc::Identifiers own{.author = domain_};
        auto verdict = co_await dmarc::evaluate(resolver_, std::move(own));
        organization_ = std::move(verdict.organizational_domain);
    }
    if (organization_->empty()) co_return false;
    dmarc::Identifiers other{.author = std::move(host)};
    const auto verdict = co_await dmarc::evaluate(resolver_, std::move(other));
    co_return verdict.organizational_domain == *organization_;
}

net::Task<void> Verification::check(Destination destination) {
    const auto host = destination.address.domain.ascii();
    std::string asked = host;
    const bool own = co_await is_own(std::move(asked));
    if (own) {
        allow(std::move(destination));
        co_return;
    }
    net::DnsQuestion question{domain_ + "._report._dmarc." + host, net::DnsType::txt};
    const auto answer = co_await resolver_.lookup(std::move(question), kTimeout);
    judge(answer, std::move(destination));
}

// Steps 5 to 9.
void Verification::judge(const net::DnsAnswer& answer, Destination destination) {
    if (answer.failed()) {
        out_.is_undecided = true;
        return;
    }
    const auto agrees = std::ranges::find_if(answer.texts, [](const std::string& text) {
        return dmarc::is_record(text) && dmarc::parse_record(text);
    });
    if (agrees == answer.texts.end()) return refuse(destination);
    const auto others = destinations_of(*agrees);
    if (others.empty()) return allow(std::move(destination));
    const bool is_same_host = std::ranges::all_of(others, [&](const Destination& other) {
        return other.address.domain == destination.address.domain;
    });
    if (!is_same_host) return refuse(destination);
    for (const auto& other : others) allow(other);
}

} // namespace

std::optional<Destination> destination_of(std::string_view uri) {
    if (!ascii::starts_with_icase(uri, "mailto:")) return std::nullopt;
    uri.remove_prefix(7);
    Destination out;
    if (const auto mark = uri.find('!'); mark != uri.npos) {
        out.most_octets = size_of(uri.substr(mark + 1));
        if (!out.most_octets) return std::nullopt;
        uri = uri.substr(0, mark);
    }
    const auto text = percent_decode(uri.substr(0, uri.find('?')));
    if (!text) return std::nullopt;
    auto address = mail::parse_address(*text, mail::Utf8::refused);
    if (!address || address->domain.is_literal()) return std::nullopt;
    out.address = std::move(*address);
    return out;
}

bool is_known(const std::vector<Destination>& all, const mail::Address& address) {
    return std::ranges::find(all, address, &Destination::address) != all.end();
}

std::vector<Destination> destinations_of(std::string_view record) {
    auto uris = uris_of(record);
    std::vector<Destination> out;
    while (!uris.empty() && out.size() < kMaxDestinations) {
        const auto uri = uris.substr(0, uris.find(','));
        uris.remove_prefix(std::min(uri.size() + 1, uris.size()));
        auto destination = destination_of(ascii::trim(uri));
        if (destination && !is_known(out, destination->address))
            out.push_back(std::move(*destination));
    }
    return out;
}

net::Task<VerifiedDestinations> verify_destinations(net::Resolver& resolver, std::string domain,
                                                    std::vector<Destination> destinations) {
    Verification verification(resolver, std::move(domain));
    for (auto& destination : destinations) co_await verification.check(std::move(destination));
    co_return verification.take();
}

} // namespace maild::report
