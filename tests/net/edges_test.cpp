// The small parts of `net`: timers, events, output, gate, pool, listeners, addresses, certificates.
#include "support/fake_clock.hpp"
#include "support/streams.hpp"
#include "support/temp_dir.hpp"
#include "support/tls_client.hpp"

#include "maild/net/blocking.hpp"
#include "maild/net/certificate.hpp"
#include "maild/net/gate.hpp"
#include "maild/net/ip.hpp"
#include "maild/net/listener.hpp"
#include "maild/net/output.hpp"
#include "maild/net/timer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>

namespace maild::net {
namespace {

using namespace std::chrono_literals;
using test::finish;

TEST(Timer, SleepsAtLeastAsLong) {
    boost::asio::io_context io;
    const auto begin = std::chrono::steady_clock::now();
    finish(io, sleep_for(20ms));
    EXPECT_GE(std::chrono::steady_clock::now() - begin, 20ms);
}

TEST(Event, WakesEveryoneWhoWaits) {
    boost::asio::io_context io;
    Event event;
    auto first = std::make_shared<std::optional<bool>>();
    auto second = std::make_shared<std::optional<bool>>();
    spawn(io, test::keep_result(event.wait(5s), first), "first");
    spawn(io, test::keep_result(event.wait(5s), second), "second");
    io.poll();
    event.notify();
    test::run_until(io, [&] { return first->has_value() && second->has_value(); });
    EXPECT_TRUE(**first);
    EXPECT_TRUE(**second);
    EXPECT_FALSE(event.take());
    EXPECT_FALSE(finish(io, event.wait(5ms)));
}

Task<void> add_up(Event& start, int value, int& sum) {
    const auto started = co_await start.wait(5s);
    if (value < 0) throw std::runtime_error("below zero");
    sum += started ? value : 0;
}

TEST(All, AreDoneWhenTheLastOneIs) {
    boost::asio::io_context io;
    std::deque<Event> starts(3);
    int sum = 0;
    std::vector<Task<void>> tasks;
    for (int i = 0; i < 3; ++i)
        tasks.push_back(add_up(starts.at(static_cast<std::size_t>(i)), 1 << i, sum));
    auto done = std::make_shared<bool>(false);
    spawn(io, test::keep_result(all(std::move(tasks)), done), "all");
    for (const auto& [which, expected] : {std::pair{2U, 4}, {0U, 5}, {1U, 7}}) {
        EXPECT_FALSE(*done);
        starts.at(which).notify();
        test::run_until(io, [&] { return sum == expected; });
    }
    test::run_until(io, [&] { return *done; });
    finish(io, all({}));
}

TEST(All, ThrowsWhenTheOthersAreDone) {
    boost::asio::io_context io;
    Event start;
    int sum = 0;
    std::string thrown;
    const auto run = [&]() -> Task<void> {
        std::vector<Task<void>> tasks;
        tasks.push_back(add_up(start, -1, sum));
        tasks.push_back(add_up(start, 2, sum));
        try {
            co_await all(std::move(tasks));
        } catch (const std::runtime_error& error) {
            thrown = error.what();
        }
    };
    auto done = std::make_shared<bool>(false);
    spawn(io, test::keep_result(run(), done), "all");
    io.poll();
    start.notify();
    test::run_until(io, [&] { return *done; });
    EXPECT_EQ(thrown, "below zero");
    EXPECT_EQ(sum, 2);
}

TEST(Event, IsRememberedOnceWhenNobodyWaits) {
    boost::asio::io_context io;
    Event event;
    event.notify();
    event.notify();
    EXPECT_TRUE(finish(io, event.wait(5s)));
    EXPECT_FALSE(finish(io, event.wait(5ms)));
}

TEST(Event, EndsWaitingWhenItIsDestroyed) {
    boost::asio::io_context io;
    auto event = std::make_unique<Event>();
    auto got = std::make_shared<std::optional<bool>>();
    spawn(io, test::keep_result(event->wait(1h), got), "waiter");
    io.poll();
    event.reset();
    test::run_until(io, [&] { return got->has_value(); });
}

TEST(Output, GathersAndFlushesInOrder) {
    boost::asio::io_context io;
    auto ends = test::make_stream(io);
    Output out(ends.stream, 100'000);
    const std::string body(50'000, 'b');
    out.put("* 1 FETCH\r\n");
    out.put(body);
    out.put(std::string(5000, 'o'));
    out.put(std::string_view(")\r\n"));
    EXPECT_EQ(out.size(), 11U + 50'000 + 5000 + 3);
    EXPECT_FALSE(out.full());
    out.put(std::string(50'000, 'x'));
    EXPECT_TRUE(out.full());
    EXPECT_TRUE(finish(io, out.flush(5s)));
    EXPECT_TRUE(out.empty());
    const auto want =
        "* 1 FETCH\r\n" + body + std::string(5000, 'o') + ")\r\n" + std::string(50'000, 'x');
    EXPECT_EQ(test::receive_available(ends.peer.get()), want);
    EXPECT_TRUE(finish(io, out.flush(5s)));
}

TEST(Output, AfterAFailedFlushNothingIsLeft) {
    boost::asio::io_context io;
    auto ends = test::make_stream(io);
    Output out(ends.stream);
    ends.peer.reset();
    out.put("x");
    EXPECT_FALSE(finish(io, out.flush(1s)));
    EXPECT_TRUE(out.empty());
}

TEST(Gate, AdmitsUpToItsLimits) {
    test::FakeClock clock;
    Gate gate("imap", {.sessions = 5, .sessions_per_peer = 2}, clock);
    std::vector<Gate::Pass> passes;
    const auto admit = [&](std::string_view peer) {
        auto pass = gate.admit(peer);
        if (pass) passes.push_back(std::move(*pass));
        return pass.has_value();
    };
    EXPECT_TRUE(admit("192.0.2.1"));
    EXPECT_TRUE(admit("::ffff:192.0.2.1")); // the same peer
    EXPECT_FALSE(admit("192.0.2.1"));
    EXPECT_TRUE(admit("2001:db8:0:1::1"));
    EXPECT_TRUE(admit("2001:db8:0:1::2"));
    EXPECT_FALSE(admit("2001:db8:0:1:ffff::")); // the same /64
    passes.erase(passes.begin());
    EXPECT_TRUE(admit("192.0.2.1"));
    EXPECT_TRUE(admit("local"));
    EXPECT_FALSE(admit("192.0.2.9")); // five are here
    EXPECT_EQ(gate.count(), 5U);
    passes.clear();
    EXPECT_EQ(gate.count(), 0U);
}

// Who is told to end, by number in the order of coming.
TEST(Gate, NewcomersMakeRoomForOneAnother) {
    test::FakeClock clock;
    Gate gate("imap", {.sessions = 100, .sessions_per_peer = 50, .newcomers = 4}, clock);
    std::vector<Gate::Pass> passes;
    std::vector<std::size_t> told;
    const auto come = [&](std::string_view peer) {
        passes.push_back(gate.admit(peer).value());
        passes.back().on_stop([&, number = passes.size() - 1](StopReason reason) {
            EXPECT_EQ(reason, StopReason::crowded_out);
            told.push_back(number);
        });
        return std::exchange(told, {});
    };
    using Told = std::vector<std::size_t>;
    EXPECT_EQ(come("192.0.2.9"), Told{});       // 0: alone in its network
    EXPECT_EQ(come("2001:db8:0:1::1"), Told{}); // 1
    EXPECT_EQ(come("2001:db8:0:1::2"), Told{}); // 2: the same /64
    EXPECT_EQ(come("local"), Told{});           // 3
    passes[3].set_proven();
    EXPECT_EQ(come("198.51.100.1"), Told{});         // 4: now there are four
    EXPECT_EQ(come("203.0.113.1"), Told{1});         // 5: the oldest of those who are two
    EXPECT_EQ(come("2001:db8:0:1:ffff::"), Told{0}); // 6: all are alone: the oldest
    EXPECT_EQ(come("192.0.2.9"), Told{2});           // 7: not the one who came with it
    passes[4].set_account(AccountId(7), "ada@example.org", WallTime());
    passes[6].set_proven();
    EXPECT_EQ(come("192.0.2.9"), Told{});  // 8
    EXPECT_EQ(come("192.0.2.9"), Told{});  // 9: 5, 7, 8 and 9 are newcomers
    EXPECT_EQ(come("192.0.2.9"), Told{7}); // 10
    passes[5] = {};                        // it left by itself
    EXPECT_EQ(come("192.0.2.9"), Told{});  // 11
    EXPECT_EQ(gate.count(), 11U) << "who was told is here until it has left";
    passes.clear();
    EXPECT_EQ(gate.count(), 0U);
}

Task<bool> has_room(Gate& gate, std::chrono::milliseconds patience) {
    co_await gate.settle(patience);
    co_return gate.count() < 2;
}

TEST(Gate, SettlesWhileSomebodyMakesRoom) {
    boost::asio::io_context io;
    test::FakeClock clock;
    Gate gate("imap", {.sessions = 2, .sessions_per_peer = 50, .newcomers = 1}, clock);
    auto first = gate.admit("192.0.2.1").value();
    EXPECT_TRUE(finish(io, has_room(gate, 10s))) << "there is a place";
    auto second = gate.admit("192.0.2.2").value(); // `first` is told to go
    EXPECT_TRUE(first.is_stopping());
    EXPECT_FALSE(gate.admit("192.0.2.3")) << "it has not gone yet";
    EXPECT_FALSE(finish(io, has_room(gate, 30ms))) << "not for ever";
    post(io, [&] { first = {}; });
    EXPECT_TRUE(finish(io, has_room(gate, 10s)));
    first = gate.admit("192.0.2.3").value();
    second = {};
    first.set_proven();
    second = gate.admit("local").value();
    second.set_proven();
    EXPECT_FALSE(finish(io, has_room(gate, 10s))) << "and nobody is about to go";
}

TEST(Gate, ListsAndKicks) {
    test::FakeClock clock;
    Gate gate("imap", {}, clock);
    auto first = gate.admit("192.0.2.1").value();
    auto second = gate.admit("192.0.2.2").value();
    int told = 0;
    first.set_account(AccountId(7), "ada@example.org", WallTime());
    second.set_account(AccountId(7), "ada@example.org", WallTime());
    first.set_state("idle");
    first.on_stop([&](StopReason reason) { told += reason == StopReason::kicked ? 1 : 0; });
    const auto list = gate.sessions();
    ASSERT_EQ(list.size(), 2U);
    EXPECT_EQ(list[0].state, "idle");
    EXPECT_EQ(list[0].account_name, "ada@example.org");
    EXPECT_TRUE(gate.kick(first.id()));
    EXPECT_EQ(gate.kick(AccountId(7)), 2U);
    EXPECT_EQ(told, 1); // once each
    second.on_stop([&](StopReason reason) {
        told += reason == StopReason::kicked ? 1 : 0;
    }); // was kicked before it could listen
    EXPECT_EQ(told, 2);
    EXPECT_FALSE(gate.kick(999));
    EXPECT_EQ(gate.kick(AccountId(8)), 0U);
}

TEST(Gate, EndsSessionsWhoseLoginIsGoodNoLonger) {
    boost::asio::io_context io;
    test::FakeClock clock;
    Gate gate("imap", {}, clock);
    std::string told;
    std::vector<Gate::Pass> passes;
    const auto come = [&](char letter) -> Gate::Pass& {
        passes.push_back(gate.admit("192.0.2.1").value());
        passes.back().on_stop([&told, letter](StopReason reason) {
            told += letter;
            told += reason == StopReason::expired ? "" : "?";
        });
        return passes.back();
    };
    passes.reserve(4);
    const auto now = clock.now();
    come('a').set_account(AccountId(7), "ada@example.org", now, now + 10s);
    come('b').set_account(AccountId(7), "ada@example.org", now);
    come('c').set_account(AccountId(7), "ada@example.org", now, now + 20s);
    auto& d = come('d');
    d.set_account(AccountId(7), "ada@example.org", now, now + 10s);
    d.set_nobody();
    spawn(io, gate.end_expired(), "expiry");
    const auto look = [&](std::chrono::seconds later) {
        clock.advance(later);
        d.set_account(AccountId(7), "ada@example.org", now, now + 1h); // the gate looks
        io.restart();
        io.poll();
        return std::exchange(told, {});
    };
    EXPECT_EQ(look(9s), "");
    EXPECT_EQ(look(1s), "a");
    EXPECT_EQ(look(5s), "");
    EXPECT_EQ(look(5s), "c");
    d.set_account(AccountId(7), "ada@example.org", now, now);
    EXPECT_EQ(look(0s), "") << "it has logged in anew";
    passes.clear(); // nothing is left to end
    clock.advance(2h);
    io.restart();
    io.poll();
    EXPECT_EQ(told, "");
}

// A client may have shown its password and hold back the end of its login until it was changed.
TEST(Gate, KicksWhoseLoginWasUnderWay) {
    test::FakeClock clock;
    Gate gate("imap", {}, clock);
    auto late = gate.admit("192.0.2.1").value();
    const auto before = clock.now();
    clock.advance(1s);
    EXPECT_EQ(gate.kick(AccountId(7)), 0U);
    clock.advance(1s);
    int told = 0;
    late.on_stop([&](StopReason) { ++told; });
    late.set_account(AccountId(8), "bob@example.org", before);
    EXPECT_EQ(told, 0);
    late.set_nobody();
    late.set_account(AccountId(7), "ada@example.org", clock.now());
    EXPECT_EQ(told, 0) << "a login of after the kick";
    late.set_account(AccountId(7), "ada@example.org", before);
    EXPECT_EQ(told, 1);
}

TEST(Gate, StopWaitsForSessionsButNotForEver) {
    boost::asio::io_context io;
    test::FakeClock clock;
    Gate gate("smtp", {}, clock);
    auto polite = std::make_unique<Gate::Pass>(gate.admit("192.0.2.1").value());
    auto stubborn = gate.admit("192.0.2.2").value();
    polite->on_stop([&](StopReason reason) {
        EXPECT_EQ(reason, StopReason::shutdown);
        post(io, [&] { polite.reset(); });
    });
    EXPECT_EQ(finish(io, gate.stop(30ms)), 1U);
    EXPECT_TRUE(stubborn.is_stopping());
    const auto refused = gate.admit("192.0.2.3");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::unavailable);
    stubborn = {};
    EXPECT_EQ(finish(io, gate.stop(1h)), 0U);
}

TEST(BlockingPool, GivesBackValuesAndExceptions) {
    boost::asio::io_context io;
    BlockingPool pool(io, 2, 10);
    EXPECT_EQ(finish(io, run_blocking(pool, [] { return 6 * 7; })).value(), 42);
    const auto failing = [](BlockingPool& with) -> Task<std::string> {
        try {
            const auto result =
                co_await run_blocking(with, []() -> int { throw std::runtime_error("boom"); });
            co_return result ? "value" : "error";
        } catch (const std::runtime_error& error) {
            co_return error.what();
        }
    };
    EXPECT_EQ(finish(io, failing(pool)), "boom");
}

TEST(BlockingPool, RefusesBeyondItsQueue) {
    boost::asio::io_context io;
    std::mutex gate;
    BlockingPool pool(io, 1, 2);
    std::unique_lock closed(gate);
    std::atomic<bool> is_running = false;
    const auto job = [&] {
        is_running = true;
        const std::lock_guard wait(gate);
        return 1;
    };
    std::vector<std::shared_ptr<std::optional<Result<int>>>> results;
    const auto start = [&] {
        results.push_back(std::make_shared<std::optional<Result<int>>>());
        spawn(io, test::keep_result(run_blocking(pool, job), results.back()), "job");
        io.poll();
    };
    start();
    test::run_until(io, [&] { return is_running.load(); }); // the thread is busy, the queue empty
    start();
    start();
    EXPECT_EQ(pool.waiting(), 2U);
    EXPECT_EQ(finish(io, run_blocking(pool, job)).error().code, Errc::busy);
    closed.unlock();
    test::run_until(
        io, [&] { return std::ranges::all_of(results, [](auto& r) { return r->has_value(); }); });
    for (const auto& result : results) EXPECT_TRUE(**result);
}

TEST(Listener, AcceptsAndStops) {
    boost::asio::io_context io;
    auto socket = bind_tcp("127.0.0.1", 0).value();
    const auto port = local_port(socket.get());
    Listener listener(io, std::move(socket));
    const auto client = test::connect_loopback(port);
    const auto accepted = finish(io, listener.accept());
    ASSERT_TRUE(accepted);
    EXPECT_NE(::fcntl(accepted->get(), F_GETFL) & O_NONBLOCK, 0);
    EXPECT_NE(::fcntl(accepted->get(), F_GETFD) & FD_CLOEXEC, 0);
    auto pending = std::make_shared<std::optional<Result<UniqueFd>>>();
    spawn(io, test::keep_result(listener.accept(), pending), "accept");
    io.poll();
    listener.stop();
    test::run_until(io, [&] { return pending->has_value(); });
    EXPECT_EQ((*pending)->error().code, Errc::closed);
}

// HARDENING 86: neither a busy loop nor the end when descriptors run out.
TEST(Listener, OutlivesRunningOutOfDescriptors) {
#ifdef __SANITIZE_ADDRESS__
    // Without a free descriptor the check of virtual calls cannot look at memory, and calls each
    // object invalid.
    GTEST_SKIP() << "the sanitizer itself needs a descriptor";
#endif
    boost::asio::io_context io;
    auto socket = bind_tcp("127.0.0.1", 0).value();
    const auto port = local_port(socket.get());
    Listener listener(io, std::move(socket));
    const auto turned_away = test::connect_loopback(port);
    const auto patient = test::connect_loopback(port);
    rlimit before{};
    ::getrlimit(RLIMIT_NOFILE, &before);
    rlimit tight = before;
    tight.rlim_cur = 256;
    ::setrlimit(RLIMIT_NOFILE, &tight);
    std::vector<UniqueFd> hog;
    for (int fd = ::dup(0); fd >= 0; fd = ::dup(0)) hog.emplace_back(fd);
    auto accepted = std::make_shared<std::optional<Result<UniqueFd>>>();
    spawn(io, test::keep_result(listener.accept(), accepted), "accept");
    int turns = 0;
    for (const auto end = std::chrono::steady_clock::now() + 50ms;
         std::chrono::steady_clock::now() < end;) {
        turns += static_cast<int>(io.run_for(5ms));
        io.restart();
    }
    EXPECT_LT(turns, 50);
    EXPECT_FALSE(accepted->has_value());
    char octet = 0;
    EXPECT_LE(::recv(turned_away.get(), &octet, 1, MSG_DONTWAIT), 0);
    hog.clear();
    test::run_until(io, [&] { return accepted->has_value(); });
    ::setrlimit(RLIMIT_NOFILE, &before);
    ASSERT_TRUE(**accepted);
    EXPECT_EQ(::recv(turned_away.get(), &octet, 1, MSG_DONTWAIT), 0);
    EXPECT_LT(::recv(patient.get(), &octet, 1, MSG_DONTWAIT), 0);
}

TEST(Sockets, SayWhyTheyCannotListen) {
    const auto first = bind_tcp("127.0.0.1", 0).value();
    const auto taken = bind_tcp("127.0.0.1", local_port(first.get()));
    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error().code, Errc::already_exists);
    EXPECT_TRUE(taken.error().internal.contains("already in use")) << taken.error().internal;
    EXPECT_EQ(bind_tcp("mail.example", 25).error().code, Errc::invalid_argument);
    EXPECT_EQ(bind_tcp("192.0.2.1", 0).error().code, Errc::invalid_argument);
}

TEST(Sockets, UnixSocketsHaveTheirModeAndReplaceStaleOnesOnly) {
    const test::TempDir directory;
    const auto path = directory.path() + "/lmtp.sock";
    auto live = bind_unix(path, 0660).value();
    struct stat status{};
    ASSERT_EQ(::stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0660U);
    EXPECT_EQ(bind_unix(path, 0660).error().code, Errc::already_exists);
    live.reset();
    EXPECT_TRUE(bind_unix(path, 0600));
    std::ofstream(directory.path() + "/file") << "precious";
    EXPECT_EQ(bind_unix(directory.path() + "/file", 0600).error().code, Errc::already_exists);
    EXPECT_EQ(std::filesystem::file_size(directory.path() + "/file"), 8U);
    EXPECT_FALSE(bind_unix(std::string(200, 'x'), 0600));
    EXPECT_FALSE(bind_unix("", 0600));
    EXPECT_FALSE(bind_unix(directory.path() + "/none/x.sock", 0600));
}

struct IpCase {
    const char* text;
    const char* want; // null: no address
};

TEST(Ip, ParsesAndFormats) {
    const IpCase cases[] = {
        {"192.0.2.1", "192.0.2.1"},
        {"::ffff:192.0.2.1", "192.0.2.1"},
        {"2001:DB8:0:0::1", "2001:db8::1"},
        {"::1", "::1"},
        {"::", "::"},
        {"192.0.2", nullptr},
        {"192.0.2.256", nullptr},
        {"01.2.3.4", nullptr},
        {"fe80::1%eth0", nullptr},
        {"[::1]", nullptr},
        {"", nullptr},
        {"localhost", nullptr},
        {" 192.0.2.1", nullptr},
        {"1:2:3:4:5:6:7:8:9", nullptr},
        {"::ffff:c000:201", "192.0.2.1"},
    };
    for (const auto& c : cases) {
        const auto got = parse_ip(c.text);
        ASSERT_EQ(got.has_value(), c.want != nullptr) << c.text;
        if (got) {
            EXPECT_EQ(format_ip(*got), c.want) << c.text;
        }
    }
}

struct NetworkCase {
    const char* network;
    const char* address;
    bool want;
};

TEST(Ip, MatchesNetworks) {
    const NetworkCase cases[] = {
        {"192.0.2.0/24", "192.0.2.255", true},
        {"192.0.2.0/24", "192.0.3.0", false},
        {"192.0.2.0/24", "::ffff:192.0.2.9", true},
        {"0.0.0.0/0", "203.0.113.1", true},
        {"0.0.0.0/0", "::1", false},
        {"::/0", "192.0.2.1", true},
        {"2001:db8::/33", "2001:db8:7fff::1", true},
        {"2001:db8::/33", "2001:db8:8000::1", false},
        {"127.0.0.1", "127.0.0.1", true},
        {"127.0.0.1", "127.0.0.2", false},
        {"192.0.2.128/25", "192.0.2.127", false},
        {"192.0.2.128/25", "192.0.2.200", true},
    };
    for (const auto& c : cases) {
        const auto network = parse_network(c.network);
        ASSERT_TRUE(network) << c.network;
        EXPECT_EQ(in_network(*parse_ip(c.address), *network), c.want)
            << c.network << " " << c.address;
        EXPECT_EQ(format_network(*network), c.network);
    }
    for (const auto* bad : {"192.0.2.1/24", "192.0.2.0/33", "::/129", "192.0.2.0/", "192.0.2.0/-1",
                            "/8", "x/8", "192.0.2.0/24x", "192.0.2.0/99999999999999999999"}) {
        EXPECT_FALSE(parse_network(bad)) << bad;
    }
}

TEST(Ip, KnowsLoopbackAndPeers) {
    for (const auto* text : {"127.0.0.1", "127.255.0.1", "::1", "::ffff:127.0.0.1"}) {
        EXPECT_TRUE(parse_ip(text)->is_loopback()) << text;
    }
    for (const auto* text : {"128.0.0.1", "::2", "::"})
        EXPECT_FALSE(parse_ip(text)->is_loopback()) << text;
    EXPECT_EQ(peer_key(*parse_ip("2001:db8::1")), peer_key(*parse_ip("2001:db8::ffff:1")));
    EXPECT_NE(peer_key(*parse_ip("192.0.2.1")), peer_key(*parse_ip("192.0.2.2")));
}

TEST(Certificate, IsMadeAndDescribed) {
    const auto now = from_unix_seconds(1'900'000'000);
    const auto pair = make_self_signed({"mail.example.org", "example.org"}, 365, now).value();
    const auto summary = describe_certificate(pair.certificate).value();
    EXPECT_EQ(summary.names, (std::vector<std::string>{"mail.example.org", "example.org"}));
    EXPECT_EQ(summary.key_type, "EC P-256");
    EXPECT_TRUE(summary.is_self_signed);
    EXPECT_EQ(summary.chain_length, 1U);
    EXPECT_EQ(summary.not_after, now + 24h * 365);
    EXPECT_EQ(summary.fingerprint.size(), 64U);
    EXPECT_TRUE(check_key(pair.certificate, pair.key));
    const auto other = make_self_signed({"mail.example.org"}, 365, now).value();
    EXPECT_FALSE(check_key(pair.certificate, other.key));
    EXPECT_FALSE(check_key(pair.certificate, "no key"));
    EXPECT_FALSE(check_key("no certificate", pair.key));
    EXPECT_FALSE(describe_certificate(pair.key));
}

TEST(Certificate, RefusesWhatIsNoHostName) {
    for (const auto* name :
         {"", "a b", "x,DNS:evil", "..", "a..b", ".a", "a.", "*", "a.*.b", "bücher.example"}) {
        EXPECT_FALSE(make_self_signed({name}, 1, {})) << name;
    }
    EXPECT_TRUE(make_self_signed({"*.example.org"}, 1, {}));
    EXPECT_TRUE(make_self_signed({std::string(100, 'a') + ".example"}, 1, {}));
    EXPECT_FALSE(make_self_signed({}, 1, {}));
    EXPECT_FALSE(make_self_signed({"a"}, 0, {}));
}

} // namespace
} // namespace maild::net
