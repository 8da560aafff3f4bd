// SCRAM as the directory answers it: who gets in, and that nobody learns who exists.
#include "directory/world.hpp"
#include "support/run_task.hpp"
#include "support/scram_client.hpp"

#include <gtest/gtest.h>

namespace maild::directory {
namespace {

using namespace std::chrono_literals;
using test::Kind;
using test::ScramClient;

class DirectoryScram : public ::testing::TestWithParam<Kind> {
protected:
    void SetUp() override {
        ASSERT_TRUE(world_.run(admin().add_domain("example.org")).has_value());
        add("ada@example.org", "secret");
    }

    DirectoryAdmin& admin() { return world_.admin(); }
    void add(const std::string& address, const std::string& password) {
        ASSERT_TRUE(world_.run(admin().add_account({address, password, 0})).has_value());
    }
    void set_password(const std::string& address, const std::string& password) {
        AccountChange change;
        change.password = password;
        ASSERT_TRUE(world_.run(admin().change_account(address, change)).has_value());
    }

    auth::ScramResult send(auth::ScramMessage message, const std::string& from = "192.0.2.1") {
        return world_.run(world_.directory().scram({std::move(message), Service::imap, from}));
    }
    // server-first-message
    std::string challenge(const std::string& name, auth::ScramHash hash = {}) {
        const auto answer = send({.hash = hash, .text = ScramClient(name, "").first()});
        EXPECT_TRUE(answer.has_value()) << answer.error().internal;
        return answer ? answer->text : "";
    }
    std::string salt(const std::string& name, auth::ScramHash hash = auth::ScramHash::sha256) {
        return ScramClient::field(challenge(name, hash), "s=");
    }
    // "", or the error's name.
    std::string said(ScramClient client, auth::ScramHash hash = auth::ScramHash::sha256,
                     const std::string& from = "192.0.2.1") {
        const auto first = send({.hash = hash, .text = client.first()}, from);
        if (!first) return std::string(name_of(first.error().code));
        const auto last =
            send({.hash = hash, .text = client.final(first->text), .state = first->state}, from);
        if (!last) return std::string(name_of(last.error().code));
        EXPECT_EQ(last->text, client.last_word());
        EXPECT_TRUE(last->identity.has_value());
        if (last->identity) identity_ = *last->identity;
        return "";
    }
    std::string login(const std::string& name, const std::string& password) {
        const auto result = world_.run(
            world_.directory().login({{"", name, password}, Service::imap, "192.0.2.1"}));
        return result ? "" : std::string(name_of(result.error().code));
    }

