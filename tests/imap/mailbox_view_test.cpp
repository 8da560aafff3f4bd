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
    const store::MessageState message{Uid(uid), store::Flags{flags}, ModSeq(modseq)};
    view.apply(store::Change(store::FlagsChanged{message}));
}

std::string news(MailboxView& view) {
    std::string out;
    view.announce(out, ExpungeRule::hold, false);
    return out;
}

TEST(MailboxView, ForgetsWhatASilentStoreMade) {
    auto view = view_of({1, 2});
    change(view, 1, store::kFlagged, 5);
    view.forget_changes({Uid(1)}, ModSeq(5));
    EXPECT_EQ(news(view), "");
}

// RFC 9051 §6.4.6: who adds its own change to the last flags it heard of must come out right, so
// what another did after that change is told behind the command.
TEST(MailboxView, HoldsWhatOthersChangedDuringASilentStore) {
    auto view = view_of({1, 2, 3});
    change(view, 1, store::kFlagged, 5); // this session's
    change(view, 1, 0, 6);               // another's
    change(view, 3, store::kSeen, 6);
    view.forget_changes({Uid(1)}, ModSeq(5));
    view.hold_changes({{1, 2}}, {});
    EXPECT_TRUE(view.holds_change(Uid(1)));
    EXPECT_EQ(news(view), "* 3 FETCH (FLAGS (\\Seen))\r\n");
    EXPECT_TRUE(view.has_news());
    EXPECT_EQ(view.told_modseq(), ModSeq(5));
    EXPECT_FALSE(view.holds_change(Uid(1)));
    EXPECT_EQ(news(view), "* 1 FETCH (FLAGS ())\r\n");
    EXPECT_FALSE(view.has_news());
}

TEST(MailboxView, HoldsNothingOfWhatIsToldAnyway) {
    auto view = view_of({1, 2});
    change(view, 1, store::kSeen, 5);
    view.hold_changes({{1, 2}}, {Uid(1)}); // refused by UNCHANGEDSINCE: its flags are the answer
    EXPECT_EQ(news(view), "* 1 FETCH (FLAGS (\\Seen))\r\n");
}

} // namespace
} // namespace maild::imap
