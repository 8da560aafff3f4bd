#pragma once
// By what SORT orders messages and THREAD brings them together (RFC 5256 §2 and §3): values taken
// from a message's figures and its header section. Pure.

#include "imap/sort_program.hpp"

#include "maild/base/clock.hpp"
#include "maild/mail/header.hpp"
#include "maild/store/message_store.hpp"

#include <compare>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace maild::imap {

// Seconds, octets, or a text's collation key.
using SortValue = std::variant<std::int64_t, std::string>;

struct SortKey {
    std::uint32_t seq = 0;
    std::uint32_t score = 0;       // RFC 6203 §4, if it was asked for
    std::vector<SortValue> values; // one for each criterion
};

// Whether a header section has to be read for these.
bool needs_header(const SortProgram& program);

// `header` is empty where needs_header() says so.
SortKey make_sort_key(const SortProgram& program, std::uint32_t seq,
                      const store::MessageData& message, std::string_view header);

void set_score(const SortProgram& program, SortKey& key, std::uint32_t score);

// Before, by the criteria in their order, then by sequence number (RFC 5256 §3).
bool is_before(const SortProgram& program, const SortKey& a, const SortKey& b);

// RFC 5256 §2.2: the Date field in UTC, else when the message came in. Seconds since 1970.
std::int64_t sent_date(const mail::HeaderSection& header, WallTime internal_date);

} // namespace maild::imap
