#pragma once
// What FETCH asks for (RFC 9051 §6.4.5, RFC 3501 §6.4.5), in the order in which it is answered.

#include "imap/syntax.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace maild::imap {

enum class SectionText : std::uint8_t {
    whole,
    header,
    header_fields,
    header_fields_not,
    text,
    mime
};

struct Partial {
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
};

// BODY[…]<…>, and the RFC822 items, which are the same under other names; BINARY[…]<…> and
// BINARY.SIZE[…], which have no section text.
struct Section {
    std::vector<std::uint32_t> part; // empty: the message itself
    SectionText text = SectionText::whole;
    std::vector<std::string> names; // of header fields, as written
    std::optional<Partial> partial;
    bool peek = false;
    std::string label; // what the response calls it: "BODY[1.MIME]<0>", "RFC822.TEXT"
};

enum class FetchKind : std::uint8_t {
    flags,
    uid,
    internal_date,
    size,
    envelope,
    body,
    body_structure,
    section,
    binary,
    binary_size, // RFC 3516 §4.2
    modseq,      // RFC 7162 §3.1.4.2
    save_date,   // RFC 8514
    email_id,
    thread_id, // RFC 8474
    preview,
    lazy_preview, // RFC 8970
};

struct FetchItem {
    FetchKind kind = FetchKind::flags;
    Section section; // for section, binary and binary_size
};
using FetchItems = std::vector<FetchItem>;

// fetch-att / macro / list of fetch-att
Parsed<FetchItems> parse_fetch_items(Cursor& in);

// section-spec: what stands between the brackets of BODY[…], up to the end
Parsed<Section> parse_section_spec(Cursor& in);

} // namespace maild::imap
