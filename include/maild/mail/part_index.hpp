#pragma once
// Where the parts of a stored message lie, without their texts: a compact encoding that the store
// keeps beside each message, so that IMAP's BODY[1.2.MIME] becomes a byte range without parsing
// (RFC 9051 §6.4.5.1). The decoder distrusts its input as much as any parser: it has crossed
// process boundaries. Format, version 1: one octet 0x01; then each part in pre-order: one octet
// kind | encoding << 2; LEB128 varints header_begin (from the end of the part before it in the same
// parent, or the parent's body_begin), header length, body length, lines, and for a multipart the
// number of its children.

#include "maild/base/error.hpp"
#include "maild/mail/mime.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace maild::mail {

std::string encode_parts(const Part& root);

struct IndexedPart {
    PartKind kind = PartKind::leaf;
    TransferEncoding encoding = TransferEncoding::seven_bit;
    std::uint64_t header_begin = 0;
    std::uint64_t body_begin = 0;
    std::uint64_t body_end = 0;
    std::uint64_t lines = 0;
    std::uint32_t child_count = 0;
    std::uint32_t descendants = 0; // the next sibling stands this many + 1 further on in parts()
    friend bool operator==(const IndexedPart&, const IndexedPart&) = default;
};

class PartIndex {
public:
    // The part that a section names: {} the message itself, {1, 2} the part "1.2". nullptr: there
    // is none. MIME and BODY[n] read the found part's own header and body; HEADER and TEXT, which
    // need an empty section or a part of kind message, read those of message_at().
    const IndexedPart* find(std::span<const std::uint32_t> section) const;
    // The root of the message that the section names: {} the whole, otherwise the message inside a
    // part of that kind.
    const IndexedPart* message_at(std::span<const std::uint32_t> section) const;

    const IndexedPart& root() const { return parts_.front(); }
    std::span<const IndexedPart> parts() const { return parts_; } // pre-order, never empty

private:
    friend Result<PartIndex> decode_parts(std::string_view bytes);
    PartIndex() = default;
    std::vector<IndexedPart> parts_;
};

// Errc::corrupt for anything that encode_parts() cannot have written: truncated, trailing bytes,
// not nested, too many or too deep parts, numbers beyond 2^53.
Result<PartIndex> decode_parts(std::string_view bytes);

} // namespace maild::mail
