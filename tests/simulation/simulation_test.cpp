// The deterministic simulation: clients, sessions, queue rows and the store in one process on
// simulated time, disk and network, with cut connections, slow peers, power cuts and restarts, all
// from a seed. After each restart and at the end: what a client was told is true. Everything that
// was begun gets done once the faults end, and every session then sees what the store has.
// MAILD_SIMULATION_SEEDS=n: n seeds in each case instead of the usual number;
// MAILD_SIMULATION_SEED=n: that one alone.
#include "simulation/client.hpp"
#include "support/effort.hpp"

#include "maild/base/log.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>

namespace maild::simulation {
namespace {

using maild::test::Survives;

constexpr std::uint64_t kCases = 4;
constexpr int kSteps = 600;       // with faults
constexpr int kPatience = 50'000; // steps until all is done without

std::string joined(const std::vector<std::uint32_t>& uids) {
    std::string text;
    for (const auto uid : uids) text += (text.empty() ? "" : " ") + std::to_string(uid);
    return text;
}

struct Tally {
    std::uint64_t restarts = 0;
    std::uint64_t mails = 0;
    std::uint64_t places = 0; // that a client was told
    std::uint64_t gone = 0;   // for good
};

class Simulation {
public:
    explicit Simulation(std::uint64_t seed, const std::string& syncs_forgotten_of = {})
        : random_(seed), host_(seed) {
        host_.disk().forget_syncs_of(syncs_forgotten_of);
        for (int i = 0; i < 2; ++i)
            senders_.push_back(std::make_unique<Sender>(host_, ledger_, random_, 4));
        for (std::size_t i = 0; i < 4; ++i)
            readers_.push_back(std::make_unique<Reader>(host_, ledger_, random_, i / 2, i % 2));
        for (auto& sender : senders_) clients_.push_back(sender.get());
        for (auto& reader : readers_) clients_.push_back(reader.get());
    }
    ~Simulation() {
        for (auto* client : clients_) client->cut();
    }

    // Empty, or what is wrong.
    std::string run() {
        for (int i = 0; i < kSteps && wrong_.empty(); ++i) step();
        if (wrong_.empty()) heal();
        if (wrong_.empty()) compare_views();
        tally.mails = ledger_.mails.size();
        tally.places = ledger_.places.size();
        tally.gone = ledger_.gone.size();
        return wrong_;
    }
    std::uint64_t digest() const {
        std::uint64_t all = host_.disk().steps();
        for (const auto* client : clients_) all = all * 31 + client->digest();
        return all;
    }

    Tally tally;

private:
    std::uint64_t below(std::uint64_t limit) { return random_() % limit; }
    void note(const std::string& wrong) {
        if (wrong_.empty()) wrong_ = wrong;
    }

