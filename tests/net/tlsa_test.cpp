#include "maild/net/tlsa.hpp"

#include <gtest/gtest.h>

namespace maild::net {
namespace {

std::string rdata(int usage, int selector, int matching, std::size_t size) {
    return std::string{static_cast<char>(usage), static_cast<char>(selector),
                       static_cast<char>(matching)} +
           std::string(size, 'x');
}

TEST(Tlsa, IsUsableForMailOrNot) {
    const struct {
        std::string data;
        bool want;
    } cases[] = {
        {rdata(3, 1, 1, 32), true},
        {rdata(2, 0, 1, 32), true},
        {rdata(3, 0, 2, 64), true},
        {rdata(3, 1, 0, 91), true},
        {rdata(0, 1, 1, 32), false},
        {rdata(1, 1, 1, 32), false},
        {rdata(4, 1, 1, 32), false},
        {rdata(3, 2, 1, 32), false},
        {rdata(3, 1, 3, 32), false},
        {rdata(3, 1, 1, 31), false},
        {rdata(3, 1, 2, 32), false},
        {rdata(3, 1, 0, 0), false},
        {"", false},
        {"\3\1", false},
    };
    for (const auto& c : cases)
        EXPECT_EQ(is_usable_for_mail(parse_tlsa(c.data)), c.want) << testing::PrintToString(c.data);
}

TEST(Tlsa, IsWrittenAsAZoneFileHasIt) {
    EXPECT_EQ(format_tlsa(parse_tlsa("\3\1\1\xab\x01")), "3 1 1 ab01");
    EXPECT_EQ(format_tlsa(parse_tlsa("")), "255 255 255 ");
}

} // namespace
} // namespace maild::net
