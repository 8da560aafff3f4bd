#include "ipc/frame.hpp"
#include "support/streams.hpp"

#include "maild/base/log.hpp"
#include "maild/ipc/client.hpp"
#include "maild/ipc/server.hpp"
#include "maild/ipc/sync_client.hpp"
#include "maild/net/timer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <thread>

namespace maild::ipc {
namespace {

using namespace std::chrono_literals;
using test::finish;

enum Type : MessageType { echo = 1, refuse, never, throws, sizes, event };

struct Sizes {
    std::uint64_t payload = 0;
    std::uint64_t blob = 0;
};
template <class Codec> void describe(Codec& codec, Sizes& sizes) {
    codec(sizes.payload, sizes.blob);
}

net::Task<void> handle(std::shared_ptr<Connection> connection, Request request) {
    switch (request.type) {
    case echo: connection->reply(request.id, std::move(request.payload), request.blob); break;
    case refuse: connection->reply_error(request.id, {Errc::over_quota, "full"}); break;
    case throws: throw std::runtime_error("handler failed");
    case sizes: {
        const Result<Sizes> answer = Sizes{request.payload.size(), request.blob.size()};
        connection->answer(request.id, answer);
        break;
    }
    default: break;
    }
    co_return;
}

class IpcTest : public testing::Test {
protected:
    IpcTest() { log::to_nowhere(); }
    ~IpcTest() override { log::to_descriptor(STDERR_FILENO); }

    std::shared_ptr<Connection> connect() {
        auto pair = net::socket_pair().value();
        client.attach(std::move(pair.first));
        return server.attach(std::move(pair.second), PeerRole::worker, 3);
    }
    // A worker that has been taken over: it writes what it likes.
    UniqueFd connect_raw() {
        auto pair = net::socket_pair().value();
        server.attach(std::move(pair.second), PeerRole::worker, 4);
        return std::move(pair.first);
    }
    std::string call(MessageType type, std::string payload,
                     std::chrono::milliseconds timeout = 5s) {
        const auto got = finish(io, client.call(type, std::move(payload), timeout));
        return got ? *got : "error: " + std::string(name_of(got.error().code));
    }

