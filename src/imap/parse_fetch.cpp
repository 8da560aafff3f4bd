// FETCH (RFC 9051 §9 fetch, RFC 3501 §9 for the RFC822 items).
#include "imap/limits.hpp"
#include "imap/parse.hpp"
#include "imap/respond.hpp"

#include "maild/base/ascii.hpp"

#include <array>
#include <span>

namespace maild::imap {

namespace {

using enum FetchKind;

struct NamedItem {
    std::string_view name;
    FetchKind kind;
};
constexpr std::array kSimple = {NamedItem{"FLAGS", flags},
                                NamedItem{"UID", uid},
                                NamedItem{"INTERNALDATE", internal_date},
                                NamedItem{"RFC822.SIZE", size},
                                NamedItem{"MODSEQ", modseq},
                                NamedItem{"SAVEDATE", save_date},
                                NamedItem{"EMAILID", email_id},
                                NamedItem{"THREADID", thread_id},
                                NamedItem{"ENVELOPE", envelope},
                                NamedItem{"BODYSTRUCTURE", body_structure},
                                NamedItem{"BODY", body}};

struct Macro {
    std::string_view name;
    std::array<FetchKind, 5> kinds;
    std::size_t count;
};
// RFC 9051 §6.4.5
constexpr std::array kMacros = {Macro{"ALL", {flags, internal_date, size, envelope}, 4},
                                Macro{"FAST", {flags, internal_date, size}, 3},
                                Macro{"FULL", {flags, internal_date, size, envelope, body}, 5}};

FetchItem rfc822_item(std::string_view label, SectionText text, bool peek) {
    FetchItem item{.kind = section, .section = {}};
    item.section.text = text;
    item.section.peek = peek;
    item.section.label = label;
    return item;
}

// header-list = "(" header-fld-name *(SP header-fld-name) ")"
Parsed<std::vector<std::string>> parse_header_list(Cursor& in) {
    std::vector<std::string> names;
    if (!in.take(" (")) return in.expected("header names");
    do {
        auto name = parse_astring(in);
        if (!name) return std::unexpected(name.error());
        if (names.size() == kMaxHeaderNames) return in.expected("fewer header names");
        names.push_back(std::move(*name));
    } while (in.take(' '));
    if (!in.take(')')) return in.expected(")");
    return names;
}

// section-part = nz-number *("." nz-number); a dot behind it is taken too, if a section-text
// follows.
Parsed<bool> parse_section_part(Cursor& in, Section& out) {
    while (ascii::is_digit(in.peek())) {
        const auto number = parse_nz_number(in);
        if (!number) return std::unexpected(number.error());
        if (out.part.size() == kMaxSectionDepth) return in.expected("fewer part numbers");
        out.part.push_back(*number);
        if (!in.take('.')) return false;
    }
    return true; // section-text is due, or nothing was there
}

// section-msgtext / "MIME"
Parsed<bool> parse_section_text(Cursor& in, Section& out) {
    if (in.take_icase("HEADER.FIELDS.NOT"))
        out.text = SectionText::header_fields_not;
    else if (in.take_icase("HEADER.FIELDS"))
        out.text = SectionText::header_fields;
    else if (in.take_icase("HEADER"))
        out.text = SectionText::header;
    else if (in.take_icase("TEXT"))
        out.text = SectionText::text;
    else if (!out.part.empty() && in.take_icase("MIME"))
        out.text = SectionText::mime;
    else
        return in.expected("section");
    if (out.text != SectionText::header_fields && out.text != SectionText::header_fields_not)
        return true;
    auto names = parse_header_list(in);
    if (!names) return std::unexpected(names.error());
    out.names = std::move(*names);
    return true;
}

// partial = "<" number64 "." nz-number64 ">"
Parsed<std::optional<Partial>> parse_partial(Cursor& in) {
    if (!in.take('<')) return std::nullopt;
    const auto offset = in.take_number(UINT64_MAX);
    if (!offset || !in.take('.')) return in.expected("offset");
    const auto length = in.take_number(UINT64_MAX);
    if (!length || *length == 0 || !in.take('>')) return in.expected("length");
    return Partial{*offset, *length};
}

// The name that the response bears: canonical, the names of fields as they were given.
std::string section_label(std::string_view item, const Section& wanted) {
    constexpr std::array<std::string_view, 6> kTexts = {
        "", "HEADER", "HEADER.FIELDS", "HEADER.FIELDS.NOT", "TEXT", "MIME"};
    auto out = std::string(item) + '[';
    for (const auto number : wanted.part) {
        append_number(out, number);
        out += '.';
    }
    const auto text = kTexts[static_cast<std::size_t>(wanted.text)];
    if (text.empty() && !wanted.part.empty()) out.pop_back();
    out += text;
    if (!wanted.names.empty()) {
        out += " (";
        for (const auto& name : wanted.names) {
            append_astring(out, name);
            out += ' ';
        }
        out.back() = ')';
    }
    out += ']';
    if (wanted.partial) {
        out += '<';
        append_number(out, wanted.partial->offset);
        out += '>';
    }
    return out;
}

// The items that have a section, and how the response calls them.
struct SectionItem {
    std::string_view name;
    FetchKind kind;
    bool peek;
    std::string_view label;
};
constexpr std::array kSections = {SectionItem{"BODY", section, false, "BODY"},
                                  SectionItem{"BODY.PEEK", section, true, "BODY"},
                                  SectionItem{"BINARY", binary, false, "BINARY"},
                                  SectionItem{"BINARY.PEEK", binary, true, "BINARY"},
                                  SectionItem{"BINARY.SIZE", binary_size, true, "BINARY.SIZE"}};

// "BODY" [".PEEK"] section [partial] / "BINARY" [".PEEK"] section-binary [partial] /
// "BINARY.SIZE" section-binary, up to the "[" already taken
Parsed<FetchItem> parse_section(Cursor& in, const SectionItem& row) {
    FetchItem item{.kind = row.kind, .section = {}};
    auto& wanted = item.section;
    wanted.peek = row.peek;
    const auto text_is_due = parse_section_part(in, wanted);
    if (!text_is_due) return std::unexpected(text_is_due.error());
    const bool is_whole = wanted.part.empty() && in.next_is(']');
    if (*text_is_due && !is_whole) {
        if (row.kind != section) return in.expected("]"); // RFC 3516 §7: parts only
        const auto text = parse_section_text(in, wanted);
        if (!text) return std::unexpected(text.error());
    }
    if (!in.take(']')) return in.expected("]");
    if (row.kind != binary_size) {
        const auto partial = parse_partial(in);
        if (!partial) return std::unexpected(partial.error());
        wanted.partial = *partial;
    }
    wanted.label = section_label(row.label, wanted);
    return item;
}

bool is_item_char(char c) { return ascii::is_alnum(c) || c == '.'; }

// fetch-att
Parsed<FetchItem> parse_fetch_item(Cursor& in) {
    const auto name = in.take_while(is_item_char);
    if (in.take('[')) {
        for (const auto& row : kSections)
            if (ascii::equals_icase(row.name, name)) return parse_section(in, row);
        return in.expected("BODY or BINARY");
    }
    // preview-mod; what else may stand in parentheses are modifiers of the whole command.
    if (ascii::equals_icase(name, "PREVIEW")) {
        const bool is_lazy = in.take_icase(" (LAZY)");
        return FetchItem{.kind = is_lazy ? lazy_preview : preview, .section = {}};
    }
    for (const auto& simple : kSimple)
        if (ascii::equals_icase(simple.name, name))
            return FetchItem{.kind = simple.kind, .section = {}};
    if (ascii::equals_icase(name, "RFC822"))
        return rfc822_item("RFC822", SectionText::whole, false);
    if (ascii::equals_icase(name, "RFC822.HEADER"))
        return rfc822_item("RFC822.HEADER", SectionText::header, true);
    if (ascii::equals_icase(name, "RFC822.TEXT"))
        return rfc822_item("RFC822.TEXT", SectionText::text, false);
    return in.expected("fetch item");
}

std::optional<FetchItems> take_macro(Cursor& in) {
    auto ahead = in;
    const auto name = ahead.take_while(is_item_char);
    for (const auto& macro : kMacros) {
        if (!ascii::equals_icase(macro.name, name)) continue;
        in = ahead;
        FetchItems items;
        for (const auto kind : std::span(macro.kinds).first(macro.count))
            items.push_back({.kind = kind, .section = {}});
        return items;
    }
    return std::nullopt;
}

Parsed<bool> parse_fetch_modifier(Cursor& in, Fetch& fetch) {
    if (!fetch.changed_since && in.take_icase("CHANGEDSINCE ")) {
        const auto modseq = parse_modseq(in);
        if (!modseq) return std::unexpected(modseq.error());
        fetch.changed_since = *modseq;
    } else if (in.take_icase("VANISHED")) {
        fetch.vanished = true;
    } else if (!fetch.partial && in.take_icase("PARTIAL ")) {
        const auto range = parse_partial_range(in);
        if (!range) return std::unexpected(range.error());
        fetch.partial = *range;
    } else {
        return in.expected("fetch modifier");
    }
    return true;
}

// fetch-modifiers = SP "(" fetch-modifier *(SP fetch-modifier) ")", RFC 4466 §2.4
Parsed<bool> parse_fetch_modifiers(Cursor& in, Fetch& fetch) {
    if (!in.take(" (")) return in.expected("fetch modifier");
    do {
        const auto modifier = parse_fetch_modifier(in, fetch);
        if (!modifier) return modifier;
    } while (in.take(' '));
    if (!in.take(')')) return in.expected(")");
    return true;
}

} // namespace

Parsed<Section> parse_section_spec(Cursor& in) {
    Section out;
    const auto text_is_due = parse_section_part(in, out);
    if (!text_is_due) return std::unexpected(text_is_due.error());
    if (*text_is_due) {
        const auto text = parse_section_text(in, out);
        if (!text) return std::unexpected(text.error());
    }
    return out;
}

Parsed<FetchItems> parse_fetch_items(Cursor& in) {
    if (auto macro = take_macro(in)) return std::move(*macro);
    FetchItems items;
    const bool is_list = in.take('(');
    do {
        auto item = parse_fetch_item(in);
        if (!item) return std::unexpected(item.error());
        if (items.size() == kMaxFetchItems) return in.expected("fewer items");
        items.push_back(std::move(*item));
    } while (is_list && in.take(' '));
    if (is_list && !in.take(')')) return in.expected(")");
    return items;
}

// fetch = "FETCH" SP sequence-set SP (macro / fetch-att / list) [fetch-modifiers]
Parsed<Arguments> parse_fetch(Cursor& in) {
    if (!in.take(' ')) return in.expected("sequence set");
    auto set = parse_sequence_set(in);
    if (!set) return std::unexpected(set.error());
    if (!in.take(' ')) return in.expected("fetch items");
    auto items = parse_fetch_items(in);
    if (!items) return std::unexpected(items.error());
    Fetch fetch{.set = std::move(*set), .items = std::move(*items)};
    if (in.at_end()) return fetch;
    const auto modified = parse_fetch_modifiers(in, fetch);
    if (!modified) return std::unexpected(modified.error());
    return fetch;
}

} // namespace maild::imap
