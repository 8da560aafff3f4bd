#include "support/streams.hpp"

#include "maild/net/line_reader.hpp"
#include "maild/net/timer.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace maild::net {
namespace {

using namespace std::chrono_literals;
using test::finish;
using test::send_all;

constexpr std::size_t kMaxLine = 10;
constexpr std::size_t kMaxDiscard = 20;

// What a reader makes of a whole input: one entry for each line, then how it ended.
Task<std::vector<std::string>> read_all(Stream& stream) {
    LineReader in(stream, kMaxLine, kMaxDiscard);
    std::vector<std::string> seen;
    for (;;) {
        const auto line = co_await in.next(5s);
        if (!line) {
            seen.emplace_back(name_of(line.error().code));
            co_return seen;
        }
        std::string entry(line->text);
        if (line->too_long) entry += " +too_long";
        if (line->has_bare_cr_or_lf) entry += " +bare";
        if (line->has_nul) entry += " +nul";
        seen.push_back(entry);
    }
}

// `segment` octets at a time, each of them read before the next is there.
std::vector<std::string> read_in_segments(std::string_view input, std::size_t segment) {
    boost::asio::io_context io;
    auto ends = test::make_stream(io);
    auto seen = std::make_shared<std::optional<std::vector<std::string>>>();
    spawn(io, test::keep_result(read_all(ends.stream), seen), "reader");
    for (; !input.empty() && !seen->has_value();
         input.remove_prefix(std::min(segment, input.size()))) {
        send_all(ends.peer.get(), input.substr(0, segment));
        io.poll();
    }
    ends.peer.reset();
    test::run_until(io, [&] { return seen->has_value(); });
    return **seen;
}

// An octet every 20 ms, which is no line.
Task<void> trickle(int peer, std::size_t count) {
    for (; count > 0; --count) {
        send_all(peer, "x");
        co_await sleep_for(20ms);
    }
}

struct LineCase {
    std::string input;
    std::vector<std::string> want;
};

std::string operator""_s(const char* text, std::size_t size) { return {text, size}; }

const std::vector<LineCase>& line_cases() {
    static const std::vector<LineCase> cases = {
        {"", {"closed"}},
        {"\r\n", {"", "closed"}},
        {"NOOP\r\nQUIT\r\n", {"NOOP", "QUIT", "closed"}},
        {"unfinished", {"closed"}},
        {"a\nb\r\n", {"a\nb +bare", "closed"}},
        {"a\rb\r\n", {"a\rb +bare", "closed"}},
        {"a\r\r\nb\r\n", {"a\r +bare", "b", "closed"}},
        {"\n\r\n", {"\n +bare", "closed"}},
        {"a\n.\nQ\r\n", {"a\n.\nQ +bare", "closed"}},
        {"a\0b\r\n"_s, {"a\0b +nul"_s, "closed"}},
        {"12345678\r\n", {"12345678", "closed"}},
        {"123456789\r\nx\r\n", {"123456789 +too_long", "x", "closed"}},
        {"1234567890\r\nx\r\n", {"1234567890 +too_long", "x", "closed"}},
        {"12345678901234567890\r\nx\r\n", {"1234567890 +too_long", "x", "closed"}},
        {"123456789\r4567\n90\r\nx\r\n", {"123456789\r +too_long +bare", "x", "closed"}},
        {std::string(28, 'a') + "\r\nx\r\n", {"aaaaaaaaaa +too_long", "x", "closed"}},
        {std::string(29, 'a') + "\r\nx\r\n", {"too_large"}},
        {std::string(28, 'a') + "\r\r\nx\r\n", {"too_large"}},
        {std::string(100, 'a'), {"too_large"}},
        {std::string(29, '\n') + "\r\n", {"too_large"}},
    };
    return cases;
}

TEST(LineReader, ReadsLines) {
    for (const auto& c : line_cases())
        EXPECT_EQ(read_in_segments(c.input, 1000), c.want) << c.input;
}

// However the network cuts the bytes, the lines are the same (RFC 5321 §2.3.8: only CRLF ends one).
TEST(LineReader, SegmentationChangesNothing) {
    for (const auto& c : line_cases()) {
        for (const std::size_t segment : {1, 2, 3, 5, 7, 11}) {
            EXPECT_EQ(read_in_segments(c.input, segment), c.want)
                << c.input << " in pieces of " << segment;
        }
    }
}

TEST(LineReader, ALongLineInSingleOctetsTakesLinearTime) {
    boost::asio::io_context io;
    auto ends = test::make_stream(io);
    LineReader in(ends.stream, 1 << 20);
    const std::string line(20'000, 'a');
    auto got = std::make_shared<std::optional<Result<Line>>>();
    spawn(io, test::keep_result(in.next(20s), got), "reader");
    const auto begin = std::chrono::steady_clock::now();
    for (const char c : line) {
        send_all(ends.peer.get(), {&c, 1});
        io.poll();
    }
    send_all(ends.peer.get(), "\r\n");
    test::run_until(io, [&] { return got->has_value(); });
    EXPECT_EQ((*got)->value().text, line);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s);
}

class LineReaderTest : public testing::Test {
protected:
    std::string next() {
        const auto line = finish(io, in.next(1s));
        return line ? std::string(line->text) : std::string(name_of(line.error().code));
    }
    std::string bytes(std::size_t at_most) {
        const auto got = finish(io, in.next_bytes(at_most, 1s));
        return got ? std::string(*got) : std::string(name_of(got.error().code));
    }
    boost::asio::io_context io;
    test::StreamAndPeer ends = test::make_stream(io);
    LineReader in{ends.stream, 1000};
};

TEST_F(LineReaderTest, KnowsWhetherALineIsThere) {
    EXPECT_FALSE(in.has_line());
    send_all(ends.peer.get(), "one\r\ntwo\r\nthr");
    EXPECT_FALSE(in.has_line()); // nothing is read yet
    EXPECT_EQ(next(), "one");
    EXPECT_TRUE(in.has_line());
    EXPECT_EQ(next(), "two");
    EXPECT_FALSE(in.has_line());
    EXPECT_FALSE(in.empty());
    send_all(ends.peer.get(), "ee\r\n");
    EXPECT_EQ(next(), "three");
    EXPECT_TRUE(in.empty());
}

TEST_F(LineReaderTest, ShowsWholeLinesThatHaveCome) {
    const auto shown = [this](std::size_t at_most) {
        std::string out;
        for (const auto line : in.buffered_lines(at_most)) out.append(line) += "|";
        return out;
    };
    EXPECT_EQ(shown(9), "");
    send_all(ends.peer.get(), "one\r\ntwo\r\nthree\r\nfour\r\nfi");
    EXPECT_EQ(next(), "one");
    EXPECT_EQ(shown(9), "two|three|four|");
    EXPECT_EQ(shown(2), "two|three|");
    EXPECT_EQ(next(), "two") << "they stay";
    send_all(ends.peer.get(), "ve\r\nbare \n\r\nsix\r\n");
    for (const auto* line : {"three", "four", "five"}) EXPECT_EQ(next(), line);
    EXPECT_EQ(shown(9), "") << "nothing behind what is wrong";
    EXPECT_EQ(next(), "bare \n");
    send_all(ends.peer.get(), std::string(1001, 'x') + "\r\nseven\r\n");
    EXPECT_EQ(next(), "six");
    static_cast<void>(next());
    EXPECT_EQ(next(), "seven");
    EXPECT_EQ(shown(9), "");
}

TEST_F(LineReaderTest, MixesLinesAndBytes) {
    send_all(ends.peer.get(), "BDAT 5\r\nab\r\nxQUIT\r\n");
    EXPECT_EQ(next(), "BDAT 5");
    EXPECT_EQ(bytes(5), "ab\r\nx");
    EXPECT_EQ(next(), "QUIT");
}

TEST_F(LineReaderTest, TakesBackWhatWasNotContent) {
    send_all(ends.peer.get(), "DATA\r\nbody\r\n.\r\nQUIT\r\n");
    EXPECT_EQ(next(), "DATA");
    const auto content = bytes(1000);
    EXPECT_EQ(content, "body\r\n.\r\nQUIT\r\n");
    in.unread(content.size() - 9);
    EXPECT_TRUE(in.has_line());
    EXPECT_EQ(next(), "QUIT");
    EXPECT_EQ(bytes(0), "invalid_argument");
}

TEST_F(LineReaderTest, TimesOutAndGoesOn) {
    send_all(ends.peer.get(), "par");
    const auto late = finish(io, in.next(20ms));
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().code, Errc::timed_out);
    send_all(ends.peer.get(), "tial\r\n");
    EXPECT_EQ(next(), "partial");
}

