// What only directory.db can show: it outlives the process, and hashing happens beside the loop.
#include "directory/hasher.hpp"
#include "directory/memory_repository.hpp"
#include "directory/world.hpp"
#include "support/run_task.hpp"

#include "maild/db/database.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <utility>

namespace maild::directory {
namespace {

using test::Kind;
using test::World;

auth::LoginResult login(World& world, const std::string& who, const std::string& password) {
    return world.run(world.directory().login({{"", who, password}, Service::imap, "192.0.2.1"}));
}

void fill(World& world) {
    ASSERT_TRUE(world.run(world.admin().add_domain("example.org")).has_value());
    ASSERT_TRUE(world.run(world.admin().add_account({"ada@example.org", "secret", 9})).has_value());
    ASSERT_TRUE(
        world.run(world.admin().add_alias({"team@example.org", {"ada@example.org"}})).has_value());
}

TEST(LocalDirectory, OutlivesTheProcess) {
    World world(Kind::local);
    fill(world);
    const auto before = world.run(world.admin().show_account("ada@example.org")).value();
    world.reopen();
    const auto after = world.run(world.admin().show_account("ada@example.org")).value();
    EXPECT_EQ(after.id, before.id);
    EXPECT_EQ(after.shard, before.shard);
    EXPECT_EQ(after.quota_bytes, 9U);
    EXPECT_EQ(after.created, before.created);
    EXPECT_TRUE(login(world, "ada@example.org", "secret").has_value());
    EXPECT_EQ(world.run(world.directory().resolve("team@example.org"))->verdict, Verdict::accepted);
}

std::string resolved(World& world, const std::string& address) {
    const auto resolution = world.run(world.directory().resolve(address));
    if (!resolution) return std::string(name_of(resolution.error().code));
    std::string out = resolution->verdict == Verdict::accepted ? "" : "refused";
    for (const auto& target : resolution->targets) {
        const auto& local = std::get<LocalTarget>(target);
        out += local.address + " " + std::to_string(local.grant.quota_bytes) + " " + local.detail +
               ";";
    }
    return out;
}

// What was resolved is remembered; every change is seen with the next address all the same, and
// each grant is good for its whole time.
TEST(LocalDirectory, ResolvesAnewAfterEachChange) {
    World world(Kind::local);
    fill(world);
    const auto twice = [&world](const std::string& address) {
        const auto first = resolved(world, address);
        EXPECT_EQ(resolved(world, address), first);
        return first;
    };
    EXPECT_EQ(twice("team@example.org"), "ada@example.org 9 ;");
    EXPECT_EQ(twice("ada+x@example.org"), "ada@example.org 9 x;");
    const auto before = world.run(world.directory().resolve("ada@example.org"))->targets.at(0);
    world.clock().advance(std::chrono::minutes(10));
    const auto after = world.run(world.directory().resolve("ada@example.org"))->targets.at(0);
    EXPECT_EQ(std::get<LocalTarget>(after).grant.expires,
              std::get<LocalTarget>(before).grant.expires + std::chrono::minutes(10));
    EXPECT_TRUE(world.key().verify(std::get<LocalTarget>(after).grant, world.clock().now()));

    const auto change = [&world](const std::string& address, AccountChange wanted) {
        ASSERT_TRUE(world.run(world.admin().change_account(address, std::move(wanted))));
    };
    AccountChange smaller;
    smaller.quota_bytes = 7;
    change("ada@example.org", smaller);
    EXPECT_EQ(twice("team@example.org"), "ada@example.org 7 ;");
    ASSERT_TRUE(world.run(world.admin().add_account({"bob@example.org", "secret", 8})));
    ASSERT_TRUE(world.run(world.admin().add_alias({"team@example.org", {"bob@example.org"}})));
    EXPECT_EQ(twice("team@example.org"), "ada@example.org 7 ;bob@example.org 8 ;");
    AccountChange taken; // is refused, and taken back
    taken.new_address = "bob@example.org";
    EXPECT_FALSE(world.run(world.admin().change_account("ada@example.org", taken)));
    EXPECT_EQ(twice("team@example.org"), "ada@example.org 7 ;bob@example.org 8 ;");
    AccountChange off;
    off.disabled = true;
    change("bob@example.org", off);
    EXPECT_EQ(twice("team@example.org"), "ada@example.org 7 ;");
    ASSERT_TRUE(world.run(world.admin().remove_alias({"team@example.org", {}})));
    EXPECT_EQ(twice("team@example.org"), "refused");
    DomainChange closed;
    closed.disabled = true;
    ASSERT_TRUE(world.run(world.admin().change_domain("example.org", closed)));
    EXPECT_EQ(twice("ada@example.org"), "refused");
}

auto trying(World& world) {
    return [&world](const std::string& who, const std::string& password, const std::string& from) {
        const auto result =
            world.run(world.directory().login({{"", who, password}, Service::imap, from}));
        return result ? Errc{} : result.error().code;
    };
}

void guess_from_everywhere(World& world) {
    for (int i = 0; i < 11; ++i)
        trying(world)("ada@example.org", "guess", "2001:db8:0:" + std::to_string(i) + "::1");
}

// HARDENING 40: neither a ban nor the places of owners are forgotten by a restart.
TEST(LocalDirectory, RemembersWhoGuessedAndWhoDidNot) {
    World world(Kind::local);
    fill(world);
    const auto try_as = trying(world);
    const auto admitted = try_as("ada@example.org", "secret", "198.51.100.1");
    for (int i = 0; i < 30; ++i) try_as("x" + std::to_string(i), "guess", "192.0.2.1");
    const auto ban = world.run(world.admin().list_bans()).value().at(0);
    ASSERT_TRUE(world.keep_logins());
    world.reopen();
    EXPECT_EQ(try_as("ada@example.org", "secret", "192.0.2.1"), Errc::limit_exceeded);
    const auto again = world.run(world.admin().list_bans()).value().at(0);
    EXPECT_EQ(again.network, ban.network);
    EXPECT_EQ(again.until, ban.until);
    EXPECT_EQ(again.reason, "30 failed logins");
    guess_from_everywhere(world);
    EXPECT_EQ(try_as("ada@example.org", "secret", "192.0.2.2"), Errc::busy);
    EXPECT_EQ(try_as("ada@example.org", "secret", "198.51.100.1"), admitted);
}

// Where guesses are put off, the right one is too: a difference would let them be tried unseen.
TEST(LocalDirectory, PutsARememberedPasswordOffLikeAnyGuess) {
    World world(Kind::local);
    fill(world);
    const auto try_as = trying(world);
    const auto admitted = try_as("ada@example.org", "secret", "198.51.100.1");
    guess_from_everywhere(world);
    EXPECT_EQ(try_as("ada@example.org", "secret", "192.0.2.2"), Errc::busy);
    EXPECT_EQ(try_as("ada@example.org", "guess", "192.0.2.2"), Errc::busy);
    EXPECT_EQ(try_as("ada@example.org", "secret", "198.51.100.1"), admitted);
}

// However a name is spelt, it is put off alike, be it anybody's or not.
TEST(LocalDirectory, SpellingsTellNobodyApart) {
    for (const std::string name : {"ada", "eve"}) {
        World world(Kind::local);
        fill(world);
        const auto try_as = trying(world);
        for (int i = 0; i < 11; ++i)
            try_as("\"" + name + "\"@EXAMPLE.org", "guess",
                   "2001:db8:0:" + std::to_string(i) + "::1");
        EXPECT_EQ(try_as(name + "@example.org", "guess", "192.0.2.2"), Errc::busy) << name;
    }
}

TEST(LocalDirectory, AGuesserTakesNoBanAway) {
    World world(Kind::local);
    fill(world);
    auth::Ban ban;
    ban.network = net::parse_network("192.0.2.0/24").value();
    ASSERT_TRUE(world.run(world.admin().add_ban(ban)).has_value());
    for (int i = 0; i < 40; ++i) trying(world)("ada@example.org", "guess", "192.0.2.1");
    const auto bans = world.run(world.admin().list_bans()).value();
    ASSERT_EQ(bans.size(), 1U);
    EXPECT_FALSE(bans[0].until);
}

TEST(LocalDirectory, NoLongerTakesAnOldPlaceForItsOwners) {
    World world(Kind::local);
    fill(world);
    const auto try_as = trying(world);
    const auto admitted = try_as("ada@example.org", "secret", "198.51.100.1");
    ASSERT_TRUE(world.keep_logins());
    world.clock().advance(std::chrono::days(29));
    world.reopen();
    guess_from_everywhere(world);
    EXPECT_EQ(try_as("ada@example.org", "secret", "198.51.100.1"), admitted);
    ASSERT_TRUE(world.keep_logins());
    world.clock().advance(std::chrono::days(31));
    world.reopen();
    guess_from_everywhere(world);
    EXPECT_EQ(try_as("ada@example.org", "secret", "198.51.100.1"), Errc::busy);
}

TEST(LocalDirectory, KeepsManyChangesAcrossCheckpoints) {
    World world(Kind::local);
    fill(world);
    for (int i = 0; i < 70; ++i)
        ASSERT_TRUE(world
                        .run(world.admin().add_alias(
                            {"a" + std::to_string(i) + "@example.org", {"ada@example.org"}}))
                        .has_value());
    world.reopen();
    EXPECT_EQ(world.run(world.admin().list_aliases("example.org"))->size(), 71U);
}

TEST(LocalDirectory, RefusesANewerSchema) {
    World world(Kind::local);
    fill(world);
    {
        PosixFileSystem files;
        auto database = db::Database::open(files, world.database(), {.vfs = db::kExclusiveVfs});
        ASSERT_TRUE(database.has_value());
        ASSERT_TRUE(database->set_user_version(1'000).has_value());
    }
    EXPECT_THROW(world.reopen(), std::runtime_error);
}

// HARDENING 37: the queue is bounded; who does not get in is told to come back.
TEST(LocalDirectory, TooManyLoginsAreBusy) {
    test::TempDir dir;
    PosixFileSystem files;
    boost::asio::io_context io(1);
    SystemClock clock;
    SystemRandom random;
    const auth::TokenKey key(std::string(32, 'k'));
    auto settings = World::settings();
    settings.password_cost.memory_kib = 4096; // some milliseconds: the queue fills up
    settings.hash_threads = 1;
    settings.hash_queue = 2;
    auto directory =
        LocalDirectory::open(io, files, dir / "directory.db", key, clock, random, settings);
    ASSERT_TRUE(directory.has_value());
    int busy = 0, refused = 0;
    for (int i = 0; i < 50; ++i) {
        LoginAttempt attempt{{"", "eve@example.org", "guess"}, Service::imap, "192.0.2.1"};
        boost::asio::co_spawn(io.get_executor(), (*directory)->login(std::move(attempt)),
                              [&](std::exception_ptr, const auth::LoginResult& result) {
                                  ASSERT_FALSE(result.has_value());
                                  ++(result.error().code == Errc::busy ? busy : refused);
                              });
    }
    io.run();
    EXPECT_EQ(busy + refused, 50);
    EXPECT_GT(busy, 0);
    EXPECT_GT(refused, 0);
}

// HARDENING 37, 40: however many one network sends, the others get their turn.
TEST(LocalDirectory, AFloodOfOneNetworkKeepsNobodyElseOut) {
    test::TempDir dir;
    PosixFileSystem files;
    boost::asio::io_context io(1);
    SystemClock clock;
    SystemRandom random;
    const auth::TokenKey key(std::string(32, 'k'));
    auto settings = World::settings();
    settings.hash_threads = 1;
    auto opened =
        LocalDirectory::open(io, files, dir / "directory.db", key, clock, random, settings);
    ASSERT_TRUE(opened.has_value());
    auto& directory = **opened;
    std::map<Errc, int> flood, others;
    const auto attempt = [&](const std::string& who, const std::string& from, auto& results) {
        LoginAttempt login{{"", who, "guess"}, Service::imap, from};
        boost::asio::co_spawn(io.get_executor(), directory.login(std::move(login)),
                              [&](std::exception_ptr, const auth::LoginResult& result) {
                                  ++results[result ? Errc{} : result.error().code];
                              });
    };
    for (int i = 0; i < 600; ++i) attempt("x" + std::to_string(i), "192.0.2.1", flood);
    for (int i = 0; i < 20; ++i) attempt("y" + std::to_string(i), "192.0.2.2", others);
    io.run();
    EXPECT_EQ(others[Errc::authentication_failed], 20) << "looked at, each of them";
    EXPECT_LT(flood[Errc::authentication_failed], 40) << "then banned, the rest unseen";
    EXPECT_GT(flood[Errc::limit_exceeded], 0) << "of those that waited";
    EXPECT_GT(flood[Errc::busy], 500);
}

class CountedLogins : public ::testing::Test {
protected:
    void SetUp() override {
        ASSERT_TRUE(world_.run(world_.admin().add_domain("example.org")).has_value());
        ASSERT_TRUE(
            world_.run(world_.admin().add_account({"ada@example.org", "secret", 0})).has_value());
        ASSERT_TRUE(
            world_.run(world_.admin().add_account({"bob@example.org", "secret", 0})).has_value());
    }
    // How many hashes were computed for this login.
    std::uint64_t hashes(const std::string& who, const std::string& password, bool want) {
        auto& memory = static_cast<MemoryDirectory&>(world_.directory());
        const auto before = memory.verified_passwords();
        EXPECT_EQ(login(world_, who, password).has_value(), want) << who;
        return memory.verified_passwords() - before;
    }
    World world_{Kind::memory};
};

// HARDENING 35: nobody can tell by the work which accounts exist.
TEST_F(CountedLogins, UnknownAccountsCostTheSame) {
    AccountChange off;
    off.disabled = true;
    ASSERT_TRUE(world_.run(world_.admin().change_account("bob@example.org", off)).has_value());
    EXPECT_EQ(hashes("ada@example.org", "wrong", false), 1U);
    EXPECT_EQ(hashes("eve@example.org", "wrong", false), 1U);
    EXPECT_EQ(hashes("eve@nowhere.example", "wrong", false), 1U);
    EXPECT_EQ(hashes("no address", "wrong", false), 1U);
    EXPECT_EQ(hashes("bob@example.org", "wrong", false), 1U);
    EXPECT_EQ(hashes("bob@example.org", "secret", false), 1U);
}

// One that came from elsewhere is cheaper, or dearer: with it a nobody's is compared.
TEST_F(CountedLogins, AnImportedHashCostsWhatANobodysDoes) {
    AccountChange change;
    change.password = "{SSHA}Ij5dG4GtlHUh8JmSVjEDsnD8UjZoTk1B"; // of whatever it may be
    ASSERT_TRUE(world_.run(world_.admin().change_account("bob@example.org", change)).has_value());
    EXPECT_EQ(hashes("bob@example.org", "wrong", false), 2U);
}

TEST_F(CountedLogins, AVerifiedLoginIsRemembered) {
    EXPECT_EQ(hashes("ada@example.org", "secret", true), 1U);
    EXPECT_EQ(hashes("ada@example.org", "secret", true), 0U);
    EXPECT_EQ(hashes("bob@example.org", "secret", true), 1U) << "A never gets B";
    EXPECT_EQ(hashes("ada@example.org", "wrong", false), 1U) << "failures are not remembered";
    EXPECT_EQ(hashes("ada@example.org", "wrong", false), 1U);
}

// HARDENING 40: what a banned network sends costs no hashing.
TEST_F(CountedLogins, ABannedNetworkCostsNothing) {
    for (int i = 0; i < 30; ++i)
        EXPECT_EQ(hashes("eve" + std::to_string(i) + "@example.org", "guess", false), 1U);
    EXPECT_EQ(hashes("ada@example.org", "wrong", false), 0U);
    EXPECT_EQ(hashes("ada@example.org", "secret", false), 0U);
}

TEST_F(CountedLogins, AChangeForgetsTheLogin) {
    EXPECT_EQ(hashes("ada@example.org", "secret", true), 1U);
    AccountChange change;
    change.password = "secret"; // the same one again is a new one
    ASSERT_TRUE(world_.run(world_.admin().change_account("ada@example.org", change)).has_value());
    EXPECT_EQ(hashes("ada@example.org", "secret", true), 1U);
    AccountChange off, on;
    off.disabled = true;
    on.disabled = false;
    ASSERT_TRUE(world_.run(world_.admin().change_account("ada@example.org", off)).has_value());
    EXPECT_EQ(hashes("ada@example.org", "secret", false), 1U);
    ASSERT_TRUE(world_.run(world_.admin().change_account("ada@example.org", on)).has_value());
    EXPECT_EQ(hashes("ada@example.org", "secret", true), 1U);
}

// Something happens while the password is being hashed.
class InterruptedHasher final : public Hasher {
public:
    net::Task<Result<PasswordJob>> run(PasswordJob job) override {
        run_job(job, World::settings().password_cost, random_);
        if (const auto act = std::exchange(meanwhile, nullptr)) act();
        co_return job;
    }
    net::Task<Result<std::vector<PasswordJob>>> run_all(std::vector<PasswordJob>) override {
        co_return fail(Errc::busy);
    }
    net::Task<Result<DkimKeys>> make_keys(std::vector<policy::dkim::Algorithm>) override {
        co_return fail(Errc::busy);
    }
    std::function<void()> meanwhile;

private:
    test::SeededRandom random_{3};
};

class InterruptedDirectory final : public Registry {
public:
    InterruptedDirectory(std::unique_ptr<InterruptedHasher> hasher, const auth::TokenKey& key,
                         const Clock& clock, Random& random)
        : Registry(std::make_unique<MemoryRepository>(1), std::move(hasher), key, clock, random,
                   World::settings()) {}
};

TEST(Registry, WhatChangedDuringTheHashCounts) {
    const auto change = [](auto member, auto value) {
        AccountChange changed;
        changed.*member = value;
        return changed;
    };
    const struct {
        const char* name;
        AccountChange change;
        bool want;
    } cases[] = {
        {"nothing of weight", change(&AccountChange::quota_bytes, 5U), true},
        {"disabled", change(&AccountChange::disabled, true), false},
        {"another password",
         change(&AccountChange::password, "{SSHA}dFWAdLXeDBTj01WbdotiS4s3zKlzYWx0"), false},
        {"renamed", change(&AccountChange::new_address, "bob@example.org"), false},
    };
    for (const auto& c : cases) {
        test::FakeClock clock;
        test::SeededRandom random(1);
        const auth::TokenKey key(std::string(32, 'k'));
        auto owned = std::make_unique<InterruptedHasher>();
        auto& hasher = *owned;
        InterruptedDirectory directory(std::move(owned), key, clock, random);
        ASSERT_TRUE(test::run_task(directory.add_domain("example.org")).has_value());
        ASSERT_TRUE(
            test::run_task(directory.add_account({"ada@example.org", "secret", 0})).has_value());
        hasher.meanwhile = [&] {
            EXPECT_TRUE(
                test::run_task(directory.change_account("ada@example.org", c.change)).has_value());
        };
        const auto login = test::run_task(
            directory.login({{"", "ada@example.org", "secret"}, Service::imap, "192.0.2.1"}));
        EXPECT_EQ(login.has_value(), c.want) << c.name;
    }
}

} // namespace
} // namespace maild::directory
