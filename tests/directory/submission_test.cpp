// Submissions, in every kind of directory: as whom an account may write, and how much in a day.
#include "directory/world.hpp"

#include <gtest/gtest.h>

namespace maild::directory {
namespace {

using namespace std::chrono_literals;
using test::Kind;

class DirectorySubmission : public ::testing::TestWithParam<Kind> {
protected:
    void SetUp() override {
        auto& admin = world_.admin();
        (void)world_.run(admin.add_domain("example.org"));
        (void)world_.run(admin.add_domain("catch.example"));
        (void)world_.run(admin.add_domain_alias("alias.example", "example.org"));
        (void)world_.run(admin.add_account({"ada@example.org", "secret", 0}));
        (void)world_.run(admin.add_account({"bob@example.org", "secret", 0}));
        (void)world_.run(admin.add_address("lovelace@example.org", "ada@example.org"));
        (void)world_.run(admin.add_alias({"team@example.org", {"ada@example.org", "bob@a.test"}}));
        (void)world_.run(admin.add_alias({"all@example.org", {"team@example.org"}}));
        (void)world_.run(admin.add_alias({"shop-*@example.org", {"ada@example.org"}}));
        DomainChange change;
        change.catch_all = "ada@example.org";
        (void)world_.run(admin.change_domain("catch.example", std::move(change)));
    }

    AccountId id_of(const std::string& address) {
        const auto account = world_.run(world_.admin().show_account(address));
        EXPECT_TRUE(account.has_value()) << address;
        return account ? account->id : AccountId();
    }
    Result<SubmissionVerdict> submit(std::vector<std::string> claimed,
                                     std::uint32_t recipients = 1) {
        return world_.run(
            world_.directory().submit({id_of("ada@example.org"), std::move(claimed), recipients}));
    }
    // "ok", or why not.
    std::string said(std::vector<std::string> claimed, std::uint32_t recipients = 1) {
        const auto verdict = submit(std::move(claimed), recipients);
        if (!verdict) return std::string(name_of(verdict.error().code));
        switch (verdict->refusal) {
        case SubmissionVerdict::Refusal::none: return "ok";
        case SubmissionVerdict::Refusal::foreign: return "foreign " + verdict->foreign;
        case SubmissionVerdict::Refusal::messages:
            return "messages " + std::to_string(verdict->limit);
        case SubmissionVerdict::Refusal::recipients:
            return "recipients " + std::to_string(verdict->limit);
        }
        return "?";
    }
    void change(SendChange sending) {
        AccountChange change;
        change.sending = sending;
        const auto changed =
            world_.run(world_.admin().change_account("ada@example.org", std::move(change)));
        EXPECT_TRUE(changed && changed->changed);
    }

