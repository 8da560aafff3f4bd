#pragma once
// Where the octets of BODY[…] lie in a stored message (RFC 9051 §6.4.5.1): by the offsets that were
// kept at delivery, without parsing the message.

#include "imap/fetch_items.hpp"

#include "maild/mail/part_index.hpp"
#include "maild/store/message_store.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace maild::imap {

// Octets of the message as the client sees it, trace prefix included.
struct Slice {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    std::uint64_t size() const { return end - begin; }
};

bool picks_fields(const Section& section); // HEADER.FIELDS and .NOT: part of a slice, not all of it
bool needs_parts(const Section& section);
bool needs_only_header(const Section& section);

// nullopt: the message has no such part; the response is NIL. `parts` may be null if needs_parts()
// is false. For HEADER.FIELDS the header section that they stand in.
std::optional<Slice> locate(const Section& section, const store::MessageData& message,
                            const mail::PartIndex* parts);

// What `<offset.length>` leaves of it; nothing behind its end (RFC 9051 §6.4.5.1).
Slice cut(Slice slice, const std::optional<Partial>& partial);

// The fields of a header section that HEADER.FIELDS(.NOT) asks for, and the empty line behind them.
std::string pick_fields(std::string_view header, const Section& section);

} // namespace maild::imap
