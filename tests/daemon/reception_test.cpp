#include "daemon/reception.hpp"
#include "support/fake_clock.hpp"
#include "support/memory_resolver.hpp"
#include "support/run_task.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace maild::daemon {
namespace {

using testing::HasSubstr;

class ReceptionTest : public testing::Test {
protected:
    ReceptionTest() {
        config_.hostname = "mx.example.org";
        client_.hello = "out.bank.example";
        client_.peer.address = "192.0.2.1";
        dns_.add_txt("bank.example", "v=spf1 ip4:192.0.2.1 -all");
        dns_.add_ptr("1.2.0.192.in-addr.arpa", "out.bank.example");
        dns_.add_a("out.bank.example", "192.0.2.1");
    }

    SenderChecks check(const std::string& content, std::string_view sender = "ada@bank.example") {
        smtp::Envelope envelope;
        if (!sender.empty())
            envelope.mail.reverse_path.address =
                mail::parse_address(sender, mail::Utf8::allowed).value();
        Reception reception(dns_, clock_);
        return test::run_task(reception.check(client_, envelope, content, config_));
    }

    test::FakeClock clock_;
    test::MemoryResolver dns_;
    Config config_;
    smtp::Client client_;
    const std::string mail_ = "From: Ada <ada@bank.example>\r\nSubject: x\r\n\r\nHello\r\n";
};

TEST_F(ReceptionTest, WritesWhatItFound) {
    dns_.add_txt("_dmarc.bank.example", "v=DMARC1; p=reject");
    const auto checks = check(mail_);
    EXPECT_EQ(checks.decision.disposition, policy::Disposition::accept);
    EXPECT_FALSE(checks.refusal());
    EXPECT_TRUE(checks.fields.starts_with("Authentication-Results: mx.example.org;"))
        << checks.fields;
    EXPECT_THAT(checks.fields, HasSubstr("iprev=pass"));
    EXPECT_EQ(checks.client->name, "out.bank.example");
    EXPECT_THAT(checks.fields, HasSubstr("spf=pass"));
    EXPECT_THAT(checks.fields, HasSubstr("smtp.mailfrom=bank.example"));
    EXPECT_THAT(checks.fields, HasSubstr("dkim=none"));
    EXPECT_THAT(checks.fields, HasSubstr("dmarc=pass"));
    EXPECT_THAT(checks.fields, HasSubstr("\r\nReceived-SPF: pass"));
    EXPECT_TRUE(checks.fields.ends_with("\r\n"));
    EXPECT_FALSE(checks.fields.contains("\r\n\r\n"));
}

TEST_F(ReceptionTest, AnswersAsThePolicySays) {
    client_.peer.address = "198.51.100.9";
    struct Case {
        std::string policy;
        int code;
        bool is_junk;
    };
    for (const auto& c : {Case{"v=DMARC1; p=none", 0, false},
                          {"v=DMARC1; p=quarantine", 0, true},
                          {"v=DMARC1; p=reject", 550, false},
                          {"v=DMARC1; p=reject; t=y", 0, true}}) {
        test::MemoryResolver dns;
        dns.add_txt("bank.example", "v=spf1 ip4:192.0.2.1 -all");
        dns.add_txt("_dmarc.bank.example", c.policy);
        dns_ = std::move(dns);
        const auto checks = check(mail_);
        const auto refusal = checks.refusal();
        EXPECT_EQ(refusal ? refusal->reply->code : 0, c.code) << c.policy;
        EXPECT_EQ(checks.decision.disposition == policy::Disposition::quarantine, c.is_junk)
            << c.policy;
        EXPECT_THAT(checks.fields, HasSubstr("dmarc=fail"));
    }
}

// Who may be told of success: a forged reverse-path is another's.
TEST_F(ReceptionTest, KnowsWhoseReversePathItIs) {
    const auto proves = [&](std::string_view sender, std::string_view signer = "",
                            policy::dkim::Outcome outcome = policy::dkim::Outcome::pass) {
        auto checks = check(mail_, sender);
        auto& signature = checks.message.dkim.emplace_back();
        signature.outcome = signer.empty() ? policy::dkim::Outcome::none : outcome;
        signature.domain = signer;
        smtp::ReversePath path;
        if (!sender.empty())
            path.address = mail::parse_address(sender, mail::Utf8::allowed).value();
        return checks.proves(path);
    };
    EXPECT_TRUE(proves("ada@bank.example")) << "by SPF";
    EXPECT_FALSE(proves("ada@other.example")) << "of which nothing is known";
    EXPECT_FALSE(proves("")) << "there is nobody to tell";
    client_.peer.address = "198.51.100.9";
    EXPECT_FALSE(proves("ada@bank.example"));
    EXPECT_TRUE(proves("ada@bank.example", "bank.example"));
    EXPECT_TRUE(proves("ada@out.bank.example", "bank.example")) << "one organization";
    EXPECT_FALSE(proves("ada@bank.example", "evil.example"));
    EXPECT_FALSE(proves("ada@bank.example", "bank.example", policy::dkim::Outcome::fail));
}

TEST_F(ReceptionTest, RefusesAsRfc7372Says) {
    client_.peer.address = "198.51.100.9";
    config_.verify.rejects_spf_fail = true;
    const auto by_spf = check(mail_).refusal();
    ASSERT_TRUE(by_spf && by_spf->reply);
    EXPECT_EQ(by_spf->reply->status, (smtp::Status{7, 23}));
    EXPECT_THAT(by_spf->error.internal, HasSubstr("bank.example"));
    config_.verify.rejects_spf_fail = false;
    dns_.add_txt("_dmarc.bank.example", "v=DMARC1; p=reject");
    const auto by_dmarc = check(mail_).refusal();
    ASSERT_TRUE(by_dmarc && by_dmarc->reply);
    EXPECT_EQ(by_dmarc->reply->status, (smtp::Status{7, 26}));
}

TEST_F(ReceptionTest, DefersWhileTheDnsIsSilentAboutWhatCouldSaveIt) {
    dns_.fail("bank.example", net::DnsType::txt);
    dns_.add_txt("_dmarc.bank.example", "v=DMARC1; p=reject");
    const auto checks = check(mail_);
    const auto refusal = checks.refusal();
    ASSERT_TRUE(refusal && refusal->reply);
    EXPECT_EQ(refusal->reply->code, 451);
    EXPECT_THAT(checks.fields, HasSubstr("dmarc=temperror"));
}

TEST_F(ReceptionTest, DeadDnsIsTheAdminsChoice) {
    for (const auto* name : {"bank.example", "_dmarc.bank.example", "out.bank.example"})
        dns_.fail(name);
    const auto later = check(mail_).refusal();
    ASSERT_TRUE(later && later->reply);
    EXPECT_EQ(later->reply->code, 451) << "a policy may be there";
    config_.verify.defers_without_dns = false;
    const auto checks = check(mail_);
    EXPECT_FALSE(checks.refusal());
    EXPECT_THAT(checks.fields, HasSubstr("spf=temperror"));
}

TEST_F(ReceptionTest, NullReversePathIsJudgedByHelo) {
    dns_.add_txt("out.bank.example", "v=spf1 ip4:192.0.2.1 -all");
    EXPECT_THAT(check(mail_, "").fields, HasSubstr("smtp.helo=out.bank.example"));
}

TEST_F(ReceptionTest, TellsTheTraceWhatEachCheckFound) {
    client_.peer.address = "198.51.100.9";
    dns_.add_txt("_dmarc.bank.example", "v=DMARC1; p=reject");
    std::string told;
    for (const auto& verdict : check(mail_).verdicts())
        told += verdict.stage + " " + std::to_string(static_cast<int>(verdict.outcome)) + " " +
                verdict.reason + "\n";
    EXPECT_EQ(told, "iprev 1 permerror: this address has no name (policy.iprev=198.51.100.9)\n"
                    "spf 0 none: no SPF record at out.bank.example (smtp.helo=out.bank.example)\n"
                    "spf 1 fail: by all (smtp.mailfrom=bank.example)\n"
                    "dkim 0 none: the message is not signed\n"
                    "dmarc 1 fail: nothing that was authenticated is aligned with bank.example "
                    "(header.from=bank.example, policy.dmarc=reject)\n"
                    "policy 3 reject: the policy of bank.example is reject: nothing that was "
                    "authenticated is aligned with bank.example\n");
    client_.peer.address = "192.0.2.1";
    for (const auto& verdict : check(mail_).verdicts())
        EXPECT_EQ(verdict.outcome, trace::Outcome::passed) << verdict.stage << verdict.reason;
}

TEST_F(ReceptionTest, RefusesSendersWhoTakeNoMail) { // RFC 7505 §4.2
    dns_.add_mx("null.example", 0, ".");
    dns_.add_mx("two.example", 0, ".");
    dns_.add_mx("two.example", 10, "mx.two.example");
    dns_.add_mx("good.example", 10, "mx.good.example");
    dns_.fail("silent.example");
    struct Case {
        std::string_view sender;
        int code;
    };
    for (const auto& c : {Case{"a@null.example", 550},
                          {"a@two.example", 0},
                          {"a@good.example", 0},
                          {"a@none.example", 0},
                          {"a@silent.example", 0},
                          {"a@[192.0.2.1]", 0},
                          {"", 0}}) {
        smtp::ReversePath path;
        if (!c.sender.empty())
            path.address = mail::parse_address(c.sender, mail::Utf8::allowed).value();
        Reception reception(dns_, clock_);
        const auto checked = test::run_task(reception.check_reverse_path(path));
        EXPECT_EQ(checked ? 0 : checked.error().reply->code, c.code) << c.sender;
        EXPECT_TRUE(checked || checked.error().reply->status == (smtp::Status{7, 27}));
    }
}

TEST_F(ReceptionTest, ConcernsStrangersOnPort25) {
    EXPECT_TRUE(Reception::concerns(client_, config_));
    auto local = client_;
    for (const auto* address : {"127.0.0.1", "::1"}) {
        local.peer.address = address;
        EXPECT_FALSE(Reception::concerns(local, config_)) << address;
    }
    config_.verify.exempt.clear();
    EXPECT_TRUE(Reception::concerns(local, config_));
    config_.trusted.push_back(net::parse_network("192.0.2.0/24").value());
    EXPECT_FALSE(Reception::concerns(client_, config_));
    config_.trusted.clear();
    auto user = client_;
    user.identity.emplace();
    EXPECT_FALSE(Reception::concerns(user, config_));
    for (const auto service : {smtp::Service::submission, smtp::Service::lmtp}) {
        auto other = client_;
        other.service = service;
        EXPECT_FALSE(Reception::concerns(other, config_));
    }
    config_.verify.is_enabled = false;
    EXPECT_FALSE(Reception::concerns(client_, config_));
}

TEST(WithoutFields, TakesThemOutInPlace) {
    const std::string a = "A: 1\r\n";
    const std::string forged = "X: mine\r\n folded\r\n";
    const std::string b = "B: 2\r\n";
    const std::string body = "\r\nX: mine\r\n";
    for (const auto& order : std::vector<std::vector<std::string>>{{a, b},
                                                                   {forged, a, b},
                                                                   {a, forged, b},
                                                                   {a, b, forged},
                                                                   {forged, a, forged, b, forged},
                                                                   {a, forged, forged, b},
                                                                   {forged}}) {
        std::string whole;
        std::string want;
        std::vector<policy::FieldRange> ranges;
        for (const auto& field : order) {
            if (field == forged)
                ranges.push_back({whole.size(), whole.size() + field.size()});
            else
                want += field;
            whole += field;
        }
        const auto header = whole.size() + 2;
        whole += body;
        const smtp::Content content{whole, header, false, whole.data()};
        const auto left = without_fields(content, ranges);
        EXPECT_EQ(left.bytes, want + body);
        EXPECT_EQ(left.header_size, want.size() + 2);
        EXPECT_EQ(left.octets, left.bytes.data());
    }
}

} // namespace
} // namespace maild::daemon
