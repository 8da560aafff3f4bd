#pragma once
// Tag-lists (RFC 6376 §3.2), of which DKIM signatures, ARC fields and key records are made. Total
// over all bytes, linear; octets above 0x7f are taken as RFC 8616 §3 lets them. Views point into
// the text.

#include "maild/base/cursor.hpp"
#include "maild/base/error.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace maild::policy::dkim {

inline constexpr std::size_t kMaxTags = 100; // of one list; the RFCs know fewer than twenty

struct Tag {
    std::string_view name;
    std::string_view value; // without white space around it; inside there may be folds
    // Octets of the text: from behind the "=" to the ";" or the end.
    std::size_t begin = 0;
    std::size_t end = 0;
};

struct TagList {
    std::vector<Tag> tags;
    // Names are compared with their case.
    const Tag* find(std::string_view name) const;
};

Result<TagList, SyntaxError> parse_tag_list(std::string_view text);

// What several tags' values are made of.
std::string without_space(std::string_view value); // FWS taken out
// base64string of §3.5: white space does not count.
std::optional<std::string> decode_base64(std::string_view value);
// "a : b : c" with FWS around the colons; empty items stay.
std::vector<std::string_view> split_colons(std::string_view value);
// 1*12DIGIT as times are; nothing else.
std::optional<std::uint64_t> parse_time(std::string_view value);
// dkim-quoted-printable, §2.11; none if a "=" is not followed by two hexadecimal digits.
std::optional<std::string> decode_quoted(std::string_view value);

// A name to ask the DNS for, in lower case and A-labels (RFC 8616 §4); none if it is no domain.
// Underscores are let pass: there are selectors that have them.
std::optional<std::string> dns_name(std::string_view text);

} // namespace maild::policy::dkim
