#include "maild/base/crc32c.hpp"

#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#elif defined(__aarch64__) && defined(__ARM_FEATURE_CRC32)
#include <arm_acle.h>
#endif

namespace maild {
namespace {

constexpr std::uint32_t kPolynomial = 0x82f63b78; // 0x1edc6f41 with its bits reversed

using Table = std::array<std::uint32_t, 256>;

// tables[k][b]: what byte b does to the checksum when k more bytes follow ("slicing by 8").
consteval std::array<Table, 8> make_tables() {
    std::array<Table, 8> tables{};
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
        auto value = byte;
        for (int bit = 0; bit < 8; ++bit)
            value = value >> 1U ^ ((value & 1U) != 0 ? kPolynomial : 0);
        tables[0][byte] = value;
    }
    for (std::size_t k = 1; k < tables.size(); ++k) {
        for (std::size_t byte = 0; byte < 256; ++byte) {
            const auto value = tables[k - 1][byte];
            tables[k][byte] = value >> 8U ^ tables[0][value & 0xffU];
        }
    }
    return tables;
}

constexpr auto kTables = make_tables();

std::uint64_t load(const char* bytes) {
    std::uint64_t word = 0;
    for (unsigned i = 0; i < 8; ++i) {
        word |= std::uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
    }
    return word;
}

std::uint32_t add_byte(std::uint32_t crc, char byte) {
    return crc >> 8U ^ kTables[0][(crc ^ static_cast<unsigned char>(byte)) & 0xffU];
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) std::uint32_t by_instruction(std::string_view bytes,
                                                               std::uint32_t crc) {
    std::uint64_t wide = crc;
    for (; bytes.size() >= 8; bytes.remove_prefix(8)) {
        std::uint64_t word = 0;
        std::memcpy(&word, bytes.data(), sizeof word);
        wide = _mm_crc32_u64(wide, word);
    }
    crc = static_cast<std::uint32_t>(wide);
    for (const char byte : bytes) crc = _mm_crc32_u8(crc, static_cast<unsigned char>(byte));
    return crc;
}

bool has_instruction() {
    static const bool has = __builtin_cpu_supports("sse4.2") != 0;
    return has;
}
#elif defined(__aarch64__) && defined(__ARM_FEATURE_CRC32)
std::uint32_t by_instruction(std::string_view bytes, std::uint32_t crc) {
    for (; bytes.size() >= 8; bytes.remove_prefix(8)) crc = __crc32cd(crc, load(bytes.data()));
    for (const char byte : bytes) crc = __crc32cb(crc, static_cast<unsigned char>(byte));
    return crc;
}

constexpr bool has_instruction() { return true; }
#else
std::uint32_t by_instruction(std::string_view, std::uint32_t crc) { return crc; }

constexpr bool has_instruction() { return false; }
#endif

} // namespace

std::uint32_t crc32c_portable(std::string_view bytes, std::uint32_t before) {
    auto crc = ~before;
    for (; bytes.size() >= 8; bytes.remove_prefix(8)) {
        const auto word = load(bytes.data()) ^ crc;
        crc = 0;
        for (unsigned k = 0; k < 8; ++k) crc ^= kTables[7 - k][word >> (8 * k) & 0xffU];
    }
    for (const char byte : bytes) crc = add_byte(crc, byte);
    return ~crc;
}

std::uint32_t crc32c(std::string_view bytes, std::uint32_t before) {
    return has_instruction() ? ~by_instruction(bytes, ~before) : crc32c_portable(bytes, before);
}

} // namespace maild
