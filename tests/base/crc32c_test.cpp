#include "maild/base/crc32c.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace maild {
namespace {

// RFC 3720 appendix B.4, and the check value of the CRC catalogue.
TEST(Crc32c, HasTheValuesOfTheRfc) {
    std::string rising;
    for (int i = 0; i < 32; ++i) rising += static_cast<char>(i);
    const std::string falling(rising.rbegin(), rising.rend());
    struct {
        std::string bytes;
        std::uint32_t want;
    } const cases[] = {
        {"", 0},
        {"123456789", 0xe3069283},
        {std::string(32, '\0'), 0x8a9136aa},
        {std::string(32, '\xff'), 0x62a8ab43},
        {rising, 0x46dd794e},
        {falling, 0x113fdb5c},
    };
    for (const auto& [bytes, want] : cases) {
        EXPECT_EQ(crc32c(bytes), want) << bytes.size();
        EXPECT_EQ(crc32c_portable(bytes), want) << bytes.size();
    }
}

TEST(Crc32c, IsTheSameEitherWayAndInPieces) {
    std::mt19937 random(1);
    std::string bytes(300, '\0');
    for (auto& byte : bytes) byte = static_cast<char>(random());
    for (std::size_t length = 0; length <= bytes.size(); ++length) {
        const auto whole = std::string_view(bytes).substr(0, length);
        const auto cut = length / 3;
        EXPECT_EQ(crc32c(whole), crc32c_portable(whole)) << length;
        EXPECT_EQ(crc32c(whole.substr(cut), crc32c(whole.substr(0, cut))), crc32c(whole)) << length;
    }
}

} // namespace
} // namespace maild
