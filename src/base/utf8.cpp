#include "maild/base/utf8.hpp"

#include "maild/base/ascii.hpp"

#include <cstddef>
#include <cstdint>

namespace maild {
namespace {

struct Lead {
    std::size_t length; // 0: no lead byte
    std::uint8_t low;   // what the second byte may be; the others are 80..BF
    std::uint8_t high;
};

// RFC 3629 §4: UTF8-2, UTF8-3, UTF8-4
constexpr Lead lead_of(std::uint8_t byte) {
    if (byte >= 0xc2 && byte <= 0xdf) return {2, 0x80, 0xbf};
    if (byte == 0xe0) return {3, 0xa0, 0xbf};
    if (byte == 0xed) return {3, 0x80, 0x9f};
    if (byte >= 0xe1 && byte <= 0xef) return {3, 0x80, 0xbf};
    if (byte == 0xf0) return {4, 0x90, 0xbf};
    if (byte == 0xf4) return {4, 0x80, 0x8f};
    if (byte >= 0xf1 && byte <= 0xf3) return {4, 0x80, 0xbf};
    return {0, 0, 0};
}

constexpr std::uint8_t byte_at(std::string_view text, std::size_t i) {
    return static_cast<std::uint8_t>(text[i]);
}

} // namespace

bool is_utf8(std::string_view text) {
    for (std::size_t i = 0;;) {
        if (i < text.size() && !ascii::is_8bit(text[i])) i += ascii::find_8bit(text.substr(i));
        if (i == text.size()) return true;
        const auto lead = lead_of(byte_at(text, i));
        if (lead.length == 0 || text.size() - i < lead.length) return false;
        const auto second = byte_at(text, i + 1);
        if (second < lead.low || second > lead.high) return false;
        for (std::size_t k = 2; k < lead.length; ++k)
            if ((byte_at(text, i + k) & 0xc0) != 0x80) return false;
        i += lead.length;
    }
}

} // namespace maild
