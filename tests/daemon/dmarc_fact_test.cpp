// What DMARC found, from the reception through the trace to the report.
#include "daemon/dmarc_fact.hpp"

#include <gtest/gtest.h>

namespace maild::daemon {
namespace {

report::DmarcFact fact() {
    report::DmarcFact fact;
    fact.time = from_unix_seconds(1'700'000'000);
    fact.source = net::parse_ip("192.0.2.1").value();
    fact.author = "mail.example.net";
    fact.envelope_from = "bounce.example.net";
    fact.record_domain = "example.net";
    fact.record = "v=DMARC1; p=reject; rua=mailto:dmarc@example.net";
    fact.is_dkim_aligned = true;
    fact.disposition = report::Disposition::quarantine;
    fact.reasons = {{"local_policy", "arc=pass"}};
    fact.dkim = {{"example.net", "s1", policy::dkim::Outcome::pass, ""},
                 {"list.example", "x", policy::dkim::Outcome::permerror, "no key"}};
    fact.spf = {"bounce.example.net", report::SpfScope::helo, policy::spf::Outcome::softfail, ""};
    return fact;
}

// What the session and the trace add to it.
trace::Record record_with(const std::optional<trace::DmarcFact>& found) {
    trace::Record record;
    record.time = fact().time;
    record.client_address = "192.0.2.1";
    record.reverse_path = "Bounce+1@Bounce.example.net";
    record.from = "Ada <ada@mail.example.net>";
    record.reply = "250 2.0.0 Ok";
    record.add({.forward_path = "bob@example.org", .is_accepted = true});
    record.dmarc = found;
    return record;
}

TEST(DmarcFacts, ComeBackFromTheTrace) {
    const auto record = trace::parse_record(trace::format_record(record_with(traced_fact(fact()))));
    ASSERT_TRUE(record);
    const auto back = fact_in(*record);
    ASSERT_TRUE(back);
    const auto want = fact();
    EXPECT_EQ(back->time, want.time);
    EXPECT_EQ(net::format_ip(back->source), "192.0.2.1");
    EXPECT_EQ(back->author + " " + back->envelope_from + " " + back->record_domain,
              "mail.example.net bounce.example.net example.net");
    EXPECT_EQ(back->record, want.record);
    EXPECT_TRUE(back->is_dkim_aligned);
    EXPECT_FALSE(back->is_spf_aligned);
    EXPECT_EQ(back->disposition, want.disposition);
    EXPECT_EQ(back->reasons, want.reasons);
    EXPECT_EQ(back->dkim, want.dkim);
    EXPECT_EQ(back->spf, want.spf);
}

TEST(DmarcFacts, AreKeptWhereSomebodyWantsAReport) {
    EXPECT_TRUE(traced_fact(fact()));
    for (const std::string_view record :
         {"v=DMARC1; p=reject", "", "v=DMARC1; p=reject; rua=https://a.example/"}) {
        auto silent = fact();
        silent.record = record;
        EXPECT_FALSE(traced_fact(silent)) << record;
    }
    auto long_one = fact();
    long_one.record += "; x=" + std::string(trace::kMaxPolicyRecord, 'x');
    EXPECT_FALSE(traced_fact(long_one)) << "what is cut says something else";
    auto none = fact();
    none.record_domain.clear();
    EXPECT_FALSE(traced_fact(none));
}

TEST(DmarcFacts, AreOfMessagesThatWillNotComeAgain) {
    auto record = record_with(traced_fact(fact()));
    record.reply = "451 4.3.0 Later";
    EXPECT_FALSE(fact_in(record));
    record.reply = "550 5.7.26 Refused";
    EXPECT_TRUE(fact_in(record));
    record.client_address = "local";
    EXPECT_FALSE(fact_in(record));
    EXPECT_FALSE(fact_in(record_with(std::nullopt)));
}

// A worker that was taken over may write anything.
TEST(DmarcFacts, TakeWordsThatNobodyHasWritten) {
    auto found = traced_fact(fact()).value();
    found.disposition = "burn";
    found.dkim[0].outcome = "perhaps";
    found.spf[0] = {};
    const auto back = fact_in(record_with(found));
    ASSERT_TRUE(back);
    EXPECT_EQ(back->disposition, report::Disposition::none);
    EXPECT_EQ(back->dkim[0].outcome, policy::dkim::Outcome::none);
    EXPECT_EQ(back->spf->outcome, policy::spf::Outcome::none);
}

TEST(DmarcFacts, KnowReportsAndWhoSendsThem) {
    ReportSettings settings;
    settings.from = "Postmaster@example.org";
    settings.mailbox = "dmarc@example.org";
    const auto is_one = [&](const auto& change) {
        auto record = record_with(traced_fact(fact()));
        change(record);
        return is_about_reports(record, settings);
    };
    EXPECT_FALSE(is_one([](trace::Record&) {}));
    EXPECT_TRUE(is_one([](auto& r) { r.reverse_path = "postmaster@EXAMPLE.org"; }));
    EXPECT_TRUE(is_one([](auto& r) { r.from = "\"Us\" <postmaster@example.org>"; }));
    EXPECT_TRUE(is_one([](auto& r) { r.from = " postmaster@example.org "; }));
    EXPECT_TRUE(is_one([](auto& r) { r.recipients[0].forward_path = "dmarc@example.org"; }));
    EXPECT_FALSE(is_one([](auto& r) {
        r.add({.forward_path = "DMARC@example.org", .is_accepted = true});
    })) << "somebody else had it, too";
    EXPECT_TRUE(is_one([](auto& r) {
        r.recipients[0].is_accepted = false;
        r.add({.forward_path = "dmarc@example.org", .is_accepted = true});
    }));
    EXPECT_FALSE(is_one([](auto& r) { r.recipients[0].is_accepted = false; }));
    settings = {};
    EXPECT_FALSE(is_one([](auto& r) { r.reverse_path.clear(); })) << "nobody's address is not ours";
}

} // namespace
} // namespace maild::daemon
