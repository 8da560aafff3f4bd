// GETMETADATA and SETMETADATA (RFC 5464 §5), and entries for LIST (RFC 9590).
#include "imap/limits.hpp"
#include "imap/parse.hpp"

#include "maild/base/ascii.hpp"

#include <algorithm>

namespace maild::imap {

namespace {

// entry: what cannot be a name is BAD (§3.2). As it was sent: names are compared without case.
Parsed<std::string> parse_entry(Cursor& in, bool (*is_name)(std::string_view)) {
    auto entry = parse_astring(in);
    if (!entry) return entry;
    if (!is_name(ascii::to_lower(*entry))) return in.expected("name of an entry");
    return entry;
}

// scope-opt, the label taken
Parsed<store::Depth> parse_depth(Cursor& in) {
    if (in.take('0')) return store::Depth::itself;
    if (in.take('1')) return store::Depth::children;
    if (in.take_icase("infinity")) return store::Depth::all;
    return in.expected("0, 1 or infinity");
}

struct Options {
    std::optional<std::uint32_t> max_size;
    std::optional<store::Depth> depth;
};

// getmetadata-option: maxsize-opt or scope-opt, each once.
Parsed<bool> parse_option(Cursor& in, Options& options) {
    if (in.take_icase("MAXSIZE ") && !options.max_size) {
        const auto size = parse_number(in);
        if (!size) return std::unexpected(size.error());
        options.max_size = *size;
        return true;
    }
    if (in.take_icase("DEPTH ") && !options.depth) {
        const auto depth = parse_depth(in);
        if (!depth) return std::unexpected(depth.error());
        options.depth = *depth;
        return true;
    }
    return in.expected("MAXSIZE or DEPTH");
}

// getmetadata-options
Parsed<bool> parse_options(Cursor& in, Options& options) {
    if (!in.take('(')) return in.expected("(");
    do {
        const auto option = parse_option(in, options);
        if (!option) return option;
    } while (in.take(' '));
    if (!in.take(')')) return in.expected(")");
    return true;
}

bool has_options(const Cursor& in) {
    const auto rest = in.rest();
    return rest.size() > 1 && rest[0] == '(' && ascii::is_alpha(rest[1]);
}

// value = nstring / literal8 (RFC 4466 §6), which may hold NUL.
Parsed<std::optional<std::string>> parse_value(Cursor& in) {
    if (!in.take('~')) return parse_nstring(in);
    const auto octets = parse_literal(in);
    if (!octets) return std::unexpected(octets.error());
    return std::optional<std::string>(*octets);
}

} // namespace

// entries = entry / "(" entry *(SP entry) ")"
Parsed<std::vector<std::string>> parse_entries(Cursor& in) {
    std::vector<std::string> entries;
    const bool is_list = in.take('(');
    do {
        auto entry = parse_entry(in, store::is_annotation_level);
        if (!entry) return std::unexpected(entry.error());
        if (entries.size() == kMaxMetadataEntries) return in.expected("fewer entries");
        entries.push_back(std::move(*entry));
        // Several without parentheses are in the examples of §4.4.1, if not in the grammar.
    } while (in.take(' '));
    if (is_list && !in.take(')')) return in.expected(")");
    return entries;
}

// getmetadata = "GETMETADATA" [SP getmetadata-options] SP mailbox SP entries; the examples of
// §4.2.1 and §4.2.2 have the options behind the mailbox, and so have clients.
Parsed<Arguments> parse_get_metadata(Cursor& in) {
    Options options;
    if (!in.take(' ')) return in.expected("mailbox");
    const bool is_first = has_options(in);
    if (is_first) {
        const auto parsed = parse_options(in, options);
        if (!parsed) return std::unexpected(parsed.error());
        if (!in.take(' ')) return in.expected("mailbox");
    }
    auto name = parse_astring(in);
    if (!name) return std::unexpected(name.error());
    if (!in.take(' ')) return in.expected("entries");
    if (!is_first && has_options(in)) {
        const auto parsed = parse_options(in, options);
        if (!parsed) return std::unexpected(parsed.error());
        if (!in.take(' ')) return in.expected("entries");
    }
    auto entries = parse_entries(in);
    if (!entries) return std::unexpected(entries.error());
    return GetMetadata{std::move(*name), std::move(*entries),
                       options.depth.value_or(store::Depth::itself),
                       options.max_size.value_or(UINT32_MAX)};
}

// setmetadata = "SETMETADATA" SP mailbox SP "(" entry SP value *(SP entry SP value) ")"
Parsed<Arguments> parse_set_metadata(Cursor& in) {
    if (!in.take(' ')) return in.expected("mailbox");
    auto name = parse_astring(in);
    if (!name) return std::unexpected(name.error());
    SetMetadata set{std::move(*name), {}};
    if (!in.take(" (")) return in.expected("(");
    do {
        auto entry = parse_entry(in, store::is_annotation_name);
        if (!entry) return std::unexpected(entry.error());
        if (!in.take(' ')) return in.expected("value");
        auto value = parse_value(in);
        if (!value) return std::unexpected(value.error());
        if (set.entries.size() == kMaxMetadataEntries) return in.expected("fewer entries");
        set.entries.push_back({ascii::to_lower(*entry), std::move(*value)});
    } while (in.take(' '));
    if (!in.take(')')) return in.expected(")");
    return set;
}

} // namespace maild::imap