TEST_F(LineReaderTest, HasOneDeadlineForALineOfSingleOctets) { // HARDENING 85
    constexpr std::size_t kOctets = 25;
    spawn(io, trickle(ends.peer.get(), kOctets), "trickle");
    const auto late = finish(io, in.next(100ms));
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().code, Errc::timed_out);
    EXPECT_LT(ends.stream.bytes_in(), kOctets) << "ended with the octets, not with its time";
}

TEST_F(LineReaderTest, WaitsForALineOrAnEvent) {
    Event event;
    send_all(ends.peer.get(), "IDLE\r\nDONE\r\n");
    EXPECT_EQ(next(), "IDLE");
    event.notify();
    EXPECT_EQ(finish(io, in.wait(event, 1s)), WaitResult::readable); // DONE is buffered already
    EXPECT_EQ(next(), "DONE");
    EXPECT_EQ(finish(io, in.wait(event, 1s)), WaitResult::event);
    EXPECT_EQ(finish(io, in.wait(event, 10ms)), WaitResult::timed_out);
}

TEST_F(LineReaderTest, ANewLimitHoldsFromTheNextLine) {
    send_all(ends.peer.get(), "first\r\nsecond line\r\n");
    EXPECT_EQ(next(), "first");
    in.set_max_line(6);
    const auto line = finish(io, in.next(1s));
    ASSERT_TRUE(line);
    EXPECT_TRUE(line->too_long);
    EXPECT_EQ(line->text, "second");
}

} // namespace
} // namespace maild::net
