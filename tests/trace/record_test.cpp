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

TEST(TraceRecord, TakesLittleRoom) {
    EXPECT_LT(format_record(test::sample()).size(), 600U);
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
    EXPECT_GT(back->recipients.size(), 3U);
    EXPECT_EQ(back->subject.size(), 400U);
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
