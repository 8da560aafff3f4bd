#pragma once
// Numbers in our files: little-endian, of a fixed width.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace maild::store {

template <class Number> void append_number(std::string& out, Number value) {
    for (std::size_t i = 0; i < sizeof value; ++i) {
        out += static_cast<char>(std::uint64_t{value} >> (8 * i) & 0xffU);
    }
}

// `bytes` has sizeof(Number) octets from `at` on.
template <class Number> Number number_at(std::string_view bytes, std::size_t at) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < sizeof(Number); ++i) {
        value |= std::uint64_t{static_cast<unsigned char>(bytes[at + i])} << (8 * i);
    }
    return static_cast<Number>(value);
}

} // namespace maild::store
