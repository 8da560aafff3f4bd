#include "maild/policy/disposition.hpp"

#include <gtest/gtest.h>

namespace maild::policy {
namespace {

using dmarc::Outcome;
using dmarc::Policy;

MessageReport message(Outcome outcome, Policy policy) {
    MessageReport report;
    report.dkim.push_back({});
    report.dmarc.outcome = outcome;
    report.dmarc.policy = policy;
    report.dmarc.reason = "nothing is aligned";
    report.dmarc.record_domain = "bank.example";
    return report;
}

spf::SessionReport spf_of(spf::Outcome helo, spf::Outcome mail_from) {
    spf::SessionReport session;
    session.helo = {helo, spf::Identity::helo, "mx.example", "-all", {}, {}};
    session.mail_from =
        spf::Report{mail_from, spf::Identity::mail_from, "a.example", "-all", {}, {}};
    return session;
}

TEST(Disposition, FollowsTheDomainsPolicy) {
    struct Case {
        Outcome outcome;
        Policy policy;
        Disposition want;
    };
    for (const auto& c : {
             Case{Outcome::pass, Policy::reject, Disposition::accept},
             {Outcome::none, Policy::none, Disposition::accept},
             {Outcome::fail, Policy::none, Disposition::accept},
             {Outcome::fail, Policy::quarantine, Disposition::quarantine},
             {Outcome::fail, Policy::reject, Disposition::reject},
             {Outcome::permerror, Policy::none, Disposition::accept},
             {Outcome::permerror, Policy::quarantine, Disposition::quarantine},
             {Outcome::permerror, Policy::reject, Disposition::reject},
             {Outcome::temperror, Policy::none, Disposition::accept},
             {Outcome::temperror, Policy::quarantine, Disposition::accept},
             {Outcome::temperror, Policy::reject, Disposition::defer},
         }) {
        const auto decision = decide({}, std::nullopt, message(c.outcome, c.policy));
        EXPECT_EQ(name_of(decision.disposition), name_of(c.want))
            << dmarc::name_of(c.outcome) << " " << dmarc::name_of(c.policy);
        EXPECT_EQ(decision.by == Decision::By::dmarc, c.want != Disposition::accept);
        EXPECT_EQ(decision.reason.contains("bank.example"), c.want != Disposition::accept);
        const auto marked =
            decide({.enforces_dmarc = false}, std::nullopt, message(c.outcome, c.policy));
        EXPECT_EQ(marked.disposition, Disposition::accept);
    }
}

TEST(Disposition, RefusesAFromThatNobodyCanRead) {
    auto report = message(Outcome::permerror, Policy::reject);
    report.dmarc.record_domain.clear(); // more stands there than was looked at
    const auto decision = decide({}, std::nullopt, report);
    EXPECT_EQ(decision.disposition, Disposition::reject);
    EXPECT_EQ(decision.reason, "the policy here is reject: nothing is aligned");
}

TEST(Disposition, LetsATrustedSealerOutweighDmarc) { // RFC 8617 §7.2
    const LocalPolicy policy{.trusted_sealers = {"lists.example"}};
    auto report = message(Outcome::fail, Policy::reject);
    const auto with = [&](arc::ChainStatus status, std::vector<arc::Seal> seals) {
        report.arc = {status, "", std::move(seals)};
        return decide(policy, std::nullopt, report);
    };
    using arc::ChainStatus;
    const arc::Seal other{1, "other.example", "s"};
    const arc::Seal lists{2, "Lists.Example", "s"};
    EXPECT_EQ(with(ChainStatus::pass, {other, lists}).disposition, Disposition::accept);
    EXPECT_EQ(with(ChainStatus::pass, {other, lists}).overruled_by, "lists.example");
    EXPECT_EQ(with(ChainStatus::pass, {lists, other}).disposition, Disposition::reject)
        << "the last one answers for what it sends on";
    EXPECT_EQ(with(ChainStatus::fail, {other, lists}).disposition, Disposition::reject);
    EXPECT_EQ(with(ChainStatus::none, {}).disposition, Disposition::reject);
    EXPECT_EQ(with(ChainStatus::pass, {}).disposition, Disposition::reject);
}

TEST(Disposition, RejectsSpfFailuresWhereWanted) {
    const auto good = message(Outcome::pass, Policy::reject);
    const LocalPolicy strict{.rejects_spf_fail = true};
    using spf::Outcome;
    struct Case {
        Outcome helo, mail_from;
        std::string want;
    };
    for (const auto& c : {
             Case{Outcome::none, Outcome::pass, ""},
             {Outcome::none, Outcome::softfail, ""},
             {Outcome::none, Outcome::temperror, ""},
             {Outcome::none, Outcome::fail, "SPF of a.example is fail by -all"},
             {Outcome::fail, Outcome::pass, "SPF of mx.example is fail by -all"},
         }) {
        const auto session = spf_of(c.helo, c.mail_from);
        EXPECT_EQ(decide(strict, session, good).reason, c.want);
        EXPECT_EQ(decide(strict, session, good).disposition,
                  c.want.empty() ? Disposition::accept : Disposition::reject);
        EXPECT_EQ(decide({}, session, good).disposition, Disposition::accept);
    }
    auto bounce = spf_of(Outcome::fail, Outcome::none);
    bounce.mail_from.reset();
    EXPECT_EQ(decide(strict, bounce, good).by, Decision::By::spf) << "a null reverse-path";
}

} // namespace
} // namespace maild::policy
