#include "smtp/command.hpp"
#include "smtp/parameters.hpp"

#include <gtest/gtest.h>

#include <string>

namespace maild::smtp {
namespace {

using namespace std::string_literals;

// What a line means, in words that a table can hold.
std::string describe(const Command& command) {
    if (const auto* hello = std::get_if<Hello>(&command))
        return "hello " + std::string(hello->name);
    if (const auto* mail = std::get_if<Mail>(&command)) {
        auto out = "mail <" + mail->reverse_path.format() + ">";
        if (mail->size) out += " size=" + std::to_string(*mail->size);
        if (mail->body == Body::eight_bit_mime) out += " 8bit";
        if (mail->body == Body::binary_mime) out += " binary";
        if (mail->smtputf8) out += " utf8";
        if (mail->auth) out += " auth=" + *mail->auth;
        if (!mail->return_content.empty()) out += " ret=" + mail->return_content;
        if (!mail->envelope_id.empty()) out += " envid=" + mail->envelope_id;
        if (mail->requiretls) out += " requiretls";
        if (mail->hold_for) out += " for=" + std::to_string(mail->hold_for->count());
        if (mail->hold_until) out += " until=" + format_internet_date(*mail->hold_until);
        if (const auto& by = mail->deliver_by)
            out += " by=" + std::to_string(by->time.count()) + (by->returns ? "R" : "N") +
                   (by->traces ? "T" : "");
        if (mail->priority) out += " priority=" + std::to_string(*mail->priority);
        return out;
    }
    if (const auto* rcpt = std::get_if<Rcpt>(&command)) {
        if (rcpt->forward_path.domain.empty()) return "rcpt <" + rcpt->forward_path.localpart + ">";
        auto out = "rcpt <" + rcpt->forward_path.format() + ">";
        if (!rcpt->notify.empty()) out += " notify=" + rcpt->notify;
        if (!rcpt->original_recipient.empty()) out += " orcpt=" + rcpt->original_recipient;
        return out;
    }
    if (const auto* auth = std::get_if<Auth>(&command))
        return "auth " + std::string(auth->mechanism) + "|" +
               std::string(auth->initial_response.value_or("none"));
    constexpr std::string_view kNames[] = {"hello", "mail",     "rcpt", "data",
                                           "rset",  "noop",     "vrfy", "help",
                                           "quit",  "starttls", "auth", "not implemented",
                                           "bdat",  "http"};
    return std::string(kNames[command.index()]);
}

std::string describe(const CommandError& error) {
    constexpr std::string_view kNames[] = {"unknown verb",
                                           "syntax",
                                           "hello name",
                                           "reverse path",
                                           "forward path",
                                           "parameter value",
                                           "unknown parameter",
                                           "sender needs smtputf8",
                                           "recipient needs smtputf8"};
    return "error: " + std::string(kNames[static_cast<std::size_t>(error.problem)]);
}

struct Case {
    std::string line;
    std::string want;
    mail::Utf8 utf8 = mail::Utf8::refused;
};

void check(const Case& test) {
    const auto got = parse_command(test.line, test.utf8);
    EXPECT_EQ(got ? describe(*got) : describe(got.error()), test.want)
        << "line: " << test.line.substr(0, 200);
}

TEST(Command, TellsVerbsApart) {
    const Case cases[] = {
        {"QUIT", "quit"},
        {"quit", "quit"},
        {"QuIt   ", "quit"},
        {"QUIT now", "error: syntax"},
        {"QUITX", "error: unknown verb"},
        {"", "error: unknown verb"},
        {" QUIT", "error: unknown verb"},
        {"DATA", "data"},
        {"DATA\t ", "data"},
        {"RSET", "rset"},
        {"NOOP", "noop"},
        {"NOOP whatever it is", "noop"},
        {"HELP MAIL", "help"},
        {"VRFY ada", "vrfy"},
        {"VRFY", "error: syntax"},
        {"STARTTLS", "starttls"},
        {"STARTTLS now", "error: syntax"},
        {"EXPN list", "not implemented"},
        {"ETRN example.org", "not implemented"},
        {"BDAT 10 LAST", "bdat"},
        {"BDAT -1", "bdat"},
        {"XYZZY", "error: unknown verb"},
        {"\x16\x03\x01", "error: unknown verb"},
        {"QUIT\0"s, "error: unknown verb"},
    };
    for (const auto& test : cases) check(test);
}

TEST(Command, KnowsBrowsersByTheirFirstLines) {
    for (const auto* line :
         {"GET / HTTP/1.1", "POST /x HTTP/1.0", "Host: example.org", "host: x", "OPTIONS *"})
        check({line, "http"});
}

TEST(Command, ChecksTheGreetingsName) { // HARDENING 10
    const Case cases[] = {
        {"EHLO client.example", "hello client.example"},
        {"HELO client", "hello client"},
        {"LHLO a-b.example", "hello a-b.example"},
        {"EHLO MY_PC", "hello MY_PC"},
        {"EHLO [192.0.2.1]", "hello [192.0.2.1]"},
        {"EHLO [IPv6:2001:db8::1]", "hello [IPv6:2001:db8::1]"},
        {"EHLO", "error: hello name"},
        {"EHLO ", "error: hello name"},
        {"EHLO  x", "error: hello name"},
        {"EHLO a b", "error: hello name"},
        {"EHLO [IPv6:2001:db8::1", "error: hello name"},
        {"EHLO [IPv6:zz]", "error: hello name"},
        {"EHLO [192.0.2.1]x", "error: hello name"},
        {"EHLO []", "error: hello name"},
        {"EHLO <script>", "error: hello name"},
        {"EHLO %s%n", "error: hello name"},
        {"EHLO ${run{id}}", "error: hello name"},
        {"EHLO b\xc3\xbc"
         "cher.example",
         "error: hello name"},
        {"EHLO " + std::string(255, 'a'), "hello " + std::string(255, 'a')},
        {"EHLO " + std::string(256, 'a'), "error: hello name"},
        {"EHLO " + std::string(64 * 1024, 'a'), "error: hello name"},
    };
    for (const auto& test : cases) check(test);
}

TEST(Command, ParsesMail) { // HARDENING 11
    const Case cases[] = {
        {"MAIL FROM:<>", "mail <>"},
        {"mail from:<Ada@Example.ORG>", "mail <Ada@example.org>"},
        {"MAIL FROM: <a@b.example>", "mail <a@b.example>"}, // the documented leniency
        {"MAIL FROM:  <a@b.example>", "error: reverse path"},
        {"MAIL FROM:a@b.example", "error: reverse path"},
        {"MAIL FROM:<a@b.example", "error: reverse path"},
        {"MAIL FROM:<a@b.example>x", "error: syntax"},
        {"MAIL FROM:<postmaster>", "error: reverse path"},
        {"MAIL FROM :<>", "error: syntax"},
        {"MAIL", "error: syntax"},
        {"MAIL TO:<>", "error: syntax"},
        {"MAIL FROM:<@r.example,@s.example:a@b.example>", "mail <a@b.example>"},
        {"MAIL FROM:<a@b.example> SIZE=12 BODY=8BITMIME", "mail <a@b.example> size=12 8bit"},
        {"MAIL FROM:<a@b.example> size=0 body=7bit", "mail <a@b.example> size=0"},
        {"MAIL FROM:<a@b.example> SIZE=18446744073709551615",
         "mail <a@b.example> size=18446744073709551615"},
        {"MAIL FROM:<a@b.example> SIZE=18446744073709551616", "error: parameter value"},
        {"MAIL FROM:<a@b.example> SIZE=000000000000000000001",
         "error: parameter value"}, // 21 digits
        {"MAIL FROM:<a@b.example> SIZE=-1", "error: parameter value"},
        {"MAIL FROM:<a@b.example> SIZE=1x", "error: parameter value"},
        {"MAIL FROM:<a@b.example> SIZE", "error: parameter value"},
        {"MAIL FROM:<a@b.example> SIZE=", "error: parameter value"},
        {"MAIL FROM:<a@b.example> SIZE=1 SIZE=2", "error: parameter value"},
        {"MAIL FROM:<a@b.example>  SIZE=1", "error: syntax"},
        {"MAIL FROM:<a@b.example> BODY=BinaryMIME", "mail <a@b.example> binary"},
        {"MAIL FROM:<a@b.example> BODY=9BIT", "error: parameter value"},
        {"MAIL FROM:<a@b.example> SMTPUTF8", "mail <a@b.example> utf8"},
        {"MAIL FROM:<a@b.example> SMTPUTF8=1", "error: parameter value"},
        {"MAIL FROM:<a@b.example> X-FOO", "error: unknown parameter"},
        {"MAIL FROM:<a@b.example> =1", "error: syntax"},
        {"MAIL FROM:<a@b.example> SIZE=1\x01", "error: syntax"},
        {"MAIL FROM:<a@b.example> AUTH=<>", "mail <a@b.example> auth=<>"},
        {"MAIL FROM:<a@b.example> AUTH=e+2Bx@c.example", "mail <a@b.example> auth=e+x@c.example"},
        {"MAIL FROM:<a@b.example> AUTH=<", "error: parameter value"},
        {"MAIL FROM:<a@b.example> AUTH=a+0A@b.example", "error: parameter value"},
        {"MAIL FROM:<a@b.example> AUTH=a+00@b.example", "error: parameter value"},
        {"MAIL FROM:<a@b.example> AUTH=a+2b@b.example", "error: parameter value"},
        {"MAIL FROM:<\xc3\xbc@b.example>", "error: sender needs smtputf8"},
        {"MAIL FROM:<\xc3\xbc@b.example> SMTPUTF8", "mail <\xc3\xbc@b.example> utf8"},
        {"MAIL FROM:<a@b\xc3\xbc.example> SMTPUTF8", "mail <a@xn--b-eha.example> utf8"},
        {"MAIL FROM:<\xff@b.example> SMTPUTF8", "error: reverse path"},
    };
    for (const auto& test : cases) check(test);
}

TEST(Command, ParsesRcpt) { // HARDENING 12, 13
    const auto allowed = mail::Utf8::allowed;
    const Case cases[] = {
        {"RCPT TO:<ada@example.org>", "rcpt <ada@example.org>"},
        {"rcpt to: <ada@example.org>", "rcpt <ada@example.org>"},
        {"RCPT TO:<Postmaster>", "rcpt <postmaster>"},
        {"RCPT TO:<POSTMASTER@Example.org>", "rcpt <POSTMASTER@example.org>"},
        {"RCPT TO:<\"ada\"@example.org>", "rcpt <ada@example.org>"},
        {"RCPT TO:<\"a\\da\"@example.org>", "rcpt <ada@example.org>"},
        {"RCPT TO:<\"a\\\"b\"@d.example>", "rcpt <\"a\\\"b\"@d.example>"},
        {"RCPT TO:<@r1.example,@r2.example:u@d.example>",
         "rcpt <u@d.example>"},                              // RFC 5321 Appendix C
        {"RCPT TO:<a@[127.0.0.1]>", "rcpt <a@[127.0.0.1]>"}, // refused by who hosts no literal
        {"RCPT TO:<>", "error: forward path"},
        {"RCPT TO:<\"\"@d.example>", "error: forward path"},
        {"RCPT TO:<\"a\\\\\"@d.example>", "rcpt <\"a\\\\\"@d.example>"},
        {"RCPT TO:<\"a\\\"@d.example>", "error: forward path"},
        {"RCPT TO:<\"a\0b\"@d.example>"s, "error: forward path"},
        {"RCPT TO:<" + std::string(64, 'a') + "@d.example>",
         "rcpt <" + std::string(64, 'a') + "@d.example>"},
        {"RCPT TO:<" + std::string(65, 'a') + "@d.example>", "error: forward path"},
        {"RCPT TO:<a@" + std::string(64, 'a') + ".example>", "error: forward path"},
        {"RCPT TO:<a@" + std::string(128, 'a') + std::string(128, '.') + ">",
         "error: forward path"},
        {"RCPT TO:<;id>", "error: forward path"},
        {"RCPT TO:<|cmd>", "error: forward path"},
        {"RCPT TO:</etc/passwd>", "error: forward path"},
        {"RCPT TO:<../../x@d.example>", "error: forward path"},
        {"RCPT TO:<a@d.>", "error: forward path"},
        {"RCPT TO:<@d.example>", "error: forward path"},
        {"RCPT TO:<a@>", "error: forward path"},
        {"RCPT TO:<a@b@c.example>", "error: forward path"},
        {"RCPT TO:<a b@c.example>", "error: forward path"},
        {"RCPT TO:<@r1.example:>", "error: forward path"},
        {"RCPT TO:<ada@example.org", "error: forward path"},
        {"RCPT TO:ada@example.org", "error: forward path"},
        {"RCPT TO:<ada@example.org> SIZE=1", "error: unknown parameter"},
        {"RCPT TO:<ada@example.org>NOTIFY", "error: syntax"},
        {"RCPT TO:<\xc3\xbc@d.example>", "error: recipient needs smtputf8"},
        {"RCPT TO:<\xc3\xbc@d.example>", "rcpt <\xc3\xbc@d.example>", allowed},
        {"RCPT FROM:<ada@example.org>", "error: syntax"},
    };
    for (const auto& test : cases) check(test);
}

// The parameters of a MAIL, without what stands before them.
void check_mail(const std::string& parameters, const std::string& want) {
    const bool is_error = want.starts_with("error");
    check(
        {"MAIL FROM:<a@b.example> " + parameters, (is_error ? "" : "mail <a@b.example> ") + want});
}

TEST(Command, ParsesWhatASenderWantsToHear) { // RFC 3461 §4.3, §4.4
    const struct {
        std::string parameters, want;
    } cases[] = {
        {"RET=FULL", "ret=FULL"},
        {"ret=hdrs", "ret=HDRS"},
        {"RET=", "error: parameter value"},
        {"RET", "error: parameter value"},
        {"RET=HEADERS", "error: parameter value"},
        {"RET=HDRS RET=HDRS", "error: parameter value"},
        {"ENVID=QQ314159", "envid=QQ314159"},
        {"ENVID=a+20b+2Bc+3D", "envid=a b+c="},
        {"ENVID=+0D+0A", "error: parameter value"},
        {"ENVID=+E9", "error: parameter value"}, // printable US-ASCII alone
        {"ENVID=a+2b", "error: parameter value"},
        {"ENVID=\xc3\xa9", "error: parameter value"},
        {"ENVID=\xc3\xa9 SMTPUTF8", "error: parameter value"},
        {"ENVID=a ENVID=b", "error: parameter value"},
        {"ENVID=" + std::string(100, 'x'), "envid=" + std::string(100, 'x')},
        {"ENVID=" + std::string(101, 'x'), "error: parameter value"},
        {"RET=HDRS ENVID=x SIZE=5", "size=5 ret=HDRS envid=x"},
    };
    for (const auto& c : cases) check_mail(c.parameters, c.want);
}

TEST(Command, ParsesWhatASenderAsksOnTheWay) { // RFC 4865, 2852, 6710, 8689
    const struct {
        std::string parameters, want;
    } cases[] = {
        {"REQUIRETLS", "requiretls"},
        {"REQUIRETLS=1", "error: parameter value"},
        {"HOLDFOR=1", "for=1"},
        {"HOLDFOR=999999999", "for=999999999"},
        {"HOLDFOR=1000000000", "error: parameter value"},
        {"HOLDFOR=0", "error: parameter value"},
        {"HOLDFOR=01", "error: parameter value"},
        {"HOLDFOR=-1", "error: parameter value"},
        {"HOLDFOR=1s", "error: parameter value"},
        {"HOLDFOR", "error: parameter value"},
        {"HOLDUNTIL=2026-02-28T23:59:60Z", "until=2026-03-01T00:00:00Z"},
        {"HOLDUNTIL=2026-11-29t06:00:00.25+01:30", "until=2026-11-29T04:30:00Z"},
        {"HOLDUNTIL=2026-11-29T06:00:00-00:00", "until=2026-11-29T06:00:00Z"},
        {"HOLDUNTIL=2026-02-29T00:00:00Z", "error: parameter value"},
        {"HOLDUNTIL=2026-13-01T00:00:00Z", "error: parameter value"},
        {"HOLDUNTIL=2026-11-29T24:00:00Z", "error: parameter value"},
        {"HOLDUNTIL=2026-11-29T06:00:00", "error: parameter value"},
        {"HOLDUNTIL=2026-11-29T06:00:00.Z", "error: parameter value"},
        {"HOLDUNTIL=2026-11-29T06:00:00Zx", "error: parameter value"},
        {"HOLDUNTIL=2026-11-29", "error: parameter value"},
        {"HOLDUNTIL=20261129T060000Z", "error: parameter value"},
        {"HOLDFOR=1 HOLDUNTIL=2026-11-29T06:00:00Z", "error: parameter value"},
        {"BY=120;R", "by=120R"},
        {"by=+120;nt", "by=120NT"},
        {"BY=-120;N", "by=-120N"},
        {"BY=0;N", "by=0N"},
        {"BY=0;R", "error: parameter value"},
        {"BY=-1;R", "error: parameter value"},
        {"BY=1000000000;N", "error: parameter value"},
        {"BY=120", "error: parameter value"},
        {"BY=120;T", "error: parameter value"},
        {"BY=120;RTT", "error: parameter value"},
        {"BY=;R", "error: parameter value"},
        {"MT-PRIORITY=-9", "priority=-9"},
        {"MT-PRIORITY=0", "priority=0"},
        {"MT-PRIORITY=+1", "error: parameter value"},
        {"MT-PRIORITY=-0", "error: parameter value"},
        {"MT-PRIORITY=10", "error: parameter value"},
        {"MT-PRIORITY=", "error: parameter value"},
        {"MT-PRIORITY=1 MT-PRIORITY=1", "error: parameter value"},
    };
    for (const auto& c : cases) check_mail(c.parameters, c.want);
}

TEST(Command, ParsesWhatIsToldOfARecipient) { // RFC 3461 §4.1, §4.2
    const struct {
        std::string parameters, want;
        mail::Utf8 utf8 = mail::Utf8::refused;
    } cases[] = {
        {"NOTIFY=NEVER", "notify=NEVER"},
        {"notify=delay,Success", "notify=SUCCESS,DELAY"},
        {"NOTIFY=FAILURE,FAILURE", "notify=FAILURE"},
        {"NOTIFY=SUCCESS,FAILURE,DELAY", "notify=SUCCESS,FAILURE,DELAY"},
        {"NOTIFY=NEVER,SUCCESS", "error: parameter value"},
        {"NOTIFY=SUCCESS,NEVER", "error: parameter value"},
        {"NOTIFY=", "error: parameter value"},
        {"NOTIFY", "error: parameter value"},
        {"NOTIFY=,", "error: parameter value"},
        {"NOTIFY=SUCCESS,", "error: parameter value"},
        {"NOTIFY=ALWAYS", "error: parameter value"},
        {"NOTIFY=NEVER NOTIFY=NEVER", "error: parameter value"},
        {"ORCPT=rfc822;Bob@Example.COM", "orcpt=rfc822;Bob@Example.COM"},
        {"ORCPT=rfc822;bob+2Bx@d.example", "orcpt=rfc822;bob+x@d.example"},
        {"ORCPT=X-Other;some+20words", "orcpt=X-Other;some words"},
        {"ORCPT=rfc822;a+0D+0A", "error: parameter value"},
        {"ORCPT=rfc822;a+E9", "error: parameter value"},
        {"ORCPT=rfc822;", "error: parameter value"},
        {"ORCPT=;a", "error: parameter value"},
        {"ORCPT=a@b", "error: parameter value"},
        {"ORCPT=rfc 822;a", "error: parameter value"},
        {"ORCPT=a;b ORCPT=a;b", "error: parameter value"},
        {"ORCPT=rfc822;" + std::string(493, 'x'), "orcpt=rfc822;" + std::string(493, 'x')},
        {"ORCPT=rfc822;" + std::string(494, 'x'), "error: parameter value"},
        {"NOTIFY=DELAY ORCPT=rfc822;a@b", "notify=DELAY orcpt=rfc822;a@b"},
        // RFC 6533 §3
        {"ORCPT=utf-8;j\\x{FC}rgen@d.example", "orcpt=utf-8;j\xc3\xbcrgen@d.example"},
        {"ORCPT=UTF-8;a\\x{2B}\\x{5C}\\x{10FFFF}", "orcpt=UTF-8;a+\\\xf4\x8f\xbf\xbf"},
        {"ORCPT=utf-8;a\\x{20AC}b", "orcpt=utf-8;a\xe2\x82\xac"
                                    "b"},
        {"ORCPT=utf-8;a\\b", "orcpt=utf-8;a\\b"}, // does not conform: as it is
        {"ORCPT=utf-8;a\\x{0}b", "error: parameter value"},
        {"ORCPT=utf-8;a\\x{0A}b", "error: parameter value"},
        {"ORCPT=utf-8;a\\x{85}b", "error: parameter value"},
        {"ORCPT=utf-8;a\\x{41}b", "error: parameter value"}, // stands for itself
        {"ORCPT=utf-8;a\\x{D800}b", "error: parameter value"},
        {"ORCPT=utf-8;a\\x{110000}b", "error: parameter value"},
        {"ORCPT=utf-8;a\\x{fc}b", "error: parameter value"},
        {"ORCPT=utf-8;a+2Bb", "orcpt=utf-8;a+b"},
        {"ORCPT=utf-8;a+0A", "error: parameter value"},
        {"ORCPT=utf-8;j\xc3\xbcrgen@d.example", "error: parameter value"},
        {"ORCPT=utf-8;j\xc3\xbcrgen@d.example", "orcpt=utf-8;j\xc3\xbcrgen@d.example",
         mail::Utf8::allowed},
        {"ORCPT=rfc822;j\xc3\xbcrgen@d.example", "error: parameter value", mail::Utf8::allowed},
        {"ORCPT=utf-8;\xff@d.example", "error: parameter value", mail::Utf8::allowed},
    };
    for (const auto& c : cases) {
        const bool is_error = c.want.starts_with("error");
        check({"RCPT TO:<a@b.example> " + c.parameters,
               (is_error ? "" : "rcpt <a@b.example> ") + c.want, c.utf8});
    }
}

TEST(InternetDate, ComesBackAsItWas) { // RFC 3339 §5.6
    for (const auto* text : {"1970-01-01T00:00:00Z", "2000-02-29T23:59:59Z", "2026-11-29T06:15:00Z",
                             "9999-12-31T23:59:59Z"}) {
        const auto time = parse_internet_date(text);
        ASSERT_TRUE(time) << text;
        EXPECT_EQ(format_internet_date(*time), text);
    }
    EXPECT_EQ(parse_internet_date("1970-01-01T00:00:00.1239Z")->time_since_epoch().count(), 123);
    for (const auto* bad : {"", "1969-12-31T23:59:59Z", "2026-1-01T00:00:00Z", "now"})
        EXPECT_FALSE(parse_internet_date(bad)) << bad;
}

TEST(Command, ParsesAuth) {
    const Case cases[] = {
        {"AUTH PLAIN", "auth PLAIN|none"}, {"AUTH PLAIN AGEAYg==", "auth PLAIN|AGEAYg=="},
        {"auth login =", "auth login|="},  {"AUTH SCRAM-SHA-256", "auth SCRAM-SHA-256|none"},
        {"AUTH", "error: syntax"},         {"AUTH PLAIN a b", "error: syntax"},
        {"AUTH <x>", "error: syntax"},
    };
    for (const auto& test : cases) check(test);
}

TEST(Xtext, HidesNoControlCharacter) { // HARDENING 13
    EXPECT_EQ(decode_xtext("a+2Bb+3Dc"), "a+b=c");
    EXPECT_EQ(decode_xtext(""), "");
    for (const auto* bad :
         {"+0D+0A", "+00", "+7F", "a=b", "a b", "+", "+2", "+2b", "+ZZ", "\xc3\xbc"})
        EXPECT_EQ(decode_xtext(bad), std::nullopt) << bad;
}

} // namespace
} // namespace maild::smtp
