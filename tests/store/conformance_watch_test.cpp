// Watching an account: what sessions hear of the mailboxes that they have not open.
#include "store/conformance.hpp"

namespace maild::store::test {
namespace {

std::string number_of(Client& client, const std::string& mailbox) {
    return "#" + std::to_string(client.status(mailbox).id.value);
}

} // namespace

// What was done is told to watchers before its call returns, over IPC soon after: so each step ends
// with a question of the watcher's, whose answer comes behind the news.
TEST_P(StoreConformance, WatchersHearOfMessagesAnywhere) {
    Client watcher(*subject, 1);
    Client other(*subject, 1);
    watcher.watch(true);
    const auto inbox = number_of(watcher, "INBOX");
    const auto junk = number_of(watcher, "Junk");
    EXPECT_EQ(watcher.account_news(), "");
    deliver(*subject, 1, "x");
    watcher.names();
    EXPECT_EQ(watcher.account_news(), inbox + "+-");
    other.open("INBOX");
    other.store(uid(1), FlagChange::add, {kSeen, {}});
    watcher.names();
    EXPECT_EQ(watcher.account_news(), inbox + "~");
    other.store(uid(1), FlagChange::add, {kSeen, {}});
    watcher.names();
    EXPECT_EQ(watcher.account_news(), "") << "nothing has changed";
    other.move(uid(1), "Junk");
    watcher.names();
    const auto moved = watcher.account_news();
    EXPECT_NE(moved.find(inbox + "+-"), moved.npos) << moved;
    EXPECT_NE(moved.find(junk + "+-"), moved.npos) << moved;
    EXPECT_EQ(other.account_news(), "") << "who does not watch";
}

TEST_P(StoreConformance, WatchersHearOfNames) {
    Client watcher(*subject, 1);
    Client other(*subject, 1);
    watcher.watch(true);
    other.create("a/b");
    watcher.names();
    EXPECT_EQ(watcher.account_news(), "new:a new:a/b");
    other.rename("a", "x/y");
    watcher.names();
    EXPECT_EQ(watcher.account_news(), "new:x a>x/y");
    other.append("INBOX", {"1"});
    watcher.names();
    watcher.account_news();
    other.rename("INBOX", "old");
    watcher.names();
    const auto renamed = watcher.account_news();
    EXPECT_TRUE(renamed.ends_with(" new:old")) << renamed;
    EXPECT_EQ(renamed.find('>'), renamed.npos) << "INBOX stays";
    other.remove("x/y/b");
    watcher.names();
    EXPECT_EQ(watcher.account_news(), "gone:x/y/b");
    for (const bool subscribed : {true, true, false, false})
        EXPECT_TRUE(run(store.subscribe(other.id(), "no mailbox", subscribed)));
    watcher.names();
    EXPECT_EQ(watcher.account_news(), "sub:no mailbox sub:no mailbox") << "where it changes";
    EXPECT_EQ(other.create("x"), "already_exists");
    watcher.names();
    EXPECT_EQ(watcher.account_news(), "") << "what failed has not happened";
}

TEST_P(StoreConformance, WatchersHearNothingOfThemselvesNorOfOthers) {
    Client watcher(*subject, 1);
    Client stranger(*subject, 2);
    watcher.watch(true);
    watcher.create("mine");
    watcher.append("mine", {"1"});
    stranger.create("theirs");
    deliver(*subject, 2, "x");
    watcher.names();
    EXPECT_EQ(watcher.account_news(), "");
    watcher.watch(false);
    deliver(*subject, 1, "x");
    watcher.names();
    EXPECT_EQ(watcher.account_news(), "") << "any more";
    {
        Client gone(*subject, 1);
        gone.watch(true);
    }
    deliver(*subject, 1, "x");
    watcher.watch(true);
    EXPECT_TRUE(run(subject->admin().drop_sessions({AccountId(1), ShardId(1)})));
    EXPECT_TRUE(subject->run_until([&] { return watcher.news() == "lost"; }));
    Client next(*subject, 1);
    EXPECT_EQ(next.append("INBOX", {"1"}), "3") << "nobody is told who is gone";
}

} // namespace maild::store::test
