#pragma once
// CRC-32C (Castagnoli; RFC 3720 appendix B.4), with the processor's instruction where it has one.

#include <cstdint>
#include <string_view>

namespace maild {

// The checksum of `bytes`; give the checksum of what came before to go on: crc32c(b, crc32c(a)) ==
// crc32c(a + b).
std::uint32_t crc32c(std::string_view bytes, std::uint32_t before = 0);

// The same by tables alone: what runs where there is no instruction.
std::uint32_t crc32c_portable(std::string_view bytes, std::uint32_t before = 0);

} // namespace maild
