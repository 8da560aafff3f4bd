#pragma once
// What a file holds that was attached to a message: itself, or what gzip (RFC 1952) or ZIP has
// packed, which its first octets tell and not its name. Nothing grows beyond the limit, whatever a
// file says of its size, and checksums must be right.

#include "maild/base/error.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace maild::report {

inline constexpr std::size_t kMaxPackedFiles = 16; // of one ZIP that are read
inline constexpr int kMaxPackings = 3;             // one in the other: some put gzip into gzip

// Those that are no directory, in the order of the ZIP; `limit` is for all of them together, at
// each level. protocol_error: the packing is damaged or encrypted; too_large: the limit.
Result<std::vector<std::string>> unpack(std::string_view file, std::size_t limit);

Result<std::string> unpack_gzip(std::string_view file, std::size_t limit);
Result<std::vector<std::string>> unpack_zip(std::string_view file, std::size_t limit);

// DEFLATE without a header, RFC 1951; all of `packed` up to its end.
Result<std::string> inflate_raw(std::string_view packed, std::size_t limit);

// A gzip file without time and name, so that equal bytes give an equal file.
std::string pack_gzip(std::string_view bytes);

} // namespace maild::report
