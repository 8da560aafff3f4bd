// Submissions to a daemon that says what the test wants.
#include "sendmail/fake_daemon.hpp"
#include "sendmail/submit.hpp"
#include "support/temp_dir.hpp"

#include <gtest/gtest.h>

#include <sysexits.h>

namespace maild::sendmail {
namespace {

using test::FakeDaemon;
using Kind = Outcome::Kind;

class SubmitTest : public ::testing::Test {
protected:
    Outcome submit_to(FakeDaemon::Answer answer) {
        FakeDaemon daemon(socket_, std::move(answer));
        auto outcome = submit(submission_, socket_);
        commands_ = daemon.commands();
        contents_ = daemon.contents();
        return outcome;
    }

    test::TempDir dir_;
    std::string socket_ = dir_ / "s";
    Submission submission_{.sender = {},
                           .recipients = {"root", "bob@y.test"},
                           .content = "From: ada@x.test\r\nTo: root\r\n\r\nx\r\n"};
    std::vector<std::string> commands_;
    std::vector<std::string> contents_;
};

TEST_F(SubmitTest, AsTheUserWhomTheDaemonNames) {
    const auto got = submit_to({});
    EXPECT_EQ(got.kind, Kind::accepted);
    EXPECT_EQ(got.exit, EX_OK);
    ASSERT_EQ(commands_.size(), 6U);
    EXPECT_EQ(commands_[1], "MAIL FROM:<ada@x.test> SIZE=40");
    EXPECT_EQ(commands_[2], "RCPT TO:<root@x.test>");
    EXPECT_EQ(commands_[3], "RCPT TO:<bob@y.test>");
    EXPECT_EQ(contents_.at(0), "From: ada@x.test\r\nTo: root@x.test\r\n\r\nx\r\n");
}

TEST_F(SubmitTest, WhatWasAskedForIsSaid) {
    submission_ = {.sender = "",
                   .full_name = {},
                   .notify = "FAILURE,DELAY",
                   .return_content = "HDRS",
                   .envelope_id = "a+b c",
                   .recipients = {"j\xc3\xb6rg"},
                   .content = "From: a@x.test\r\n\r\n\xff\r\n"};
    submit_to({});
    EXPECT_EQ(commands_.at(1),
              "MAIL FROM:<> SIZE=21 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=a+2Bb+20c");
    EXPECT_EQ(commands_.at(2), "RCPT TO:<j\xc3\xb6rg@x.test> NOTIFY=FAILURE,DELAY");
}

TEST_F(SubmitTest, OutcomesAndExitCodes) {
    struct {
        const char* name;
        const char* command; // that is answered
        const char* reply;
        Kind kind;
        int exit;
    } const cases[] = {
        {"sender", "MAIL", "553 5.7.1 not yours", Kind::refused, EX_NOPERM},
        {"size", "MAIL", "552 5.3.4 too large", Kind::refused, EX_DATAERR},
        {"disk", "MAIL", "452 4.3.1 full", Kind::later, EX_TEMPFAIL},
        {"nobody there", "RCPT", "550 5.1.1 no such user", Kind::refused, EX_NOUSER},
        {"not allowed", "RCPT", "554 5.7.1 no relaying", Kind::refused, EX_NOPERM},
        {"all later", "RCPT", "451 4.3.0 later", Kind::later, EX_TEMPFAIL},
        {"content", "BDAT", "554 5.6.0 bad header", Kind::refused, EX_DATAERR},
        {"loop", "BDAT", "554 5.4.6 loop", Kind::refused, EX_UNAVAILABLE},
        {"limit of the day", "BDAT", "450 4.7.0 enough", Kind::refused, EX_TEMPFAIL},
        {"later", "BDAT", "451 4.3.0 later", Kind::later, EX_TEMPFAIL},
        {"gone before the reply", "BDAT", "close", Kind::later, EX_TEMPFAIL},
        {"gone", "RCPT", "close", Kind::later, EX_TEMPFAIL},
        {"no SMTP", "RCPT", "hello", Kind::later, EX_TEMPFAIL},
        {"another service", "EHLO", "250 mail.x.test", Kind::later, EX_TEMPFAIL},
    };
    for (const auto& [name, command, reply, kind, exit] : cases) {
        const auto got = submit_to([&](const std::string& line) {
            return line.starts_with(command) ? std::string(reply) : std::string();
        });
        EXPECT_EQ(got.kind, kind) << name << ": " << got.why;
        EXPECT_EQ(got.exit, exit) << name;
    }
    const auto got = submit(submission_, socket_);
    EXPECT_EQ(got.kind, Kind::unreachable);
    EXPECT_EQ(got.exit, EX_TEMPFAIL);
}

TEST_F(SubmitTest, SomeRecipientsAlone) {
    submission_.recipients = {"a", "b", "c"};
    const auto got = submit_to([](const std::string& line) -> std::string {
        if (line.contains("<a@")) return "550 5.1.1 no such user";
        if (line.contains("<b@")) return "452 4.2.2 full";
        return {};
    });
    EXPECT_EQ(got.kind, Kind::accepted);
    EXPECT_EQ(got.exit, EX_NOUSER);
    ASSERT_EQ(got.refused.size(), 1U);
    EXPECT_EQ(got.refused[0].recipient, "a");
    EXPECT_EQ(got.refused[0].words, "550 5.1.1 no such user");
    EXPECT_EQ(got.waiting, std::vector<std::string>{"b"});
}

TEST_F(SubmitTest, NothingThatIsNoAddressIsSaid) {
    submission_.recipients = {"a>\r\nRCPT TO:<b"};
    const auto got = submit_to({});
    EXPECT_EQ(got.kind, Kind::refused);
    EXPECT_EQ(commands_.size(), 2U) << "EHLO and MAIL";
    submission_.sender = "a> AUTH=<b";
    EXPECT_EQ(submit_to({}).exit, EX_DATAERR);
    EXPECT_EQ(commands_.size(), 1U);
}

TEST_F(SubmitTest, ANoticeSaysWhatAndWhy) {
    Outcome outcome;
    outcome.kind = Kind::refused;
    outcome.user = "ada";
    outcome.domain = "x.test";
    outcome.refused = {{"root", "550 5.1.1 no such user"}};
    submission_.content = "Subject: backup\r\n\r\n--=_maild_notice\r\nx\r\n";
    const auto notice = notice_of(submission_, outcome);
    EXPECT_EQ(notice.sender, "");
    EXPECT_EQ(notice.recipients, std::vector<std::string>{"ada@x.test"});
    for (const auto* part :
         {"Subject: Not delivered: backup\r\n", "  root\r\n    550 5.1.1 no such",
          "boundary=\"=_maild_notice_\"", "message/rfc822", "Auto-Submitted: auto-replied\r\n"})
        EXPECT_TRUE(notice.content.contains(part)) << part << notice.content;
}

} // namespace
} // namespace maild::sendmail
