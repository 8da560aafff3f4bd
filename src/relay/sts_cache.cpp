// Policies that were fetched, in memory and as text: a line for each, after one that says what this
// is. Domain, id, expiry (Unix seconds), mode, max_age, and the mx with commas, "-" for none.
#include "maild/base/ascii.hpp"
#include "maild/base/cursor.hpp"
#include "maild/relay/mta_sts.hpp"

#include <algorithm>
#include <utility>

namespace maild::relay {
namespace {

constexpr std::string_view kFirstLine = "maild-mta-sts 1";

std::string_view take_word(Cursor& in) {
    const auto word = in.take_while([](char c) { return c != ' '; });
    in.take(' ');
    return word;
}

std::optional<std::int64_t> take_number(Cursor& in, std::uint64_t limit) {
    const auto number = in.take_number(limit);
    if (!number || !in.take(' ')) return std::nullopt;
    return static_cast<std::int64_t>(*number);
}

// A line is turned into a policy's text, so that one parser alone decides what is valid.
std::optional<std::pair<std::string, StsEntry>> parse_line(std::string_view line) {
    constexpr std::uint64_t kLatest = 253'402'300'799; // the year 9999
    Cursor in(line);
    auto domain = std::string(take_word(in));
    StsEntry entry;
    entry.id = take_word(in);
    const std::string record[] = {"v=STSv1; id=" + entry.id};
    if (!net::is_dns_name(domain) || domain != ascii::to_lower(domain) ||
        parse_sts_record(record) != entry.id)
        return std::nullopt;
    const auto expires = take_number(in, kLatest);
    if (!expires) return std::nullopt;
    entry.expires = from_unix_seconds(*expires);
    std::string text = "version: STSv1\nmode: " + std::string(take_word(in));
    text += "\nmax_age: " + std::string(take_word(in)) + "\n";
    while (!in.at_end()) {
        const auto mx = in.take_while([](char c) { return c != ','; });
        in.take(',');
        if (mx != "-") text += "mx: " + std::string(mx) + "\n";
    }
    auto policy = parse_sts_policy(text);
    if (!policy) return std::nullopt;
    entry.policy = std::move(*policy);
    return std::pair(std::move(domain), std::move(entry));
}

} // namespace

const StsEntry* StsCache::find(const std::string& domain, WallTime now) const {
    const auto found = entries_.find(domain);
    return found == entries_.end() || found->second.expires <= now ? nullptr : &found->second;
}

void StsCache::put(const std::string& domain, StsEntry entry) {
    entries_.insert_or_assign(domain, std::move(entry));
    if (entries_.size() <= most_) return;
    const auto first = std::ranges::min_element(
        entries_, {}, [](const auto& known) { return known.second.expires; });
    entries_.erase(first);
}

std::string StsCache::format() const {
    std::string out(kFirstLine);
    out += '\n';
    for (const auto& [domain, entry] : entries_) {
        out += domain + ' ' + entry.id + ' ' + std::to_string(to_unix_seconds(entry.expires)) +
               ' ' + std::string(name_of(entry.policy.mode)) + ' ' +
               std::to_string(entry.policy.max_age.count()) + ' ';
        for (const auto& mx : entry.policy.mx) out += mx + ',';
        if (entry.policy.mx.empty())
            out += '-';
        else
            out.pop_back();
        out += '\n';
    }
    return out;
}

StsCache StsCache::parse(std::string_view text, std::size_t most) {
    StsCache out(most);
    bool is_ours = false;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        const auto line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (!is_ours && line != kFirstLine) break; // another version, or no such file
        if (std::exchange(is_ours, true))
            if (auto entry = parse_line(line)) out.put(entry->first, std::move(entry->second));
    }
    return out;
}

} // namespace maild::relay
