// Messages signed on their way out, over a directory in memory; and how fast.
#include "daemon/dkim_signer.hpp"
#include "daemon/sign_pace.hpp"
#include "support/fake_clock.hpp"
#include "support/run_task.hpp"

#include "maild/base/log.hpp"
#include "maild/directory/memory_directory.hpp"
#include "maild/policy/dkim.hpp"

#include <gtest/gtest.h>

namespace maild::daemon {
namespace {

using namespace std::chrono_literals;
using maild::test::run_task;
using policy::dkim::Algorithm;

constexpr std::string_view kAbove = "Message-ID: <1@mail.example.org>\r\n";
constexpr std::string_view kContent = "From: Ada <ada@example.org>\r\nSubject: of  things\r\n"
                                      "List-Id: <x.example.org>\r\n\r\nHello.\r\n";

class DkimSignerTest : public ::testing::Test {
protected:
    DkimSignerTest() {
        log::to_nowhere();
        (void)run_task(directory_.add_domain("example.org"));
        (void)run_task(directory_.add_account({"ada@example.org", "secret", 0}));
        const auto identity = run_task(directory_.login(
            {{"", "ada@example.org", "secret"}, directory::Service::submission, "192.0.2.1"}));
        login_ = identity->token;
    }
    void make_keys() {
        keys_ = run_task(
                    directory_.add_dkim_keys("example.org", {{Algorithm::rsa_sha256, "r", ""},
                                                             {Algorithm::ed25519_sha256, "e", ""}}))
                    .value();
        using enum directory::DkimState;
        (void)run_task(directory_.move_dkim_keys("example.org", {{"r", active}, {"e", active}}));
    }
    // "pass" or why not, of each signature.
    std::string verified(const std::string& header, std::string_view body) {
        policy::dkim::BodyHashes hashes;
        const policy::dkim::Verification verification(header, hashes, {});
        hashes.take(body);
        hashes.finish();
        policy::dkim::KeyAnswers answers;
        for (const auto& key : keys_)
            answers[key.record_name()] = {policy::dkim::KeyAnswer::State::found, {key.record()}};
        std::string out;
        for (const auto& verdict : verification.verdicts(answers))
            out += verdict.algorithm + " " + std::string(name_of(verdict.outcome)) + "\n";
        return out;
    }

    maild::test::FakeClock clock_;
    maild::test::SeededRandom random_{1};
    directory::MemoryDirectory directory_{auth::TokenKey(std::string(32, 'k')), clock_, random_};
    DkimSigner signer_{directory_};
    auth::Token login_;
    std::vector<directory::DkimKey> keys_;
};

TEST_F(DkimSignerTest, SignsWithBothKindsWhatIsAddedToo) {
    make_keys();
    const auto fields = run_task(signer_.sign(login_, kAbove, kContent));
    ASSERT_TRUE(fields.has_value()) << fields.error().internal;
    const auto body = kContent.find("\r\n\r\n") + 4;
    const auto header = *fields + std::string(kAbove) + std::string(kContent.substr(0, body));
    constexpr const char* kBothPass = "rsa-sha256 pass\ned25519-sha256 pass\n";
    constexpr const char* kBothFail = "rsa-sha256 fail\ned25519-sha256 fail\n";
    EXPECT_EQ(verified(header, kContent.substr(body)), kBothPass);
    EXPECT_EQ(verified(header, "Hullo.\r\n"), kBothFail);
    const struct {
        const char* added;
        const char* want;
    } cases[] = {
        {"Received: from a.example\r\n", kBothPass},
        {"List-Unsubscribe: <https://lists.example/>\r\n", kBothPass}, // a mailing list's
        {"Subject: another\r\n", kBothFail},
        {"Reply-To: eve@example.net\r\n", kBothFail},
        {"Content-Type: text/html\r\n", kBothFail},
        {"References: <2@example.net>\r\n", kBothFail},
    };
    for (const auto& c : cases)
        EXPECT_EQ(verified(c.added + header, kContent.substr(body)), c.want) << c.added;
}

TEST_F(DkimSignerTest, LeavesUnsignedWhatNobodySignsFor) {
    EXPECT_EQ(run_task(signer_.sign(login_, kAbove, kContent)).value(), ""); // no keys
    make_keys();
    EXPECT_EQ(run_task(signer_.sign(login_, "", "From: bob@example.org\r\n\r\n")).value(), "");
    EXPECT_EQ(run_task(signer_.sign(login_, "", "Subject: nobody\r\n\r\n")).value(), "");
    EXPECT_EQ(run_task(signer_.sign(std::nullopt, kAbove, kContent)).value(), "");
    const auto own =
        run_task(signer_.sign(std::nullopt, "", "From: postmaster@example.org\r\n\r\nx\r\n"));
    EXPECT_NE(own.value().find("d=example.org"), std::string::npos);
    clock_.advance(24h);
    EXPECT_EQ(run_task(signer_.sign(login_, kAbove, kContent)).error().code, Errc::not_permitted);
}

TEST(SignPace, LetsASecondsWorthThroughAndThenTheRate) {
    maild::test::FakeClock clock;
    SignPace pace(clock);
    EXPECT_EQ(pace.take(0), 0ms); // no limit yet
    pace.set_rate(10);
    for (int i = 0; i < 11; ++i) EXPECT_EQ(pace.take(0), 0ms) << i;
    EXPECT_EQ(pace.take(0), 100ms);
    EXPECT_EQ(pace.take(1), 0ms); // another worker's
    for (int i = 2; i <= 20; ++i) EXPECT_EQ(pace.take(0), i * 100ms);
    EXPECT_EQ(pace.take(0), std::nullopt);
    clock.advance(500ms);
    EXPECT_EQ(pace.take(0), 1600ms);
    clock.advance(1h);
    EXPECT_EQ(pace.take(0), 0ms);
}

} // namespace
} // namespace maild::daemon
