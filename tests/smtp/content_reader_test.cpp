#include "smtp/content_reader.hpp"
#include "support/fake_clock.hpp"
#include "support/run_task.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace maild::smtp {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using namespace std::string_view_literals;

constexpr std::uint64_t kLimit = 1024 * 1024;

struct Outcome {
    std::string content;
    Flaw flaw = Flaw::none;
    bool is_finished = false;
    std::size_t taken = 0;
    std::uint64_t size = 0;
    bool has_8bit = false;
    friend bool operator==(const Outcome&, const Outcome&) = default;
};

// Reads `bytes` in pieces that end at `cuts`.
Outcome read(std::string_view bytes, const std::vector<std::size_t>& cuts = {},
             std::uint64_t limit = kLimit) {
    net::MemoryBudget budget(16 * kLimit);
    ContentReader reader(limit, budget);
    std::size_t position = 0;
    for (auto cut : cuts) {
        if (reader.is_finished()) break;
        position += reader.push(bytes.substr(position, cut - position));
    }
    if (!reader.is_finished()) position += reader.push(bytes.substr(position));
    return {std::string(reader.content()),
            reader.flaw(),
            reader.is_finished(),
            position,
            reader.size(),
            reader.has_8bit()};
}

TEST(ContentReader, UndoesTransparency) { // RFC 5321 §4.5.2, HARDENING 4
    const struct {
        std::string bytes, want;
    } cases[] = {
        {".\r\n", ""},
        {"\r\n.\r\n", "\r\n"},
        {"hello\r\n.\r\n", "hello\r\n"},
        {"..\r\n.\r\n", ".\r\n"},
        {"...\r\n....\r\n.\r\n", "..\r\n...\r\n"},
        {"..hidden\r\n.\r\n", ".hidden\r\n"},
        {".unstuffed\r\n.\r\n", "unstuffed\r\n"}, // a lone dot is dropped whatever follows
        {"a.b\r\nc.\r\n.\r\n", "a.b\r\nc.\r\n"},
        {"\r\n\r\n\r\n.\r\n", "\r\n\r\n\r\n"},
    };
    for (const auto& test : cases) {
        const auto got = read(test.bytes);
        EXPECT_TRUE(got.is_finished) << test.bytes;
        EXPECT_EQ(got.content, test.want);
        EXPECT_EQ(got.flaw, Flaw::none) << test.bytes;
        EXPECT_EQ(got.size, test.want.size());
    }
}

TEST(ContentReader, StopsBehindTheEnd) {
    const auto got = read("a\r\n.\r\nMAIL FROM:<>\r\n");
    EXPECT_EQ(got.taken, 6U);
    EXPECT_EQ(got.content, "a\r\n");
}

// HARDENING 1: every sequence that some server has taken for the end.
TEST(ContentReader, EndsAtCrlfDotCrlfAlone) {
    const struct {
        std::string bytes;
        Flaw want;
    } cases[] = {
        {"\n.\n", Flaw::bare_lf},     {"\n.\r\n", Flaw::bare_lf},
        {"\r\n.\n", Flaw::bare_lf},   {"\r.\r", Flaw::bare_cr},
        {"\r.\r\n", Flaw::bare_cr},   {"\r\n.\r", Flaw::bare_cr},
        {"\r\n\0.\r\n"s, Flaw::nul},  {"\r\r\n.\r\r\n", Flaw::bare_cr},
        {"\n\r.\r\n", Flaw::bare_lf}, {"\r\n.\r\r\n", Flaw::bare_cr},
        {"\r\n.\0\r\n"s, Flaw::nul},  {"\r\n. \r\n", Flaw::none},
        {"\r\n..\r\n", Flaw::none},
    };
    for (const auto& test : cases) {
        const auto bytes = "a" + test.bytes + "MAIL FROM:<eve@remote.example>\r\n";
        EXPECT_FALSE(read(bytes).is_finished) << test.bytes;
        const auto got = read(bytes + "\r\n.\r\n");
        EXPECT_TRUE(got.is_finished) << test.bytes;
        EXPECT_EQ(got.taken, bytes.size() + 5);
        EXPECT_EQ(got.flaw, test.want) << test.bytes;
        EXPECT_EQ(got.content.empty(), test.want != Flaw::none);
    }
}

