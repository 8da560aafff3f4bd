// TLS sessions on their way into the traces and out again.
#include "daemon/tls_records.hpp"

#include <gtest/gtest.h>

namespace maild::daemon {
namespace {

class KeptRecords final : public trace::Sink {
public:
    bool is_wanted() const override { return is_on; }
    void record(trace::Record record) override { kept.push_back(std::move(record)); }
    bool is_on = true;
    std::vector<trace::Record> kept;
};

sender::TlsSession session(relay::TlsResult result) {
    return {.domain = "far.example",
            .policy_type = "sts",
            .policy_domain = "far.example",
            .policy = {"version: STSv1", "mode: testing", "mx: *.far.example"},
            .mx_hosts = {"*.far.example"},
            .result = result,
            .reason = "because",
            .sending_ip = "192.0.2.1",
            .host = "mx.far.example",
            .receiving_ip = "2001:db8::1"};
}

TEST(TlsRecords, CountThoseThatWereAlike) {
    KeptRecords sink;
    TlsRecords records(sink);
    for (int i = 0; i < 5; ++i) records.met(session(relay::TlsResult::success));
    records.met(session(relay::TlsResult::certificate_expired));
    EXPECT_TRUE(sink.kept.empty());
    records.flush();
    ASSERT_EQ(sink.kept.size(), 2U);
    EXPECT_EQ(sink.kept[0].tls_session->sessions, 5U);
    records.flush();
    EXPECT_EQ(sink.kept.size(), 2U);
}

TEST(TlsRecords, ComeBackAsTheyWere) {
    KeptRecords sink;
    TlsRecords records(sink);
    records.met(session(relay::TlsResult::certificate_expired));
    records.flush();
    const auto bytes = trace::format_record(sink.kept.at(0));
    const auto fact = tls_fact_in(trace::parse_record(bytes).value()).value();
    EXPECT_EQ(fact.domain + fact.policy_type + fact.policy_domain, "far.examplestsfar.example");
    EXPECT_EQ(fact.policy, session({}).policy);
    EXPECT_EQ(fact.mx_hosts, session({}).mx_hosts);
    EXPECT_EQ(fact.result, "certificate-expired");
    EXPECT_EQ(fact.reason + fact.sending_ip, "because192.0.2.1");
    EXPECT_EQ(fact.receiving_host + fact.receiving_ip, "mx.far.example2001:db8::1");
    EXPECT_EQ(fact.sessions, 1U);
    EXPECT_FALSE(tls_fact_in(trace::Record()));
}

TEST(TlsRecords, AreBounded) {
    KeptRecords sink;
    TlsRecords records(sink);
    for (std::size_t i = 0; i < TlsRecords::kMostAtOnce; ++i) {
        auto one = session(relay::TlsResult::success);
        one.host = std::to_string(i);
        records.met(std::move(one));
    }
    EXPECT_EQ(sink.kept.size(), TlsRecords::kMostAtOnce);
    sink.is_on = false;
    records.met(session(relay::TlsResult::success));
    records.flush();
    EXPECT_EQ(sink.kept.size(), TlsRecords::kMostAtOnce) << "nothing is to be remembered";
}

} // namespace
} // namespace maild::daemon
