#include "policy/dkim_tags.hpp"

#include "maild/base/ascii.hpp"
#include "maild/base/encoding.hpp"
#include "maild/mail/address.hpp"

#include <algorithm>

namespace maild::policy::dkim {
namespace {

bool is_fold_octet(char c) { return ascii::is_space(c) || c == '\r' || c == '\n'; }

std::string_view trim_folds(std::string_view text) {
    while (!text.empty() && is_fold_octet(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_fold_octet(text.back())) text.remove_suffix(1);
    return text;
}

// [FWS]: also with folds behind each other, which old software writes (obs-FWS), and with line ends
// of LF alone. What is at the end of the text needs no white space behind its line end.
void skip_fws(Cursor& in) { in.take_while(is_fold_octet); }

// tval is %x21-3A / %x3C-7E; what lies between is white space with or without a fold.
bool is_value_octet(char c) { return !ascii::is_control(c) || is_fold_octet(c); }

// tag-name = ALPHA *(ALPHA / DIGIT / "_")
std::string_view take_tag_name(Cursor& in) {
    if (!ascii::is_alpha(in.peek())) return {};
    return in.take_while([](char c) { return ascii::is_alnum(c) || c == '_'; });
}

// tag-spec = [FWS] tag-name [FWS] "=" [FWS] tag-value [FWS]
Result<Tag, SyntaxError> parse_tag_spec(Cursor& in) {
    skip_fws(in);
    Tag tag;
    tag.name = take_tag_name(in);
    if (tag.name.empty()) return in.expected("tag name");
    skip_fws(in);
    if (!in.take('=')) return in.expected("\"=\"");
    tag.begin = in.offset();
    const auto raw = in.take_while([](char c) { return c != ';'; });
    if (!std::ranges::all_of(raw, is_value_octet)) return in.expected("printable value");
    tag.end = in.offset();
    tag.value = trim_folds(raw);
    return tag;
}

} // namespace

const Tag* TagList::find(std::string_view name) const {
    const auto found = std::ranges::find(tags, name, &Tag::name);
    return found == tags.end() ? nullptr : &*found;
}

// tag-list = tag-spec *( ";" tag-spec ) [ ";" ]
Result<TagList, SyntaxError> parse_tag_list(std::string_view text) {
    TagList list;
    Cursor in(text);
    while (true) {
        auto tag = parse_tag_spec(in);
        if (!tag) return std::unexpected(tag.error());
        // A name that comes twice makes the whole list invalid.
        if (list.find(tag->name) != nullptr) return in.expected("each tag once");
        if (list.tags.size() == kMaxTags) return in.expected("at most 100 tags");
        list.tags.push_back(*tag);
        if (!in.take(';')) break;
        skip_fws(in);
        if (in.at_end()) break;
    }
    return list;
}

std::string without_space(std::string_view value) {
    std::string out;
    out.reserve(value.size());
    std::ranges::copy_if(value, std::back_inserter(out), [](char c) { return !is_fold_octet(c); });
    return out;
}

std::optional<std::string> decode_base64(std::string_view value) {
    auto text = without_space(value);
    // RFC 6376 §2.10: the padding may be left out.
    if (const auto rest = text.size() % 4; rest == 2 || rest == 3) text.append(4 - rest, '=');
    return base64_decode(text);
}

std::vector<std::string_view> split_colons(std::string_view value) {
    std::vector<std::string_view> items;
    while (true) {
        const auto colon = value.find(':');
        items.push_back(trim_folds(value.substr(0, colon)));
        if (colon == std::string_view::npos) return items;
        value.remove_prefix(colon + 1);
    }
}

std::optional<std::uint64_t> parse_time(std::string_view value) {
    constexpr std::uint64_t kTwelveDigits = 999'999'999'999;
    Cursor in(value);
    const auto number = in.take_number(kTwelveDigits);
    if (!number || !in.at_end() || value.size() > 12) return std::nullopt;
    return *number;
}

std::optional<std::string> decode_quoted(std::string_view value) {
    std::string out;
    out.reserve(value.size());
    Cursor in(value);
    while (!in.at_end()) {
        const char c = in.take_bytes(1).front();
        if (is_fold_octet(c)) continue;
        if (c != '=') {
            out += c;
            continue;
        }
        const auto octet = hex_decode(in.take_bytes(2));
        if (!octet || octet->empty()) return std::nullopt;
        out += *octet;
    }
    return out;
}

std::optional<std::string> dns_name(std::string_view text) {
    const auto is_label_octet = [](char c) {
        return ascii::is_alnum(c) || c == '-' || c == '_' || c == '.';
    };
    if (text.empty() || text.size() > mail::kMaxDomainLength) return std::nullopt;
    if (std::ranges::all_of(text, is_label_octet)) {
        auto name = ascii::to_lower(text);
        std::string_view rest = name;
        while (true) {
            const auto dot = rest.find('.');
            const auto label = rest.substr(0, dot);
            if (label.empty() || label.size() > mail::kMaxLabelLength) return std::nullopt;
            if (dot == std::string_view::npos) return name;
            rest.remove_prefix(dot + 1);
        }
    }
    const auto domain = mail::Domain::parse(text);
    if (!domain || domain->is_literal()) return std::nullopt;
    return domain->ascii();
}

} // namespace maild::policy::dkim
