// Reports as they go out, read again by our own parser of messages.
#include "maild/delivery/dsn.hpp"
#include "maild/mail/header.hpp"
#include "maild/mail/mime.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace maild::delivery {
namespace {

const std::string kHeader = "From: Eve <eve@remote.example>\r\nSubject: the plan\r\n";
const std::string kContent = kHeader + "\r\nsecret body\r\n";

Dsn report(DsnAction action, const std::string& status) {
    Dsn dsn;
    dsn.reporting_mta = "mail.example.org";
    dsn.id = "0S.1";
    dsn.to = "eve@remote.example";
    dsn.arrival = from_unix_seconds(1'700'000'000);
    dsn.content = kContent;
    dsn.now = from_unix_seconds(1'700'000'100);
    DsnRecipient recipient;
    recipient.final_recipient = "ada@example.org";
    recipient.action = action;
    recipient.status = status;
    dsn.recipients.push_back(recipient);
    return dsn;
}

// A message taken apart: "type/subtype encoding" of the parts, and their bodies.
struct Parts {
    explicit Parts(std::string text) : bytes(std::move(text)), message(mail::parse_message(bytes)) {
        for (const auto& part : message.root.children) {
            kinds += (kinds.empty() ? "" : ", ") + part.type + '/' + part.subtype + ' ' +
                     part.encoding_name;
            bodies.push_back(bytes.substr(part.body_begin, part.body_end - part.body_begin));
        }
    }
    std::string field(std::string_view name) const {
        const auto section = mail::parse_header(bytes);
        const auto* found = section.find(name);
        return found == nullptr ? "none" : mail::unfold(found->body);
    }
    // A field of the second part.
    std::string status(const std::string& name) const {
        const auto& body = "\r\n" + bodies.at(1);
        const auto at = body.find("\r\n" + name + ": ");
        if (at == std::string::npos) return "none";
        const auto begin = at + name.size() + 4;
        return body.substr(begin, body.find("\r\n", begin) - begin);
    }

    std::string bytes;
    mail::Message message;
    std::string kinds;
    std::vector<std::string> bodies;
};

TEST(Dsn, IsAReportOfThreeParts) { // RFC 6522 §3, RFC 3464 §2
    const Parts got(format_dsn(report(DsnAction::delivered, "2.1.5")));
    EXPECT_EQ(got.message.root.type + '/' + got.message.root.subtype, "multipart/report");
    EXPECT_EQ(*mail::find_parameter(got.message.root.parameters, "report-type"), "delivery-status");
    EXPECT_EQ(got.kinds, "text/plain 7bit, message/delivery-status 7bit, text/rfc822-headers 7bit");
    EXPECT_EQ(got.field("From"), "Mail delivery <mailer-daemon@mail.example.org>");
    EXPECT_EQ(got.field("To"), "<eve@remote.example>");
    EXPECT_EQ(got.field("Subject"), "Your message was delivered");
    EXPECT_EQ(got.field("Message-ID"), "<dsn.0S.1@mail.example.org>");
    EXPECT_EQ(got.field("Auto-Submitted"), "auto-replied");
    EXPECT_EQ(got.field("MIME-Version"), "1.0");
    EXPECT_EQ(got.field("Date"), "Tue, 14 Nov 2023 22:15:00 +0000");
    EXPECT_EQ(got.bodies[0], "This is the mail system at mail.example.org.\r\n\r\n"
                             "It is about your message\r\n    the plan\r\n"
                             "which came here on Tue, 14 Nov 2023 22:13:20 +0000.\r\n\r\n"
                             "It was put into the mailbox of:\r\n    <ada@example.org>\r\n");
    EXPECT_EQ(got.bodies[1], "Reporting-MTA: dns; mail.example.org\r\n"
                             "Arrival-Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n\r\n"
                             "Final-Recipient: rfc822;ada@example.org\r\n"
                             "Action: delivered\r\nStatus: 2.1.5\r\n");
    EXPECT_EQ(got.bodies[2], kHeader);
}

TEST(Dsn, TellsEachFate) {
    const struct {
        DsnAction action;
        const char* word;
        const char* subject;
    } cases[] = {
        {DsnAction::delivered, "delivered", "Your message was delivered"},
        {DsnAction::expanded, "expanded", "Your message was delivered"},
        {DsnAction::relayed, "relayed", "Your message was passed on"},
        {DsnAction::delayed, "delayed", "Your message is delayed"},
        {DsnAction::failed, "failed", "Your message could not be delivered"},
    };
    for (const auto& c : cases) {
        const Parts got(format_dsn(report(c.action, "2.0.0")));
        EXPECT_EQ(got.status("Action"), c.word);
        EXPECT_EQ(got.field("Subject"), c.subject);
    }
}

TEST(Dsn, SaysWhatARelayHasAnswered) { // RFC 3461 §6.3 (h), (i)
    auto dsn = report(DsnAction::failed, "5.1.1");
    dsn.recipients[0].original_recipient = "rfc822;Ada@Example.ORG";
    dsn.recipients[0].remote_mta = "mx.example.org";
    dsn.recipients[0].diagnostic = "550 5.1.1 No such user";
    dsn.recipients[0].last_attempt = from_unix_seconds(1'700'000'050);
    dsn.envelope_id = "QQ 314159";
    dsn.deliver_by = from_unix_seconds(1'700'003'600);
    auto other = dsn.recipients[0];
    other.final_recipient = "bob@example.org";
    other.action = DsnAction::delayed;
    other.will_retry_until = from_unix_seconds(1'700'400'000);
    dsn.recipients.push_back(other);
    const Parts got(format_dsn(dsn));
    EXPECT_EQ(got.status("Original-Envelope-Id"), "QQ 314159");
    EXPECT_EQ(got.status("Deliver-By-Date"), "Tue, 14 Nov 2023 23:13:20 +0000");
    EXPECT_EQ(got.status("Original-Recipient"), "rfc822;Ada@Example.ORG");
    EXPECT_EQ(got.status("Remote-MTA"), "dns; mx.example.org");
    EXPECT_EQ(got.status("Diagnostic-Code"), "smtp; 550 5.1.1 No such user");
    EXPECT_EQ(got.status("Last-Attempt-Date"), "Tue, 14 Nov 2023 22:14:10 +0000");
    EXPECT_EQ(got.status("Will-Retry-Until"), "Sun, 19 Nov 2023 13:20:00 +0000");
    EXPECT_TRUE(got.bodies[0].contains("mx.example.org said: 550 5.1.1 No such user\r\n"));
    EXPECT_LT(got.bodies[0].find("<ada@"), got.bodies[0].find("<bob@")) << "the worst first";
}

TEST(Dsn, ReturnsWhatWasAskedFor) { // RFC 3461 §4.3, §6.2
    const struct {
        const char* name;
        DsnAction action;
        bool returns_content;
        std::string content;
        std::string_view kind;
    } cases[] = {
        {"success", DsnAction::delivered, true, kContent, "text/rfc822-headers 7bit"},
        {"delay", DsnAction::delayed, true, kContent, "text/rfc822-headers 7bit"},
        {"failure, RET=HDRS", DsnAction::failed, false, kContent, "text/rfc822-headers 7bit"},
        {"failure, RET=FULL", DsnAction::failed, true, kContent, "message/rfc822 7bit"},
        {"8bit body", DsnAction::failed, true, kHeader + "\r\nm\xc3\xbcller\r\n",
         "message/rfc822 8bit"},
        {"header in UTF-8", DsnAction::failed, true, "Subject: m\xc3\xbc\r\n\r\nx\r\n",
         "message/global 8bit"},
        {"only that", DsnAction::failed, false, "Subject: m\xc3\xbc\r\n\r\nx\r\n",
         "message/global-headers 8bit"},
        {"header in Latin-1", DsnAction::failed, false, "Subject: m\xfc =\r\n\r\nx\r\n",
         "text/rfc822-headers quoted-printable"},
        {"too large", DsnAction::failed, true,
         kContent + std::string(kMaxReturnedContent, 'x') + "\r\n", "text/rfc822-headers 7bit"},
        {"no header", DsnAction::failed, false, "\r\nbody\r\n", "text/rfc822-headers 7bit"},
    };
    for (const auto& c : cases) {
        auto dsn = report(c.action, "5.0.0");
        dsn.returns_content = c.returns_content;
        dsn.content = c.content;
        const Parts got(format_dsn(dsn));
        EXPECT_TRUE(got.kinds.ends_with(c.kind)) << c.name << ": " << got.kinds;
        ASSERT_EQ(got.bodies.size(), 3U) << c.name;
        const bool is_whole =
            c.kind.starts_with("message/rfc822") || c.kind == "message/global 8bit";
        EXPECT_EQ(got.bodies[2] == c.content, is_whole) << c.name;
        EXPECT_TRUE(is_whole || !got.bodies[2].contains("body\r\n")) << c.name;
    }
    auto latin = report(DsnAction::failed, "5.0.0");
    latin.content = "Subject: m\xfc = \r\n\r\nx\r\n";
    EXPECT_EQ(Parts(format_dsn(latin)).bodies[2], "Subject: m=FC =3D=20\r\n");
}

TEST(Dsn, NamesAddressesInUtf8) { // RFC 6533 §4.1
    auto dsn = report(DsnAction::delivered, "2.1.5");
    EXPECT_FALSE(needs_smtputf8(dsn));
    dsn.recipients[0].final_recipient = "j\xc3\xbcrgen@example.org";
    dsn.recipients[0].original_recipient = "utf-8;j\xc3\xbcrgen@example.org";
    EXPECT_TRUE(needs_smtputf8(dsn));
    const Parts got(format_dsn(dsn));
    EXPECT_EQ(got.kinds,
              "text/plain 8bit, message/global-delivery-status 8bit, text/rfc822-headers 7bit");
    EXPECT_EQ(got.field("Content-Transfer-Encoding"), "8bit");
    EXPECT_EQ(got.status("Final-Recipient"), "utf-8;j\xc3\xbcrgen@example.org");
    EXPECT_EQ(got.status("Original-Recipient"), "utf-8;j\xc3\xbcrgen@example.org");
}

TEST(Dsn, LetsNobodyWriteFields) {
    auto dsn = report(DsnAction::failed, "5.0.0");
    dsn.envelope_id = "x\r\nAction: delivered\r\n\r\n";
    dsn.recipients[0].diagnostic = "550 a\r\n\r\nFinal-Recipient: rfc822;x@y\xff";
    dsn.to = "eve@remote.example\r\nBcc: x@y";
    const Parts got(format_dsn(dsn));
    EXPECT_EQ(got.field("Bcc"), "none");
    EXPECT_EQ(got.status("Action"), "failed");
    EXPECT_EQ(got.status("Diagnostic-Code"), "smtp; 550 a    Final-Recipient: rfc822;x@y?");
}

TEST(Dsn, FindsABoundaryThatNobodyHasGuessed) {
    auto dsn = report(DsnAction::failed, "5.0.0");
    dsn.returns_content = true;
    const std::string content = kHeader + "\r\n--=_dsn.0S.1.000000\r\n--=_dsn.0S.1.000001\r\n"
                                          "--=_dsn.0S.1.00000\r\n=_dsn.0S.1.000002=_dsn.0S.1.\r\n";
    dsn.content = content;
    const Parts got(format_dsn(dsn));
    ASSERT_EQ(got.bodies.size(), 3U);
    EXPECT_EQ(got.bodies[2], content);
    EXPECT_TRUE(got.bytes.ends_with("--=_dsn.0S.1.000003--\r\n"));
}

TEST(Notify, SaysWhatIsTold) { // RFC 3461 §5.2
    const struct {
        const char* notify;
        bool success, delay, failure;
        const char* without_success;
    } cases[] = {
        {"", false, true, true, ""},
        {"NEVER", false, false, false, "NEVER"},
        {"SUCCESS", true, false, false, "NEVER"},
        {"FAILURE", false, false, true, "FAILURE"},
        {"DELAY", false, true, false, "DELAY"},
        {"SUCCESS,FAILURE,DELAY", true, true, true, "FAILURE,DELAY"},
        {"SUCCESS,DELAY", true, true, false, "DELAY"},
    };
    for (const auto& c : cases) {
        for (const auto action : {DsnAction::delivered, DsnAction::relayed, DsnAction::expanded})
            EXPECT_EQ(is_wanted(c.notify, action), c.success) << c.notify;
        EXPECT_EQ(is_wanted(c.notify, DsnAction::delayed), c.delay) << c.notify;
        EXPECT_EQ(is_wanted(c.notify, DsnAction::failed), c.failure) << c.notify;
        EXPECT_EQ(without_success(c.notify), c.without_success);
    }
    EXPECT_EQ(either_notify("NEVER", "SUCCESS"), "SUCCESS");
    EXPECT_EQ(either_notify("", "SUCCESS"), "SUCCESS,FAILURE,DELAY");
    EXPECT_EQ(either_notify("", ""), "");
    EXPECT_EQ(either_notify("NEVER", "NEVER"), "NEVER");
}

} // namespace
} // namespace maild::delivery
