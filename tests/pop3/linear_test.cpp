// No input makes work grow faster than its size (promise 5): the parser, and what is sent of a
// message.
#include "pop3/command.hpp"
#include "pop3/transfer.hpp"
#include "support/linear.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace maild::pop3 {
namespace {

using maild::test::repeated;
using maild::test::Shape;

void parse_line(const std::string& line) { (void)parse_command(line); }

void send(const std::string& content, std::optional<TopCut> top, std::size_t piece) {
    Transfer transfer(content.size(), top);
    std::string out;
    while (!transfer.is_done())
        transfer.append(out, std::string_view(content).substr(transfer.offset(), piece));
    EXPECT_GE(out.size(), 3U);
}
void send_whole(const std::string& content) { send(content, std::nullopt, content.size()); }
void send_octets(const std::string& content) { send(content, std::nullopt, 1); }
void send_top(const std::string& content) { send(content, TopCut{0, 100'000'000}, 4096); }

std::vector<Shape> shapes() {
    const auto again = [](std::string_view text) {
        return [text](std::size_t n) { return repeated(text, n); };
    };
    const auto behind = [](std::string_view begin, std::string_view text) {
        return [=](std::size_t n) { return std::string(begin) + repeated(text, n); };
    };
    return {
        {"name", 1'000'000, again("RETR"), parse_line},
        {"password", 1'000'000, behind("PASS ", "\xc3\xa4"), parse_line},
        {"digits", 1'000'000, behind("RETR ", "9"), parse_line},
        {"response", 1'000'000, behind("AUTH PLAIN ", "A"), parse_line},
        {"dots", 500'000, again(".\r\n"), send_whole},
        {"octets", 200'000, again(".\r\n"), send_octets},
        {"one_line", 8'000'000, again("x"), send_whole}, // beyond the L2 cache at n already
        {"empty_lines", 500'000, again("\r\n"), send_top},
        {"no_lines", 1'000'000, again("x"), send_top},
    };
}

class Pop3Linear : public testing::TestWithParam<Shape> {};

TEST_P(Pop3Linear, GrowsNoFasterThanItsInput) {
    EXPECT_LT(maild::test::growth_of(GetParam()), maild::test::kMostGrowth);
}

INSTANTIATE_TEST_SUITE_P(Input, Pop3Linear, testing::ValuesIn(shapes()),
                         [](const testing::TestParamInfo<Shape>& shape) {
                             return std::string(shape.param.name);
                         });

} // namespace
} // namespace maild::pop3
