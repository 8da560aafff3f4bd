#include "support/fake_clock.hpp"

#include "maild/base/log.hpp"
#include "maild/net/spawn.hpp"
#include "maild/net/timer.hpp"
#include "maild/sender/sender.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>

#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace maild::sender {
namespace {

using namespace std::chrono_literals;
using relay::Fate;
using relay::Outcome;

// The clock of the machine, and further on.
class ShiftedClock final : public Clock {
public:
    WallTime now() const override { return system_.now() + shift; }
    SteadyTime steady_now() const override { return system_.steady_now() + shift; }
    std::chrono::milliseconds shift{};

private:
    SystemClock system_;
};

class FakeQueue final : public store::Queue {
public:
    explicit FakeQueue(const Clock& clock) : clock_(clock) {}

    struct Row {
        std::string destination;
        std::string address;
        WallTime due{};
        std::uint32_t attempts = 0;
        bool is_leased = false;
        std::string fate{}; // empty: waits
    };
    std::map<std::int64_t, Row> rows;
    bool is_away = false;
    std::size_t leases = 0;
    std::size_t reads = 0; // of contents
    std::size_t settles = 0;

    std::int64_t add(const std::string& destination, const std::string& address) {
        const auto id = static_cast<std::int64_t>(rows.size()) + 1;
        rows[id] = {.destination = destination, .address = address, .due = clock_.now()};
        return id;
    }
    std::size_t waiting(const std::string& destination) const {
        return static_cast<std::size_t>(std::ranges::count_if(rows, [&](const auto& entry) {
            return entry.second.destination == destination && entry.second.fate.empty();
        }));
    }

    net::Task<Result<std::vector<queue::Destination>>> destinations(std::string after,
                                                                    std::uint32_t) override {
        if (is_away) co_return fail(Errc::unavailable);
        std::map<std::string, WallTime> found;
        for (const auto& [id, row] : rows) {
            if (!row.fate.empty() || row.destination <= after) continue;
            const auto place = found.emplace(row.destination, row.due).first;
            place->second = std::min(place->second, row.due);
        }
        std::vector<queue::Destination> out;
        for (auto& [domain, due] : found) out.push_back({domain, due});
        co_return out;
    }
    net::Task<Result<std::vector<queue::LeasedMessage>>> lease(std::string destination,
                                                               std::uint32_t most) override {
        if (is_away) co_return fail(Errc::unavailable);
        ++leases;
        std::vector<queue::LeasedMessage> out;
        for (auto& [id, row] : rows) {
            if (out.size() >= most) break;
            if (row.destination != destination || !row.fate.empty() || row.is_leased ||
                row.due > clock_.now())
                continue;
            row.is_leased = true;
            queue::LeasedMessage message;
            message.id = QueueId(id);
            message.envelope.reverse_path = "me@here.example";
            message.size = 5;
            message.queued_at = clock_.now();
            queue::LeasedRecipient recipient;
            recipient.key = {QueueId(id), 0, row.attempts};
            recipient.recipient.address = row.address;
            message.recipients.push_back(recipient);
            out.push_back(std::move(message));
        }
        co_return out;
    }
    net::Task<Result<std::vector<queue::LeasedMessage>>> owed(QueueId, std::uint32_t) override {
        co_return std::vector<queue::LeasedMessage>();
    }
    net::Task<Result<std::string>> read_queued(QueueId, std::uint64_t offset,
                                               std::uint64_t) override {
        ++reads;
        co_return std::string("hello").substr(offset);
    }
    net::Task<Result<std::vector<std::string>>> read_whole(std::vector<QueueId> ids) override {
        ++reads;
        co_return std::vector<std::string>(ids.size(), "hello");
    }
    net::Task<Result<std::uint64_t>> settle(std::vector<queue::Settlement> settlements) override {
        if (is_away) co_return fail(Errc::unavailable);
        ++settles;
        std::uint64_t passed_over = 0;
        for (const auto& one : settlements) {
            auto& row = rows.at(one.key.message.value);
            if (one.outcome == queue::Outcome::released) {
                row.is_leased = false;
                continue;
            }
            if (row.attempts != one.key.attempts || !row.fate.empty()) {
                ++passed_over;
                continue;
            }
            ++row.attempts;
            row.is_leased = false;
            if (one.outcome == queue::Outcome::deferred) row.due = one.next_attempt_at;
            if (one.outcome == queue::Outcome::delivered) row.fate = "delivered";
            if (one.outcome == queue::Outcome::failed) row.fate = "failed " + one.reason;
        }
        co_return passed_over;
    }
    net::Task<Result<std::vector<queue::Suspension>>> suspensions() override {
        co_return suspended;
    }
    std::vector<queue::Suspension> suspended;
    void release_leases() override {
        for (auto& [id, row] : rows) row.is_leased = false;
    }

private:
    const Clock& clock_;
};

Outcome outcome(Fate fate, relay::Scope scope, std::string words) {
    Outcome out;
    out.fate = fate;
    out.scope = scope;
    out.words = std::move(words);
    out.status = fate == Fate::failed ? "5.0.0" : "4.0.0";
    return out;
}

struct Network;

class FakeConnection final : public Connection {
public:
    FakeConnection(Network& network, std::string destination);
    ~FakeConnection() override;
    net::Task<std::vector<Outcome>> send(const queue::LeasedMessage& message,
                                         relay::Content& content) override;
    bool is_usable() const override { return is_usable_; }
    std::size_t most_recipients() const override { return 100; }
    bool host_reports() const override { return false; }
    std::size_t transactions() const override { return transactions_; }
    net::Task<void> quit() override { co_return; }

private:
    Network& network_;
    std::string destination_;
    std::size_t transactions_ = 0;
    bool is_usable_ = true;
};

// Hosts by their destination: "up", "down", "gone", "slow", "short" (one message a connection).
struct Network final : Transport {
    std::map<std::string, std::string> hosts;
    std::map<std::string, std::size_t> open, most_open, connects;
    std::vector<std::string> taken;
    std::function<void()> on_taken;

