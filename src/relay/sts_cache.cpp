// Policies that were fetched, in memory and as text: a line for each, after one that says what this
// is. Domain, id, expiry (Unix seconds), mode, max_age, and the mx with commas, "-" for none.
#include "maild/base/ascii.hpp"
#include "maild/base/cursor.hpp"
#include "maild/relay/mta_sts.hpp"

#include <algorithm>
#include <tuple>
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

std::string line_of(const std::string& domain, const StsEntry& entry) {
    auto out = domain + ' ' + entry.id + ' ' + std::to_string(to_unix_seconds(entry.expires)) +
               ' ' + std::string(name_of(entry.policy.mode)) + ' ' +
               std::to_string(entry.policy.max_age.count()) + ' ';
    for (const auto& mx : entry.policy.mx) out += mx + ',';
    if (entry.policy.mx.empty())
        out += '-';
    else
        out.pop_back();
    return out + '\n';
}

struct Line {
    std::string text;
    StsMode mode = StsMode::none;
    WallTime expires{};
};

// Where there is no room for all, the least goes first.
auto worth_of(const Line& line) {
    constexpr std::size_t kUsual = 2'000; // octets; most policies have below 200
    return std::tuple(line.text.size() <= kUsual, line.mode, line.expires);
}

} // namespace

const StsEntry* StsCache::find(const std::string& domain, WallTime now) const {
    const auto found = entries_.find(domain);
    return found == entries_.end() || found->second.expires <= now ? nullptr : &found->second;
}

void StsCache::put(const std::string& domain, StsEntry entry) {
    entries_.insert_or_assign(domain, std::move(entry));
    make_room();
}

void StsCache::merge(StsCache other) {
    entries_.merge(other.entries_);
    make_room();
}

void StsCache::make_room() {
    while (entries_.size() > most_)
        entries_.erase(std::ranges::min_element(
            entries_, {}, [](const auto& known) { return known.second.expires; }));
}

void StsCache::settle(WallTime now) {
    std::erase_if(entries_, [now](const auto& known) { return known.second.expires <= now; });
    for (auto& [domain, entry] : entries_)
        entry.expires = std::min<WallTime>(entry.expires, now + entry.policy.max_age);
}

std::string StsCache::format(std::size_t octets) const {
    std::vector<Line> lines;
    lines.reserve(entries_.size());
    std::size_t size = kFirstLine.size() + 1;
    for (const auto& [domain, entry] : entries_) {
        lines.push_back({line_of(domain, entry), entry.policy.mode, entry.expires});
        size += lines.back().text.size();
    }
    std::vector<Line*> worst_first;
    for (auto& line : lines) worst_first.push_back(&line);
    std::ranges::sort(worst_first, {}, [](const Line* line) { return worth_of(*line); });
    for (auto* line : worst_first) {
        if (size <= octets) break;
        size -= line->text.size();
        line->text.clear();
    }
    std::string out(kFirstLine);
    out += '\n';
    for (const auto& line : lines) out += line.text;
    return out;
}

StsCache StsCache::parse(std::string_view text, std::size_t most, std::size_t* damaged) {
    StsCache out(most);
    std::size_t bad = 0;
    bool is_ours = false;
    while (!text.empty()) {
        const auto end = text.find('\n');
        const auto line = text.substr(0, end);
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        if (!is_ours && line != kFirstLine) { // another version, or none of ours
            ++bad;
            break;
        }
        if (!std::exchange(is_ours, true)) continue;
        // What ends in the middle may look whole.
        auto entry = end == line.npos ? std::nullopt : parse_line(line);
        if (entry)
            out.put(entry->first, std::move(entry->second));
        else
            ++bad;
    }
    if (damaged != nullptr) *damaged = bad;
    return out;
}

} // namespace maild::relay
