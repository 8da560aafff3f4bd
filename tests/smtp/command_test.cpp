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
        if (mail->smtputf8) out += " utf8";
        if (mail->auth) out += " auth=" + *mail->auth;
        return out;
    }
    if (const auto* rcpt = std::get_if<Rcpt>(&command)) {
        if (rcpt->forward_path.domain.empty()) return "rcpt <" + rcpt->forward_path.localpart + ">";
        return "rcpt <" + rcpt->forward_path.format() + ">";
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
    constexpr std::string_view kNames[] = {"unknown verb",      "syntax",        "hello name",
                                           "reverse path",      "forward path",  "parameter value",
                                           "unknown parameter", "needs smtputf8"};
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
        {"MAIL FROM:<a@b.example> BODY=BINARYMIME", "error: parameter value"},
        {"MAIL FROM:<a@b.example> SMTPUTF8", "mail <a@b.example> utf8"},
        {"MAIL FROM:<a@b.example> SMTPUTF8=1", "error: parameter value"},
        {"MAIL FROM:<a@b.example> RET=FULL", "error: unknown parameter"},
        {"MAIL FROM:<a@b.example> ENVID=+0D+0A", "error: unknown parameter"},
        {"MAIL FROM:<a@b.example> X-FOO", "error: unknown parameter"},
        {"MAIL FROM:<a@b.example> =1", "error: syntax"},
        {"MAIL FROM:<a@b.example> SIZE=1\x01", "error: syntax"},
        {"MAIL FROM:<a@b.example> AUTH=<>", "mail <a@b.example> auth=<>"},
        {"MAIL FROM:<a@b.example> AUTH=e+2Bx@c.example", "mail <a@b.example> auth=e+x@c.example"},
        {"MAIL FROM:<a@b.example> AUTH=<", "error: parameter value"},
        {"MAIL FROM:<a@b.example> AUTH=a+0A@b.example", "error: parameter value"},
        {"MAIL FROM:<a@b.example> AUTH=a+00@b.example", "error: parameter value"},
        {"MAIL FROM:<a@b.example> AUTH=a+2b@b.example", "error: parameter value"},
        {"MAIL FROM:<\xc3\xbc@b.example>", "error: needs smtputf8"},
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
        {"RCPT TO:<ada@example.org> NOTIFY=NEVER", "error: unknown parameter"},
        {"RCPT TO:<ada@example.org> ORCPT=rfc822;a+0D+0A", "error: unknown parameter"},
        {"RCPT TO:<ada@example.org>NOTIFY", "error: syntax"},
        {"RCPT TO:<\xc3\xbc@d.example>", "error: needs smtputf8"},
        {"RCPT TO:<\xc3\xbc@d.example>", "rcpt <\xc3\xbc@d.example>", allowed},
        {"RCPT FROM:<ada@example.org>", "error: syntax"},
    };
    for (const auto& test : cases) check(test);
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
