#include "support/streams.hpp"
#include "support/tls_client.hpp"

#include "maild/net/spawn.hpp"
#include "maild/net/stream.hpp"
#include "maild/net/timer.hpp"

#include <gtest/gtest.h>

#include <array>

namespace maild::net {
namespace {

using namespace std::chrono_literals;
using test::finish;
using test::make_stream;
using test::receive_available;
using test::run_until;
using test::send_all;

class StreamTest : public testing::Test {
protected:
    boost::asio::io_context io;
    test::StreamAndPeer ends = make_stream(io);
    Stream& stream = ends.stream;
    int peer() const { return ends.peer.get(); }
};

Task<std::string> read_text(Stream& stream, std::chrono::milliseconds timeout) {
    std::string text;
    const auto got = co_await stream.read_append(text, 1000, timeout);
    if (!got) co_return "error: " + std::string(name_of(got.error().code));
    co_return text;
}

TEST_F(StreamTest, ReadsWhatIsThere) {
    send_all(peer(), "hello");
    EXPECT_EQ(finish(io, read_text(stream, 1s)), "hello");
    EXPECT_EQ(stream.bytes_in(), 5U);
}

TEST_F(StreamTest, WaitsForInput) {
    post(io, [this] { send_all(peer(), "late"); });
    EXPECT_EQ(finish(io, read_text(stream, 5s)), "late");
}

TEST_F(StreamTest, ReadEndsAtItsDeadlineAndTheStreamGoesOn) {
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(finish(io, read_text(stream, 30ms)), "error: timed_out");
    EXPECT_GE(std::chrono::steady_clock::now() - begin, 30ms);
    EXPECT_EQ(finish(io, read_text(stream, 0ms)), "error: timed_out");
    send_all(peer(), "x");
    EXPECT_EQ(finish(io, read_text(stream, 1s)), "x");
}

TEST_F(StreamTest, AShorterDeadlineAfterALongOneIsKept) {
    post(io, [this] { send_all(peer(), "x"); });
    EXPECT_EQ(finish(io, read_text(stream, 1h)), "x");
    EXPECT_EQ(finish(io, read_text(stream, 20ms)), "error: timed_out");
}

TEST_F(StreamTest, ALongerDeadlineAfterAShortOneIsKept) {
    post(io, [this] { send_all(peer(), "x"); });
    EXPECT_EQ(finish(io, read_text(stream, 30ms)), "x");
    // The timer of the first call fires during the second one, and must not end it
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(finish(io, read_text(stream, 120ms)), "error: timed_out");
    EXPECT_GE(std::chrono::steady_clock::now() - begin, 120ms);
}

TEST_F(StreamTest, EndOfInputIsClosed) {
    send_all(peer(), "last");
    ::shutdown(peer(), SHUT_WR);
    EXPECT_EQ(finish(io, read_text(stream, 1s)), "last");
    EXPECT_EQ(finish(io, read_text(stream, 1s)), "error: closed");
    EXPECT_TRUE(finish(io, stream.write("bye", 1s))); // a half-closed peer still listens
    EXPECT_EQ(receive_available(peer()), "bye");
}

TEST_F(StreamTest, WritingToAPeerThatLeftIsClosedAndRaisesNoSignal) {
    ends.peer.reset();
    const auto written = finish(io, stream.write("x", 1s));
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().code, Errc::closed);
}

TEST_F(StreamTest, WritesPiecesInOrder) {
    const std::array<std::string_view, 5> pieces = {"", "one ", "", "two ", "three"};
    EXPECT_TRUE(finish(io, stream.write_all(pieces, 1s)));
    EXPECT_EQ(receive_available(peer()), "one two three");
    EXPECT_EQ(stream.bytes_out(), 13U);
    EXPECT_TRUE(finish(io, stream.write("", 1s)));
}

TEST_F(StreamTest, WritesMorePiecesThanOneSystemCallTakes) {
    const std::vector<std::string> texts(1000, "0123456789");
    const std::vector<std::string_view> pieces(texts.begin(), texts.end());
    EXPECT_TRUE(finish(io, stream.write_all(pieces, 1s)));
    EXPECT_EQ(receive_available(peer()).size(), 10000U);
}

TEST_F(StreamTest, APeerThatDoesNotReadMeetsTheDeadline) {
    const std::string much(8 << 20, 'x');
    const auto written = finish(io, stream.write(much, 50ms));
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().code, Errc::timed_out);
    EXPECT_LT(stream.bytes_out(), much.size());
}