    // Of "strict…" its own: it never gets a connection.
    std::string way_of(const std::string&, const queue::LeasedMessage& message) override {
        return message.recipients[0].recipient.address.starts_with("strict") ? "strict" : "";
    }
    bool is_special(const std::string& way) const override { return way == "strict"; }
    net::Task<Result<std::unique_ptr<Connection>, Outcome>>
    connect(std::string destination, const queue::LeasedMessage& message) override {
        ++connects[destination];
        if (way_of(destination, message) == "strict")
            co_return std::unexpected(outcome(Fate::failed, relay::Scope::host, "not safe"));
        const auto host = hosts[destination];
        if (host == "down")
            co_return std::unexpected(outcome(Fate::deferred, relay::Scope::host, "no route"));
        if (host == "gone")
            co_return std::unexpected(outcome(Fate::failed, relay::Scope::host, "no such domain"));
        co_return std::make_unique<FakeConnection>(*this, destination);
    }
};

FakeConnection::FakeConnection(Network& network, std::string destination)
    : network_(network), destination_(std::move(destination)) {
    auto& most = network_.most_open[destination_];
    most = std::max(most, ++network_.open[destination_]);
}
FakeConnection::~FakeConnection() { --network_.open[destination_]; }

net::Task<std::vector<Outcome>> FakeConnection::send(const queue::LeasedMessage& message,
                                                     relay::Content& content) {
    const auto host = network_.hosts[destination_];
    if (host == "short" && transactions_ > 0) {
        is_usable_ = false;
        auto closed = outcome(Fate::deferred, relay::Scope::host, "closed");
        closed.stage = relay::Stage::mail;
        co_return std::vector(message.recipients.size(), closed);
    }
    if (host == "slow") co_await net::sleep_for(20ms);
    const auto text = co_await content.read(0, 100);
    EXPECT_EQ(*text, "hello");
    ++transactions_;
    std::vector<Outcome> out;
    for (const auto& one : message.recipients) {
        const bool is_bad = one.recipient.address.starts_with("bad");
        const bool is_busy = one.recipient.address.starts_with("busy") && one.key.attempts == 0;
        network_.taken.push_back(one.recipient.address);
        out.push_back(outcome(is_bad    ? Fate::failed
                              : is_busy ? Fate::deferred
                                        : Fate::delivered,
                              relay::Scope::recipient, "said so"));
    }
    if (network_.on_taken) network_.on_taken();
    co_return out;
}

class SenderTest : public testing::Test {
protected:
    void start(Options options = {}) {
        sender.emplace(io, queue, network, nullptr, clock, random, options);
        net::spawn(io, sender->run(), "sender");
    }
    bool run_until(const std::function<bool()>& done) {
        const auto end = std::chrono::steady_clock::now() + 10s;
        while (!done() && std::chrono::steady_clock::now() < end) io.run_one_for(50ms);
        return done();
    }
    void stop() {
        bool is_done = false;
        net::spawn(
            io,
            [](Sender& one, bool& done) -> net::Task<void> {
                co_await one.stop(5s);
                done = true;
            }(*sender, is_done),
            "stop");
        EXPECT_TRUE(run_until([&] { return is_done; }));
    }
    std::string fates() const {
        std::string out;
        for (const auto& [id, row] : queue.rows)
            out += row.fate.substr(0, row.fate.find(' ')) + " ";
        return out;
    }

