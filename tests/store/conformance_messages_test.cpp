// One mailbox: snapshot, feed, flags, copy, move, expunge, fetch.
#include "store/conformance.hpp"

namespace maild::store::test {

TEST_P(StoreConformance, AppendedMessagesHaveAscendingUidsAndTheirStructure) {
    Client client(*subject, 1);
    EXPECT_EQ(client.append("INBOX", {"Subject: a\r\n\r\nbody", "no header end"}, {kSeen, {}}),
              "1 2");
    const auto opened = client.open("INBOX");
    EXPECT_EQ(text(opened), "1 2");
    EXPECT_EQ(opened.status.uid_next, Uid(3));
    EXPECT_EQ(opened.status.messages, 2U);
    EXPECT_EQ(opened.status.size, 31U);
    EXPECT_EQ(opened.status.highest_modseq, opened.messages[1].modseq);
    const auto fetched = run(
        store.fetch(client.id(), everything(),
                    kSize | kInternalDate | kEnvelope | kBody | kBodyStructure | kParts | kHeader));
    ASSERT_TRUE(fetched);
    ASSERT_EQ(fetched->messages.size(), 2U);
    const auto& first = fetched->messages[0];
    EXPECT_EQ(first.uid, Uid(1));
    EXPECT_EQ(first.size, 18U);
    EXPECT_EQ(first.prefix_size, 0U);
    EXPECT_EQ(first.header_size, 14U);
    EXPECT_EQ(first.content, "Subject: a\r\n\r\n");
    EXPECT_EQ(first.internal_date, subject->clock.now());
    EXPECT_EQ(first.structure.envelope, "(envelope appended)");
    EXPECT_EQ(first.structure.body, "(body appended)");
    EXPECT_EQ(first.structure.body_structure, "(structure appended)");
    EXPECT_EQ(first.structure.parts, "parts of appended");
    EXPECT_EQ(fetched->messages[1].header_size, 13U);
}

TEST_P(StoreConformance, ListsBringWhatIsAskedFor) {
    Client client(*subject, 1);
    client.append("INBOX", {"Subject: a\r\n\r\nbody", "b"});
    client.open("INBOX");
    const auto all = run(store.fetch(client.id(), everything(), kInternalDate | kSize));
    ASSERT_TRUE(all);
    ASSERT_EQ(all->messages.size(), 2U);
    for (const std::uint32_t items : {kEnvelope + 0U, kEnvelope | kInternalDate | kSize}) {
        const auto listed = run(store.fetch(client.id(), everything(), items));
        ASSERT_TRUE(listed);
        ASSERT_EQ(listed->messages.size(), 2U);
        EXPECT_EQ(listed->messages[0].uid, Uid(1));
        EXPECT_EQ(listed->messages[1].uid, Uid(2));
        EXPECT_EQ(listed->messages[1].structure.envelope, "(envelope appended)");
        if ((items & kSize) == 0) continue;
        EXPECT_EQ(listed->messages[0].size, 18U);
        EXPECT_EQ(listed->messages[0].internal_date, subject->clock.now());
        EXPECT_EQ(listed->messages[0].save_date, all->messages[0].save_date);
        EXPECT_EQ(listed->messages[0].email_id, all->messages[0].email_id);
    }
    const auto with_offsets = run(store.fetch(client.id(), uid(1), kEnvelope | kBody));
    ASSERT_TRUE(with_offsets);
    EXPECT_EQ(with_offsets->messages[0].header_size, 14U);
    EXPECT_EQ(with_offsets->messages[0].structure.envelope, "(envelope appended)");
}

TEST_P(StoreConformance, ALargeMailboxIsOpenedWithoutItsMessages) {
    Client writer(*subject, 1);
    writer.append("INBOX", {"a", "b"}, {kSeen, {}});
    writer.append("INBOX", {"c"});
    Client client(*subject, 1);
    const auto whole = run(store.open_mailbox(client.id(), "INBOX", true, 3));
    ASSERT_TRUE(whole);
    EXPECT_EQ(text(*whole), "1 2 3");
    const auto opened = run(store.open_mailbox(client.id(), "INBOX", false, 2));
    ASSERT_TRUE(opened);
    EXPECT_EQ(text(*opened), "");
    EXPECT_EQ(opened->status.messages, 3U);
    EXPECT_EQ(opened->status.recent, 3U);
    EXPECT_EQ(opened->first_unseen, 3U);
    writer.open("INBOX");
    writer.store(uid(2), FlagChange::remove, {kSeen, {}});
    writer.store(uid(3), FlagChange::add, {kDeleted, {}});
    writer.expunge();
    EXPECT_EQ(client.news(), "~2 ~3 -3");
    const auto states = run(store.message_states(client.id()));
    ASSERT_TRUE(states);
    ASSERT_EQ(states->size(), 2U);
    EXPECT_EQ(states->front().flags, Flags{kSeen});
    EXPECT_EQ(states->back().uid, Uid(2));
    EXPECT_EQ(states->back().flags, Flags{});
    EXPECT_EQ(run(store.open_mailbox(client.id(), "INBOX", true, 0))->first_unseen, 2U);
}

TEST_P(StoreConformance, StatesNeedAMailboxThatIsOpen) {
    Client client(*subject, 1);
    EXPECT_EQ(run(store.message_states(client.id())).error().code, Errc::no_such_mailbox);
    client.create("Gone");
    client.open("Gone");
    Client other(*subject, 1);
    other.remove("Gone");
    EXPECT_EQ(run(store.message_states(client.id())).error().code, Errc::no_such_mailbox);
    EXPECT_EQ(run(store.message_states(SessionId(4711))).error().code, Errc::not_permitted);
}

TEST_P(StoreConformance, FetchBringsWhatIsAskedFor) {
    ASSERT_EQ(deliver(*subject, 1, "Subject: a\r\n\r\nbody"), "1");
    Client client(*subject, 1);
    client.open("INBOX");
    const auto size = run(store.fetch(client.id(), uid(1), kSize));
    EXPECT_EQ(size->messages[0].size, 50U);
    EXPECT_EQ(size->messages[0].prefix_size, 32U);
    EXPECT_EQ(size->messages[0].header_size, 46U);
    EXPECT_EQ(size->messages[0].content, "");
    EXPECT_EQ(size->messages[0].structure.envelope, "");
    const auto envelope = run(store.fetch(client.id(), uid(1), kEnvelope));
    EXPECT_EQ(envelope->messages[0].structure.envelope, "(envelope delivered)");
    const auto header = run(store.fetch(client.id(), uid(1), kHeader));
    EXPECT_EQ(header->messages[0].content, "Return-Path: <bob@example.net>\r\nSubject: a\r\n\r\n");
}

TEST_P(StoreConformance, HugeRangesCostWhatIsThere) {
    Client client(*subject, 1);
    client.append("INBOX", {"a", "b", "c"});
    client.open("INBOX");
    UidSet scattered{{Uid(2), Uid(2)}};
    for (std::uint32_t i = 1; i < 1000; ++i)
        scattered.push_back({Uid(i * 1'000'000), Uid(i * 1'000'000 + 500'000)});
    EXPECT_EQ(run(store.fetch(client.id(), everything(), kSize))->messages.size(), 3U);
    EXPECT_EQ(run(store.fetch(client.id(), scattered, kSize))->messages.size(), 1U);
    EXPECT_EQ(client.store(uids(2, UINT32_MAX), FlagChange::add, {kSeen, {}}), "2 3");
    EXPECT_EQ(client.copy(everything(), "Junk"), "1>1 2>2 3>3");
}

TEST_P(StoreConformance, RefusesUidSetsThatAreNone) {
    Client client(*subject, 1);
    client.append("INBOX", {"a"});
    client.open("INBOX");
    const UidSet bad[] = {{{Uid(0), Uid(1)}},
                          {{Uid(2), Uid(1)}},
                          {{Uid(5), Uid(6)}, {Uid(1), Uid(2)}},
                          {{Uid(1), Uid(3)}, {Uid(3), Uid(4)}}};
    for (const auto& set : bad) {
        EXPECT_EQ(run(store.fetch(client.id(), set, kSize)).error().code, Errc::invalid_argument);
        EXPECT_EQ(client.store(set, FlagChange::add, {kSeen, {}}), "invalid_argument");
        EXPECT_EQ(client.copy(set, "Junk"), "invalid_argument");
        EXPECT_EQ(client.move(set, "Junk"), "invalid_argument");
        EXPECT_EQ(client.expunge(set), "invalid_argument");
    }
}

TEST_P(StoreConformance, FetchIsCutAtTheSizeLimitAndGoesOn) {
    Client client(*subject, 1);
    client.append("INBOX", std::vector<std::string>(12, std::string(200'000, 'x')));
    client.open("INBOX");
    std::size_t count = 0;
    auto rest = everything();
    for (int rounds = 0; !rest.empty(); ++rounds) {
        ASSERT_LT(rounds, 12);
        const auto part = run(store.fetch(client.id(), rest, kContent));
        ASSERT_TRUE(part);
        count += part->messages.size();
        for (const auto& message : part->messages) EXPECT_EQ(message.content.size(), 200'000U);
        rest = part->next ? uids(part->next->value, UINT32_MAX) : UidSet{};
    }
    EXPECT_EQ(count, 12U);
}

TEST_P(StoreConformance, EverySessionIsToldInOrderAndTheOriginBeforeItsReply) {
    Client ada(*subject, 1);
    Client phone(*subject, 1);
    Client elsewhere(*subject, 1);
    ada.open("INBOX");
    phone.open("INBOX");
    elsewhere.open("Junk");
    EXPECT_EQ(ada.append("INBOX", {"1", "2", "3"}), "1 2 3");
    EXPECT_EQ(ada.store(uid(2), FlagChange::add, {kDeleted, {"$x"}}), "2");
    EXPECT_EQ(ada.news(), "+1 +2 +3 k:$x ~2");
    EXPECT_EQ(ada.expunge(), "ok");
    EXPECT_EQ(ada.news(), "-2");
    EXPECT_TRUE(subject->run_until([&] { return phone.changes().size() >= 6; }));
    EXPECT_EQ(phone.news(), "+1 +2 +3 k:$x ~2 -2");
    EXPECT_EQ(elsewhere.news(), "");
    ModSeq last;
    for (const auto& change : phone.changes()) {
        if (const auto* added = std::get_if<Added>(&change)) {
            EXPECT_GE(added->message.modseq, last);
            last = added->message.modseq;
        }
    }
}

TEST_P(StoreConformance, DeliveriesReachOpenMailboxes) {
    Client ada(*subject, 1);
    ada.open("INBOX");
    EXPECT_EQ(deliver(*subject, 1, "new"), "1");
    EXPECT_TRUE(subject->run_until([&] { return !ada.changes().empty(); }));
    EXPECT_EQ(ada.news(), "+1");
    ada.open("INBOX");
    store.close_mailbox(ada.id());
    deliver(*subject, 1, "unheard");
    EXPECT_EQ(ada.news(), "");
}

TEST_P(StoreConformance, SnapshotAndFeedAgree) {
    Client writer(*subject, 1);
    writer.open("INBOX");
    for (int i = 0; i < 20; ++i) writer.append("INBOX", {"x"});
    writer.store(uids(5, 9), FlagChange::add, {kDeleted | kSeen, {"$k"}});
    writer.expunge(uids(5, 7));
    Client late(*subject, 1);
    const auto opened = late.open("INBOX");
    EXPECT_EQ(text(opened), "1 2 3 4 8 9 10 11 12 13 14 15 16 17 18 19 20");
    EXPECT_EQ(opened.status.messages, 17U);
    EXPECT_EQ(opened.status.unseen, 15U);
    EXPECT_EQ(opened.status.deleted, 2U);
    EXPECT_EQ(opened.messages[4].flags.bits, kDeleted | kSeen | std::uint64_t{1} << kFirstKeyword);
    EXPECT_EQ(opened.keywords, (Keywords{"$k"}));
    EXPECT_EQ(late.news(), "");
    const auto status = late.status("INBOX");
    EXPECT_EQ(status.messages, 17U);
    EXPECT_EQ(status.unseen, 15U);
    EXPECT_EQ(status.size, 17U);
    EXPECT_EQ(status.highest_modseq, opened.status.highest_modseq);
}

TEST_P(StoreConformance, RecentBelongsToTheFirstWhoSelects) {
    deliver(*subject, 1, "a");
    deliver(*subject, 1, "b");
    Client examiner(*subject, 1);
    EXPECT_EQ(examiner.open("INBOX", true).first_recent, Uid(1));
    EXPECT_EQ(examiner.status("INBOX").recent, 2U);
    Client first(*subject, 1);
    EXPECT_EQ(first.open("INBOX").first_recent, Uid(1));
    EXPECT_EQ(examiner.status("INBOX").recent, 0U);
    Client second(*subject, 1);
    EXPECT_EQ(second.open("INBOX").first_recent, Uid(3));
    deliver(*subject, 1, "c");
    Client third(*subject, 1);
    EXPECT_EQ(third.open("INBOX").first_recent, Uid(4))
        << "somebody who has it selected was told of it";
}

TEST_P(StoreConformance, ExaminedMailboxIsReadOnly) {
    Client client(*subject, 1);
    client.append("INBOX", {"a"}, {kDeleted, {}});
    client.open("INBOX", true);
    EXPECT_EQ(client.store(uid(1), FlagChange::add, {kSeen, {}}), "not_permitted");
    EXPECT_EQ(client.expunge(), "not_permitted");
    EXPECT_EQ(client.move(uid(1), "Junk"), "not_permitted");
    EXPECT_EQ(client.copy(uid(1), "Junk"), "1>1");
    EXPECT_EQ(client.content(1), "a");
}

TEST_P(StoreConformance, FlagChanges) {
    Client client(*subject, 1);
    client.append("INBOX", {"a", "b"}, {kSeen, {"$old"}});
    client.open("INBOX");
    EXPECT_EQ(client.store(uids(1, 2), FlagChange::add, {kSeen, {}}), "") << "nothing changed";
    EXPECT_EQ(client.news(), "");
    const auto before = client.status("INBOX").highest_modseq;
    EXPECT_EQ(client.store(uid(1), FlagChange::remove, {kSeen, {"$OLD", "$unknown"}}), "1");
    EXPECT_EQ(client.news(), "~1") << "an unknown keyword is not made by removing it";
    EXPECT_GT(client.status("INBOX").highest_modseq, before);
    EXPECT_EQ(client.status("INBOX").unseen, 1U);
    EXPECT_EQ(client.store(uid(2), FlagChange::replace, {kDraft | kFlagged, {"$new"}}), "2");
    const auto opened = client.open("INBOX");
    EXPECT_EQ(opened.keywords, (Keywords{"$old", "$new"}));
    EXPECT_EQ(opened.messages[0].flags.bits, 0U);
    EXPECT_EQ(opened.messages[1].flags.bits, kDraft | kFlagged | std::uint64_t{2} << kFirstKeyword);
    EXPECT_EQ(client.store(uid(9), FlagChange::add, {kSeen, {"$nobody"}}), "");
    EXPECT_EQ(client.open("INBOX").keywords.size(), 2U) << "no message, no keyword";
}

TEST_P(StoreConformance, KeywordLimits) {
    Client client(*subject, 1);
    client.append("INBOX", {"a", "b"});
    client.open("INBOX");
    FlagNames many;
    for (std::size_t i = 0; i < kMaxKeywords; ++i) many.keywords.push_back("k" + std::to_string(i));
    EXPECT_EQ(client.store(uid(1), FlagChange::add, many), "1");
    EXPECT_EQ(client.store(uid(2), FlagChange::add, {0, {"K58"}}), "2") << "compared without case";
    EXPECT_EQ(client.store(uid(2), FlagChange::add, {0, {"one more"}}), "invalid_argument");
    EXPECT_EQ(client.store(uid(2), FlagChange::add, {0, {"onemore"}}), "limit_exceeded");
    EXPECT_EQ(client.append("INBOX", {"c"}, {0, {"onemore"}}), "limit_exceeded");
    EXPECT_EQ(client.store(uid(2), FlagChange::add, {0, {std::string(kMaxKeywordLength + 1, 'k')}}),
              "invalid_argument");
    EXPECT_EQ(client.store(uid(2), FlagChange::add, {1 << 20, {}}), "invalid_argument");
    EXPECT_EQ(client.append("Junk", {"c"}, {0, {"other"}}), "1");
    EXPECT_EQ(client.copy(uid(1), "Junk"), "limit_exceeded");
    EXPECT_EQ(client.status("Junk").messages, 1U);
}

TEST_P(StoreConformance, CopyTranslatesKeywords) {
    Client client(*subject, 1);
    client.append("Junk", {"x"}, {0, {"$there"}});
    client.append("INBOX", {"a"}, {kSeen, {"$a", "$there"}});
    client.open("INBOX");
    EXPECT_EQ(client.copy(uid(1), "Junk"), "1>2");
    const auto opened = client.open("Junk");
    EXPECT_EQ(opened.keywords, (Keywords{"$there", "$a"}));
    EXPECT_EQ(opened.messages[1].flags.bits, kSeen | std::uint64_t{3} << kFirstKeyword);
}

TEST_P(StoreConformance, UnchangedSinceRefusesTheNewer) {
    Client client(*subject, 1);
    client.append("INBOX", {"a", "b", "c"});
    const auto opened = client.open("INBOX");
    const auto known = opened.status.highest_modseq;
    client.store(uid(2), FlagChange::add, {kFlagged, {}});
    client.news();
    EXPECT_EQ(client.store(uids(1, 3), FlagChange::add, {kSeen, {}}, known), "1 3 !2");
    EXPECT_EQ(client.news(), "~1 ~3");
    EXPECT_EQ(client.store(uids(1, 3), FlagChange::add, {kSeen, {}}, ModSeq(0)), " !1 !2 !3");
}

TEST_P(StoreConformance, CopyOntoItselfAndMissingUids) {
    Client client(*subject, 1);
    client.append("INBOX", {"a", "b"});
    client.open("INBOX");
    EXPECT_EQ(client.copy(uids(2, 9), "INBOX"), "2>3");
    EXPECT_EQ(client.news(), "+3");
    EXPECT_EQ(client.content(3), "b");
    EXPECT_EQ(client.copy(uid(77), "INBOX"), "");
    EXPECT_EQ(client.copy(uid(1), "none"), "no_such_mailbox");
}

TEST_P(StoreConformance, MoveWithinTheSameMailboxGivesNewUids) {
    Client client(*subject, 1);
    client.append("INBOX", {"a", "b"});
    client.open("INBOX");
    EXPECT_EQ(client.move(uid(1), "INBOX"), "1>3");
    EXPECT_EQ(client.news(), "+3 -1");
    EXPECT_EQ(text(client.open("INBOX")), "2 3");
    EXPECT_EQ(client.content(3), "a");
}

TEST_P(StoreConformance, MoveTellsBothMailboxes) {
    Client client(*subject, 1);
    Client junk(*subject, 1);
    client.append("INBOX", {"a", "b", "c"}, {kFlagged, {}});
    client.open("INBOX");
    junk.open("Junk");
    EXPECT_EQ(client.move({{Uid(1), Uid(1)}, {Uid(3), Uid(3)}}, "Junk"), "1>1 3>2");
    EXPECT_EQ(client.news(), "-1 -3");
    EXPECT_TRUE(subject->run_until([&] { return junk.changes().size() == 2; }));
    EXPECT_EQ(junk.news(), "+1 +2");
    EXPECT_EQ(junk.content(2), "c");
    EXPECT_EQ(client.move(uid(2), "none"), "no_such_mailbox");
    EXPECT_EQ(client.status("INBOX").messages, 1U);
    EXPECT_EQ(client.status("Junk").messages, 2U);
}

TEST_P(StoreConformance, ExpungeTakesOnlyTheDeleted) {
    Client client(*subject, 1);
    client.append("INBOX", {"a", "b", "c", "d"});
    client.open("INBOX");
    client.store(uids(2, 4), FlagChange::add, {kDeleted, {}});
    client.news();
    EXPECT_EQ(client.expunge(uids(1, 2)), "ok");
    EXPECT_EQ(client.news(), "-2");
    EXPECT_EQ(client.expunge(), "ok");
    EXPECT_EQ(client.news(), "-3 -4");
    EXPECT_EQ(client.expunge(), "ok");
    EXPECT_EQ(client.news(), "");
    EXPECT_EQ(client.status("INBOX").deleted, 0U);
    EXPECT_EQ(client.append("INBOX", {"e"}), "5") << "UIDs are never used again";
}

TEST_P(StoreConformance, ExpungedMessageIsLeftOutButCanBeReadToItsEnd) {
    Client client(*subject, 1);
    Client reader(*subject, 1);
    client.append("INBOX", {"abcdef"}, {kDeleted, {}});
    client.open("INBOX");
    reader.open("INBOX");
    EXPECT_EQ(run(store.read(reader.id(), Uid(1), 0, 3)).value(), "abc");
    client.expunge();
    EXPECT_EQ(run(store.read(reader.id(), Uid(1), 3, 3)).value(), "def");
    EXPECT_EQ(reader.content(1), "nothing");
}

TEST_P(StoreConformance, MultiappendIsAllOrNothing) {
    Client client(*subject, 1, 100);
    client.open("INBOX");
    EXPECT_EQ(client.append("INBOX", {"fits", std::string(200, 'x')}), "over_quota");
    EXPECT_EQ(client.news(), "");
    EXPECT_EQ(client.status("INBOX").messages, 0U);
    EXPECT_EQ(client.status("INBOX").uid_next, Uid(1));
    EXPECT_EQ(client.append("none", {"a"}), "no_such_mailbox");
    EXPECT_EQ(client.append("INBOX", {"a", "b"}), "1 2");
    EXPECT_EQ(client.news(), "+1 +2");
}

TEST_P(StoreConformance, ModSequencesGrowAcrossTheAccount) {
    Client client(*subject, 1);
    client.append("INBOX", {"a"});
    const auto inbox = client.status("INBOX").highest_modseq;
    client.append("Junk", {"b"});
    const auto junk = client.status("Junk").highest_modseq;
    EXPECT_GT(junk, inbox);
    client.append("INBOX", {"c"});
    EXPECT_GT(client.status("INBOX").highest_modseq, junk);
}

} // namespace maild::store::test
