#include "imap/mailbox_view.hpp"

#include <gtest/gtest.h>

namespace maild::imap {
namespace {

MailboxView view_of(std::initializer_list<std::uint32_t> uids) {
    store::OpenedMailbox opened;
    for (const auto uid : uids) opened.messages.push_back({Uid(uid), {}, ModSeq(1)});
    opened.first_recent = Uid(1000);
    opened.status.highest_modseq = ModSeq(1);
    return {std::move(opened), false, {}};
}

void change(MailboxView& view, std::uint32_t uid, std::uint64_t flags, std::uint64_t modseq) {
    view.apply(store::Change(
        store::FlagsChanged{{{Uid(uid), Uid(uid)}}, store::Flags{flags}, ModSeq(modseq)}));
}

std::string news(MailboxView& view) {
    std::string out;
    view.announce(out, ExpungeRule::hold, false);
    return out;
}

TEST(MailboxView, ForgetsWhatASilentStoreMade) {
    auto view = view_of({1, 2});
    change(view, 1, store::kFlagged, 5);
    view.forget_changes({{Uid(1), Uid(1)}}, ModSeq(5));
    EXPECT_EQ(news(view), "");
}

// RFC 9051 §6.4.6: who adds its own change to the last flags it heard of must come out right, so
// what another did after that change is told behind the command.
TEST(MailboxView, HoldsWhatOthersChangedDuringASilentStore) {
    auto view = view_of({1, 2, 3});
    change(view, 1, store::kFlagged, 5); // this session's
    change(view, 1, 0, 6);               // another's
    change(view, 3, store::kSeen, 6);
    view.forget_changes({{Uid(1), Uid(1)}}, ModSeq(5));
    view.hold_changes({{1, 2}}, {});
    EXPECT_TRUE(view.holds_change(Uid(1)));
    EXPECT_EQ(news(view), "* 3 FETCH (FLAGS (\\Seen))\r\n");
    EXPECT_TRUE(view.has_news());
    EXPECT_EQ(view.told_modseq(), ModSeq(5));
    EXPECT_FALSE(view.holds_change(Uid(1)));
    EXPECT_EQ(news(view), "* 1 FETCH (FLAGS ())\r\n");
    EXPECT_FALSE(view.has_news());
}

void change_all(MailboxView& view, store::UidSet uids, std::uint64_t flags, std::uint64_t modseq) {
    view.apply(
        store::Change(store::FlagsChanged{std::move(uids), store::Flags{flags}, ModSeq(modseq)}));
}

TEST(MailboxView, ChangesWholeRangesOfWhatIsThere) {
    auto view = view_of({2, 4, 5, 9, 12});
    change(view, 4, store::kSeen, 5);
    change(view, 12, store::kSeen, 6);
    change_all(view, {{Uid(1), Uid(2)}, {Uid(4), Uid(9)}}, store::kFlagged, 7);
    EXPECT_EQ(view.at(5).flags, store::Flags{store::kSeen});
    view.forget_changes({{Uid(2), Uid(9)}}, ModSeq(7));
    EXPECT_EQ(news(view), "* 2 FETCH (FLAGS (\\Flagged))\r\n* 5 FETCH (FLAGS (\\Seen))\r\n")
        << "the second was changed twice";
    EXPECT_EQ(view.highest_modseq(), ModSeq(7));
}

// Of a mailbox with the UIDs 1, 3, 5 and 7, of which only the number is known.
MailboxView unknown_view() {
    store::OpenedMailbox opened;
    opened.status.messages = 4;
    opened.status.uid_next = Uid(10);
    opened.status.highest_modseq = ModSeq(4);
    opened.first_recent = Uid(1000);
    return {std::move(opened), false, {}};
}

void expunge(MailboxView& view, std::uint32_t uid, std::uint64_t modseq) {
    view.apply(store::Change(store::Expunged{Uid(uid), ModSeq(modseq)}));
}

void add(MailboxView& view, std::uint32_t uid, std::uint64_t modseq) {
    view.apply(store::Change(store::Added{{Uid(uid), {}, ModSeq(modseq)}}));
}

std::vector<store::MessageState> states(std::initializer_list<std::uint32_t> uids) {
    std::vector<store::MessageState> out;
    for (const auto uid : uids) out.push_back({Uid(uid), {}, ModSeq(uid < 10 ? 1 : 20)});
    return out;
}

std::string all_news(MailboxView& view) {
    std::string out;
    view.announce(out, ExpungeRule::announce, true);
    return out;
}

TEST(MailboxView, IsAsItWasOpenedWhenItBecomesWhole) {
    auto view = unknown_view();
    EXPECT_FALSE(view.is_whole());
    EXPECT_EQ(view.exists(), 4U);
    EXPECT_FALSE(view.has_news());
    ASSERT_TRUE(view.complete(states({1, 3, 5, 7})));
    EXPECT_TRUE(view.is_whole());
    EXPECT_EQ(view.seq_of(Uid(5)), 3U);
    EXPECT_EQ(all_news(view), "");
}

// The numbers are those of the opening: what has gone since keeps its own until it is told, and
// what has come is told behind it.
TEST(MailboxView, TellsWhatHappenedBeforeItWasWhole) {
    auto view = unknown_view();
    change(view, 7, store::kSeen, 11);
    expunge(view, 3, 12);
    add(view, 10, 13);
    add(view, 11, 14);
    expunge(view, 10, 15);
    EXPECT_TRUE(view.has_news());
    EXPECT_EQ(view.exists(), 4U);
    EXPECT_EQ(view.told_modseq(), ModSeq(10));
    ASSERT_TRUE(view.complete(states({1, 5, 7, 11})));
    EXPECT_EQ(view.exists(), 4U);
    EXPECT_EQ(view.seq_of(Uid(3)), 2U);
    EXPECT_EQ(view.seq_of(Uid(11)), 0U);
    EXPECT_EQ(all_news(view), "* 2 EXPUNGE\r\n* 4 EXISTS\r\n"
                              "* 3 FETCH (UID 7 FLAGS (\\Seen))\r\n");
    EXPECT_EQ(view.seq_of(Uid(11)), 4U);
}

// The answer may be from before the last news, or from behind them.
TEST(MailboxView, TakesTheLaterOfTwoStates) {
    auto view = unknown_view();
    change(view, 1, store::kFlagged, 11);
    expunge(view, 5, 12);
    auto before = states({1, 3, 5, 7});
    ASSERT_TRUE(view.complete(before));
    EXPECT_EQ(view.at(1).flags, store::Flags{store::kFlagged});
    EXPECT_EQ(all_news(view), "* 3 EXPUNGE\r\n* 1 FETCH (UID 1 FLAGS (\\Flagged))\r\n");

    view = unknown_view();
    change(view, 1, store::kFlagged, 11);
    auto behind = states({1, 3, 5, 7});
    behind.front() = {Uid(1), store::Flags{store::kSeen}, ModSeq(12)};
    ASSERT_TRUE(view.complete(behind));
    EXPECT_EQ(all_news(view), "* 1 FETCH (UID 1 FLAGS (\\Seen))\r\n");
}

TEST(MailboxView, KeepsRangesThatChangeBeforeItIsWhole) {
    auto view = unknown_view();
    change(view, 3, store::kSeen, 11);
    change_all(view, {{Uid(1), Uid(1)}, {Uid(5), Uid(5)}}, store::kFlagged, 12);
    auto before = states({1, 3, 5, 7});
    ASSERT_TRUE(view.complete(before));
    EXPECT_EQ(all_news(view), "* 1 FETCH (UID 1 FLAGS (\\Flagged))\r\n"
                              "* 2 FETCH (UID 3 FLAGS (\\Seen))\r\n"
                              "* 3 FETCH (UID 5 FLAGS (\\Flagged))\r\n");
    EXPECT_EQ(view.at(4).flags, store::Flags{});
}

// More than it takes as they come, the second half before the first.
std::vector<std::uint32_t> many_in_two_halves() {
    std::vector<std::uint32_t> uids;
    for (std::uint32_t uid = 501; uid <= 1000; ++uid) uids.push_back(uid);
    for (std::uint32_t uid = 1; uid <= 500; ++uid) uids.push_back(uid);
    return uids;
}

TEST(MailboxView, PutsInOrderWhatChangesInAnyOrder) {
    store::OpenedMailbox opened;
    for (std::uint32_t uid = 1; uid <= 1000; ++uid)
        opened.messages.push_back({Uid(uid), {}, ModSeq(1)});
    MailboxView view(std::move(opened), false, {});
    view.track();
    for (const auto uid : many_in_two_halves()) change(view, uid, store::kSeen, 5);
    for (const auto uid : {700U, 30U, 700U}) change(view, uid, store::kFlagged, 6);
    EXPECT_EQ(view.told_modseq(), ModSeq(4));
    std::vector<Uid> all;
    for (std::uint32_t uid = 1; uid <= 1000; ++uid) all.emplace_back(uid);
    EXPECT_EQ(view.take_touched(), all);
    EXPECT_TRUE(view.take_touched().empty());
    view.forget_changes({{Uid(1), Uid(1000)}}, ModSeq(6));
    std::string out;
    EXPECT_EQ(view.announce_flags(out, false), all) << "none was changed by that alone";
    EXPECT_FALSE(view.has_news());
    EXPECT_EQ(view.at(700).flags, store::Flags{store::kFlagged});
}

TEST(MailboxView, PutsInOrderWhatChangesBeforeItIsWhole) {
    store::OpenedMailbox opened;
    opened.status.messages = 1000;
    opened.status.uid_next = Uid(1001);
    opened.status.highest_modseq = ModSeq(4);
    MailboxView view(std::move(opened), false, {});
    for (const auto uid : many_in_two_halves()) change(view, uid, store::kSeen, 5);
    change(view, 700, store::kFlagged, 6);
    expunge(view, 30, 7);
    change(view, 20, store::kFlagged, 8);
    change(view, 20, store::kDraft, 9);
    EXPECT_TRUE(view.has_news());
    EXPECT_EQ(view.told_modseq(), ModSeq(4));
    std::vector<store::MessageState> before;
    for (std::uint32_t uid = 1; uid <= 1000; ++uid) before.push_back({Uid(uid), {}, ModSeq(1)});
    ASSERT_TRUE(view.complete(before));
    EXPECT_EQ(view.at(700).flags, store::Flags{store::kFlagged});
    EXPECT_EQ(view.at(20).flags, store::Flags{store::kDraft});
    EXPECT_EQ(view.at(501).flags, store::Flags{store::kSeen});
    std::string out;
    EXPECT_EQ(view.announce_flags(out, false).size(), 999U) << "and the one that has gone";
}

TEST(MailboxView, HasNoFlagsOfWhatItNeverSaw) {
    auto view = unknown_view();
    expunge(view, 3, 12);
    ASSERT_TRUE(view.complete(states({1, 5, 7})));
    EXPECT_FALSE(view.was_never_seen(1));
    EXPECT_TRUE(view.was_never_seen(2));
}

TEST(MailboxView, RefusesWhatCannotBeItsMailbox) {
    auto view = unknown_view();
    EXPECT_FALSE(view.complete(states({1, 3, 5})));
    EXPECT_FALSE(view.complete(states({1, 3, 5, 7, 9})));
    EXPECT_TRUE(view.complete(states({1, 3, 5, 7, 11}))); // UIDNEXT was 10
}

TEST(MailboxView, HoldsNothingOfWhatIsToldAnyway) {
    auto view = view_of({1, 2});
    change(view, 1, store::kSeen, 5);
    view.hold_changes({{1, 2}}, {Uid(1)}); // refused by UNCHANGEDSINCE: its flags are the answer
    EXPECT_EQ(news(view), "* 1 FETCH (FLAGS (\\Seen))\r\n");
}

} // namespace
} // namespace maild::imap
