// Flags of many messages at once: what is told of them, and by what it is decided.
#include "store/check_subject.hpp"
#include "store/conformance.hpp"
#include "store/flag_news.hpp"
#include "store/local_store_impl.hpp"
#include "support/linear.hpp"

#include "maild/db/database.hpp"
#include "maild/net/spawn.hpp"
#include "maild/store/uid_set.hpp"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <unordered_map>

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

// Flags that all meet in one bucket of a table that has them: 64 bits each, as a client may choose
// them.
std::string flags_that_collide(std::size_t count) {
    std::unordered_map<std::uint64_t, std::size_t> table;
    for (std::size_t i = 0; i < count; ++i) table[i] = i;
    std::string out(count * sizeof(std::uint64_t), '\0');
    for (std::size_t i = 0; i < count; ++i) {
        const std::uint64_t bits = i * table.bucket_count();
        std::memcpy(&out[i * sizeof bits], &bits, sizeof bits);
    }
    return out;
}

void group(const std::string& flags) {
    FlagNews news;
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < flags.size() / sizeof bits; ++i) {
        std::memcpy(&bits, &flags[i * sizeof bits], sizeof bits);
        news.add(Uid(static_cast<std::uint32_t>(i + 1)), Flags{bits});
    }
    EXPECT_EQ(news.take(ModSeq(1)).size(), flags.size() / sizeof bits);
}

} // namespace

