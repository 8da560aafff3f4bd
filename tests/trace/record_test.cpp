#include "trace/sample.hpp"

#include "maild/trace/record.hpp"

#include <gtest/gtest.h>

namespace maild::trace {
namespace {

TEST(TraceRecord, ComesBackAsItWas) {
    const auto record = test::sample();
    const auto back = parse_record(format_record(record));
    ASSERT_TRUE(back);
    EXPECT_EQ(test::text_of(*back), test::text_of(record));
    EXPECT_EQ(back->recipients.size(), 2U);
    EXPECT_EQ(back->time, record.time);
}

TEST(TraceRecord, BringsTlsSessionsBack) {
    Record record;
    record.tls_session = TlsFact{.domain = "far.example",
                                 .policy_type = "sts",
                                 .policy_domain = "far.example",
                                 .policy = "version: STSv1\nmode: testing",
                                 .mx_hosts = "*.far.example",
                                 .result = "certificate-expired",
                                 .reason = "because",
                                 .sending_ip = "192.0.2.1",
                                 .host = "mx.far.example",
                                 .receiving_ip = "2001:db8::1",
                                 .sessions = 7};
    const auto back = parse_record(format_record(record));
    ASSERT_TRUE(back);
    EXPECT_EQ(test::text_of(*back), test::text_of(record));
    record.tls_session->policy.assign(100'000, 'x');
    EXPECT_LT(format_record(record).size(), 3'000U);
}

TEST(TraceRecord, TakesLittleRoom) {
    auto record = test::sample();
    const auto with_dmarc = format_record(record).size();
    record.dmarc.reset();
    EXPECT_LT(format_record(record).size(), 600U);
    EXPECT_LT(with_dmarc, format_record(record).size() + 300U);
    EXPECT_EQ(format_record({}).size(), 0U);
}

TEST(TraceRecord, CutsTextsBetweenCharacters) {
    struct Case {
        std::string_view text;
        std::size_t limit;
        std::string_view want;
    };
    const Case cases[] = {
        {"abc", 3, "abc"},
        {"abcd", 3, "abc"},
        {"ab\xc3\xa4", 3, "ab"},     // ä
        {"a\xe2\x82\xac", 3, "a"},   // €
        {"\xf0\x9f\x93\xac", 3, ""}, // a mailbox
        {"x\xf0\x9f\x93\xac", 5, "x\xf0\x9f\x93\xac"},
        {"\x80\x80\x80\x80\x80", 4, "\x80\x80\x80\x80"}, // no UTF-8: cut where it is too long
        {"", 0, ""},
    };
    for (const auto& c : cases) EXPECT_EQ(clipped(c.text, c.limit), c.want) << c.text;
}

TEST(TraceRecord, BoundsWhatAPeerSays) {
    Record record;
    record.subject.assign(100'000, 'x');
    const std::string name(5'000, 'd');
    record.dmarc = DmarcFact{.author = name, .record = name, .disposition = name};
    for (int i = 0; i < 50; ++i) {
        record.dmarc->dkim.push_back({name, name, name, name});
        record.dmarc->spf.push_back({name, name, name, name});
        record.dmarc->reasons.push_back({name, name});
    }
    record.tls_session = TlsFact{name, name, name, name, name, name, name, name, name, name, 1};
    for (int i = 0; i < 1000; ++i) record.verdicts.push_back({"stage", Outcome::noted, "why"});
    for (int i = 0; i < 90; ++i) {
        Recipient recipient;
        recipient.is_accepted = true;
        recipient.forward_path.assign(5'000, 'a');
        for (int step = 0; step < 100; ++step)
            recipient.steps.push_back({"alias", std::string(500, 'b'), std::string(500, 'c')});
        record.add(recipient);
    }
    const auto bytes = format_record(record);
    EXPECT_LE(bytes.size(), kMaxRecord);
    const auto back = parse_record(bytes);
    ASSERT_TRUE(back);
    EXPECT_EQ(back->recipients.size() + back->more_accepted, 90U);
    EXPECT_GE(back->recipients.size(), 3U);
    EXPECT_EQ(back->subject.size(), 400U);
    ASSERT_TRUE(back->dmarc);
    EXPECT_EQ(back->dmarc->dkim.size(), 10U);
    EXPECT_EQ(back->dmarc->spf.size(), 2U);
    EXPECT_EQ(back->dmarc->record.size(), kMaxPolicyRecord);
    ASSERT_TRUE(back->tls_session);
    EXPECT_EQ(back->tls_session->policy.size(), 2048U);
}

TEST(TraceRecord, CountsRecipientsBeyondAHundred) {
    Record record;
    for (int i = 0; i < 150; ++i) record.add({.forward_path = "a@b", .is_accepted = i % 3 != 0});
    EXPECT_EQ(record.recipients.size(), kMaxRecipients);
    EXPECT_EQ(record.more_accepted, 34U);
    EXPECT_EQ(record.more_refused, 16U);
}

TEST(TraceRecord, PassesOverFieldsOfLaterVersions) {
    Record record;
    record.id = "X.1";
    const auto bytes = format_record(record);
    const auto later = bytes + "\xc8\x01\x05" + "\xcb\x01\x02hi"; // tag 100: 5; tag 101: "hi"
    const auto back = parse_record(later);
    ASSERT_TRUE(back);
    EXPECT_EQ(back->id, "X.1");
}

// Written before there was Record::dmarc: what comes behind the reply is not there.
TEST(TraceRecord, ReadsThoseOfEarlierVersions) {
    const std::string_view bytes = "\x03\x03X.1\x27\x03"
                                   "250";
    const auto record = parse_record(bytes);
    ASSERT_TRUE(record);
    EXPECT_EQ(record->id + record->reply, "X.1250");
    EXPECT_FALSE(record->dmarc);
}

TEST(TraceRecord, RefusesWhatIsNone) {
    const std::string_view cases[] = {
        "\x03", // a text without its length
        "\x03\x05"
        "abc", // longer than what is left
        "\x05\x01"
        "a"
        "\x03\x01"
        "b",                                            // tags descend
        "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", // a number without end
        "\x1f\x02\x04\x09", // a verdict with an outcome that nobody knows
        "\x1f\x01\x03",     // a verdict cut off
    };
    for (const auto bytes : cases)
        EXPECT_FALSE(parse_record(bytes)) << testing::PrintToString(bytes);
    EXPECT_FALSE(parse_record(std::string(kMaxRecord + 1, '\0')));
}

} // namespace
} // namespace maild::trace
