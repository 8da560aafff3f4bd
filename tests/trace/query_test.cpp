#include "trace/sample.hpp"

#include "maild/trace/query.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace maild::trace {
namespace {

bool may_match(const Query& query, const Record& record) {
    const auto keys = keys_of(record);
    return std::ranges::all_of(query.keys(), [&](const auto& any) {
        return std::ranges::any_of(
            any, [&](std::uint64_t key) { return std::ranges::binary_search(keys, key); });
    });
}

TEST(TraceQuery, FindsARecordByEachOfItsNames) {
    struct Case {
        Query query;
        bool want;
    };
    const Case cases[] = {
        {{}, true},
        {{.any_id = "S0ME5E55I0N00.1"}, true},
        {{.any_id = "s0me5e55i0n00.1"}, true},
        {{.any_id = "S0ME5E55I0N00"}, true},
        {{.any_id = "12"}, true}, // the queue id
        {{.any_id = "<one@client.example>"}, true},
        {{.any_id = "one@client.example"}, true},
        {{.any_id = "bob@client.example"}, false},
        {{.any_id = "3"}, false}, // a UID is no id
        {{.message_id = "One@client.example"}, true},
        {{.message_id = "S0ME5E55I0N00.1"}, false},
        {{.recipient = "TEAM@example.org"}, true},
        {{.recipient = "ada@example.org"}, true},
        {{.recipient = "eve@remote.example"}, true},
        {{.recipient = "nobody@example.org"}, true},
        {{.recipient = "bob@client.example"}, false},
        {{.sender = "bob@client.example"}, true},
        {{.sender = "bob.b@client.example"}, true}, // in From
        {{.sender = "ada@example.org"}, false},
        {{.client = "192.0.2.7"}, true},
        {{.client = "192.0.2.70"}, false},
        {{.recipient = "ada@example.org", .sender = "bob@client.example"}, true},
        {{.recipient = "ada@example.org", .sender = "eve@client.example"}, false},
    };
    for (std::size_t i = 0; i < std::size(cases); ++i) {
        EXPECT_EQ(cases[i].query.matches(test::sample()), cases[i].want) << "case " << i;
        EXPECT_EQ(may_match(cases[i].query, test::sample()), cases[i].want) << "case " << i;
    }
}

TEST(TraceQuery, PassesOverOlderOnes) {
    Query query;
    query.since = test::sample().time;
    EXPECT_TRUE(query.matches(test::sample()));
    query.since += std::chrono::milliseconds(1);
    EXPECT_FALSE(query.matches(test::sample()));
}

TEST(TraceQuery, TakesADayAndWhatDmarcSaw) {
    auto record = test::sample();
    Query day{.since = record.time, .before = record.time + std::chrono::hours(24)};
    day.has_dmarc = true;
    EXPECT_TRUE(day.matches(record));
    record.time = day.before;
    EXPECT_FALSE(day.matches(record));
    record.time = day.since;
    record.dmarc.reset();
    EXPECT_FALSE(day.matches(record));
}

// Sessions are no messages: who looks for these does not see them.
TEST(TraceQuery, TakesTlsSessionsOnlyWhereTheyAreAskedFor) {
    auto record = test::sample();
    EXPECT_TRUE(Query{}.matches(record));
    EXPECT_FALSE(Query{.has_tls = true}.matches(record));
    record.tls_session = TlsFact{.domain = "far.example"};
    EXPECT_FALSE(Query{}.matches(record));
    EXPECT_TRUE(Query{.has_tls = true}.matches(record));
}

// They stand in files: another function would not find what is there.
TEST(TraceQuery, HashesAreTheSameForEver) {
    Record record;
    record.id = "A.1";
    EXPECT_EQ(keys_of(record), (std::vector<std::uint64_t>{0x9cef075a2967e816ULL}));
}

} // namespace
} // namespace maild::trace