    boost::asio::io_context io;
    Server server{io, "store", handle, {.limits = {}, .max_requests = 8}};
    Client client{io, "store", {.limits = {}, .max_calls = 100, .reconnect_wait = 10s}};
};

TEST_F(IpcTest, AnswersCalls) {
    const auto connection = connect();
    EXPECT_EQ(call(echo, "hello"), "hello");
    EXPECT_EQ(call(echo, ""), "");
    EXPECT_EQ(call(refuse, "x"), "error: over_quota");
    EXPECT_EQ(connection->role(), PeerRole::worker);
    EXPECT_EQ(connection->index(), 3U);
}

TEST_F(IpcTest, CarriesTypedValues) {
    connect();
    const auto got = finish(io, client.call<Sizes>(sizes, Nothing{}, 5s));
    ASSERT_TRUE(got);
    EXPECT_EQ(got->payload, 0U);
    const auto wrong = finish(io, client.call<Sizes>(echo, std::string("not sizes"), 5s));
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().code, Errc::protocol_error);
}

TEST_F(IpcTest, CarriesLargeMessagesAndBlobs) {
    connect();
    const std::string large(10'000'000, 'l');
    EXPECT_EQ(call(echo, large), large);
    EXPECT_EQ(call(echo, std::string(17'000'000, 'l')), "error: too_large");
    for (const std::size_t size :
         {std::size_t{1}, Blob::kMaxInline, Blob::kMaxInline + 1, std::size_t{20'000'000}}) {
        Message request;
        request.payload = "with a blob";
        request.blob = Blob::create(std::string(size, 'b')).value();
        const auto reply = finish(io, client.exchange(echo, std::move(request), 5s));
        ASSERT_TRUE(reply) << size;
        EXPECT_EQ(reply->payload, "with a blob");
        EXPECT_EQ(reply->blob.view(), std::string(size, 'b'));
    }
}

TEST_F(IpcTest, ManyCallsWithBlobsAreNeverMixedUp) {
    connect();
    std::vector<std::shared_ptr<std::optional<Result<Message>>>> results;
    for (int i = 0; i < 90; ++i) {
        Message request;
        request.payload = std::to_string(i);
        const auto size =
            i % 3 == 0 ? 200'000U + static_cast<unsigned>(i) : static_cast<unsigned>(i);
        request.blob = Blob::create(std::string(size, static_cast<char>('a' + i % 26))).value();
        results.push_back(std::make_shared<std::optional<Result<Message>>>());
        net::spawn(
            io, test::keep_result(client.exchange(echo, std::move(request), 10s), results.back()),
            "call");
    }
    test::run_until(
        io, [&] { return std::ranges::all_of(results, [](auto& r) { return r->has_value(); }); });
    for (int i = 0; i < 90; ++i) {
        const auto& reply = **results[static_cast<std::size_t>(i)];
        ASSERT_TRUE(reply) << reply.error().internal;
        const auto size =
            i % 3 == 0 ? 200'000U + static_cast<unsigned>(i) : static_cast<unsigned>(i);
        EXPECT_EQ(reply->payload, std::to_string(i));
        EXPECT_EQ(reply->blob.view(), std::string(size, static_cast<char>('a' + i % 26)));
    }
}

TEST_F(IpcTest, CallsTimeOutAndLateAnswersAreDropped) {
    const auto connection = connect();
    EXPECT_EQ(call(never, "", 20ms), "error: timed_out");
    connection->reply(1, "late");
    EXPECT_EQ(call(echo, "next"), "next");
}

TEST_F(IpcTest, AHandlerThatThrowsAnswersInternal) {
    connect();
    EXPECT_EQ(call(throws, ""), "error: internal");
    EXPECT_EQ(call(echo, "alive"), "alive");
}

TEST_F(IpcTest, EventsReachTheClient) {
    const auto connection = connect();
    std::string seen;
    client.on_event(
        [&](MessageType type, Message message) { seen += std::to_string(type) + message.payload; });
    EXPECT_TRUE(connection->send_event(event, "a"));
    EXPECT_TRUE(connection->send_event(event, "b"));
    EXPECT_EQ(call(echo, ""), "");
    EXPECT_EQ(seen, "6a6b");
}

TEST_F(IpcTest, EventsMayCarryADescriptorWhereThatIsAllowed) {
    ClientOptions options;
    options.limits.accept_descriptors = true;
    Client child(io, "supervisor", options);
    auto pair = net::socket_pair().value();
    child.attach(std::move(pair.first));
    const auto connection = server.attach(std::move(pair.second), PeerRole::supervisor, 0);
    UniqueFd got;
    child.on_event([&](MessageType, Message message) { got = std::move(message.descriptor); });
    auto passed = net::socket_pair().value();
    connection->send_event(event, "take this", std::move(passed.second));
    test::run_until(io, [&] { return static_cast<bool>(got); });
    test::send_all(passed.first.get(), "through");
    EXPECT_EQ(test::receive_available(got.get()), "through");
}

TEST_F(IpcTest, AtMostSoManyRequestsAreOpenAndInputIsNotRead) {
    const auto connection = connect();
    std::vector<std::shared_ptr<std::optional<Result<std::string>>>> results;
    const auto start = [&](MessageType type) {
        results.push_back(std::make_shared<std::optional<Result<std::string>>>());
        net::spawn(io, test::keep_result(client.call(type, "x", 10s), results.back()), "call");
    };
    for (int i = 0; i < 8; ++i) start(never);
    start(echo);
    for (int i = 0; i < 50; ++i) io.poll();
    EXPECT_FALSE(results.back()->has_value());
    connection->reply(1, "at last");
    test::run_until(io, [&] { return results.back()->has_value(); });
    EXPECT_TRUE(results.front()->has_value());
}

// The other process dies in the middle of a call, and a new one takes its place.
TEST_F(IpcTest, CallsInFlightFailAndNewOnesGoToTheNewSocket) {
    auto connection = connect();
    int lost = 0;
    client.on_lost([&] { ++lost; });
    auto in_flight = std::make_shared<std::optional<Result<std::string>>>();
    net::spawn(io, test::keep_result(client.call(never, "", 1h), in_flight), "call");
    for (int i = 0; i < 20; ++i) io.poll();
    connection->close();
    test::run_until(io, [&] { return in_flight->has_value(); });
    EXPECT_EQ((*in_flight)->error().code, Errc::unavailable);
    EXPECT_EQ(lost, 1);
    EXPECT_FALSE(client.is_attached());

    auto waiting = std::make_shared<std::optional<Result<std::string>>>();
    net::spawn(io, test::keep_result(client.call(echo, "patient", 5s), waiting), "call");
    for (int i = 0; i < 20; ++i) io.poll();
    EXPECT_FALSE(waiting->has_value());
    connect();
    test::run_until(io, [&] { return waiting->has_value(); });
    EXPECT_EQ((*waiting)->value(), "patient");
}

TEST_F(IpcTest, ReplacingTheSocketFailsWhatIsInFlight) {
    connect();
    auto in_flight = std::make_shared<std::optional<Result<std::string>>>();
    net::spawn(io, test::keep_result(client.call(never, "", 1h), in_flight), "call");
    for (int i = 0; i < 20; ++i) io.poll();
    connect();
    test::run_until(io, [&] { return in_flight->has_value(); });
    EXPECT_EQ((*in_flight)->error().code, Errc::unavailable);
    EXPECT_EQ(call(echo, "new"), "new");
}

TEST_F(IpcTest, WithoutASocketCallsWaitALittleAndFail) {
    Client lonely(io, "store", {.limits = {}, .max_calls = 100, .reconnect_wait = 50ms});
    const auto begin = std::chrono::steady_clock::now();
    const auto got = finish(io, lonely.call(echo, "x", 5s));
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code, Errc::unavailable);
    EXPECT_GE(std::chrono::steady_clock::now() - begin, 50ms);
}

