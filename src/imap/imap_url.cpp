#include "imap/imap_url.hpp"

#include "maild/base/ascii.hpp"
#include "maild/base/encoding.hpp"

#include <algorithm>

namespace maild::imap {

namespace {

// RFC 3986 §2.1
std::optional<std::string> percent_decode(std::string_view text) {
    std::string out;
    for (auto escape = text.find('%'); escape != std::string_view::npos; escape = text.find('%')) {
        out += text.substr(0, escape);
        const auto octet = hex_decode(text.substr(escape + 1, 2));
        if (!octet || octet->empty()) return std::nullopt;
        out += *octet;
        text.remove_prefix(escape + 3);
    }
    return out.append(text);
}

// imailbox-ref: no ";" and no "/;" stand in an encoded name.
bool take_mailbox(Cursor& in, MessageUrl& url) {
    const auto path = in.take_bytes(in.rest().find("/;"));
    auto name = percent_decode(path.substr(0, path.find(';')));
    if (!name || name->empty() || name->starts_with('/')) return false;
    url.mailbox = std::move(*name);
    Cursor validity(path.substr(std::min(path.find(';'), path.size())));
    if (validity.at_end()) return in.take('/');
    if (!validity.take_icase(";UIDVALIDITY=")) return false;
    const auto number = parse_nz_number(validity);
    if (!number || !validity.at_end()) return false;
    url.uid_validity = UidValidity(*number);
    return in.take('/');
}

// isection
bool take_section(Cursor& in, Section& section) {
    if (!in.take_icase("/;SECTION=")) return true;
    const auto text = percent_decode(in.take_bytes(in.rest().find('/')));
    if (!text || text->empty()) return false;
    Cursor spec(*text);
    auto parsed = parse_section_spec(spec);
    if (!parsed || !spec.at_end()) return false;
    section = std::move(*parsed);
    return true;
}

// ipartial: partial-range = number ["." nz-number]
bool take_partial(Cursor& in, Section& section) {
    if (!in.take_icase("/;PARTIAL=")) return true;
    const auto offset = in.take_number(UINT64_MAX);
    if (!offset) return false;
    section.partial = Partial{*offset, UINT64_MAX};
    if (!in.take('.')) return true;
    const auto length = in.take_number(UINT64_MAX);
    if (!length || *length == 0) return false;
    section.partial->length = *length;
    return true;
}

bool is_url_char(char c) { return c > ' ' && c < 0x7f; }

} // namespace

std::optional<MessageUrl> parse_message_url(std::string_view text) {
    if (!std::ranges::all_of(text, is_url_char)) return std::nullopt;
    MessageUrl url;
    Cursor in(text);
    if (in.take('/') && !take_mailbox(in, url)) return std::nullopt;
    if (!in.take_icase(";UID=")) return std::nullopt;
    const auto uid = parse_nz_number(in);
    if (!uid) return std::nullopt;
    url.uid = Uid(*uid);
    const bool is_whole = take_section(in, url.section) && take_partial(in, url.section);
    return is_whole && in.at_end() ? std::optional(std::move(url)) : std::nullopt;
}

} // namespace maild::imap