// The result must not depend on how the bytes were cut on their way.
TEST(ContentReader, GivesTheSameForAnySegmentation) {
    std::mt19937 random(11);
    const std::string_view alphabet[] = {"\r\n", "\r",   "\n",   ".",    "\r\n.",
                                         "a",    "\0"sv, "\xc3", "text", "\r\n.\r\n"};
    for (int round = 0; round < 20'000; ++round) {
        std::string bytes;
        // Mostly well-formed, or else nearly every input ends as flawed.
        const unsigned reach = round % 2 == 0 ? 10U : 3U;
        for (auto i = random() % 12; i > 0; --i) {
            const auto pick = random() % reach;
            bytes += reach == 3 ? (pick == 0 ? "\r\n" : pick == 1 ? "." : "x") : alphabet[pick];
        }
        bytes += "\r\n.\r\nRSET\r\n";
        const auto want = read(bytes);
        std::vector<std::size_t> each;
        for (std::size_t i = 1; i < bytes.size(); ++i) each.push_back(i);
        ASSERT_EQ(read(bytes, each), want) << "byte by byte: " << testing::PrintToString(bytes);
        std::vector<std::size_t> some;
        for (const auto cut : each)
            if (random() % 3 == 0) some.push_back(cut);
        ASSERT_EQ(read(bytes, some), want) << testing::PrintToString(bytes);
    }
}

TEST(ContentReader, ReadsBackWhatAStufferWrote) {
    std::mt19937 random(5);
    for (int round = 0; round < 2'000; ++round) {
        std::string content, wire;
        for (auto lines = random() % 8; lines > 0; --lines) {
            std::string line;
            for (auto i = random() % 6; i > 0; --i) line += ".a\xff"[random() % 3];
            wire += (line.starts_with('.') ? "." : "") + line + "\r\n";
            content += line + "\r\n";
        }
        const auto got = read(wire + ".\r\n");
        ASSERT_EQ(got.content, content);
        ASSERT_EQ(got.has_8bit, content.contains('\xff'));
    }
}

TEST(ContentReader, MeasuresContentNotWire) {
    const auto bytes = "." + std::string(100, '.') + "\r\n.\r\n"; // 100 dots and CRLF
    EXPECT_EQ(read(bytes, {}, 102).flaw, Flaw::none);
    EXPECT_EQ(read(bytes, {}, 101).flaw, Flaw::too_large);
}

TEST(ContentReader, ReadsOnWhenTooLargeButKeepsNothing) {
    net::MemoryBudget budget(16 * kLimit);
    ContentReader reader(1000, budget);
    reader.push(std::string(100, 'x'));
    EXPECT_GT(budget.used(), 0U);
    reader.push(std::string(1000, 'a'));
    EXPECT_EQ(reader.flaw(), Flaw::too_large);
    EXPECT_EQ(budget.used(), 0U);
    EXPECT_FALSE(reader.is_hopeless());
    reader.push(std::string(1001, 'a'));
    EXPECT_TRUE(reader.is_hopeless());
    reader.push("\r\n.\r\n");
    EXPECT_TRUE(reader.is_finished());
    EXPECT_TRUE(reader.content().empty());
}

TEST(ContentReader, PrefersToReportSmuggling) {
    EXPECT_EQ(read(std::string(2000, 'a') + "\nb\r\n.\r\n", {}, 1000).flaw, Flaw::bare_lf);
    EXPECT_EQ(read("\nb\rc\r\n.\r\n").flaw, Flaw::bare_lf); // the first one
}

TEST(ContentReader, SharesTheBudget) {
    net::MemoryBudget budget(64 * 1024);
    {
        ContentReader first(kLimit, budget);
        first.push(std::string(40 * 1024, 'a'));
        EXPECT_EQ(first.flaw(), Flaw::none);
        ContentReader second(kLimit, budget);
        second.push(std::string(40 * 1024, 'a') + "\r\n.\r\n");
        EXPECT_EQ(second.flaw(), Flaw::no_memory);
        EXPECT_TRUE(second.is_finished());
        first.push("\r\n.\r\n");
        EXPECT_EQ(first.content().size(), 40 * 1024 + 2U);
    }
    EXPECT_EQ(budget.used(), 0U);
}

