// What clients that keep a copy of the mailbox ask for: removals since a mod-sequence, messages
// that replace others, ids that survive a copy.
#include "store/conformance.hpp"

namespace maild::store::test {

// RFC 7162 §3.2.6
TEST_P(StoreConformance, RemembersWhatVanishedSince) {
    Client client(*subject, 1);
    client.append("INBOX", {"a", "b", "c", "d", "e"});
    const auto before = client.open("INBOX").status.highest_modseq;
    const auto gone = [&](UidSet set, ModSeq since) {
        const auto result = run(store.vanished(client.id(), std::move(set), since));
        if (!result) return std::string(name_of(result.error().code));
        if (!*result) return std::string("forgotten");
        std::string out;
        for (const auto& range : **result)
            out += " " + std::to_string(range.first.value) + ":" + std::to_string(range.last.value);
        return out;
    };
    EXPECT_EQ(gone(everything(), before), "") << "nothing has happened since";
    EXPECT_EQ(gone(everything(), ModSeq(1)), "forgotten");
    client.store(uids(2, 3), FlagChange::add, {kDeleted, {}});
    const auto deleted = client.status("INBOX").highest_modseq;
    client.expunge();
    const auto first = client.status("INBOX").highest_modseq;
    client.move(uid(5), "Junk");
    const auto last = client.status("INBOX").highest_modseq;
    EXPECT_EQ(gone(everything(), deleted), " 2:3 5:5");
    EXPECT_EQ(gone(uids(3, 4), deleted), " 3:3");
    EXPECT_EQ(gone(everything(), first), " 5:5");
    EXPECT_EQ(gone(everything(), last), "");
    EXPECT_EQ(gone(everything(), ModSeq(INT64_MAX)), "");
    EXPECT_EQ(gone(everything(), ModSeq(deleted.value - 1)), "forgotten");
    EXPECT_EQ(gone({{Uid(0), Uid(1)}}, first), "invalid_argument");
}

// RFC 8508 §3.1
TEST_P(StoreConformance, ReplacesInOneStep) {
    Client client(*subject, 1, 100);
    client.append("INBOX", {"old", "other"});
    client.open("INBOX");
    const auto replace = [&](Uid uid, const std::string& mailbox, const std::string& content) {
        std::vector<AppendMessage> messages;
        messages.push_back({{content, structure("new")}, {}, subject->clock.now()});
        const auto result = run(store.append(client.id(), mailbox, std::move(messages), uid));
        return result ? std::to_string(result->uids.front().first.value)
                      : std::string(name_of(result.error().code));
    };
    EXPECT_EQ(replace(Uid(1), "INBOX", "new"), "3");
    EXPECT_EQ(client.news(), "+3 -1");
    EXPECT_EQ(replace(Uid(1), "INBOX", "again"), "not_found");
    EXPECT_EQ(replace(Uid(2), "INBOX", std::string(200, 'x')), "too_large");
    EXPECT_EQ(replace(Uid(2), "none", "x"), "no_such_mailbox");
    EXPECT_EQ(client.news(), "") << "all or nothing";
    EXPECT_EQ(replace(Uid(2), "INBOX", std::string(94, 'x')), "4") << "only the difference counts";
    EXPECT_EQ(client.news(), "+4 -2");
    EXPECT_EQ(replace(Uid(4), "Junk", "elsewhere"), "1");
    EXPECT_EQ(client.news(), "-4");
    EXPECT_EQ(text(client.open("INBOX", true)), "3");
    EXPECT_EQ(replace(Uid(3), "INBOX", "examined"), "not_permitted");
}

// RFC 8474 §5.1, RFC 8514 §3
TEST_P(StoreConformance, CopiesShareTheEmailIdAndAreSavedAnew) {
    Client client(*subject, 1);
    client.append("INBOX", {"a", "a"});
    client.open("INBOX");
    const auto saved = subject->clock.now();
    subject->clock.advance(std::chrono::hours(1));
    client.copy(uid(1), "Junk");
    const auto originals = run(store.fetch(client.id(), everything(), kInternalDate));
    ASSERT_EQ(originals->messages.size(), 2U);
    EXPECT_NE(originals->messages[0].email_id, originals->messages[1].email_id);
    EXPECT_EQ(originals->messages[0].save_date, saved);
    client.open("Junk");
    const auto copies = run(store.fetch(client.id(), everything(), kInternalDate));
    EXPECT_EQ(copies->messages[0].email_id, originals->messages[0].email_id);
    EXPECT_EQ(copies->messages[0].save_date, subject->clock.now());
    EXPECT_EQ(copies->messages[0].internal_date, saved);
}

} // namespace maild::store::test
