// Mail from programs of this host: its users, its settings, and what a worker does at the end of
// data.
#include "daemon/config_file.hpp"
#include "daemon/host_users.hpp"
#include "daemon/submission.hpp"
#include "support/fake_clock.hpp"
#include "support/run_task.hpp"
#include "support/temp_dir.hpp"

#include "maild/base/log.hpp"
#include "maild/directory/memory_directory.hpp"

#include <gtest/gtest.h>

#include <fstream>

namespace maild::daemon {
namespace {

using maild::test::run_task;

TEST(HostUsers, AreReadFromPasswd) {
    const auto users = parse_users("root:x:0:0:root:/root:/bin/bash\n"
                                   "www-data:x:33:33::/var/www:/bin/sh\n"
                                   "toor:x:0:0::/:/bin/sh\n"
                                   "\n"
                                   "no colon\n"
                                   "short:x\n"
                                   "none:x::\n"
                                   "minus:x:-1:0\n"
                                   "huge:x:99999999999:0\n"
                                   "with space:x:5:5\n"
                                   "a@b:x:6:6\n"
                                   ".dot:x:7:7\n"
                                   "dot.:x:8:8\n"
                                   "two..dots:x:9:9\n"
                                   "a.b_c-1:x:10:10\n"
                                   "+nis:x:11:11\n"
                                   "last:x:12");
    const std::vector<HostUser> want = {
        {0, "root"}, {33, "www-data"}, {0, "toor"}, {10, "a.b_c-1"}, {12, "last"}};
    EXPECT_EQ(users, want);
    HostUsers known;
    known.set(users);
    EXPECT_EQ(known.name_of(0), "root");
    EXPECT_EQ(known.name_of(33), "www-data");
    EXPECT_EQ(known.name_of(1000), "uid-1000");
    EXPECT_TRUE(known.has("toor"));
    EXPECT_FALSE(known.has("nobody"));
}

TEST(HostUsers, AreBounded) {
    std::string text;
    for (int i = 0; i < 5'000; ++i)
        text += "u" + std::to_string(i) + ":x:" + std::to_string(i) + "\n";
    EXPECT_EQ(parse_users(text).size(), kMaxHostUsers);
}

TEST(HostUsers, AreReadAgainWhenTheFileIsAnother) {
    maild::test::TempDir dir;
    const auto path = dir / "passwd";
    UserFile file(path);
    EXPECT_FALSE(file.look()) << "there is none";
    std::ofstream(path) << "ada:x:1:1\n";
    EXPECT_TRUE(file.look());
    EXPECT_FALSE(file.look());
    std::ofstream(path + "-") << "ada:x:1:1\nbob:x:2:2\n"; // as useradd does
    std::filesystem::rename(path + "-", path);
    EXPECT_TRUE(file.look());
    EXPECT_EQ(file.users().size(), 2U);
    std::filesystem::remove(path);
    EXPECT_FALSE(file.look());
    EXPECT_EQ(file.users().size(), 2U);
}

ParsedConfig parse(const std::string& text) {
    return parse_config("hostname = \"mail.example.org\"\n" + text, "m.toml", {});
}

TEST(LocalSettings, HaveDefaults) {
    const auto config = parse("").config;
    EXPECT_TRUE(config.local.is_enabled);
    EXPECT_EQ(config.local.domain, "example.org");
    EXPECT_EQ(config.local.trusted, std::vector<std::string>{"root"});
    EXPECT_TRUE(config.local.relays);
    EXPECT_EQ(config.local.limits.messages_per_day, 1'000U);
    const auto bare = parse_config("hostname = \"example.org\"", "m.toml", {}).config;
    EXPECT_EQ(bare.local.domain, "example.org") << "and never org";
}

TEST(LocalSettings, AreRead) {
    const auto got =
        parse("[local]\naccept = \"off\"\ndomain = \"B\303\274cher.example\"\n"
              "trusted = [\"root\", \"www-data\"]\nsigned = [\"NoReply@Example.Org\"]\n"
              "relay = \"refused\"\nmessages_per_day = 5\nrecipients_per_day = 0\n");
    EXPECT_EQ(format_faults("m.toml", got.faults), "");
    const auto& local = got.config.local;
    EXPECT_FALSE(local.is_enabled);
    EXPECT_EQ(local.domain, "xn--bcher-kva.example");
    EXPECT_EQ(local.trusted.back(), "www-data");
    EXPECT_EQ(local.signs_as, std::vector<std::string>{"noreply@example.org"});
    EXPECT_FALSE(local.relays);
    EXPECT_EQ(local.limits.messages_per_day, 5U);
    EXPECT_EQ(local.limits.recipients_per_day, 0U);
    for (const auto* bad :
         {"accept = \"maybe\"", "domain = \"not a domain\"", "domain = \"[1.2.3.4]\"",
          "trusted = [1]", "trusted = [\"\"]", "signed = [\"nobody\"]", "x = 1"})
        EXPECT_EQ(parse(std::string("[local]\n") + bad).faults.size(), 1U) << bad;
}

class LocalSubmissionTest : public ::testing::Test {
protected:
    LocalSubmissionTest() {
        log::to_nowhere();
        (void)run_task(directory_.add_domain("example.org"));
        (void)run_task(directory_.add_account({"ada@example.org", "", 0}));
        directory_.set_local_rules({.is_enabled = true,
                                    .domain = "example.org",
                                    .trusted = {"root"},
                                    .signs_as = {},
                                    .limits = {.messages_per_day = 2, .recipients_per_day = 9}});
        config_.hostname = "mail.example.org";
        client_.service = smtp::Service::local;
        client_.local = smtp::LocalUser{33, "www-data", "example.org"};
        envelope_.id = "s1.1";
        envelope_.recipients.resize(2);
    }
    std::string said(std::string_view message) {
        const smtp::Content content{message, message.find("\r\n\r\n") + 4, false};
        const auto made = run_task(submission_.prepare(client_, envelope_, content, config_));
        if (made) {
            EXPECT_FALSE(made->grant) << "nobody's shard";
            return "fine " + std::to_string(made->hidden.size()) + " " + made->fields;
        }
        return smtp::format_reply(reply_for(made.error(), smtp::Step::content));
    }

    maild::test::FakeClock clock_;
    maild::test::SeededRandom random_{1};
    directory::MemoryDirectory directory_{auth::TokenKey(std::string(32, 'k')), clock_, random_};
    Submission submission_{directory_, clock_};
    Config config_;
    smtp::Client client_;
    smtp::Envelope envelope_;
};

TEST_F(LocalSubmissionTest, IsTreatedAsASubmission) {
    EXPECT_TRUE(Submission::concerns(client_));
    EXPECT_EQ(said("From: www-data@example.org\r\nDate: x\r\nBcc: b@example.org\r\n\r\nx\r\n"),
              "fine 1 Message-ID: <s1.1@mail.example.org>\r\n");
    EXPECT_TRUE(said("From: ada@example.org\r\n\r\nx\r\n").starts_with("550 5.7.1 From or Sender"));
    EXPECT_TRUE(said("Subject: x\r\n\r\nx\r\n").starts_with("554 5.6.0 The message has no From"));
}

TEST_F(LocalSubmissionTest, HasLimits) {
    constexpr std::string_view kOwn = "From: www-data@example.org\r\n\r\nx\r\n";
    EXPECT_TRUE(said(kOwn).starts_with("fine"));
    EXPECT_TRUE(said(kOwn).starts_with("fine"));
    EXPECT_TRUE(said(kOwn).starts_with("450 4.7.0 Your account may send no more than 2 messages"));
    client_.local = smtp::LocalUser{0, "root", "example.org"};
    for (int i = 0; i < 3; ++i)
        EXPECT_TRUE(said("From: ada@example.org\r\n\r\nx\r\n").starts_with("fine"));
}

} // namespace
} // namespace maild::daemon