TEST_F(IpcTest, OnlySoManyCallsAtOnce) {
    connect();
    std::vector<std::shared_ptr<std::optional<Result<std::string>>>> results;
    for (int i = 0; i < 101; ++i) {
        results.push_back(std::make_shared<std::optional<Result<std::string>>>());
        net::spawn(io, test::keep_result(client.call(never, "", 100ms), results.back()), "call");
    }
    test::run_until(
        io, [&] { return std::ranges::all_of(results, [](auto& r) { return r->has_value(); }); });
    EXPECT_EQ((*results.back())->error().code, Errc::busy);
    EXPECT_EQ((*results.front())->error().code, Errc::timed_out);
}

TEST_F(IpcTest, APeerThatDoesNotReadIsPutOut) {
    Server small(io, "small", handle,
                 {.limits = {.max_payload = 1 << 20,
                             .max_blob = 0,
                             .max_queued = 1 << 20,
                             .accept_descriptors = false},
                  .max_requests = 8});
    auto pair = net::socket_pair().value();
    const auto connection = small.attach(std::move(pair.second), PeerRole::worker, 1);
    bool is_closed = false;
    small.on_closed([&](Connection& gone) { is_closed = gone.index() == 1; });
    for (int i = 0; i < 1000 && connection->is_open(); ++i) {
        connection->send_event(event, std::string(100'000, 'e'));
        io.poll();
    }
    EXPECT_FALSE(connection->is_open());
    test::run_until(io, [&] { return is_closed; });
    EXPECT_FALSE(connection->send_event(event, "x"));
}

std::string raw_frame(Header header, std::string_view payload = {}) {
    const auto bytes = format_header(header);
    return std::string(bytes.data(), bytes.size()) + std::string(payload);
}

Header raw_header(Kind kind, std::uint32_t id, std::uint32_t length = 0) {
    Header header;
    header.kind = kind;
    header.id = id;
    header.type = never;
    header.length = length;
    return header;
}

struct HostileCase {
    const char* name;
    std::string bytes;
};

// HARDENING 75 and 76: that connection is closed, everyone else is served.
TEST_F(IpcTest, MalformedInputClosesThatConnectionOnly) {
    connect();
    auto wrong_fds = raw_header(Kind::request, 1);
    wrong_fds.fds = kBlobFd; // and none comes
    const HostileCase cases[] = {
        {"garbage", std::string(1000, '\xff')},
        {"zeros", std::string(1000, '\0')},
        {"huge length", raw_frame(raw_header(Kind::request, 1, 0xffffffff))},
        {"an answer", raw_frame(raw_header(Kind::reply, 1))},
        {"an id twice",
         raw_frame(raw_header(Kind::request, 1)) + raw_frame(raw_header(Kind::request, 1))},
        {"a blob without descriptor", raw_frame(wrong_fds)},
    };
    for (const auto& c : cases) {
        const auto evil = connect_raw();
        bool is_closed = false;
        server.on_closed([&](Connection& gone) { is_closed = gone.index() == 4; });
        test::send_all(evil.get(), c.bytes);
        test::run_until(io, [&] { return is_closed; });
        EXPECT_EQ(call(echo, "alive"), "alive") << c.name;
    }
    EXPECT_EQ(server.connections().size(), 1U);
}

TEST_F(IpcTest, DescriptorsWithoutFramesAreBounded) {
    connect();
    const auto evil = connect_raw();
    bool is_closed = false;
    server.on_closed([&](Connection&) { is_closed = true; });
    const auto half = raw_frame(raw_header(Kind::request, 1, 1000));
    for (int i = 0; i < 64 && !is_closed; ++i) {
        alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
        char octet = i < 16 ? half[static_cast<std::size_t>(i)] : 'x';
        iovec vector{&octet, 1};
        msghdr message{};
        message.msg_iov = &vector;
        message.msg_iovlen = 1;
        message.msg_control = control;
        message.msg_controllen = sizeof control;
        auto* header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int));
        const int fd = 0;
        std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
        ::sendmsg(evil.get(), &message, MSG_NOSIGNAL);
        io.poll();
    }
    test::run_until(io, [&] { return is_closed; });
    EXPECT_EQ(call(echo, "alive"), "alive");
}

