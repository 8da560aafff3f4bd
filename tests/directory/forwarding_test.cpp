// In whose name mail is sent on, in every kind of directory, and where what comes back goes.
#include "directory/world.hpp"

#include <gtest/gtest.h>

namespace maild::directory {
namespace {

using namespace std::chrono_literals;
using test::Kind;

class DirectoryForwarding : public ::testing::TestWithParam<Kind> {
protected:
    void SetUp() override {
        (void)world_.run(world_.admin().add_domain("example.org"));
        (void)world_.run(world_.admin().add_domain_alias("alias.example", "example.org"));
        (void)world_.run(world_.admin().add_account({"ada@example.org", "", 0}));
    }
    std::string forward(const std::string& sender, const std::string& via = "team@example.org") {
        const auto made = world_.run(world_.directory().forward_sender(sender, via));
        return made ? *made : std::string(name_of(made.error().code));
    }
    // "verdict target, …", and by which rule at first.
    std::string resolve(const std::string& address) {
        const auto found = world_.run(world_.directory().resolve(address));
        if (!found) return found.error().internal;
        std::string out = found->verdict == Verdict::accepted ? "accepted" : "refused";
        for (const auto& target : found->targets) {
            if (const auto* relay = std::get_if<RelayTarget>(&target)) out += " " + relay->address;
            if (const auto* local = std::get_if<LocalTarget>(&target))
                out += " here:" + local->address;
        }
        return out + (found->steps.empty() ? "" : " by " + found->steps.front().rule);
    }

    test::World world_{GetParam()};
};

TEST_P(DirectoryForwarding, RewritesStrangersAndKnowsTheWayBack) {
    for (const std::string via : {"team@example.org", "team@alias.example"}) {
        const auto made = forward("bob@client.example", via);
        EXPECT_TRUE(made.starts_with("SRS0=")) << made;
        EXPECT_TRUE(made.ends_with(via.substr(via.find('@')))) << made;
        EXPECT_EQ(resolve(made), "accepted bob@client.example by srs");
        auto changed = made;
        changed.replace(changed.find("=bob"), 4, "=eve");
        EXPECT_EQ(resolve(changed).substr(0, 7), "refused");
    }
    const auto made = forward("bob@client.example");
    EXPECT_EQ(resolve(made.substr(0, made.find('@')) + "@example.net"), "refused");
    world_.clock().advance(22 * 24h);
    EXPECT_EQ(resolve(made).substr(0, 7), "refused");
}

TEST_P(DirectoryForwarding, LeavesOthersAsTheyAre) {
    EXPECT_EQ(forward("ada@example.org"), "ada@example.org");
    EXPECT_EQ(forward("nobody@alias.example"), "nobody@alias.example");
    const auto much = std::string(60, 'a') + "@client.example";
    EXPECT_EQ(forward(much), much);
    EXPECT_EQ(forward("no address"), "invalid_argument");
    EXPECT_EQ(forward("bob@client.example", "team@example.net"), "no_such_domain");
}

TEST_P(DirectoryForwarding, ComesBeforeWhoeverTakesTheRest) {
    DomainChange change;
    change.catch_all = "ada@example.org";
    (void)world_.run(world_.admin().change_domain("example.org", std::move(change)));
    EXPECT_EQ(resolve(forward("bob@client.example")), "accepted bob@client.example by srs");
    EXPECT_EQ(resolve("SRS0=aaaaaa=aa=client.example=bob@example.org"),
              "accepted here:ada@example.org by catch-all");
}

TEST(LocalForwarding, OutlivesTheProcess) {
    test::World world(Kind::local);
    (void)world.run(world.admin().add_domain("example.org"));
    const auto made =
        world.run(world.directory().forward_sender("bob@client.example", "x@example.org")).value();
    world.reopen();
    EXPECT_EQ(world.run(world.directory().resolve(made))->verdict, Verdict::accepted);
}

INSTANTIATE_TEST_SUITE_P(All, DirectoryForwarding,
                         ::testing::Values(Kind::memory, Kind::local, Kind::remote),
                         [](const auto& tested) {
                             switch (tested.param) {
                             case Kind::memory: return "Memory";
                             case Kind::local: return "Local";
                             case Kind::remote: return "Remote";
                             }
                             return "";
                         });

} // namespace
} // namespace maild::directory