    boost::asio::io_context io;
    ShiftedClock clock;
    test::SeededRandom random{7};
    FakeQueue queue{clock};
    Network network;
    std::optional<Sender> sender;
};

TEST_F(SenderTest, SendsWhatIsThereAndWhatComes) {
    queue.add("a.example", "one@a.example");
    queue.add("b.example", "bad@b.example");
    start();
    EXPECT_TRUE(run_until([&] { return fates() == "delivered failed "; })) << fates();
    queue.add("a.example", "two@a.example");
    sender->queued({{"a.example", clock.now()}});
    EXPECT_TRUE(run_until([&] { return fates() == "delivered failed delivered "; })) << fates();
    stop();
}

TEST_F(SenderTest, TriesAgainWhatWasPutOff) {
    queue.add("a.example", "busy@a.example");
    start();
    EXPECT_TRUE(run_until([&] { return queue.rows[1].attempts == 1; }));
    EXPECT_EQ(fates(), " ");
    clock.shift += 10min;
    sender->queued({});
    EXPECT_TRUE(run_until([&] { return fates() == "delivered "; }));
    stop();
}

TEST_F(SenderTest, UsesAConnectionAgainAndOpensMoreUnderLoad) {
    network.hosts["a.example"] = "slow";
    for (int i = 0; i < 200; ++i) queue.add("a.example", std::to_string(i) + "@a.example");
    start({.connections_per_destination = 5});
    EXPECT_TRUE(run_until([&] { return queue.waiting("a.example") == 0; }));
    EXPECT_LE(network.most_open["a.example"], 5U);
    EXPECT_GE(network.most_open["a.example"], 3U);
    EXPECT_LE(network.connects["a.example"], 20U);
    EXPECT_EQ(network.taken.size(), 200U) << "each once";
    stop();
    EXPECT_EQ(sender->figures().connections, 0U);
}

TEST_F(SenderTest, AQuickHostGetsOneConnectionAndTheStoreFewQuestions) {
    for (int i = 0; i < 200; ++i) queue.add("a.example", std::to_string(i) + "@a.example");
    start();
    EXPECT_TRUE(run_until([&] { return queue.waiting("a.example") == 0; }));
    EXPECT_EQ(network.most_open["a.example"], 1U);
    EXPECT_LE(network.connects["a.example"], 3U) << "a hundred messages over each";
    EXPECT_LE(queue.reads, 25U);
    EXPECT_LE(queue.settles, 20U);
    EXPECT_EQ(network.taken.size(), 200U) << "each once";
    stop();
}

TEST_F(SenderTest, SlowHostsMakeRoomForOthers) {
    for (const std::string domain : {"slow.example", "slower.example"}) {
        network.hosts[domain] = "slow";
        for (int i = 0; i < 300; ++i) queue.add(domain, std::to_string(i) + "@" + domain);
    }
    start({.connections = 4});
    EXPECT_TRUE(run_until([&] { return sender->figures().connections == 4; }));
    queue.add("quick.example", "one@quick.example");
    sender->queued({{"quick.example", clock.now()}});
    EXPECT_TRUE(run_until([&] { return queue.waiting("quick.example") == 0; }));
    EXPECT_GT(queue.waiting("slow.example"), 200U);
    EXPECT_GT(queue.waiting("slower.example"), 200U);
    stop();
}

TEST_F(SenderTest, NeverOpensMoreConnectionsThanAllowed) {
    std::size_t most = 0;
    network.on_taken = [&] {
        std::size_t open = 0;
        for (const auto& [destination, count] : network.open) open += count;
        most = std::max(most, open);
    };
    for (int i = 0; i < 100; ++i) {
        const auto domain = std::to_string(i % 20) + ".example";
        network.hosts[domain] = "slow";
        queue.add(domain, "x@" + domain);
    }
    start({.connections = 4});
    EXPECT_TRUE(run_until(
        [&] { return fates().find("  ") == std::string::npos && network.taken.size() == 100; }));
    EXPECT_LE(most, 4U);
    stop();
}

TEST_F(SenderTest, ADeadDestinationIsTriedOnceForAllItsMail) {
    network.hosts["dead.example"] = "down";
    for (int i = 0; i < 5'000; ++i) queue.add("dead.example", std::to_string(i) + "@dead.example");
    queue.add("a.example", "one@a.example");
    start();
    EXPECT_TRUE(run_until([&] { return queue.waiting("a.example") == 0; }));
    EXPECT_TRUE(run_until([&] {
        return std::ranges::all_of(queue.rows,
                                   [](const auto& entry) { return entry.second.attempts == 1; });
    }));
    EXPECT_LE(network.connects["dead.example"], 2U);
    queue.add("dead.example", "new@dead.example");
    sender->queued({{"dead.example", clock.now()}});
    queue.add("a.example", "two@a.example");
    sender->queued({{"a.example", clock.now()}});
    EXPECT_TRUE(run_until([&] { return queue.waiting("a.example") == 0; }));
    EXPECT_EQ(queue.rows.rbegin()->second.fate, "delivered");
    EXPECT_LE(network.connects["dead.example"], 2U) << "it is known to be down";
    network.hosts["dead.example"] = "up";
    clock.shift += 1h;
    sender->queued({});
    EXPECT_TRUE(run_until([&] { return queue.waiting("dead.example") == 0; }));
    stop();
}

TEST_F(SenderTest, AllMailOfADomainThatDoesNotExistFails) {
    network.hosts["gone.example"] = "gone";
    for (int i = 0; i < 300; ++i) queue.add("gone.example", std::to_string(i) + "@gone.example");
    start();
    EXPECT_TRUE(run_until([&] { return queue.waiting("gone.example") == 0; }));
    EXPECT_EQ(queue.rows[1].fate, "failed no such domain");
    EXPECT_LE(network.connects["gone.example"], 2U);
    stop();
}

TEST_F(SenderTest, WhatOneMessageAsksForIsNotAskedOfOthers) {
    network.hosts["a.example"] = "slow";
    for (int i = 0; i < 40; ++i)
        queue.add("a.example", (i % 4 == 1 ? "strict" : "") + std::to_string(i) + "@a.example");
    start();
    EXPECT_TRUE(run_until([&] { return queue.waiting("a.example") == 0; }));
    for (const auto& [id, row] : queue.rows)
        EXPECT_EQ(row.fate, row.address.starts_with("strict") ? "failed not safe" : "delivered");
    stop();
}

TEST_F(SenderTest, AHostThatEndsConnectionsGetsAllTheSame) {
    network.hosts["short.example"] = "short";
    for (int i = 0; i < 20; ++i) queue.add("short.example", std::to_string(i) + "@short.example");
    start();
    EXPECT_TRUE(run_until([&] { return queue.waiting("short.example") == 0; }));
    for (const auto& [id, row] : queue.rows) EXPECT_EQ(row.attempts, 1U);
    stop();
}

// The store restarts: leases are forgotten, answers are lost.
TEST_F(SenderTest, AStoreThatRestartsIsToldOnce) {
    network.hosts["a.example"] = "slow";
    for (int i = 0; i < 50; ++i) queue.add("a.example", std::to_string(i) + "@a.example");
    network.on_taken = [&] {
        if (network.taken.size() == 10) queue.is_away = true;
    };
    start();
    EXPECT_TRUE(run_until([&] { return queue.is_away; }));
    net::spawn(
        io,
        [](FakeQueue& one) -> net::Task<void> {
            co_await net::sleep_for(200ms);
            one.release_leases();
            one.is_away = false;
        }(queue),
        "return");
    EXPECT_TRUE(run_until([&] { return !queue.is_away; }));
    sender->queued({});
    EXPECT_TRUE(run_until([&] {
        sender->queued({});
        return queue.waiting("a.example") == 0;
    }));
    EXPECT_EQ(network.taken.size(), 50U) << "nothing was sent twice";
    stop();
}

TEST_F(SenderTest, GivesBackWhatItHasNotSentWhenItStops) {
    network.hosts["a.example"] = "slow";
    for (int i = 0; i < 90; ++i) queue.add("a.example", std::to_string(i) + "@a.example");
    start({.connections_per_destination = 2});
    EXPECT_TRUE(run_until([&] { return network.taken.size() > 3; }));
    stop();
    for (const auto& [id, row] : queue.rows) EXPECT_FALSE(row.is_leased);
    EXPECT_GT(queue.waiting("a.example"), 0U);
    EXPECT_EQ(queue.waiting("a.example") + network.taken.size(), 90U);
}

TEST_F(SenderTest, WhatIsSuspendedWaits) {
    start();
    queue.suspended = {{"a.example", clock.now() + 1h, {}, {}}};
    queue.add("a.example", "one@a.example");
    queue.add("b.example", "two@b.example");
    sender->queued({});
    EXPECT_TRUE(run_until([&] { return queue.waiting("b.example") == 0; }));
    EXPECT_EQ(queue.waiting("a.example"), 1U);
    queue.suspended.clear();
    sender->queued({});
    EXPECT_TRUE(run_until([&] { return queue.waiting("a.example") == 0; }));
    stop();
}

} // namespace
} // namespace maild::sender