TEST_F(StreamTest, ASlowReaderGetsEverythingInOrder) {
    std::string much;
    for (int i = 0; much.size() < (4 << 20); ++i) much += std::to_string(i) + "\r\n";
    auto done = std::make_shared<std::optional<Result<void>>>();
    spawn(io, test::keep_result(stream.write(much, 10s), done), "writer");
    std::string got;
    run_until(io, [&] {
        got += receive_available(peer(), 100'000);
        return done->has_value() && got.size() >= much.size();
    });
    EXPECT_TRUE(**done);
    EXPECT_EQ(got, much);
}

TEST_F(StreamTest, OneReadAndOneWriteMayBePendingTogether) {
    const std::string much(4 << 20, 'x');
    auto read = std::make_shared<std::optional<std::string>>();
    auto written = std::make_shared<std::optional<Result<void>>>();
    spawn(io, test::keep_result(read_text(stream, 10s), read), "reader");
    spawn(io, test::keep_result(stream.write(much, 10s), written), "writer");
    std::size_t got = 0;
    run_until(io, [&] {
        got += receive_available(peer(), 1 << 20).size();
        if (got == much.size()) send_all(peer(), "answer"), ++got;
        return read->has_value() && written->has_value();
    });
    EXPECT_EQ(**read, "answer");
    EXPECT_TRUE(**written);
}

TEST_F(StreamTest, AReadsDeadlineLeavesAPendingWriteAlone) {
    const std::string much(4 << 20, 'x');
    auto written = std::make_shared<std::optional<Result<void>>>();
    spawn(io, test::keep_result(stream.write(much, 10s), written), "writer");
    EXPECT_EQ(finish(io, read_text(stream, 30ms)), "error: timed_out");
    EXPECT_FALSE(written->has_value());
    run_until(io, [&] { return receive_available(peer()).empty() && written->has_value(); });
    EXPECT_TRUE(**written);
}

TEST_F(StreamTest, CancelEndsAPendingReadAndGoodbyeCanStillBeSaid) {
    post(io, [this] { stream.cancel(); });
    EXPECT_EQ(finish(io, read_text(stream, 5s)), "error: closed");
    send_all(peer(), "more");
    EXPECT_EQ(finish(io, read_text(stream, 5s)), "error: closed");
    EXPECT_TRUE(finish(io, stream.write("* BYE\r\n", 1s)));
    EXPECT_EQ(receive_available(peer()), "* BYE\r\n");
}

TEST_F(StreamTest, CancelEndsAPendingWrite) {
    post(io,
         [this] { post(io, [this] { stream.cancel(); }); }); // behind the beginning of the write
    const auto written = finish(io, stream.write(std::string(8 << 20, 'x'), 5s));
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().code, Errc::closed);
}

TEST_F(StreamTest, DestroyingAStreamEndsWhatIsPendingOnIt) {
    auto read = std::make_shared<std::optional<std::string>>();
    auto dropped = std::make_unique<Stream>(std::move(stream));
    spawn(io, test::keep_result(read_text(*dropped, 1h), read), "reader");
    post(io, [&dropped] { dropped.reset(); });
    run_until(io, [&] { return read->has_value(); });
    EXPECT_EQ(**read, "error: closed");
    EXPECT_EQ(::recv(peer(), nullptr, 0, MSG_DONTWAIT), 0);
}