TEST_F(IpcTest, AFrameInSingleOctetsIsAFrame) {
    const auto slow = connect_raw();
    auto header = raw_header(Kind::request, 5, 2);
    header.type = echo;
    for (const char c : raw_frame(header, "hi")) {
        test::send_all(slow.get(), {&c, 1});
        io.poll();
    }
    std::string got;
    test::run_until(
        io, [&] { return (got += test::receive_available(slow.get())).size() >= kHeaderSize + 2; });
    EXPECT_TRUE(got.ends_with("hi"));
}

TEST_F(IpcTest, SyncClientCallsTheSameServer) {
    auto pair = net::socket_pair().value();
    server.attach(std::move(pair.second), PeerRole::worker, 1);
    std::atomic<bool> is_done = false;
    std::jthread worker([&, fd = std::move(pair.first)]() mutable {
        SyncClient sync("auth", 1s);
        EXPECT_EQ(sync.call(echo, "x").error().code, Errc::unavailable);
        sync.attach(std::move(fd));
        for (int i = 0; i < 100; ++i)
            EXPECT_EQ(sync.call(echo, std::to_string(i)).value(), std::to_string(i));
        EXPECT_EQ(sync.call(echo, std::string(1'000'000, 's')).value().size(), 1'000'000U);
        EXPECT_EQ(sync.call(refuse, "").error().code, Errc::over_quota);
        EXPECT_TRUE(sync.is_attached());
        EXPECT_EQ(sync.call(never, "").error().code, Errc::timed_out);
        EXPECT_FALSE(sync.is_attached()); // a late answer must not be taken for another
        is_done = true;
    });
    test::run_until(io, [&] { return is_done.load(); });
}

TEST_F(IpcTest, SyncClientSeesItsPeerGoAtOnce) {
    auto pair = net::socket_pair().value();
    SyncClient sync("auth", 5s);
    sync.attach(std::move(pair.first));
    pair.second.reset();
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(sync.call(echo, "x").error().code, Errc::unavailable);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s);
}

TEST(PeerCredentials, AreTheKernels) {
    const auto pair = net::socket_pair().value();
    const auto credentials = peer_credentials(pair.first.get()).value();
    EXPECT_EQ(credentials.uid, ::getuid());
    EXPECT_EQ(credentials.pid, ::getpid());
    EXPECT_FALSE(peer_credentials(-1));
}

} // namespace
} // namespace maild::ipc
