// A whole message: DKIM, ARC and DMARC, and what is written of them.
#include "policy/dkim_keys.hpp"
#include "support/memory_resolver.hpp"
#include "support/run_task.hpp"

#include "maild/policy/authres_report.hpp"
#include "maild/policy/message.hpp"

#include <gtest/gtest.h>

namespace maild::policy {
namespace {

using maild::test::MemoryResolver;
using maild::test::run_task;
using policy::test::rsa_key;

constexpr std::string_view kMessage = "From: Ada <ada@mail.example.org>\r\n"
                                      "Subject: x\r\n\r\nHello\r\n";

std::string signed_message() {
    dkim::SigningOptions options;
    options.domain = "example.org";
    options.selector = "key";
    return dkim::sign(kMessage, rsa_key().signer(), options).value() + std::string(kMessage);
}

void publish(MemoryResolver& dns) {
    dns.add_txt("key._domainkey.example.org", rsa_key().record);
    dns.add_txt("_dmarc.example.org", "v=DMARC1; p=reject");
}

TEST(MessageReport, JoinsTheChecks) {
    MemoryResolver dns;
    publish(dns);
    const auto message = signed_message();
    const auto report = run_task(check_message(dns, message, {}, {}));
    EXPECT_EQ(report.dkim.front().outcome, dkim::Outcome::pass);
    EXPECT_EQ(report.arc.status, arc::ChainStatus::none);
    EXPECT_EQ(report.dmarc.outcome, dmarc::Outcome::pass);
    EXPECT_EQ(report.dmarc.dkim.domain, "example.org");

    const auto changed = message + "more";
    EXPECT_EQ(run_task(check_message(dns, changed, {}, {})).dmarc.outcome, dmarc::Outcome::fail);
    const auto by_spf = run_task(check_message(dns, changed, {"example.org"}, {}));
    EXPECT_EQ(by_spf.dmarc.outcome, dmarc::Outcome::pass);
    EXPECT_EQ(by_spf.dmarc.spf.domain, "example.org");
}

// A key that cannot be had now is no reason to refuse for good what its domain has signed.
TEST(MessageReport, IsUndecidedWhereTheDnsIs) {
    MemoryResolver dns;
    dns.add_txt("_dmarc.example.org", "v=DMARC1; p=reject");
    dns.fail("key._domainkey.example.org");
    const auto message = signed_message();
    const auto report = run_task(check_message(dns, message, {}, {}));
    EXPECT_EQ(report.dkim.front().outcome, dkim::Outcome::temperror);
    EXPECT_EQ(report.dmarc.outcome, dmarc::Outcome::temperror);
    const auto by_spf = run_task(check_message(dns, message, {"example.org"}, {}));
    EXPECT_EQ(by_spf.dmarc.outcome, dmarc::Outcome::pass);
    const auto plain = std::string(kMessage);
    EXPECT_EQ(run_task(check_message(dns, plain, {"mail.example.org", true}, {})).dmarc.outcome,
              dmarc::Outcome::temperror);
    EXPECT_EQ(run_task(check_message(dns, plain, {"elsewhere.example", true}, {})).dmarc.outcome,
              dmarc::Outcome::fail);
}

TEST(MessageReport, NeedsAnAuthor) {
    MemoryResolver dns;
    publish(dns);
    const auto report = run_task(check_message(dns, "Subject: x\r\n\r\n", {"example.org"}, {}));
    EXPECT_EQ(report.dmarc.outcome, dmarc::Outcome::permerror);
    EXPECT_EQ(report.dmarc.reason, "there is no From");
}

TEST(MessageReport, IsWrittenAsResults) {
    MemoryResolver dns;
    publish(dns);
    const auto message = signed_message();
    const auto report = run_task(check_message(dns, message, {}, {}));
    auto signature = result_of(report.dkim.front());
    ASSERT_EQ(signature.properties.back().name, "b");
    signature.properties.pop_back(); // random
    EXPECT_EQ(format_method_result(signature),
              "dkim=pass reason=\"signature and body hash are right\" header.d=example.org "
              "header.s=key header.a=rsa-sha256");
    EXPECT_EQ(format_method_result(result_of(report.dmarc)),
              "dmarc=pass reason=\"DKIM aligned with mail.example.org\" "
              "header.from=mail.example.org policy.dmarc=reject");
    EXPECT_EQ(format_method_result(result_of(report.arc)), "arc=none reason=\"there is no chain\"");
    spf::Report sender;
    sender.outcome = spf::Outcome::pass;
    sender.domain = "example.org";
    sender.mechanism = "ip4:192.0.2.1";
    EXPECT_EQ(format_method_result(result_of(sender)),
              "spf=pass reason=\"by ip4:192.0.2.1\" smtp.mailfrom=example.org");
    sender.identity = spf::Identity::helo;
    sender.problem = "no SPF record";
    EXPECT_EQ(format_method_result(result_of(sender)),
              "spf=pass reason=\"no SPF record\" smtp.helo=example.org");
    // What is not ours to choose cannot leave its place.
    dkim::Verdict hostile;
    hostile.outcome = dkim::Outcome::pass;
    hostile.domain = "example.org";
    hostile.identity = "a;b=\"c\"\r\nX: y@example.org";
    const AuthenticationResults results{"mail.example.org", 1, {result_of(hostile)}};
    const auto field = format_authentication_results(results);
    EXPECT_EQ(field.find("\r\nX"), field.npos) << field;
    const auto again = parse_authentication_results(field.substr(field.find(':') + 1));
    ASSERT_TRUE(again) << field;
    EXPECT_EQ(again->results.size(), 1U);
}

} // namespace
} // namespace maild::policy
