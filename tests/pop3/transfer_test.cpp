#include "pop3/transfer.hpp"

#include <gtest/gtest.h>

namespace maild::pop3 {
namespace {

std::string sent(std::string_view content, std::size_t piece, std::optional<TopCut> top = {}) {
    Transfer transfer(content.size(), top);
    std::string out;
    if (content.empty()) transfer.append(out, {});
    while (!transfer.is_done()) transfer.append(out, content.substr(transfer.offset(), piece));
    return out;
}

struct Case {
    const char* content;
    const char* want;
};

// Whatever the pieces, the octets are the same.
TEST(Pop3Transfer, StuffsDotsInAnyPieces) { // RFC 1939 §3, HARDENING 4
    const Case cases[] = {
        {"", ".\r\n"},
        {".", "..\r\n.\r\n"},
        {".\r\n", "..\r\n.\r\n"},
        {"..\r\n", "...\r\n.\r\n"},
        {"...\r\n", "....\r\n.\r\n"},
        {"a.b\r\n.c\r\n..\r\n", "a.b\r\n..c\r\n...\r\n.\r\n"},
        {"a\r\n\r\n.\r\n\r\n", "a\r\n\r\n..\r\n\r\n.\r\n"},
        {"no end", "no end\r\n.\r\n"},
        {"cr\r", "cr\r\r\n.\r\n"},
        {"lf\n", "lf\n\r\n.\r\n"},
        // A bare LF is the end of a line for many clients: nothing behind one ends the message.
        {"bare\n.\r\nx\r\n", "bare\n..\r\nx\r\n.\r\n"},
        {"bare\n.\nx\r\n", "bare\n..\nx\r\n.\r\n"},
        {"bare\r.\r\n", "bare\r.\r\n.\r\n"},
    };
    for (const auto& [content, want] : cases)
        for (const std::size_t piece : {1, 2, 3, 100})
            EXPECT_EQ(sent(content, piece), want) << content << " in pieces of " << piece;
}

TEST(Pop3Transfer, CutsBehindTheLinesOfTop) { // RFC 1939 §7
    constexpr std::string_view content = "a: b\r\n\r\n.1\r\n2\r\n\r\n";
    constexpr std::uint64_t kHeader = 8;
    const Case cases[] = {{"0", "a: b\r\n\r\n.\r\n"},
                          {"1", "a: b\r\n\r\n..1\r\n.\r\n"},
                          {"2", "a: b\r\n\r\n..1\r\n2\r\n.\r\n"},
                          {"3", "a: b\r\n\r\n..1\r\n2\r\n\r\n.\r\n"},
                          {"4", "a: b\r\n\r\n..1\r\n2\r\n\r\n.\r\n"}};
    for (const auto& [lines, want] : cases)
        for (const std::size_t piece : {1, 2, 7, 8, 9, 100})
            EXPECT_EQ(sent(content, piece,
                           TopCut{kHeader, static_cast<std::uint32_t>(std::stoul(lines))}),
                      want)
                << lines << " lines in pieces of " << piece;
}

} // namespace
} // namespace maild::pop3
