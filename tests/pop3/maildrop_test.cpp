#include "pop3/maildrop.hpp"

#include <gtest/gtest.h>

#include <set>

namespace maild::pop3 {
namespace {

Maildrop make_maildrop(std::initializer_list<std::uint32_t> uids) {
    std::vector<MaildropMessage> messages;
    for (const auto uid : uids) messages.push_back({.uid = Uid(uid), .size = 10});
    return {UidValidity(7), std::move(messages)};
}

std::string text(const store::UidSet& uids) {
    std::string out;
    for (const auto& range : uids)
        out += std::to_string(range.first.value) + ":" + std::to_string(range.last.value) + " ";
    return out;
}

TEST(Pop3Maildrop, CountsWhatIsNotMarked) {
    auto maildrop = make_maildrop({1, 5, 9});
    maildrop.mark_deleted(MessageNumber(2));
    EXPECT_EQ(maildrop.count(), 2U);
    EXPECT_EQ(maildrop.octets(), 20U);
    EXPECT_EQ(maildrop.find(MessageNumber(2)), nullptr);
    EXPECT_EQ(maildrop.find(MessageNumber(3))->uid, Uid(9)) << "numbers do not shift";
    EXPECT_EQ(maildrop.find(MessageNumber(0)), nullptr);
    EXPECT_EQ(maildrop.find(MessageNumber(4)), nullptr);
    maildrop.unmark_deleted();
    EXPECT_EQ(maildrop.count(), 3U);
    EXPECT_EQ(maildrop.octets(), 30U);
}

TEST(Pop3Maildrop, MakesRangesOfNeighbours) {
    auto maildrop = make_maildrop({1, 5, 9, 10, 20});
    for (const auto number : {1U, 2U, 4U}) maildrop.mark_deleted(MessageNumber(number));
    maildrop.mark_retrieved(MessageNumber(1));
    maildrop.mark_retrieved(MessageNumber(3));
    maildrop.mark_retrieved(MessageNumber(5));
    EXPECT_EQ(text(maildrop.deleted()), "1:5 10:10 ");
    EXPECT_EQ(text(maildrop.seen()), "9:9 20:20 ");
}

TEST(Pop3Maildrop, ReadsAheadWithinLimits) {
    auto maildrop = make_maildrop({1, 2, 3, 4, 5});
    EXPECT_EQ(text(maildrop.uids_from(MessageNumber(2), 2, 1000)), "2:3 ");
    EXPECT_EQ(text(maildrop.uids_from(MessageNumber(2), 9, 25)), "2:3 ");
    EXPECT_EQ(text(maildrop.uids_from(MessageNumber(2), 9, 5)), "2:2 ") << "it was asked for";
    maildrop.mark_deleted(MessageNumber(3));
    EXPECT_EQ(text(maildrop.uids_from(MessageNumber(2), 9, 1000)), "2:2 4:5 ");
}

TEST(Pop3Maildrop, UniqueIdsAreUniqueAndPrintable) { // RFC 1939 §7, HARDENING 57
    const auto maildrop = make_maildrop({1, 0x10, 0xffffffff});
    std::set<std::string> seen;
    for (MessageNumber number(1); number <= maildrop.last(); ++number.value) {
        const auto id = maildrop.unique_id(*maildrop.find(number));
        EXPECT_EQ(id.size(), 16U);
        EXPECT_TRUE(seen.insert(id).second) << id;
    }
    EXPECT_TRUE(seen.contains("ffffffff00000007"));
}

} // namespace
} // namespace maild::pop3
