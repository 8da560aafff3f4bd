// What programs of this host submit, in every kind of directory: as whom a user of the host may
// write, and how much in a day; and in whose name it is signed.
#include "directory/world.hpp"

#include "maild/policy/dkim.hpp"

#include <gtest/gtest.h>

namespace maild::directory {
namespace {

using namespace std::chrono_literals;
using test::Kind;

class LocalSubmission : public ::testing::TestWithParam<Kind> {
protected:
    void SetUp() override {
        auto& admin = world_.admin();
        (void)world_.run(admin.add_domain("example.org"));
        (void)world_.run(admin.add_domain("shop.example"));
        (void)world_.run(admin.add_account({"ada@example.org", "secret", 0}));
        (void)world_.run(admin.add_account({"bob@example.org", "secret", 0}));
        (void)world_.run(admin.add_alias({"lovelace@example.org", {"ada@example.org"}}));
        (void)world_.run(admin.add_alias({"www-data@example.org", {"bob@example.org"}}));
        world_.set_local_rules({.is_enabled = true,
                                .domain = "example.org",
                                .trusted = {"root", "cms"},
                                .signs_as = {"noreply@shop.example"},
                                .limits = {.messages_per_day = 2, .recipients_per_day = 5}});
    }
    std::string said(LocalSender sender, std::vector<std::string> claimed,
                     std::uint32_t recipients = 0) {
        Submission question{.account = {}, .claimed = std::move(claimed), .recipients = recipients};
        question.local = std::move(sender);
        const auto verdict = world_.run(world_.directory().submit(std::move(question)));
        if (!verdict) return std::string(name_of(verdict.error().code));
        switch (verdict->refusal) {
        case SubmissionVerdict::Refusal::none: return "ok";
        case SubmissionVerdict::Refusal::foreign: return "foreign " + verdict->foreign;
        case SubmissionVerdict::Refusal::messages: return "messages";
        case SubmissionVerdict::Refusal::recipients: return "recipients";
        }
        return {};
    }

    test::World world_{GetParam()};
};

TEST_P(LocalSubmission, AUserMaySendAsItself) {
    struct {
        const char* user;
        const char* address;
        const char* want;
    } const cases[] = {
        {"nobody", "nobody@example.org", "ok"},
        {"nobody", "NOBODY@Example.Org", "ok"},
        {"nobody", "nobody@shop.example", "foreign nobody@shop.example"},
        {"nobody", "nobody+x@example.org", "foreign nobody+x@example.org"},
        {"nobody", "ada@example.org", "foreign ada@example.org"},
        {"nobody", "nobody@elsewhere.example", "foreign nobody@elsewhere.example"},
        {"nobody", "", "foreign "},
        // With an account of that very address, whatever leads to it.
        {"ada", "lovelace@example.org", "ok"},
        {"ada", "ada+x@example.org", "ok"},
        {"ada", "bob@example.org", "foreign bob@example.org"},
        // An alias of that name gives nothing: else whoever reads its mail could be impersonated.
        {"www-data", "bob@example.org", "foreign bob@example.org"},
        {"www-data", "www-data@example.org", "ok"},
        {"cms", "noreply@shop.example", "ok"},
        {"cms", "ada@example.org", "ok"},
        {"cms", "cms@elsewhere.example", "foreign cms@elsewhere.example"},
        {"root", "anything@example.org", "ok"},
    };
    for (const auto& [user, address, want] : cases)
        EXPECT_EQ(said({1000, user}, {address}), want) << user << ' ' << address;
    EXPECT_EQ(said({1000, "nobody"}, {"nobody@example.org", "ada@example.org"}),
              "foreign ada@example.org");
}

TEST_P(LocalSubmission, CountsADayForEachUser) {
    const std::vector<std::string> own = {"nobody@example.org"};
    EXPECT_EQ(said({65534, "nobody"}, own, 5), "ok");
    EXPECT_EQ(said({65534, "nobody"}, own, 1), "recipients");
    EXPECT_EQ(said({65534, "nobody"}, own, 0), "ok") << "a question, and nothing that is sent";
    EXPECT_EQ(said({33, "www-data"}, {}, 1), "ok");
    EXPECT_EQ(said({33, "www-data"}, {}, 1), "ok");
    EXPECT_EQ(said({33, "www-data"}, {}, 1), "messages");
    for (int i = 0; i < 4; ++i) EXPECT_EQ(said({0, "root"}, {}, 3), "ok");
    world_.clock().advance(24h);
    EXPECT_EQ(said({33, "www-data"}, {}, 1), "ok");
}

TEST_P(LocalSubmission, IsRefusedWhereItIsSwitchedOff) {
    world_.set_local_rules({});
    EXPECT_EQ(said({0, "root"}, {"root@example.org"}), "not_permitted");
}

TEST_P(LocalSubmission, IsSignedInFewNames) {
    auto& admin = world_.admin();
    for (const auto* domain : {"example.org", "shop.example"}) {
        const NewDkimKey key{policy::dkim::Algorithm::ed25519_sha256, "k", ""};
        ASSERT_TRUE(world_.run(admin.add_dkim_keys(domain, {key})));
        ASSERT_TRUE(world_.run(admin.move_dkim_keys(domain, {{"k", DkimState::active}})));
    }
    const auto signing = [&](const std::string& from) {
        const auto prepared =
            policy::dkim::prepare("From: " + from + "\r\nSubject: x\r\n\r\n", "x\r\n", {});
        const auto made = world_.run(world_.directory().sign({std::nullopt, *prepared}));
        return made && !made->fields.empty();
    };
    EXPECT_TRUE(signing("root@example.org"));
    EXPECT_TRUE(signing("NoReply@shop.example"));
    EXPECT_TRUE(signing("postmaster@example.org"));
    EXPECT_FALSE(signing("root@shop.example"));
    EXPECT_FALSE(signing("noreply@example.org"));
    EXPECT_FALSE(signing("ada@example.org"));
    EXPECT_FALSE(signing("root@example.org, ada@example.org"));
    world_.set_local_rules({});
    EXPECT_FALSE(signing("root@example.org"));
    EXPECT_TRUE(signing("postmaster@example.org"));
}

INSTANTIATE_TEST_SUITE_P(, LocalSubmission,
                         ::testing::Values(Kind::memory, Kind::local, Kind::remote),
                         [](const auto& kind) {
                             return kind.param == Kind::memory  ? "memory"
                                    : kind.param == Kind::local ? "local"
                                                                : "remote";
                         });

} // namespace
} // namespace maild::directory
