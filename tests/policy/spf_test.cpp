// check_host(): what the suites leave out: limits, failures, time, identities, and what is
// reported.
#include "support/fake_clock.hpp"
#include "support/memory_resolver.hpp"
#include "support/run_task.hpp"

#include "maild/policy/spf.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace maild::policy::spf {
namespace {

using testing::HasSubstr;

class Spf : public testing::Test {
protected:
    Client client(std::string_view ip, std::string_view sender = "ada@example.org") {
        const auto at = sender.find('@');
        Client out;
        out.ip = net::parse_ip(ip).value();
        out.helo = "client.example";
        if (sender.empty()) return out;
        out.local_part = sender.substr(0, at);
        out.domain = sender.substr(at + 1);
        return out;
    }
    SessionReport session(Client who) {
        const Verifier verifier{dns, clock, "mail.example.net"};
        return test::run_task(check_session(verifier, std::move(who)));
    }
    Report check(std::string_view ip, std::string_view sender = "ada@example.org") {
        return session(client(ip, sender)).of_mail_from();
    }
    void record(std::string_view terms) {
        dns.add_txt("example.org", "v=spf1 " + std::string(terms));
    }

    test::MemoryResolver dns;
    test::FakeClock clock;
};

TEST_F(Spf, SaysWhatMatched) {
    record("mx include:other.example ip4:192.0.2.0/24 -all");
    dns.add_txt("other.example", "v=spf1 ip4:198.51.100.1 -all");
    const auto pass = check("192.0.2.77");
    EXPECT_EQ(pass.outcome, Outcome::pass);
    EXPECT_EQ(pass.mechanism, "ip4:192.0.2.0/24");
    EXPECT_EQ(pass.domain, "example.org");
    EXPECT_EQ(pass.problem, "");
    EXPECT_EQ(check("198.51.100.1").mechanism, "include:other.example");
    EXPECT_EQ(check("203.0.113.1").mechanism, "all");
}

TEST_F(Spf, WithoutAMatchItIsNeutralByDefault) {
    record("ip4:192.0.2.1");
    const auto report = check("192.0.2.2");
    EXPECT_EQ(report.outcome, Outcome::neutral);
    EXPECT_EQ(report.mechanism, "default");
}

TEST_F(Spf, TellsWhyThereIsNoBetterOutcome) {
    EXPECT_THAT(check("192.0.2.1").problem, HasSubstr("no SPF record at example.org"));
    record("a:x..y ip4:1.2.3");
    EXPECT_THAT(check("192.0.2.1").problem, HasSubstr("octet 17"));
    record("-all");
    EXPECT_THAT(check("192.0.2.1").problem, HasSubstr("more than one SPF record"));
    dns.fail("example.org");
    const auto report = check("192.0.2.1");
    EXPECT_EQ(report.outcome, Outcome::temperror);
    EXPECT_THAT(report.problem, HasSubstr("no answer for example.org"));
}

// What DNSSEC condemns is no answer: an attacker who forges one gets nothing by it.
TEST_F(Spf, BogusAnswersAreTemporaryErrors) {
    record("+all");
    dns.set_bogus(true);
    EXPECT_EQ(check("192.0.2.1").outcome, Outcome::temperror);
}

TEST_F(Spf, AFailureOfTheDnsEndsIt) {
    for (const std::string term : {"a:slow.example", "mx:slow.example", "exists:slow.example",
                                   "include:slow.example", "redirect=slow.example"}) {
        dns = {};
        dns.fail("slow.example");
        record(term + (term.starts_with("redirect") ? "" : " +all"));
        EXPECT_EQ(check("192.0.2.1").outcome, Outcome::temperror) << term;
    }
    dns = {};
    dns.add_mx("mx.example", 5, "slow.example");
    dns.fail("slow.example");
    record("mx:mx.example +all");
    EXPECT_EQ(check("192.0.2.1").outcome, Outcome::temperror);
}

TEST_F(Spf, AFailureOfTheClientsNamesOnlyLeavesThemOut) { // §5.5
    dns.fail("1.2.0.192.in-addr.arpa");
    record("ptr ~all");
    EXPECT_EQ(check("192.0.2.1").outcome, Outcome::softfail);
    dns.add_ptr("2.2.0.192.in-addr.arpa", "slow.example.org");
    dns.add_ptr("2.2.0.192.in-addr.arpa", "good.example.org");
    dns.fail("slow.example.org");
    dns.add_a("good.example.org", "192.0.2.2");
    EXPECT_EQ(check("192.0.2.2").outcome, Outcome::pass);
}

TEST_F(Spf, ClientsNamesMustEndWithTheWholeLabel) {
    dns.add_ptr("1.2.0.192.in-addr.arpa", "evilexample.org");
    dns.add_a("evilexample.org", "192.0.2.1");
    record("ptr ~all");
    EXPECT_EQ(check("192.0.2.1").outcome, Outcome::softfail);
}

TEST_F(Spf, TenTermsMayLookSomethingUp) {
    for (int i = 0; i < 11; ++i) dns.add_a("h" + std::to_string(i) + ".example", "198.51.100.1");
    std::string ten;
    for (int i = 0; i < 10; ++i) ten += "a:h" + std::to_string(i) + ".example ";
    record(ten + "+all");
    EXPECT_EQ(check("192.0.2.1").outcome, Outcome::pass);
    dns.add_txt("eleven.example", "v=spf1 " + ten + "a:h10.example +all");
    const auto report = check("192.0.2.1", "ada@eleven.example");
    EXPECT_EQ(report.outcome, Outcome::permerror);
    EXPECT_EQ(report.problem, "more than 10 terms that look something up");
}

TEST_F(Spf, TheNameOfTheClientIsOneOfTheTen) { // §4.6.4, macro "p"
    std::string nine;
    for (int i = 0; i < 9; ++i) {
        dns.add_a("h" + std::to_string(i) + ".example", "198.51.100.1");
        nine += "a:h" + std::to_string(i) + ".example ";
    }
    record(nine + "exists:%{p}.example +all");
    EXPECT_EQ(check("192.0.2.1").outcome, Outcome::permerror);
}

TEST_F(Spf, TwoLookupsMayBeInVain) {
    record("a:n1.example mx:n2.example +all");
    EXPECT_EQ(check("192.0.2.1").outcome, Outcome::pass);
    dns.add_txt("three.example", "v=spf1 a:n1.example exists:n2.example ptr:n3.example +all");
    EXPECT_EQ(check("192.0.2.1", "ada@three.example").outcome, Outcome::permerror);
}

TEST_F(Spf, NestedIncludesEnd) {
    record("include:example.org +all");
    EXPECT_EQ(check("192.0.2.1").outcome, Outcome::permerror);
    EXPECT_LE(dns.asked.size(), 13U);
}

TEST_F(Spf, MxHostsAreTriedInTheirOrderAndTenAtMost) {
    record("mx -all");
    for (std::uint16_t i = 0; i < 12; ++i) {
        const auto host = "h" + std::to_string(i) + ".example.org";
        dns.add_mx("example.org", static_cast<std::uint16_t>(100 - i), host);
        dns.add_a(host, "192.0.2." + std::to_string(i));
    }
    EXPECT_EQ(check("192.0.2.11").outcome, Outcome::pass); // preference 89
    EXPECT_EQ(check("192.0.2.2").outcome, Outcome::pass);  // the tenth
    EXPECT_EQ(check("192.0.2.1").outcome, Outcome::permerror);
    EXPECT_EQ(check("203.0.113.1").outcome, Outcome::permerror);
}

TEST_F(Spf, ANullMxHasNoHosts) { // RFC 7505
    record("mx ~all");
    dns.add_mx("example.org", 0, "");
    EXPECT_EQ(check("192.0.2.1").outcome, Outcome::softfail);
}

TEST_F(Spf, MappedAddressesAreIpv4) { // §5
    record("ip4:192.0.2.1 ip6:::/0 -all");
    EXPECT_EQ(check("::ffff:192.0.2.1").mechanism, "ip4:192.0.2.1");
    EXPECT_EQ(check("::ffff:192.0.2.2").outcome, Outcome::fail);
    EXPECT_EQ(check("2001:db8::1").mechanism, "ip6:::/0");
    dns.add_txt("mapped.example", "v=spf1 ip6:::ffff:192.0.2.0/120 -all");
    EXPECT_EQ(check("192.0.2.9", "ada@mapped.example").outcome, Outcome::pass);
    EXPECT_EQ(check("192.0.3.9", "ada@mapped.example").outcome, Outcome::fail);
}

TEST_F(Spf, PrefixesAreOfTheClientsFamily) {
    record("a/24//64 -all");
    dns.add_a("example.org", "192.0.2.200");
    dns.add_aaaa("example.org", "2001:db8:1:2::1");
    EXPECT_EQ(check("192.0.2.1").outcome, Outcome::pass);
    EXPECT_EQ(check("192.0.3.1").outcome, Outcome::fail);
    EXPECT_EQ(check("2001:db8:1:2:3::").outcome, Outcome::pass);
    EXPECT_EQ(check("2001:db8:1:3::").outcome, Outcome::fail);
}

TEST_F(Spf, LocalPartsInUtf8MatchNoMacro) { // RFC 8616 §4
    record("exists:%{l}.example -all");
    EXPECT_EQ(check("192.0.2.1", "j\xc3\xb8rn@example.org").outcome, Outcome::fail);
    EXPECT_EQ(dns.asked.size(), 1U + 1U); // HELO's record and this domain's
}

TEST_F(Spf, TheOwnerExplains) {
    record("-all exp=why.%{d}");
    dns.add_txt("why.example.org", "%{c} is not %{o}'s, %{l}; see http://x.example/?%{S} at %{r}");
    EXPECT_EQ(check("192.0.2.1").explanation,
              "192.0.2.1 is not example.org's, ada; see "
              "http://x.example/?ada%40example.org at mail.example.net");
    EXPECT_EQ(check("192.0.2.1", "@example.org").explanation->substr(0, 45),
              "192.0.2.1 is not example.org's, postmaster; s");
}

TEST_F(Spf, ExplanationsGoIntoNoReplyIfTheyCannot) {
    record("-all exp=why.example.org");
    dns.add_txt("why.example.org", "you said %{h}");
    auto who = client("192.0.2.1");
    who.helo = "two\r\nlines.example";
    EXPECT_EQ(session(who).of_mail_from().explanation, std::nullopt);
    who.helo = std::string(2000, 'x');
    EXPECT_EQ(session(who).of_mail_from().explanation, std::nullopt);
    who.helo = "one.example";
    EXPECT_EQ(session(who).of_mail_from().explanation, "you said one.example");
}

TEST_F(Spf, HeloIsCheckedFirstAndItsFailDecides) { // §2.3
    record("+all");
    EXPECT_EQ(session(client("192.0.2.1")).decisive().outcome, Outcome::pass);
    dns.add_txt("client.example", "v=spf1 ip4:192.0.2.1 -all");
    EXPECT_EQ(session(client("192.0.2.1")).decisive().identity, Identity::mail_from);
    const auto refused = session(client("192.0.2.2"));
    EXPECT_EQ(refused.decisive().outcome, Outcome::fail);
    EXPECT_EQ(refused.decisive().identity, Identity::helo);
    EXPECT_EQ(refused.of_mail_from().outcome, Outcome::pass);
}

TEST_F(Spf, TheNullReversePathIsHelosPostmaster) { // §2.4
    dns.add_txt("client.example", "v=spf1 exists:%{l}.%{o}.example -all");
    dns.add_a("postmaster.client.example.example", "127.0.0.2");
    const auto report = session(client("192.0.2.1", ""));
    EXPECT_FALSE(report.mail_from);
    EXPECT_EQ(report.of_mail_from().outcome, Outcome::pass);
    EXPECT_EQ(report.decisive().identity, Identity::helo);
}

TEST_F(Spf, WhatIsNoDomainIsNotAskedFor) { // §4.3
    auto who = client("192.0.2.1", "");
    for (const std::string helo :
         {"[192.0.2.1]", "localhost", "", "a..b", "\xc3\xb8.example", "[IPv6:2001:db8::1]"}) {
        who.helo = helo;
        EXPECT_EQ(session(who).helo.outcome, Outcome::none) << helo;
    }
    EXPECT_TRUE(dns.asked.empty());
}

// Each question takes 3 seconds of this clock's: behind 20 there is no further one.
TEST_F(Spf, HasTwentySecondsForAll) {
    clock.advance_with_each_look(std::chrono::seconds(3));
    std::string terms;
    for (int i = 0; i < 9; ++i) {
        dns.add_a("h" + std::to_string(i) + ".example", "198.51.100.1");
        terms += "a:h" + std::to_string(i) + ".example ";
    }
    record(terms + "+all");
    const auto report = check("192.0.2.1");
    EXPECT_EQ(report.outcome, Outcome::temperror);
    EXPECT_THAT(report.problem, HasSubstr("time"));
    EXPECT_LE(dns.asked.size(), 7U);
}

std::string received(const Report& report, const Client& client) {
    return format_received(report, client, "mail.example.net");
}

TEST_F(Spf, WritesReceivedSpf) { // §9.1
    record("ip4:192.0.2.1 -all");
    const auto who = client("192.0.2.1");
    EXPECT_EQ(
        received(check("192.0.2.1"), who),
        "Received-SPF: pass\r\n"
        " (mail.example.net: domain of example.org designates 192.0.2.1 as permitted sender)\r\n"
        " receiver=mail.example.net; client-ip=192.0.2.1;\r\n"
        " envelope-from=\"ada@example.org\"; helo=client.example; identity=mailfrom;\r\n"
        " mechanism=\"ip4:192.0.2.1\"\r\n");
    const auto none = session(client("2001:db8::1", ""));
    EXPECT_EQ(format_received(none.helo, client("2001:db8::1", ""), ""),
              "Received-SPF: none\r\n"
              " (domain of client.example does not designate permitted senders)\r\n"
              " client-ip=\"2001:db8::1\"; envelope-from=\"postmaster@client.example\";\r\n"
              " helo=client.example; identity=helo;\r\n"
              " problem=\"no SPF record at client.example\"\r\n");
}

TEST_F(Spf, ReceivedSpfIsOneFieldWhateverItHolds) {
    auto who = client("192.0.2.1");
    who.helo = "a\r\nX-Evil: 1\r\n\r\n(\"\\";
    who.local_part = "j\xc3\xb8rn \"x\"";
    const auto field = received(session(who).helo, who);
    EXPECT_THAT(field, HasSubstr("helo=\"a?"
                                 "?X-Evil: 1?"
                                 "?"
                                 "?"
                                 "?(\\\"\\\\\";"));
    EXPECT_THAT(field, HasSubstr("envelope-from=\"j\xc3\xb8rn \\\"x\\\"@example.org\""));
    EXPECT_THAT(field, HasSubstr("?\\(\"\\\\ does not")); // in the comment
    who.local_part = "broken\xff";
    EXPECT_THAT(received(session(who).helo, who), HasSubstr("\"broken?@example.org\""));
    who.helo = std::string(5000, 'x');
    const auto long_field = received(session(who).helo, who);
    std::size_t begin = 0;
    for (auto end = long_field.find("\r\n"); end != std::string::npos;
         end = long_field.find("\r\n", begin)) {
        EXPECT_LE(end - begin, 998U);
        begin = end + 2;
    }
}

} // namespace
} // namespace maild::policy::spf