TEST(FlagNews, GrowsNoFasterThanTheFlagsThatClientsChoose) {
    EXPECT_LT(maild::test::growth_of({"flags", 10'000, flags_that_collide, group}),
              maild::test::kMostGrowth);
}

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

namespace {

TEST(LocalFlags, RowsThatUnchangedSinceRefusesStayAsTheyAre) {
    CheckSubject subject;
    subject.open();
    {
        Client client(subject, 1);
        client.append("INBOX", {"a", "b", "c"});
        client.open("INBOX");
        const auto before = client.status("INBOX").highest_modseq;
        client.store(uid(2), FlagChange::add, {kSeen, {}});
        EXPECT_EQ(client.store(everything(), FlagChange::add, {kFlagged, {}}, before), "1 3 !2");
    }
    subject.close();
    subject.open();
    Client client(subject, 1);
    const auto opened = client.open("INBOX");
    ASSERT_EQ(opened.messages.size(), 3U);
    EXPECT_EQ(opened.messages[0].flags, Flags{kFlagged});
    EXPECT_EQ(opened.messages[1].flags, Flags{kSeen});
    EXPECT_EQ(opened.messages[2].flags, Flags{kFlagged});
}

// Which must not happen: what is told is what has been done all the same.
TEST(LocalFlags, BelievesTheRowsWhereTheViewIsWrong) {
    CheckSubject subject;
    subject.open();
    Client client(subject, 1);
    client.append("INBOX", {"a", "b", "c", "d"});
    client.open("INBOX");
    client.store(uid(1), FlagChange::add, {kFlagged, {}});
    auto rows =
        db::Database::open(subject.files, subject.shard() + "/meta.db", {.vfs = db::kExclusiveVfs});
    ASSERT_TRUE(rows);
    ASSERT_EQ(rows->execute("UPDATE message SET flags = flags | ?1 WHERE uid = 2",
                            static_cast<std::int64_t>(kFlagged)),
              1);
    client.news();
    EXPECT_EQ(client.store(everything(), FlagChange::add, {kFlagged, {}}), "3 4");
    EXPECT_EQ(client.news(), "~3 ~4");
    ASSERT_EQ(rows->execute("DELETE FROM message WHERE uid = 3"), 1);
    EXPECT_EQ(client.store(everything(), FlagChange::add, {kSeen, {}}), "1 2 4");
    EXPECT_EQ(client.news(), "~1 ~2 ~4");
    EXPECT_EQ(client.store(everything(), FlagChange::add, {kSeen, {}}), "");
}

// Many messages that are seen, and changes of all of them that wait at once. A flag that is in the
// rows alone shows by what a change was decided.
class Waiting {
public:
    static constexpr std::uint32_t kMessages = 8192;
    static constexpr std::uint32_t kIdle = kMessages - 1;
    static constexpr std::size_t kMost = kMostLentStates / kIdle; // whose states may wait

    Waiting() {
        subject_.open();
        client_.emplace(subject_, 1);
        client_->append("INBOX", std::vector<std::string>(512, "x"), {kSeen, {}});
        client_->open("INBOX");
        for (std::uint32_t messages = 512; messages < kMessages; messages *= 2)
            client_->copy(everything(), {"INBOX", {}});
    }
    // What each has changed; the first ones, of all messages but the last, change nothing.
    std::vector<std::uint64_t> run(std::size_t idle, FlagChange idle_change,
                                   std::uint64_t idle_flag, const UidSet& uids,
                                   std::uint64_t flag) {
        std::vector<std::uint64_t> changed;
        for (std::size_t i = 0; i < idle; ++i)
            net::spawn(subject_.io,
                       change(store::test::uids(1, kIdle), idle_change, idle_flag, changed),
                       "idle");
        net::spawn(subject_.io, change(uids, FlagChange::add, flag, changed), "last");
        EXPECT_TRUE(subject_.run_until([&] { return changed.size() == idle + 1; }));
        return changed;
    }
    void plant_draft(Uid uid) {
        auto rows = db::Database::open(subject_.files, subject_.shard() + "/meta.db",
                                       {.vfs = db::kExclusiveVfs});
        ASSERT_TRUE(rows);
        ASSERT_EQ(rows->execute("UPDATE message SET flags = flags | ?2 WHERE uid = ?1", uid,
                                static_cast<std::int64_t>(kDraft)),
                  1);
    }
    bool was_told_of_draft(Uid uid) const {
        bool is_draft = false;
        for (const auto& change : client_->changes())
            if (const auto* flags = std::get_if<FlagsChanged>(&change))
                if (contains(flags->uids, uid)) is_draft = flags->flags.has(kDraft);
        return is_draft;
    }

private:
    net::Task<void> change(UidSet uids, FlagChange change, std::uint64_t flag,
                           std::vector<std::uint64_t>& changed) {
        auto done = co_await subject_.store().change_flags(client_->id(), std::move(uids), change,
                                                           {flag, {}}, std::nullopt);
        changed.push_back(done ? count_of(done->changed) : UINT64_MAX);
    }

    CheckSubject subject_;
    std::optional<Client> client_;
};

std::vector<std::uint64_t> zeros_and(std::size_t zeros, std::uint64_t last) {
    std::vector<std::uint64_t> out(zeros, 0);
    out.push_back(last);
    return out;
}

// More than the store copies for requests that wait (kMostLentStates). Those that change nothing
// leave the view's states the newest there are, so the last would be decided by a part of them if
// it took a part.
TEST(LocalFlags, ChangesThatWaitInNumbersAreDecidedByTheRows) {
    Waiting waiting;
    waiting.plant_draft(Uid(1));
    constexpr std::uint32_t kRest = kMostLentStates - Waiting::kMost * Waiting::kIdle;
    const UidSet two_parts{{Uid(1), Uid(kRest)}, {Uid(kRest + 1), Uid(Waiting::kMessages)}};
    EXPECT_EQ(waiting.run(Waiting::kMost, FlagChange::add, kSeen, two_parts, kFlagged),
              zeros_and(Waiting::kMost, Waiting::kMessages));
    EXPECT_TRUE(waiting.was_told_of_draft(Uid(1)));
    waiting.plant_draft(Uid(2));
    EXPECT_EQ(waiting.run(Waiting::kMost - 1, FlagChange::add, kSeen, everything(), kAnswered),
              zeros_and(Waiting::kMost - 1, Waiting::kMessages));
    EXPECT_FALSE(waiting.was_told_of_draft(Uid(2))) << "by the view: what was lent is back";
}

TEST(LocalFlags, ChangesThatWantSizesTakeNoStatesWithThem) {
    for (const auto& [change, flag] : {std::pair(FlagChange::remove, std::uint64_t{kDeleted}),
                                       std::pair(FlagChange::replace, std::uint64_t{kSeen})}) {
        Waiting waiting;
        waiting.plant_draft(Uid(Waiting::kMessages));
        EXPECT_EQ(waiting.run(Waiting::kMost + 1, change, flag, everything(), kFlagged),
                  zeros_and(Waiting::kMost + 1, Waiting::kMessages));
        EXPECT_FALSE(waiting.was_told_of_draft(Uid(Waiting::kMessages)))
            << "so many states of the last one found room";
    }
}

} // namespace
} // namespace maild::store::test