    test::World world_{GetParam()};
};

TEST_P(DirectorySubmission, LetsAnAccountWriteAsWhateverLeadsToIt) {
    const struct {
        std::string address, want;
    } cases[] = {
        {"ada@example.org", "ok"},
        {"ADA@Example.ORG", "ok"},
        {"ada+lists@example.org", "ok"},
        {"ada@alias.example", "ok"},
        {"lovelace@example.org", "ok"},
        {"team@example.org", "ok"},
        {"all@example.org", "ok"},
        {"shop-tea@example.org", "ok"},
        {"anybody@catch.example", "ok"},
        {"postmaster@example.org", "ok"}, // hers, until somebody is named
        {"bob@example.org", "foreign bob@example.org"},
        {"bob+ada@example.org", "foreign bob+ada@example.org"},
        {"nobody@example.org", "foreign nobody@example.org"},
        {"bob@a.test", "foreign bob@a.test"},
        {"ada@example.net", "foreign ada@example.net"},
        {"ada", "foreign ada"},
        {"", "foreign "},
    };
    for (const auto& c : cases) EXPECT_EQ(said({c.address}), c.want) << c.address;
    EXPECT_EQ(said({}), "ok");
    EXPECT_EQ(said({"ada@example.org", "bob@example.org"}), "foreign bob@example.org");
    EXPECT_EQ(said(std::vector<std::string>(kMaxClaimed + 1, "ada@example.org")), "limit_exceeded");
}

TEST_P(DirectorySubmission, GivesWhatDeliveryNeeds) {
    const auto verdict = submit({"team@example.org"});
    ASSERT_TRUE(verdict && verdict->grant);
    EXPECT_EQ(verdict->grant->right, auth::Right::deliver);
    EXPECT_EQ(verdict->grant->account, id_of("ada@example.org"));
    EXPECT_TRUE(world_.key().verify(*verdict->grant, world_.clock().now()).has_value());
    EXPECT_EQ(verdict->address, "ada@example.org");
    EXPECT_FALSE(verdict->saves_sent);
    change({.saves_sent = true, .messages_per_day = {}, .recipients_per_day = {}});
    EXPECT_TRUE(submit({"ada@example.org"})->saves_sent);
    change({.saves_sent = {},
            .messages_per_day = {},
            .recipients_per_day = {},
            .hold_for = std::chrono::minutes(2)});
    EXPECT_EQ(submit({"ada@example.org"})->hold_for, std::chrono::minutes(2));
    EXPECT_TRUE(submit({"ada@example.org"})->saves_sent) << "what is not named stays";
}

TEST_P(DirectorySubmission, CountsADay) {
    change({.saves_sent = {}, .messages_per_day = 3, .recipients_per_day = 10});
    EXPECT_EQ(said({"ada@example.org"}, 8), "ok");
    EXPECT_EQ(said({"ada@example.org"}, 3), "recipients 10");
    EXPECT_EQ(said({"bob@example.org"}, 1), "foreign bob@example.org"); // is not counted
    EXPECT_EQ(said({"ada@example.org"}, 2), "ok");
    EXPECT_EQ(said({"ada@example.org"}, 0), "ok");
    EXPECT_EQ(said({"ada@example.org"}, 0), "messages 3");
    const auto verdict = submit({"ada@example.org"});
    const auto now = world_.clock().now();
    EXPECT_GT(verdict->resets, now);
    EXPECT_LE(verdict->resets, now + 24h);
    EXPECT_EQ(to_unix_seconds(verdict->resets) % 86'400, 0);
    world_.clock().advance(std::chrono::ceil<std::chrono::seconds>(verdict->resets - now));
    EXPECT_EQ(said({"ada@example.org"}, 10), "ok");
}

TEST_P(DirectorySubmission, TakesTheHostsLimitOrNone) {
    const std::uint32_t usual = SendLimits().recipients_per_day;
    EXPECT_EQ(said({"ada@example.org"}, usual + 1), "recipients " + std::to_string(usual));
    change({.saves_sent = {}, .messages_per_day = 0, .recipients_per_day = 0});
    EXPECT_EQ(said({"ada@example.org"}, usual + 1), "ok");
    SendChange back;
    back.recipients_per_day.emplace(std::nullopt);
    change(back);
    EXPECT_EQ(said({"ada@example.org"}), "recipients " + std::to_string(usual));
}

TEST_P(DirectorySubmission, ShowsAndForgetsWhatWasSent) {
    EXPECT_EQ(said({"ada@example.org"}, 5), "ok");
    EXPECT_EQ(said({"ada@example.org"}, 2), "ok");
    auto sent = world_.run(world_.admin().list_sent());
    ASSERT_TRUE(sent && sent->size() == 1);
    EXPECT_EQ(sent->front().address, "ada@example.org");
    EXPECT_EQ(sent->front().messages, 2U);
    EXPECT_EQ(sent->front().recipients, 7U);
    EXPECT_TRUE(world_.run(world_.admin().forget_sent("lovelace@example.org"))->changed);
    EXPECT_FALSE(world_.run(world_.admin().forget_sent("ada@example.org"))->changed);
    EXPECT_TRUE(world_.run(world_.admin().list_sent())->empty());
    EXPECT_FALSE(world_.run(world_.admin().forget_sent("nobody@example.org")).has_value());
}

TEST_P(DirectorySubmission, TellsHowOftenALimitHeld) {
    change({.saves_sent = {}, .messages_per_day = 1, .recipients_per_day = 5});
    (void)said({"ada@example.org"}, 6);
    (void)said({"ada@example.org"}, 1);
    (void)said({"ada@example.org"}, 1);
    (void)said({"ada@example.org"}, 1);
    const auto tally = world_.run(world_.admin().limit_tally());
    ASSERT_TRUE(tally.has_value());
    EXPECT_EQ(tally->recipients, 1U);
    EXPECT_EQ(tally->messages, 2U);
    const auto forgotten =
        world_.run(world_.admin().forget_failures(*net::parse_network("192.0.2.1/32")));
    EXPECT_TRUE(forgotten && !forgotten->changed);
}

TEST_P(DirectorySubmission, ForgetsFailuresOfAWholeNetwork) {
    const auto guess = [&](const char* from) {
        LoginAttempt attempt;
        attempt.credentials = {"", "ada@example.org", "wrong"};
        attempt.remote_address = from;
        (void)world_.run(world_.directory().login(std::move(attempt)));
    };
    for (const auto* from : {"192.0.2.1", "192.0.2.77", "198.51.100.1"}) guess(from);
    const auto network = *net::parse_network("192.0.2.0/24");
    EXPECT_TRUE(world_.run(world_.admin().forget_failures(network))->changed);
    EXPECT_FALSE(world_.run(world_.admin().forget_failures(network))->changed);
    const auto left = world_.run(world_.admin().list_suspects());
    ASSERT_EQ(left->size(), 1U);
    EXPECT_EQ(net::format_network(left->front().network), "198.51.100.1");
}

TEST_P(DirectorySubmission, RefusesAnAccountThatIsGone) {
    const auto id = id_of("bob@example.org");
    AccountChange change;
    change.disabled = true;
    (void)world_.run(world_.admin().change_account("bob@example.org", std::move(change)));
    auto verdict = world_.run(world_.directory().submit({id, {}, 1}));
    ASSERT_FALSE(verdict.has_value());
    EXPECT_EQ(verdict.error().code, Errc::disabled);
    (void)world_.run(world_.admin().remove_account("bob@example.org"));
    verdict = world_.run(world_.directory().submit({id, {}, 1}));
    EXPECT_EQ(verdict.error().code, Errc::disabled);
}

TEST_P(DirectorySubmission, RemembersTheDayAfterARestart) {
    if (GetParam() != Kind::local) GTEST_SKIP() << "only a file can be opened again";
    change({.saves_sent = true, .messages_per_day = 2, .recipients_per_day = {}});
    EXPECT_EQ(said({"ada@example.org"}), "ok");
    EXPECT_EQ(said({"ada@example.org"}), "ok");
    ASSERT_TRUE(world_.keep_logins());
    world_.reopen();
    EXPECT_EQ(said({"ada@example.org"}), "messages 2");
    EXPECT_TRUE(world_.run(world_.admin().forget_sent("ada@example.org"))->changed);
    ASSERT_TRUE(world_.keep_logins());
    world_.reopen();
    EXPECT_EQ(said({"ada@example.org"}), "ok");
    EXPECT_TRUE(world_.run(world_.admin().show_account("ada@example.org"))->sending.saves_sent);
}

INSTANTIATE_TEST_SUITE_P(, DirectorySubmission,
                         ::testing::Values(Kind::memory, Kind::local, Kind::remote),
                         [](const auto& kind) {
                             return kind.param == Kind::memory  ? "memory"
                                    : kind.param == Kind::local ? "local"
                                                                : "remote";
                         });

} // namespace
} // namespace maild::directory
