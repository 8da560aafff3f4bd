#pragma once
// The header section of a message or body part (RFC 5322 §2.2), field by field, over content as it
// is stored: total over all bytes, bare LF taken as a line end, no copy. Views point into the
// content that was given. The section ends at the first empty line and nowhere else; without one it
// is the whole content. What is no field (a line without a colon, a folded line at the top) stays
// part of the section and is skipped. Limits: what lies behind them is still inside the section,
// but no field any more; `limit` says which one was hit.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace maild::mail {

// Octets in which fields are looked for.
inline constexpr std::size_t kMaxHeaderSection = 1024 * 1024;
inline constexpr std::size_t kMaxFieldBody = 64 * 1024; // octets of one body
inline constexpr std::size_t kMaxHeaderFields = 2000;
inline constexpr std::size_t kMaxMessageIds = 2000; // in one field

struct HeaderField {
    std::string_view name; // as written, without white space before the colon (RFC 5322 §4.5)
    std::string_view body; // raw, folds included, from behind the colon to before the last line
                           // end; cut at 64 KiB
    // Octets from the start of the content: the whole field with its last line end.
    std::size_t begin = 0;
    std::size_t end = 0;

    bool is(std::string_view other_name) const; // ASCII case is ignored
};

enum class HeaderLimit : std::uint8_t { none, section_size, field_size, field_count };

struct HeaderSection {
    std::vector<HeaderField> fields; // in their order
    std::size_t fields_end = 0;      // where the empty line begins
    std::size_t body_begin = 0;      // behind the empty line; == fields_end without one
    HeaderLimit limit = HeaderLimit::none;

    // The first field of that name, or nullptr.
    const HeaderField* find(std::string_view name) const;
};

HeaderSection parse_header(std::string_view content);

// One line without leading and trailing white space: CR and LF go (RFC 5322 §2.2.3), and NUL too
// (RFC 5322 §4 no longer knows it, and IMAP strings cannot hold it). Other octets stay as they are.
std::string unfold(std::string_view body);

// The msg-ids of Message-ID, In-Reply-To or References (§3.6.4), without angle brackets and
// comments, in their order. Lenient: what stands between is skipped; an id may hold anything but
// white space, '<' and '>'.
std::vector<std::string> parse_message_ids(std::string_view body);

} // namespace maild::mail
