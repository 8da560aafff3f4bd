#include "maild/base/ascii.hpp"
#include "maild/base/cursor.hpp"
#include "maild/policy/dmarc.hpp"

#include <algorithm>
#include <map>

namespace maild::policy::dmarc {
namespace {

constexpr std::size_t kMaxTags = 100;
constexpr std::size_t kMaxUris = 100;

using Tags = std::map<std::string, std::string_view, std::less<>>; // names in lower case

// dmarc-version = "v" equals %s"DMARC1": the value alone has a case. Taken up to the ";".
bool take_version(Cursor& in) {
    if (!in.take_icase("v")) return false;
    in.take_while(ascii::is_space);
    if (!in.take('=')) return false;
    in.take_while(ascii::is_space);
    if (!in.take("DMARC1")) return false;
    in.take_while(ascii::is_space);
    return in.at_end() || in.next_is(';');
}

// The rest of the record. Pieces that are no tag are left out, as values that are none are
// (RFC 7489 §6.3).
std::expected<Tags, std::string> take_tags(Cursor& in) {
    Tags tags;
    while (in.take(';')) {
        const auto piece = ascii::trim(in.take_while([](char c) { return c != ';'; }));
        const auto equals = piece.find('=');
        if (equals == std::string_view::npos) continue;
        const auto name = ascii::to_lower(ascii::trim(piece.substr(0, equals)));
        if (name.empty()) continue;
        if (tags.size() == kMaxTags) return std::unexpected("the record has too many tags");
        if (!tags.emplace(name, ascii::trim(piece.substr(equals + 1))).second)
            return std::unexpected("the record has a tag twice");
    }
    return tags;
}

std::string_view value_of(const Tags& tags, std::string_view name) {
    const auto found = tags.find(name);
    return found == tags.end() ? std::string_view() : found->second;
}

std::optional<Policy> policy_of(std::string_view text) {
    if (ascii::equals_icase(text, "none")) return Policy::none;
    if (ascii::equals_icase(text, "quarantine")) return Policy::quarantine;
    if (ascii::equals_icase(text, "reject")) return Policy::reject;
    return std::nullopt;
}

AlignmentMode mode_of(std::string_view text) {
    return ascii::equals_icase(text, "s") ? AlignmentMode::strict : AlignmentMode::relaxed;
}

PublicSuffix suffix_of(std::string_view text) {
    if (ascii::equals_icase(text, "y")) return PublicSuffix::yes;
    return ascii::equals_icase(text, "n") ? PublicSuffix::no : PublicSuffix::unknown;
}

// scheme ":" and something, RFC 3986 §3; of mailto an address.
bool is_uri(std::string_view text) {
    const auto colon = text.find(':');
    if (colon == std::string_view::npos || colon + 1 == text.size()) return false;
    const auto scheme = text.substr(0, colon);
    const bool is_scheme = !scheme.empty() && ascii::is_alpha(scheme.front()) &&
                           std::ranges::all_of(scheme, [](char c) {
                               return ascii::is_alnum(c) || c == '+' || c == '-' || c == '.';
                           });
    const bool is_plain = std::ranges::all_of(
        text, [](char c) { return c > ' ' && c < 0x7f && c != '<' && c != '>' && c != '"'; });
    const bool is_mail = ascii::equals_icase(scheme, "mailto");
    return is_scheme && is_plain && (!is_mail || text.contains('@'));
}

// dmarc-urilist; RFC 7489 §6.2 lets a size stand behind each.
std::vector<std::string> uris_of(std::string_view text) {
    std::vector<std::string> uris;
    while (!text.empty() && uris.size() < kMaxUris) {
        const auto comma = std::min(text.find(','), text.size());
        auto uri = ascii::trim(text.substr(0, comma));
        uri = uri.substr(0, uri.find('!'));
        if (is_uri(uri)) uris.emplace_back(uri);
        text.remove_prefix(std::min(comma + 1, text.size()));
    }
    return uris;
}

// §4.10.1: with a policy that is none, a record still asks for reports, and so stands for p=none.
void read_policies(Record& record, const Tags& tags) {
    const auto policy = policy_of(value_of(tags, "p"));
    record.subdomain_policy = policy_of(value_of(tags, "sp"));
    record.absent_policy = policy_of(value_of(tags, "np"));
    const bool is_good = policy && (record.subdomain_policy || !tags.contains("sp")) &&
                         (record.absent_policy || !tags.contains("np"));
    record.policy = policy.value_or(Policy::none);
    record.is_usable = is_good || !record.aggregate_reports.empty();
    if (is_good) return;
    record.policy = Policy::none;
    record.subdomain_policy.reset();
    record.absent_policy.reset();
}

} // namespace

std::string_view name_of(Policy policy) {
    constexpr std::string_view kNames[] = {"none", "quarantine", "reject"};
    return kNames[static_cast<std::size_t>(policy)];
}

bool is_record(std::string_view text) {
    Cursor in(text);
    return take_version(in);
}

std::expected<Record, std::string> parse_record(std::string_view text) {
    Cursor in(text);
    if (!take_version(in)) return std::unexpected("no record of DMARC1");
    const auto tags = take_tags(in);
    if (!tags) return std::unexpected(tags.error());
    Record record;
    record.aggregate_reports = uris_of(value_of(*tags, "rua"));
    record.failure_reports = uris_of(value_of(*tags, "ruf"));
    record.dkim_mode = mode_of(value_of(*tags, "adkim"));
    record.spf_mode = mode_of(value_of(*tags, "aspf"));
    record.public_suffix = suffix_of(value_of(*tags, "psd"));
    record.is_testing = ascii::equals_icase(value_of(*tags, "t"), "y") ||
                        (!tags->contains("t") && value_of(*tags, "pct") == "0");
    read_policies(record, *tags);
    return record;
}

} // namespace maild::policy::dmarc