TEST_F(StreamTest, ReadAppendGivesMemoryBackWhileItWaits) {
    std::string buffer;
    buffer.reserve(10'000);
    const auto got = finish(io, stream.read_append(buffer, 1000, 10ms));
    EXPECT_FALSE(got);
    EXPECT_LT(buffer.capacity(), 100U);
}

TEST_F(StreamTest, ShutdownSaysEverythingAndTheEnd) {
    EXPECT_TRUE(finish(io, stream.write("221 bye\r\n", 1s)));
    send_all(peer(), "unread");
    finish(io, stream.shutdown(20ms));
    EXPECT_EQ(receive_available(peer()), "221 bye\r\n");
    EXPECT_EQ(::recv(peer(), nullptr, 0, 0), 0);
}

// What IDLE needs: input and changes wake the same coroutine, and neither is lost for the other.

TEST_F(StreamTest, WaitReadableTellsInput) {
    Event event;
    post(io, [this] { send_all(peer(), "DONE"); });
    EXPECT_EQ(finish(io, stream.wait_readable(event, 5s)), WaitResult::readable);
    EXPECT_EQ(finish(io, read_text(stream, 1s)), "DONE");
}

TEST_F(StreamTest, WaitReadableTellsAnEventAndLosesNoBytes) {
    Event event;
    for (int i = 0; i < 3; ++i) {
        post(io, [&event] { event.notify(); });
        EXPECT_EQ(finish(io, stream.wait_readable(event, 5s)), WaitResult::event);
    }
    send_all(peer(), "DONE");
    EXPECT_EQ(finish(io, stream.wait_readable(event, 5s)), WaitResult::readable);
    EXPECT_EQ(finish(io, read_text(stream, 1s)), "DONE");
}

TEST_F(StreamTest, WaitReadableSeesAnEventFromBefore) {
    Event event;
    event.notify();
    event.notify();
    EXPECT_EQ(finish(io, stream.wait_readable(event, 5s)), WaitResult::event);
    EXPECT_EQ(finish(io, stream.wait_readable(event, 10ms)), WaitResult::timed_out);
}

TEST_F(StreamTest, WhenBothComeNeitherIsLost) {
    Event event;
    post(io, [&] {
        send_all(peer(), "x");
        event.notify();
    });
    const auto first = finish(io, stream.wait_readable(event, 5s));
    EXPECT_TRUE(first == WaitResult::readable || first == WaitResult::event);
    if (first == WaitResult::readable) {
        EXPECT_TRUE(event.take());
    }
    EXPECT_EQ(finish(io, read_text(stream, 1s)), "x");
}

TEST_F(StreamTest, WaitReadableEndsByTimeByCancelAndAtTheEnd) {
    Event event;
    EXPECT_EQ(finish(io, stream.wait_readable(event, 20ms)), WaitResult::timed_out);
    auto other = make_stream(io);
    other.peer.reset();
    EXPECT_EQ(finish(io, other.stream.wait_readable(event, 5s)), WaitResult::readable);
    post(io, [this] { stream.cancel(); });
    EXPECT_EQ(finish(io, stream.wait_readable(event, 5s)), WaitResult::closed);
    EXPECT_EQ(finish(io, stream.wait_readable(event, 5s)), WaitResult::closed);
}

TEST(StreamPeer, IsReadFromTheSocket) {
    boost::asio::io_context io;
    const auto listener = bind_tcp("127.0.0.1", 0).value();
    const auto client = test::connect_loopback(local_port(listener.get()));
    test::set_blocking(listener.get());
    const Stream stream(io, UniqueFd(::accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK)));
    EXPECT_EQ(stream.peer().address, "127.0.0.1");
    EXPECT_EQ(stream.peer().port, local_port(client.get()));
    EXPECT_TRUE(stream.peer().is_loopback);
    EXPECT_FALSE(stream.peer().uid);
    EXPECT_EQ(stream.local_port(), local_port(listener.get()));
}

TEST(StreamPeer, OfAUnixSocketIsItsUser) {
    boost::asio::io_context io;
    const auto ends = make_stream(io);
    EXPECT_EQ(ends.stream.peer().address, "local");
    EXPECT_EQ(ends.stream.peer().uid, ::getuid());
}

} // namespace
} // namespace maild::net
