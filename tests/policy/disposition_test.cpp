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
             {Outcome::temperror, Policy::quarantine, Disposition::defer},
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

TEST(Disposition, WaitsForTheDnsWhereItCouldMatter) {
    const LocalPolicy lenient{.defers_without_dns = false};
    struct Case {
        Policy policy;
        std::string where;
        Disposition want, want_lenient;
    };
    for (const auto& c : {
             Case{Policy::none, "", Disposition::defer, Disposition::accept}, // not known
             {Policy::none, "bank.example", Disposition::accept, Disposition::accept},
             {Policy::quarantine, "bank.example", Disposition::defer, Disposition::quarantine},
             {Policy::reject, "bank.example", Disposition::defer, Disposition::defer},
         }) {
        auto report = message(Outcome::temperror, c.policy);
        report.dmarc.record_domain = c.where;
        EXPECT_EQ(name_of(decide({}, std::nullopt, report).disposition), name_of(c.want));
        EXPECT_EQ(name_of(decide(lenient, std::nullopt, report).disposition),
                  name_of(c.want_lenient));
    }
}

TEST(Disposition, LetsATrustedSealerOutweighDmarc) { // RFC 8617 §7.2
    using arc::ChainStatus;
    const LocalPolicy policy{.trusted_sealers = {"lists.example"}};
    const arc::Seal other{1, "other.example", "s"};
    const arc::Seal lists{2, "Lists.Example", "s"};
    const std::string good = " lists.example; dmarc=pass header.from=Bank.example";
    auto report = message(Outcome::fail, Policy::reject);
    report.dmarc.author = "bank.example";
    const auto with = [&](arc::Verdict verdict) {
        report.arc = std::move(verdict);
        return decide(policy, std::nullopt, report);
    };
    const auto best = with({ChainStatus::pass, "", {other, lists}, false, good, ""});
    EXPECT_EQ(best.disposition, Disposition::accept);
    EXPECT_EQ(best.overruled_by, "lists.example");
    const struct {
        const char* what;
        arc::Verdict verdict;
        Disposition want;
    } cases[] = {
        {"the last one answers for what it sends on",
         {ChainStatus::pass, "", {lists, other}, false, good, ""},
         Disposition::reject},
        {"a broken chain",
         {ChainStatus::fail, "", {other, lists}, false, good, ""},
         Disposition::reject},
        {"no chain", {ChainStatus::none, "", {}, false, "", ""}, Disposition::reject},
        {"it says that DMARC has failed there",
         {ChainStatus::pass, "", {other, lists}, false, " lists.example; dmarc=fail", ""},
         Disposition::reject},
        {"it speaks of another author",
         {ChainStatus::pass,
          "",
          {other, lists},
          false,
          " l; dmarc=pass header.from=evil.example",
          ""},
         Disposition::reject},
        {"it says nothing",
         {ChainStatus::pass, "", {other, lists}, false, " lists.example; none", ""},
         Disposition::reject},
        {"a From that was added above what is signed",
         {ChainStatus::pass, "", {other, lists}, false, good, "From"},
         Disposition::reject},
        {"its key is not told",
         {ChainStatus::fail, "", {other, lists}, true, good, ""},
         Disposition::defer},
        {"another's key is not told",
         {ChainStatus::fail, "", {lists, other}, true, good, ""},
         Disposition::reject},
    };
    for (const auto& c : cases)
        EXPECT_EQ(name_of(with(c.verdict).disposition), name_of(c.want)) << c.what;
    report.dmarc.outcome = Outcome::permerror;
    EXPECT_EQ(with({ChainStatus::pass, "", {other, lists}, false, good, ""}).disposition,
              Disposition::reject)
        << "no seal helps a From that nobody can read";
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
