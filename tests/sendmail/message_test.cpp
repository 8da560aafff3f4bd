// From what programs write to what SMTP carries; and what is read from the header section.
#include "sendmail/message.hpp"

#include "maild/base/clock.hpp"

#include <gtest/gtest.h>

namespace maild::sendmail {
namespace {

TEST(SendmailLines, Table) {
    struct {
        const char* name;
        std::string raw;
        bool dot_ends;
        std::string want;
    } const cases[] = {
        {"LF", "To: a\n\nx\ny\n", false, "To: a\r\n\r\nx\r\ny\r\n"},
        {"CRLF", "To: a\r\n\r\nx\r\n", false, "To: a\r\n\r\nx\r\n"},
        {"no end", "To: a\n\nx", false, "To: a\r\n\r\nx\r\n"},
        {"lone CR", "To: a\n\n10%\r20%\n", false, "To: a\r\n\r\n10%\r\n20%\r\n"},
        {"CR before CRLF", "To: a\n\nx\r\r\ny\n", false, "To: a\r\n\r\nx\r\ny\r\n"},
        {"dot ends", "To: a\n\nx\n.\ny\n", true, "To: a\r\n\r\nx\r\n"},
        {"dot with CRLF ends", "To: a\r\n\r\nx\r\n.\r\ny\r\n", true, "To: a\r\n\r\nx\r\n"},
        {"dot stays", "To: a\n\nx\n.\ny\n", false, "To: a\r\n\r\nx\r\n.\r\ny\r\n"},
        {"dot with more stays", "To: a\n\n..\n.x\n", true, "To: a\r\n\r\n..\r\n.x\r\n"},
        {"8-bit", "To: a\n\n\xc3\xa4\xff\n", false, "To: a\r\n\r\n\xc3\xa4\xff\r\n"},
        {"NUL", std::string("To: a\n\nx\0y\n", 11), false, "To: a\r\n\r\nx?y\r\n"},
        {"no header", "hello\nTo: b\n", false, "\r\nhello\r\nTo: b\r\n"},
        {"no empty line", "To: a\nhello there\n", false, "To: a\r\n\r\nhello there\r\n"},
        {"folded", "To: a,\n\tb\n c\n\nx\n", false, "To: a,\r\n\tb\r\n c\r\n\r\nx\r\n"},
        {"indented at the top", " x\n", false, "\r\n x\r\n"},
        {"empty", "", false, "\r\n"},
        {"header alone", "To: a\n", false, "To: a\r\n\r\n"},
        {"empty line first", "\nx\n", false, "\r\nx\r\n"},
        {"mailbox file", "From ada Mon Mar  2\nTo: a\n\nx\n", false, "To: a\r\n\r\nx\r\n"},
        {"colon in the body", "To: a\n\nsee: x\nno\n", false, "To: a\r\n\r\nsee: x\r\nno\r\n"},
    };
    for (const auto& [name, raw, dot_ends, want] : cases)
        EXPECT_EQ(make_lines(raw, dot_ends), want) << name;
}

std::string joined(const Result<std::vector<std::string>>& list) {
    if (!list) return "error: " + list.error().internal;
    std::string out;
    for (const auto& each : *list) out += (out.empty() ? "" : ", ") + each;
    return out;
}

TEST(SendmailRecipients, OfMessages) {
    struct {
        const char* name;
        const char* header;
        const char* want;
    } const cases[] = {
        {"To, Cc, Bcc", "To: a@x.test\nCc: b@x.test\nBcc: c@x.test\nReply-To: d@x.test\n",
         "a@x.test, b@x.test, c@x.test"},
        {"once each", "To: a@x.test\nCc: a@x.test\n", "a@x.test"},
        {"names", "To: Ada <ada@x.test>, \"Bob, B.\" <bob@x.test>\n", "ada@x.test, bob@x.test"},
        {"local", "To: root, ada (Ada)\n", "root, ada"},
        {"group", "To: us: a@x.test, b@x.test;\n", "a@x.test, b@x.test"},
        {"group of nobody", "To: undisclosed-recipients:;\nBcc: a@x.test\n", "a@x.test"},
        {"folded", "To: a@x.test,\n\tb@x.test\n", "a@x.test, b@x.test"},
        {"several fields", "Bcc: a@x.test\nBcc: b@x.test\n", "a@x.test, b@x.test"},
        {"quoted", "To: \"a b\"@x.test\n", "\"a b\"@x.test"},
        {"empty", "To:\nCc: a@x.test\n", "a@x.test"},
        {"none", "Subject: x\n", ""},
        {"body is no header", "To: a@x.test\n\nCc: b@x.test\n", "a@x.test"},
        {"words", "To: the whole team\n", "error: no address: the whole team"},
        {"resent", "Resent-To: r@x.test\nResent-Bcc: s@x.test\nTo: a@x.test\n",
         "r@x.test, s@x.test"},
        {"resent twice",
         "Resent-From: q@x.test\nResent-To: r@x.test\nResent-From: p@x.test\nResent-To: "
         "o@x.test\nTo: a@x.test\n",
         "r@x.test"},
        {"resent before and after", "Resent-To: r@x.test\nReceived: x\nResent-Cc: o@x.test\n",
         "r@x.test"},
        {"resent by nobody to nobody", "Resent-From: r@x.test\nTo: a@x.test\n", "a@x.test"},
    };
    for (const auto& [name, header, want] : cases)
        EXPECT_EQ(joined(recipients_in(make_lines(header, false))), want) << name;
}

TEST(SendmailRecipients, TooMany) {
    std::string header = "To: a@x.test";
    for (int i = 0; i < 10'000; ++i) header += ",\n a" + std::to_string(i) + "@x.test";
    EXPECT_EQ(recipients_in(make_lines(header + "\n\n", false)).error().code, Errc::too_large);
}

TEST(SendmailRecipients, OfTheCommandLine) {
    EXPECT_EQ(joined(recipients_of("ada")), "ada");
    EXPECT_EQ(joined(recipients_of("ada@x.test,bob")), "ada@x.test, bob");
    EXPECT_EQ(joined(recipients_of("Ada <ada@x.test>")), "ada@x.test");
    EXPECT_EQ(joined(recipients_of("")), "error: no address: ");
}

TEST(SendmailDomain, IsAddedWhereNoneIs) {
    EXPECT_EQ(with_domain("root", "x.test"), "root@x.test");
    EXPECT_EQ(with_domain("root@y.test", "x.test"), "root@y.test");
    EXPECT_EQ(with_domain("\"a@b\"", "x.test"), "\"a@b\"@x.test");
    EXPECT_EQ(with_domain("\"a@b\"@y.test", "x.test"), "\"a@b\"@y.test");
    EXPECT_EQ(with_domain("", "x.test"), "");
}

std::string completed(const std::string& header, const std::string& full_name = "") {
    const auto out =
        complete(make_lines(header, false),
                 {.user = "ada", .domain = "x.test", .full_name = full_name, .sender = ""});
    return out.substr(0, out.find("\r\n\r\n") + 2);
}

TEST(SendmailHeader, IsCompleted) {
    struct {
        const char* name;
        const char* header;
        const char* want;
    } const cases[] = {
        {"cron", "From: root (Cron Daemon)\nTo: root\nSubject: Cron\n",
         "From: Cron Daemon <root@x.test>\r\nTo: root@x.test\r\nSubject: Cron\r\n"},
        {"whole", "From: a@y.test\nTo: B  <b@y.test>\n", "From: a@y.test\r\nTo: B  <b@y.test>\r\n"},
        {"one of two", "From: a@y.test\nTo: \"B, b\" <b>, c@y.test\n",
         "From: a@y.test\r\nTo: \"B, b\" <b@x.test>,\r\n\tc@y.test\r\n"},
        {"group", "From: a@y.test\nCc: us: b, c@y.test;\n",
         "From: a@y.test\r\nCc: us: b@x.test,\r\n\tc@y.test;\r\n"},
        {"nobody", "From: a@y.test\nTo: undisclosed-recipients:;\n",
         "From: a@y.test\r\nTo: undisclosed-recipients:;\r\n"},
        {"words stay", "From: a@y.test\nTo: the whole team\n",
         "From: a@y.test\r\nTo: the whole team\r\n"},
        {"other fields stay", "From: a@y.test\nSubject: root\nX-To: root\n",
         "From: a@y.test\r\nSubject: root\r\nX-To: root\r\n"},
        {"encoded-word", "From: =?utf-8?q?=C3=A4?= <root>\n",
         "From: =?utf-8?q?=C3=A4?= <root@x.test>\r\n"},
        {"without From", "To: b@y.test\n", "From: ada@x.test\r\nTo: b@y.test\r\n"},
    };
    for (const auto& [name, header, want] : cases) EXPECT_EQ(completed(header), want) << name;
    EXPECT_EQ(completed("To: b@y.test\n", "Ada \"A.\" L."),
              "From: \"Ada \\\"A.\\\" L.\" <ada@x.test>\r\nTo: b@y.test\r\n");
    EXPECT_EQ(completed("To: b@y.test\n", "Ada Lovelace"),
              "From: Ada Lovelace <ada@x.test>\r\nTo: b@y.test\r\n");
    const auto by_sender =
        complete("\r\nx\r\n",
                 {.user = "ada", .domain = "x.test", .full_name = "", .sender = "noreply@x.test"});
    EXPECT_EQ(by_sender, "From: noreply@x.test\r\n\r\nx\r\n");
}

TEST(SendmailHeader, StampsThatAreMissing) {
    const auto now = from_unix_seconds(1'700'000'000);
    EXPECT_EQ(missing_stamps("To: a\r\n\r\n", "u", "h.test", now),
              "Message-ID: <u@h.test>\r\nDate: Tue, 14 Nov 2023 22:13:20 +0000\r\n");
    EXPECT_EQ(missing_stamps("date: x\r\nMESSAGE-ID: <a@b>\r\n\r\n", "u", "h.test", now), "");
}

} // namespace
} // namespace maild::sendmail
