#include "imap/fragmenter.hpp"
#include "imap/limits.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace maild::imap {
namespace {

constexpr std::uint64_t kMessage = 1024 * 1024;

// Everything that comes of `bytes`, cut into pieces of `size`; need_more is left out.
std::vector<std::string> events(std::string_view bytes, std::size_t size, bool authenticated) {
    Fragmenter fragmenter;
    if (authenticated) fragmenter.set_authenticated(kMessage);
    std::vector<std::string> out;
    while (!bytes.empty()) {
        fragmenter.append(bytes.substr(0, size));
        bytes.remove_prefix(std::min(size, bytes.size()));
        for (auto event = fragmenter.next(); event != Event::need_more; event = fragmenter.next()) {
            if (event == Event::fragment)
                out.push_back("fragment " + std::string(fragmenter.text()));
            if (event == Event::need_literal) out.push_back("literal");
            if (event == Event::refused) out.push_back("refused " + std::string(fragmenter.text()));
            if (event != Event::overflow) continue;
            out.push_back("overflow");
            return out;
        }
    }
    return out;
}

using Events = std::vector<std::string>;

TEST(ImapFragmenter, FindsCommandsWhereverTheyAreCut) {
    struct Case {
        std::string bytes;
        Events want;
    };
    const std::vector<Case> cases = {
        {"a NOOP\r\nb NOOP\r\n", {"fragment a NOOP", "fragment b NOOP"}},
        {"a LOGIN {4}\r\nuser {4+}\r\npass\r\n",
         {"literal", "fragment a LOGIN {4}\r\nuser {4+}\r\npass"}},
        {"a LOGIN {0}\r\n {2+}\r\n\r\n\r\n", {"literal", "fragment a LOGIN {0}\r\n {2+}\r\n\r\n"}},
        {"a X {x}\r\n{}\r\n", {"fragment a X {x}", "fragment {}"}},
        {"a X\nb\rc\r\n", {"fragment a X\nb\rc"}},
        {"a LOGIN {4097}\r\nb NOOP\r\n", {"refused a LOGIN ", "fragment b NOOP"}},
        {"a LOGIN {99999999999999999999999}\r\nb NOOP\r\n",
         {"refused a LOGIN ", "fragment b NOOP"}},
        {"a LOGIN {-1}\r\n", {"fragment a LOGIN {-1}"}},
        {"a LOGIN {4097+}\r\nb NOOP\r\n", {"overflow"}},
        {"a " + std::string(9000, 'x'), {"overflow"}},
    };
    for (const auto& [bytes, want] : cases)
        for (const std::size_t size : {1, 2, 3, 7, 100'000})
            EXPECT_EQ(events(bytes, size, false), want) << bytes.substr(0, 60);
}

TEST(ImapFragmenter, AllowsMoreBehindTheLogin) {
    const auto append = [](std::uint64_t size, std::string_view plus) {
        return "a APPEND box (\\Seen) {" + std::to_string(size) + std::string(plus) + "}\r\n";
    };
    EXPECT_EQ(events(append(kMessage, ""), 100, true), Events{"literal"});
    EXPECT_EQ(events(append(kMessage + 1, ""), 100, true),
              Events{"refused a APPEND box (\\Seen) "});
    EXPECT_EQ(events("a APPEND {200000}\r\n", 100, true), Events{"refused a APPEND "});
    EXPECT_EQ(events("a X {131072}\r\n", 100, true), Events{"literal"});
    EXPECT_EQ(events("a X {131073}\r\n", 100, true), Events{"refused a X "});
    EXPECT_EQ(events("a X {131073+}\r\n", 100, true), Events{"overflow"});
    EXPECT_EQ(events("a " + std::string(kMaxLine + 1, 'x'), 100, true), Events{"overflow"});
}

TEST(ImapFragmenter, KnowsEachMessageOfAnAppend) {
    const auto whole = "a APPEND {3}\r\nbox (\\Seen) {200000+}\r\n" + std::string(200'000, 'x') +
                       " {200000+}\r\n" + std::string(200'000, 'y') + "\r\nb NOOP\r\n";
    for (const std::size_t size : {4096, 1'000'000}) {
        const auto got = events(whole, size, true);
        ASSERT_EQ(got.size(), 3U);
        EXPECT_EQ(got[0], "literal");
        EXPECT_EQ(got[2], "fragment b NOOP");
    }
    // Together they are no larger than one may be.
    const auto half = std::to_string(kMessage / 2 + 1);
    const auto first = "a APPEND box {" + half + "+}\r\n" + std::string(kMessage / 2 + 1, 'x');
    EXPECT_EQ(events(first + " {" + half + "}\r\nb NOOP\r\n", 65'536, true).size(), 2U);
    EXPECT_TRUE(events(first + " {" + half + "}\r\nb NOOP\r\n", 65'536, true)
                    .front()
                    .starts_with("refused a APPEND box"));
    EXPECT_EQ(events("a UID REPLACE 7 box {200000}\r\n", 100, true), Events{"literal"});
    EXPECT_EQ(events("a REPLACE {200000}\r\n", 100, true), Events{"refused a REPLACE "});
    // literal8, RFC 3516 §4.4, and with UTF8 around it, RFC 6855 §4
    EXPECT_EQ(events("a APPEND box ~{200000}\r\n", 100, true), Events{"literal"});
    EXPECT_EQ(events("a APPEND box UTF8 (~{1+}\r\nx) (\\Seen) {200000}\r\n", 100, true),
              Events{"literal"});
    // RFC 4469: each TEXT is a part of a message, a URL is not.
    for (const std::string_view before :
         {"TEXT ", "URL x TEXT ", "URL \"/x/;UID=1\" URL y TEXT ~", "TEXT {1+}\r\nx TEXT ",
          "URL {1+}\r\nx UTF8 (~{1+}\r\ny) TEXT ", "URL x) (\\Seen) CATENATE (URL y TEXT ",
          "TEXT {1+}\r\nx) {1+}\r\ny (k) "})
        EXPECT_EQ(
            events("a APPEND box CATENATE (" + std::string(before) + "{200000}\r\n", 1000, true),
            Events{"literal"})
            << before;
    for (const std::string_view before : {"URL ", "", "TEXT {1+}\r\nx", "URL x) ) ", "FILE "}) {
        const auto command = "a APPEND box CATENATE (" + std::string(before);
        EXPECT_EQ(events(command + "{200000}\r\n", 1000, true), Events{"refused " + command});
    }
    // What is no message is no larger than any literal.
    EXPECT_EQ(events("a APPEND box UTF8 (~{1+}\r\nx {200000}\r\n", 100, true),
              Events{"refused a APPEND box UTF8 (~{1+}\r\nx "});
    EXPECT_EQ(events("a APPEND box x {200000}\r\n", 100, true), Events{"refused a APPEND box x "});
}

TEST(ImapFragmenter, SwallowsWhatIsTooLargeUpToTheLimit) {
    const auto head = "a APPEND box {" + std::to_string(kMessage + 1) + "+}\r\n";
    EXPECT_EQ(events(head + std::string(kMessage - 1, 'x'), 65'536, true), Events{});
    EXPECT_EQ(events(head + std::string(kMessage, 'x') + "x\r\nb NOOP\r\n", 65'536, true),
              Events{"overflow"});
}

TEST(ImapFragmenter, HoldsNoMoreThanTheSumOfArguments) {
    std::string bytes = "a X";
    for (int i = 0; i < 8; ++i) bytes += " {131072+}\r\n" + std::string(131072, 'x');
    EXPECT_EQ(events(bytes, 65'536, true), Events{"overflow"});
}

TEST(ImapFragmenter, NeverTakesMemoryForWhatIsOnlyAnnounced) {
    Fragmenter fragmenter;
    fragmenter.set_authenticated(std::uint64_t{1} << 40);
    fragmenter.append("a APPEND box {1000000000000}\r\n");
    EXPECT_EQ(fragmenter.next(), Event::need_literal);
    EXPECT_LT(fragmenter.capacity(), 1000U);
}

TEST(ImapFragmenter, ReadsPlainLinesAsTheyAre) {
    Fragmenter fragmenter;
    fragmenter.expect_plain_line();
    fragmenter.append("DONE {5}\r\nnext");
    ASSERT_EQ(fragmenter.next(), Event::fragment);
    EXPECT_EQ(fragmenter.text(), "DONE {5}");
    EXPECT_EQ(fragmenter.ahead(), "next");
}

} // namespace
} // namespace maild::imap