// Nobody has said how much would come; once it is there, others get the rest.
TEST(ContentReader, GivesBackWhatItDidNotBecome) {
    const std::string content(200'000, 'a');
    for (const auto framing : {Framing::dotted, Framing::counted}) {
        net::MemoryBudget budget(2 * kLimit);
        ContentReader reader(kLimit, budget, framing);
        maild::test::run_task(reader.wait_for_room(content.size(), 1h));
        reader.push(content);
        const auto left = budget.largest() - 2 * content.size();
        EXPECT_FALSE(net::MemoryBudget::Lease(budget).grow_to(left + 1));
        EXPECT_TRUE(net::MemoryBudget::Lease(budget).grow_to(left)) << "no more than a step";
        if (framing == Framing::dotted)
            reader.push("\r\n.\r\n");
        else
            reader.finish();
        EXPECT_TRUE(reader.is_finished());
        EXPECT_TRUE(net::MemoryBudget::Lease(budget).grow_to(budget.largest() - 200'002));
        EXPECT_EQ(reader.content().size(), 200'002U);
    }
}

TEST(ContentReader, ClaimsNoMoreThanIsSaidToBeTheWhole) {
    net::MemoryBudget budget(2 * kLimit);
    ContentReader reader(kLimit, budget, Framing::counted);
    reader.expect(kLimit);
    maild::test::run_task(reader.wait_for_room(100'000, 1h));
    reader.push(std::string(100'000, 'a'));
    EXPECT_FALSE(net::MemoryBudget::Lease(budget).grow_to(budget.largest() - 300'002));
    reader.expect_whole(300'000);
    net::MemoryBudget::Lease other(budget);
    EXPECT_TRUE(other.grow_to(budget.largest() - 300'002));
    maild::test::run_task(reader.wait_for_room(200'000, 0ms));
    reader.push(std::string(200'000, 'a'));
    reader.finish();
    EXPECT_EQ(reader.flaw(), Flaw::none);
    EXPECT_EQ(reader.content().size(), 300'002U);
    ContentReader huge(kLimit, budget, Framing::counted);
    huge.expect_whole(kLimit + 1);
    EXPECT_EQ(huge.flaw(), Flaw::too_large) << "nothing of it needs to be kept";
}

TEST(ContentReader, ClaimsWhatIsExpectedBeforeTheFirstOctet) {
    net::MemoryBudget budget(4 * kLimit);
    ContentReader reader(kLimit, budget, Framing::binary);
    reader.expect(50'000); // as lines it may take 125,000
    maild::test::run_task(reader.wait_for_room(0, 1h));
    EXPECT_FALSE(net::MemoryBudget::Lease(budget).grow_to(budget.largest() - 125'000 + 1));
}

// The end, its dots and what is pipelined behind it are no content; the end of a last line is.
TEST(ContentReader, AsksForAllThatItMayKeepAndNoMore) {
    constexpr std::uint64_t kLittle = 100'000;
    net::MemoryBudget budget(4 * kLimit);
    {
        ContentReader full(kLittle, budget);
        maild::test::run_task(full.wait_for_room(kLittle + 50, 0ms));
        net::MemoryBudget::Lease other(budget);
        ASSERT_TRUE(other.grow_to(budget.largest() - kLittle));
        full.push(std::string(kLittle - 2, 'a') + "\r\n.\r\n" + std::string(45, 'x'));
        EXPECT_TRUE(full.is_finished());
        EXPECT_EQ(full.flaw(), Flaw::none);
    }
    ContentReader open(kLittle, budget, Framing::counted);
    constexpr auto kSize = net::MemoryBudget::kSmall - 1;
    maild::test::run_task(open.wait_for_room(kSize, 0ms));
    net::MemoryBudget::Lease other(budget);
    ASSERT_TRUE(other.grow_to(budget.largest() - kLittle));
    open.push(std::string(kSize, 'a'));
    open.finish();
    EXPECT_EQ(open.flaw(), Flaw::none);
    EXPECT_EQ(open.content().size(), kSize + 2);
}

// A peer that sends no more of what it has begun keeps nothing, once somebody needs it; what is
// whole is not taken away.
TEST(ContentReader, GivesUpWhatComesNoFurtherWhenOthersNeedIt) {
    maild::test::FakeClock clock;
    net::MemoryBudget budget(16 * 64 * 1024, clock);
    net::MemoryBudget::Lease large(budget);
    ASSERT_TRUE(large.grow_to(budget.largest()));
    ContentReader whole(kLimit, budget);
    whole.push(std::string(30'000, 'a') + "\r\n.\r\n");
    ContentReader begun(kLimit, budget);
    begun.push(std::string(30'000, 'a'));
    clock.advance(net::MemoryBudget::kAbandoned - 1ms);
    EXPECT_FALSE(budget.may_come(30'000));
    EXPECT_EQ(begun.flaw(), Flaw::none);
    clock.advance(1ms);
    EXPECT_TRUE(budget.may_come(30'000));
    EXPECT_EQ(begun.flaw(), Flaw::no_memory);
    EXPECT_EQ(whole.content().size(), 30'002U);
    begun.push("more\r\n.\r\n");
    EXPECT_TRUE(begun.is_finished());
    EXPECT_FALSE(budget.may_come(60'000));
    EXPECT_EQ(whole.flaw(), Flaw::none);
}

} // namespace
} // namespace maild::smtp