    void step() {
        const auto what = below(1000);
        if (what < 550)
            clients_[below(clients_.size())]->step();
        else if (what < 940)
            host_.run_store(below(1'000'000));
        else if (what < 955)
            clients_[below(clients_.size())]->cut();
        else if (what < 985)
            host_.clock().advance(std::chrono::milliseconds(below(4'000)));
        else if (what < 987)
            lose_worker(below(2));
        else if (what < 992)
            host_.disk().cut_power_after(below(20));
        else if (what == 999)
            host_.disk().cut_power_after(0);
        host_.settle();
        if (host_.needs_restart()) restart();
    }

    void restart() {
        ++tally.restarts;
        host_.restart_store(static_cast<Survives>(below(4)), random_());
        check();
    }

    void lose_worker(std::size_t worker) {
        for (auto& reader : readers_) {
            if (reader->worker() == worker) reader->cut();
        }
        host_.restart_worker(worker);
    }

    void check() {
        note(broken_promise(ledger_, host_.view()));
        for (const auto& reader : readers_) note(reader->complaint());
    }

    // The faults end; whoever is still at it must get it done.
    void heal() {
        for (auto* client : clients_) client->slow_down(false);
        for (auto& reader : readers_) reader->rest();
        host_.restart_store(Survives::synced, random_());
        const auto is_done = [&] {
            return std::ranges::all_of(senders_, [](auto& s) { return s->is_done(); }) &&
                   std::ranges::all_of(readers_, [](auto& r) { return r->is_idle(); });
        };
        for (int i = 0; i < kPatience && !is_done(); ++i) {
            clients_[below(clients_.size())]->step();
            host_.finish();
        }
        if (!is_done()) note("something that was begun is never done");
        check();
    }

    void wait_for_readers() {
        const auto is_idle = [](const auto& reader) { return reader->is_idle(); };
        for (int i = 0; i < kPatience && !std::ranges::all_of(readers_, is_idle); ++i) {
            clients_[below(clients_.size())]->step();
            host_.finish();
        }
    }

    void compare_views() {
        for (auto& reader : readers_) reader->ask_for_news();
        wait_for_readers();
        for (auto& reader : readers_) reader->ask_for_uids();
        wait_for_readers();
        auto view = host_.view();
        for (auto& reader : readers_) {
            if (reader->uids() != view.inbox[reader->account()])
                note("a session sees other UIDs than the store has: " + joined(reader->uids()) +
                     "; the store: " + joined(view.inbox[reader->account()]));
            if (reader->exists() != reader->uids().size())
                note("EXISTS is not how many messages there are");
        }
    }

    std::mt19937_64 random_;
    Ledger ledger_;
    Host host_;
    std::vector<std::unique_ptr<Sender>> senders_;
    std::vector<std::unique_ptr<Reader>> readers_;
    std::vector<Client*> clients_;
    std::string wrong_;
};

class SimulationTest : public testing::TestWithParam<std::uint64_t> {
protected:
    SimulationTest() { log::to_nowhere(); }
};

TEST_P(SimulationTest, WhatClientsWereToldIsTrue) {
    const auto only = maild::test::number_from("MAILD_SIMULATION_SEED", 0);
    const auto seeds = only != 0 ? 1 : maild::test::rounds("MAILD_SIMULATION_SEEDS", 250);
    Tally all;
    for (std::uint64_t i = 0; i < seeds; ++i) {
        const auto seed = only != 0 ? only : 1 + GetParam() + i * kCases;
        Simulation simulation(seed);
        ASSERT_EQ(simulation.run(), "") << "MAILD_SIMULATION_SEED=" << seed;
        all.restarts += simulation.tally.restarts;
        all.mails += simulation.tally.mails;
        all.places += simulation.tally.places;
        all.gone += simulation.tally.gone;
    }
    if (seeds >= 50) {
        EXPECT_TRUE(all.restarts > 0 && all.places > 0 && all.gone > 0);
    }
    std::cout << seeds << " seeds, " << all.restarts << " restarts of the store, " << all.mails
              << " mails, " << all.places << " UIDs told, " << all.gone << " expunged, 0 bad\n";
}

INSTANTIATE_TEST_SUITE_P(Seeds, SimulationTest, testing::Range<std::uint64_t>(0, kCases));

// The simulation itself must be able to fail.
TEST(Simulation, AStoreThatSkipsASyncIsFoundOut) {
    log::to_nowhere();
    for (const auto* syncs : {".pk", "meta.db-wal"}) {
        bool is_found = false;
        for (std::uint64_t seed = 1; seed <= 60 && !is_found; ++seed) {
            Simulation simulation(seed, syncs);
            try {
                is_found = !simulation.run().empty();
            } catch (const std::runtime_error&) { // it does not even open
                is_found = true;
            }
        }
        EXPECT_TRUE(is_found) << syncs;
    }
}

TEST(Simulation, ASeedIsOneRun) {
    log::to_nowhere();
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
        std::uint64_t digests[2];
        for (auto& digest : digests) {
            Simulation simulation(seed);
            EXPECT_EQ(simulation.run(), "");
            digest = simulation.digest();
        }
        EXPECT_EQ(digests[0], digests[1]) << "seed " << seed;
    }
}

} // namespace
} // namespace maild::simulation