    test::World world_{GetParam()};
    auth::Identity identity_;
};

TEST_P(DirectoryScram, LogsIn) {
    EXPECT_EQ(said(ScramClient{"ada@example.org", "secret"}), "");
    EXPECT_EQ(identity_.address, "ada@example.org");
    EXPECT_EQ(identity_.token.right, auth::Right::access);
    EXPECT_TRUE(world_.key().verify(identity_.token, world_.clock().now()).has_value());
    EXPECT_EQ(said(ScramClient{"Ada@Example.ORG", "secret", "SHA1"}, auth::ScramHash::sha1), "");
    ScramClient oneself("ada@example.org", "secret"), other("ada@example.org", "secret");
    oneself.gs2_header = "n,a=ada@example.org,";
    EXPECT_EQ(said(oneself), "");
    add("bob@example.org", "hunter2");
    other.gs2_header = "n,a=bob@example.org,";
    EXPECT_EQ(said(other), "authentication_failed");
    const auto logins = world_.run(admin().account_logins("ada@example.org")).value();
    EXPECT_EQ(logins.logins.size(), 1U);
    EXPECT_EQ(logins.failures.size(), 1U);
}

TEST_P(DirectoryScram, RefusesLoginsAlike) {
    add("nologin@example.org", "");
    add("hashed@example.org", "{SSHA}dFWAdLXeDBTj01WbdotiS4s3zKlzYWx0");
    add("off@example.org", "secret");
    AccountChange off;
    off.disabled = true;
    ASSERT_TRUE(world_.run(admin().change_account("off@example.org", off)).has_value());
    for (const auto* name :
         {"nologin@example.org", "hashed@example.org", "off@example.org", "eve@example.org",
          "ada@example.net", "ada", "ada+x@example.org", "' OR '1'='1"})
        for (const auto hash : {auth::ScramHash::sha1, auth::ScramHash::sha256}) {
            ScramClient client(name == std::string("' OR '1'='1") ? "' OR '1'=3D'1" : name,
                               "secret", hash == auth::ScramHash::sha1 ? "SHA1" : "SHA256");
            EXPECT_EQ(said(client, hash, ""), "authentication_failed") << name;
        }
    EXPECT_EQ(said(ScramClient{"ada@example.org", "Secret"}), "authentication_failed");
    EXPECT_EQ(said(ScramClient{"ada@example.org", ""}), "authentication_failed");
}

TEST_P(DirectoryScram, ShowsNobodyWhoExists) {
    add("hashed@example.org", "{SSHA}dFWAdLXeDBTj01WbdotiS4s3zKlzYWx0");
    ASSERT_TRUE(world_.run(admin().add_domain_alias("example.com", "example.org")).has_value());
    for (const auto* name : {"ada", "eve", "hashed"}) {
        const auto address = std::string(name) + "@example.org";
        const auto one = challenge(address);
        EXPECT_EQ(one.size(), challenge("ada@example.org").size());
        EXPECT_EQ(ScramClient::field(one, "i="), "4096");
        EXPECT_EQ(salt(address), ScramClient::field(one, "s="));
        EXPECT_EQ(salt(address, auth::ScramHash::sha1), salt(address));
        EXPECT_EQ(salt(std::string(name) + "@EXAMPLE.com"), salt(address))
            << "one name, however it is written";
        EXPECT_NE(ScramClient::field(one, "r="), ScramClient::field(challenge(address), "r="));
    }
    EXPECT_NE(salt("eve@example.org"), salt("ada@example.org"));
    const auto before = salt("ada@example.org"), nobodys = salt("new@example.org");
    set_password("ada@example.org", "better");
    EXPECT_EQ(salt("ada@example.org"), before);
    add("new@example.org", "secret");
    EXPECT_EQ(salt("new@example.org"), nobodys);
    EXPECT_EQ(said(ScramClient{"ada@example.org", "better"}), "");
    EXPECT_EQ(said(ScramClient{"ada@example.org", "secret"}), "authentication_failed");
}

TEST_P(DirectoryScram, TakesNoExchangeTwiceAndNoneOfAnother) { // HARDENING 39
    ScramClient client("ada@example.org", "secret");
    const auto first = send({.text = client.first()}).value();
    const auto final = client.final(first.text);
    const auto code = [&](auth::ScramMessage message) {
        const auto result = send(std::move(message), "");
        return result ? std::string("ok") : std::string(name_of(result.error().code));
    };
    EXPECT_EQ(code({.text = final, .state = "forged"}), "unavailable");
    EXPECT_EQ(code({.hash = auth::ScramHash::sha1, .text = final, .state = first.state}),
              "unavailable");
    EXPECT_EQ(code({.is_plus = true, .text = final, .state = first.state}), "unavailable");
    EXPECT_EQ(code({.text = "c=biws", .state = first.state}), "protocol_error");
    EXPECT_EQ(code({.text = "n,,m=x,n=a,r=b"}), "protocol_error");
    const auto nonce = ScramClient::field(first.text, "r=");
    for (const auto& other : {nonce + "x", nonce.substr(0, nonce.size() - 1), client.nonce}) {
        const auto forged = client.final(first.text, "c=biws,r=" + other);
        EXPECT_EQ(code({.text = forged, .state = first.state}), "authentication_failed") << other;
    }
    const auto unbound = client.final(first.text, "c=eSws,r=" + nonce);
    EXPECT_EQ(code({.text = unbound, .state = first.state}), "authentication_failed");
    EXPECT_EQ(code({.text = final, .state = first.state}), "ok");
    EXPECT_EQ(code({.text = final, .state = first.state}), "authentication_failed") << "again";

    const auto second = send({.text = client.first()}).value();
    const auto late = client.final(second.text);
    world_.clock().advance(60s);
    EXPECT_EQ(code({.text = late, .state = second.state}), "unavailable");
}

TEST_P(DirectoryScram, APasswordChangeHoldsInTheMiddle) {
    ScramClient client("ada@example.org", "secret");
    const auto first = send({.text = client.first()}).value();
    const auto final = client.final(first.text);
    set_password("ada@example.org", "better");
    const auto result = send({.text = final, .state = first.state});
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code, Errc::authentication_failed);
}

// HARDENING 40: a guess by SCRAM is a guess.
TEST_P(DirectoryScram, GuessingIsSlowedAndThenTurnedAway) {
    for (int i = 0; i < 30; ++i)
        EXPECT_EQ(said(ScramClient{"user" + std::to_string(i) + "@example.org", "guess"}),
                  "authentication_failed");
    EXPECT_EQ(said(ScramClient{"ada@example.org", "secret"}), "limit_exceeded");
    EXPECT_EQ(send({.text = ScramClient("ada@example.org", "").first()}).error().code,
              Errc::limit_exceeded);
    EXPECT_EQ(said(ScramClient{"ada@example.org", "secret"}, auth::ScramHash::sha256, "192.0.2.2"),
              "");
}

TEST_P(DirectoryScram, APasswordThatCameAsAHashIsCompletedByALogin) {
    const std::string hash = "{SSHA}dFWAdLXeDBTj01WbdotiS4s3zKlzYWx0";
    add("bob@example.org", hash);
    const auto before = world_.run(admin().show_account("bob@example.org")).value();
    const auto salt_before = salt("bob@example.org");
    EXPECT_EQ(said(ScramClient{"bob@example.org", "pencil"}), "authentication_failed");
    EXPECT_EQ(login("bob@example.org", "pen"), "authentication_failed");
    EXPECT_EQ(said(ScramClient{"bob@example.org", "pencil"}), "authentication_failed");
    world_.clock().advance(1h);
    EXPECT_EQ(login("bob@example.org", "pencil"), "");
    EXPECT_EQ(said(ScramClient{"bob@example.org", "pencil"}), "");
    EXPECT_EQ(said(ScramClient{"bob@example.org", "pencil", "SHA1"}, auth::ScramHash::sha1), "");
    EXPECT_EQ(salt("bob@example.org"), salt_before);
    EXPECT_EQ(login("bob@example.org", "pencil"), "");
    const auto after = world_.run(admin().show_account("bob@example.org")).value();
    EXPECT_EQ(after.password_changed, before.password_changed) << "it is the same password";
    const auto added = world_.run(admin().add_account({"bob@example.org", hash, 0}));
    ASSERT_FALSE(added.has_value()) << "kept as argon2id by now";
    EXPECT_EQ(added.error().code, Errc::already_exists);
}

std::string name_of_kind(const ::testing::TestParamInfo<Kind>& kind) {
    constexpr const char* kNames[] = {"Memory", "Local", "Remote"};
    return kNames[static_cast<int>(kind.param)];
}

INSTANTIATE_TEST_SUITE_P(All, DirectoryScram,
                         ::testing::Values(Kind::memory, Kind::local, Kind::remote), name_of_kind);

TEST(LocalDirectoryScram, GivesANameTheSameSaltAfterARestart) {
    test::World world(Kind::local);
    ASSERT_TRUE(world.run(world.admin().add_domain("example.org")).has_value());
    ASSERT_TRUE(world.run(world.admin().add_account({"ada@example.org", "secret", 0})).has_value());
    const auto salt = [&](const std::string& name) {
        const auto answer = world.run(world.directory().scram(
            {{.text = ScramClient(name, "").first()}, Service::imap, "192.0.2.1"}));
        return ScramClient::field(answer->text, "s=");
    };
    const auto nobody = salt("eve@example.org"), somebody = salt("ada@example.org");
    world.reopen();
    EXPECT_EQ(salt("eve@example.org"), nobody);
    EXPECT_EQ(salt("ada@example.org"), somebody);
}

// HARDENING 35: what the lookups took does not show.
TEST(MemoryDirectoryScram, AnswersAtAFixedDistance) {
    SystemClock clock;
    SystemRandom random;
    MemoryDirectory directory(auth::TokenKey(std::string(32, 'k')), clock, random);
    (void)test::run_task(directory.add_domain("example.org"));
    (void)test::run_task(directory.add_account({"ada@example.org", "secret", 0}));
    for (const auto* name : {"ada@example.org", "eve@example.org"}) {
        const auto begin = clock.steady_now();
        const auto answer = test::run_task(
            directory.scram({{.text = ScramClient(name, "").first()}, Service::imap, "192.0.2.1"}));
        EXPECT_TRUE(answer.has_value());
        EXPECT_GE(clock.steady_now() - begin, Settings{}.scram_pace) << name;
    }
}

} // namespace
} // namespace maild::directory
