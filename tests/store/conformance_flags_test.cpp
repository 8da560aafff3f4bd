// Flags of many messages at once: what is told of them, and by what it is decided.
#include "store/conformance.hpp"

#include "maild/net/spawn.hpp"
#include "maild/store/uid_set.hpp"

#include <algorithm>
#include <iterator>

namespace maild::store::test {
namespace {

std::vector<FlagsChanged> flag_news(const Client& client) {
    std::vector<FlagsChanged> out;
    for (const auto& change : client.changes())
        if (const auto* flags = std::get_if<FlagsChanged>(&change)) out.push_back(*flags);
    return out;
}

struct Asked {
    UidSet uids;
    FlagChange change;
    FlagNames flags;
};

net::Task<void> change(MessageStore& store, SessionId session, Asked asked,
                       Result<FlagChangeResult>& result) {
    auto changed = co_await store.change_flags(session, std::move(asked.uids), asked.change,
                                               std::move(asked.flags), std::nullopt);
    result = std::move(changed);
}

} // namespace

TEST_P(StoreConformance, MessagesThatLookAlikeAreToldTogether) {
    Client client(*subject, 1);
    client.append("INBOX", {"a", "b", "c", "d", "e"});
    client.open("INBOX");
    client.store({{Uid(2), Uid(2)}, {Uid(4), Uid(4)}}, FlagChange::add, {kSeen, {}});
    Client watcher(*subject, 1);
    watcher.open("INBOX");
    EXPECT_EQ(client.store(everything(), FlagChange::add, {kFlagged, {}}), "1 2 3 4 5");
    const auto told = flag_news(watcher);
    ASSERT_EQ(told.size(), 2U);
    const UidSet odd{{Uid(1), Uid(1)}, {Uid(3), Uid(3)}, {Uid(5), Uid(5)}};
    EXPECT_EQ(told[0].uids, odd);
    EXPECT_EQ(told[0].flags, Flags{kFlagged});
    EXPECT_EQ(told[1].uids, (UidSet{{Uid(2), Uid(2)}, {Uid(4), Uid(4)}}));
    EXPECT_EQ(told[1].flags, Flags{kSeen | kFlagged});
    EXPECT_EQ(told[0].modseq, told[1].modseq);
    EXPECT_EQ(client.store(everything(), FlagChange::replace, {kSeen, {}}), "1 2 3 4 5");
    ASSERT_EQ(flag_news(watcher).size(), 3U);
    EXPECT_EQ(flag_news(watcher).back().uids, uids(1, 5));
}

TEST_P(StoreConformance, ChangedRangesHaveNoMessageThatIsNotThere) {
    Client client(*subject, 1);
    client.append("INBOX", {"a", "b", "c", "d"});
    client.open("INBOX");
    client.store(uid(2), FlagChange::add, {kDeleted, {}});
    client.expunge();
    Client watcher(*subject, 1);
    watcher.open("INBOX");
    EXPECT_EQ(client.store(everything(), FlagChange::add, {kFlagged, {}}), "1 3 4");
    ASSERT_EQ(flag_news(watcher).size(), 1U);
    EXPECT_EQ(flag_news(watcher)[0].uids, (UidSet{{Uid(1), Uid(1)}, {Uid(3), Uid(4)}}));
}

// Every other one: more ranges than one piece of news has.
TEST_P(StoreConformance, NewsOfManyRangesComeInPieces) {
    constexpr std::uint32_t kMessages = 4500;
    Client client(*subject, 1);
    for (std::uint32_t some = 0; some < kMessages; some += 500)
        client.append("INBOX", std::vector<std::string>(500, "x"));
    client.open("INBOX");
    UidSet odd;
    for (std::uint32_t number = 1; number <= kMessages; number += 2)
        odd.push_back({Uid(number), Uid(number)});
    Client watcher(*subject, 1);
    watcher.open("INBOX");
    ASSERT_NE(client.store(odd, FlagChange::add, {kFlagged, {}}), "");
    UidSet told;
    for (const auto& news : flag_news(watcher)) {
        EXPECT_LE(news.uids.size(), kRangesOfChange);
        std::ranges::copy(news.uids, std::back_inserter(told));
    }
    EXPECT_EQ(told, odd);
    const auto states = run(store.message_states(watcher.id()));
    ASSERT_TRUE(states);
    EXPECT_EQ(std::ranges::count(*states, Flags{kFlagged}, &MessageState::flags), kMessages / 2);
    EXPECT_EQ(client.status("INBOX").unseen, kMessages);
}

// The second was asked for when the first was not done yet, whose outcome it has to see.
TEST_P(StoreConformance, AChangeSeesWhatIsCommittedBeforeIt) {
    Client first(*subject, 1);
    first.append("INBOX", {"a", "b", "c"});
    first.open("INBOX");
    Client second(*subject, 1);
    second.open("INBOX");
    first.store(uid(3), FlagChange::add, {kFlagged, {}});
    Result<FlagChangeResult> one = fail(Errc::timed_out);
    Result<FlagChangeResult> two = fail(Errc::timed_out);
    net::spawn(subject->io,
               change(store, first.id(), {everything(), FlagChange::add, {kFlagged, {}}}, one),
               "first");
    net::spawn(subject->io,
               change(store, second.id(), {uids(1, 2), FlagChange::remove, {kFlagged, {}}}, two),
               "second");
    ASSERT_TRUE(subject->run_until([&] { return one && two; }));
    EXPECT_EQ(one->changed, uids(1, 2));
    EXPECT_EQ(two->changed, uids(1, 2)) << "they had it by then";
    EXPECT_GT(two->modseq, one->modseq);
    const auto states = run(store.message_states(second.id()));
    ASSERT_TRUE(states);
    EXPECT_EQ(states->front().flags, Flags{});
    EXPECT_EQ(states->back().flags, Flags{kFlagged});
}

} // namespace maild::store::test
