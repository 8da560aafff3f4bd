#include "maild/base/octet_buffer.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace maild {
namespace {

TEST(OctetBuffer, KeepsWhatIsAppended) {
    OctetBuffer buffer;
    EXPECT_TRUE(buffer.is_empty());
    EXPECT_EQ(buffer.view(), "");
    std::string want;
    for (int i = 0; i < 3000; ++i) {
        const std::string piece(static_cast<std::size_t>(i % 1500),
                                static_cast<char>('a' + i % 26));
        buffer.append(piece);
        want += piece;
    }
    EXPECT_EQ(buffer.view(), want);
    EXPECT_GE(buffer.capacity(), buffer.size());
    EXPECT_LE(buffer.capacity(), want.size() / 8 * 9 + 2000) << "an eighth more, when it is large";
}

TEST(OctetBuffer, LosesItsFront) {
    OctetBuffer buffer;
    buffer.append("abcdef");
    buffer.erase_front(0);
    buffer.erase_front(2);
    EXPECT_EQ(buffer.view(), "cdef");
    buffer.append("gh");
    EXPECT_EQ(buffer.view(), "cdefgh");
    buffer.erase_front(6);
    EXPECT_TRUE(buffer.is_empty());
}

TEST(OctetBuffer, GivesBack) {
    OctetBuffer buffer;
    buffer.reserve(5000);
    EXPECT_EQ(buffer.capacity(), 5000U);
    buffer.append("abc");
    EXPECT_EQ(buffer.capacity(), 5000U);
    buffer.release();
    EXPECT_EQ(buffer.capacity(), 0U);
    EXPECT_EQ(buffer.view(), "");
    buffer.append("again");
    EXPECT_EQ(buffer.view(), "again");
}

TEST(OctetBuffer, Moves) {
    OctetBuffer first;
    first.append("first");
    OctetBuffer second(std::move(first));
    OctetBuffer third;
    third.append("third");
    third = std::move(second);
    EXPECT_EQ(third.view(), "first");
}

} // namespace
} // namespace maild
