// Delivery, quota, the queue and the admin's side.
#include "store/conformance.hpp"

namespace maild::store::test {
namespace {

DeliverRequest to(Subject& subject, std::vector<LocalRecipient> local,
                  std::string_view content = "Subject: x\r\n\r\nbody\r\n") {
    return {{content, structure("delivered")}, std::move(local), std::nullopt, subject.clock.now()};
}

RelayRequest relay(Subject& subject, std::vector<std::string> addresses,
                   const std::string& hold = {}) {
    RelayRequest request{
        token(subject, 1),
        {.reverse_path = "ada@example.org", .envelope_id = {}, .return_content = {}},
        "Received: from client\r\n",
        hold};
    for (auto& address : addresses)
        request.envelope.recipients.push_back({std::move(address), {}, {}});
    return request;
}

} // namespace

TEST_P(StoreConformance, DeliversOneBodyToManyWithTheirOwnPrefix) {
    auto ada = recipient(*subject, 1);
    auto bob = recipient(*subject, 2);
    bob.trace_prefix = "Delivered-To: bob\r\n";
    auto result = run(store.deliver(to(*subject, {ada, bob})));
    ASSERT_TRUE(result);
    ASSERT_EQ(result->local.size(), 2U);
    EXPECT_EQ(result->local[0]->uid, Uid(1));
    EXPECT_FALSE(result->queued);
    Client first(*subject, 1);
    Client second(*subject, 2);
    EXPECT_EQ(first.open("INBOX").status.uid_validity, result->local[0]->uid_validity);
    second.open("INBOX");
    EXPECT_EQ(first.content(1), "Return-Path: <bob@example.net>\r\nSubject: x\r\n\r\nbody\r\n");
    EXPECT_EQ(second.content(1), "Delivered-To: bob\r\nSubject: x\r\n\r\nbody\r\n");
}

TEST_P(StoreConformance, DeliveryCreatesItsMailboxOrTakesInbox) {
    auto fine = recipient(*subject, 1);
    fine.mailbox = "lists/cpp";
    auto impossible = recipient(*subject, 1);
    impossible.mailbox = "a//b";
    auto result = run(store.deliver(to(*subject, {fine, impossible})));
    ASSERT_TRUE(result && result->local[0] && result->local[1]);
    Client client(*subject, 1);
    EXPECT_EQ(client.status("lists/cpp").messages, 1U);
    EXPECT_EQ(client.status("INBOX").messages, 1U);
}

TEST_P(StoreConformance, DeliveryTakesAMailboxOfTheSameUse) {
    Client client(*subject, 1);
    ASSERT_TRUE(run(store.rename_mailbox(client.id(), "Sent", "Gesendet")));
    auto sent = recipient(*subject, 1);
    sent.mailbox = "Sent";
    sent.flags = {kSeen, {}};
    ASSERT_TRUE(run(store.deliver(to(*subject, {recipient(*subject, 1), sent}))));
    EXPECT_EQ(client.status("Gesendet").messages, 1U);
    EXPECT_EQ(client.status("Gesendet").unseen, 0U);
    EXPECT_EQ(client.status("INBOX").unseen, 1U);
    ASSERT_TRUE(run(store.delete_mailbox(client.id(), "Gesendet")));
    ASSERT_TRUE(run(store.deliver(to(*subject, {sent}))));
    EXPECT_EQ(client.status("Sent").messages, 1U);
}

TEST_P(StoreConformance, DeliveryWithFlags) {
    auto flagged = recipient(*subject, 1);
    flagged.flags = {kSeen | kFlagged, {"$Forwarded", "not an atom"}};
    ASSERT_TRUE(run(store.deliver(to(*subject, {flagged}))));
    Client client(*subject, 1);
    const auto opened = client.open("INBOX");
    EXPECT_EQ(opened.keywords, (Keywords{"$Forwarded"}));
    EXPECT_EQ(opened.messages[0].flags.bits, kSeen | kFlagged | std::uint64_t{1} << kFirstKeyword);
    EXPECT_EQ(opened.status.unseen, 0U);
}

TEST_P(StoreConformance, FullAccountDoesNotStopTheOthers) {
    const std::string content(600, 'x');
    auto full = recipient(*subject, 1, 1000);
    auto forged = recipient(*subject, 3);
    forged.grant.account = AccountId(4);
    ASSERT_EQ(run(store.deliver(to(*subject, {full}, content)))->local[0]->uid, Uid(1));
    auto result = run(store.deliver(to(*subject, {full, forged, recipient(*subject, 2)}, content)));
    ASSERT_TRUE(result);
    EXPECT_EQ(result->local[0].error().code, Errc::over_quota);
    EXPECT_EQ(result->local[1].error().code, Errc::not_permitted);
    EXPECT_EQ(result->local[2]->uid, Uid(1));
    EXPECT_EQ(run(store.check_room(full.grant, 600)).error().code, Errc::over_quota);
    EXPECT_TRUE(run(store.check_room(full.grant, 100)));
}

TEST_P(StoreConformance, NewestTokenDecidesTheQuota) {
    const auto old = recipient(*subject, 1, 10);
    subject->clock.advance(std::chrono::seconds(1));
    const auto fresh = recipient(*subject, 1, 100'000);
    ASSERT_TRUE(run(store.deliver(to(*subject, {fresh})))->local[0]);
    EXPECT_TRUE(run(store.deliver(to(*subject, {old})))->local[0])
        << "an older token changes nothing";
    subject->clock.advance(std::chrono::seconds(1));
    const auto smaller = recipient(*subject, 1, 10);
    EXPECT_EQ(run(store.deliver(to(*subject, {smaller})))->local[0].error().code, Errc::too_large);
}

TEST_P(StoreConformance, MessageLargerThanTheWholeQuotaCanNeverFit) {
    const auto small = recipient(*subject, 1, 100);
    const std::string content(101, 'x');
    EXPECT_EQ(run(store.check_room(small.grant, content.size())).error().code, Errc::too_large);
    const auto result = run(store.deliver(to(*subject, {small, recipient(*subject, 2)}, content)));
    ASSERT_TRUE(result);
    EXPECT_EQ(result->local[0].error().code, Errc::too_large);
    EXPECT_TRUE(result->local[1]) << "the others get it";
}

TEST_P(StoreConformance, MessageCountIsAQuotaToo) {
    auto limited = recipient(*subject, 1);
    limited.grant = token(*subject, 1, auth::Right::deliver, 0, 1);
    EXPECT_TRUE(run(store.deliver(to(*subject, {limited})))->local[0]);
    EXPECT_EQ(run(store.deliver(to(*subject, {limited})))->local[0].error().code, Errc::over_quota);
}

TEST_P(StoreConformance, QuotaCountsAppendAndCopyAndExpungeFreesIt) {
    Client client(*subject, 1, 1000);
    EXPECT_EQ(client.append("INBOX", {std::string(600, 'a')}), "1");
    EXPECT_EQ(client.append("INBOX", {std::string(300, 'b'), std::string(300, 'c')}), "over_quota");
    client.open("INBOX");
    EXPECT_EQ(client.copy(uid(1), "Junk"), "over_quota");
    EXPECT_EQ(client.move(uid(1), "Junk"), "1>1") << "takes no room";
    client.open("Junk");
    client.store(uid(1), FlagChange::add, {kDeleted, {}});
    EXPECT_EQ(client.expunge(), "ok");
    EXPECT_EQ(client.append("INBOX", {std::string(900, 'd')}), "2");
}

TEST_P(StoreConformance, QuotaIsToldAsItIsCounted) {
    Client client(*subject, 1, 1000);
    const auto told = [&] {
        const auto quota = run(store.quota(client.id()));
        if (!quota) return std::string(name_of(quota.error().code));
        return std::to_string(quota->bytes) + "/" + std::to_string(quota->bytes_limit) + " " +
               std::to_string(quota->messages) + "/" + std::to_string(quota->messages_limit);
    };
    EXPECT_EQ(told(), "0/1000 0/0");
    client.append("INBOX", {std::string(300, 'a'), std::string(100, 'b')});
    EXPECT_EQ(told(), "400/1000 2/0");
    client.open("INBOX");
    client.copy(uid(2), "Junk");
    client.move(uid(1), "Archive");
    EXPECT_EQ(told(), "500/1000 3/0");
    client.store(uid(2), FlagChange::add, {kDeleted, {}});
    client.expunge();
    EXPECT_EQ(client.remove("Junk"), "ok");
    EXPECT_EQ(told(), "300/1000 1/0");
    subject->clock.advance(std::chrono::seconds(1));
    auto local = recipient(*subject, 1);
    local.grant = token(*subject, 1, auth::Right::deliver, 0, 7);
    ASSERT_TRUE(run(store.deliver(to(*subject, {local}, "new")))->local[0]);
    EXPECT_EQ(told(), "335/0 2/7") << "by the newest token";
    store.close_session(client.id());
    EXPECT_EQ(told(), "not_permitted");
}

TEST_P(StoreConformance, SizeOfWhatIsDeletedFollowsFlagsAndMessages) {
    Client client(*subject, 1);
    const auto deleted = [&](const char* name = "INBOX") {
        return client.status(name).deleted_size;
    };
    client.append("INBOX", {std::string(300, 'a'), std::string(100, 'b')}, {kDeleted, {}});
    client.append("INBOX", {std::string(50, 'c')});
    EXPECT_EQ(deleted(), 400U);
    client.open("INBOX");
    client.store(uids(2, 3), FlagChange::replace, {kDeleted, {}});
    EXPECT_EQ(deleted(), 450U);
    client.store(uid(1), FlagChange::remove, {kDeleted, {}});
    EXPECT_EQ(deleted(), 150U);
    client.copy(uids(1, 2), "Junk");
    EXPECT_EQ(deleted("Junk"), 100U);
    client.move(uid(2), "Archive");
    EXPECT_EQ(deleted(), 50U);
    EXPECT_EQ(deleted("Archive"), 100U);
    EXPECT_EQ(client.open("INBOX").status.deleted_size, 50U);
    client.expunge();
    EXPECT_EQ(deleted(), 0U);
}

TEST_P(StoreConformance, EmptyAndBinaryContentsComeBackAsTheyWere) {
    std::string all;
    for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
    Client client(*subject, 1);
    client.append("INBOX", {"", all, std::string(300'000, 'x')});
    client.open("INBOX");
    EXPECT_EQ(client.content(1), "");
    EXPECT_EQ(client.content(2), all);
    EXPECT_EQ(client.content(3), "") << "over kMaxInlineContent: read() it";
    const auto read = run(store.read(client.id(), Uid(3), 299'990, 100));
    EXPECT_EQ(read.value(), std::string(10, 'x'));
}

TEST_P(StoreConformance, LargeMessageIsReadInPieces) {
    std::string content = "Subject: big\r\n\r\n";
    while (content.size() < 3'000'000) content += "line " + std::to_string(content.size()) + "\r\n";
    ASSERT_EQ(deliver(*subject, 1, content), "1");
    Client client(*subject, 1);
    client.open("INBOX");
    std::string back;
    for (;;) {
        auto piece = run(store.read(client.id(), Uid(1), back.size(), UINT64_MAX));
        ASSERT_TRUE(piece) << piece.error().internal;
        ASSERT_LE(piece->size(), kMaxRead);
        if (piece->empty()) break;
        back += *piece;
    }
    EXPECT_TRUE(back == "Return-Path: <bob@example.net>\r\n" + content);
    EXPECT_EQ(run(store.read(client.id(), Uid(1), UINT64_MAX, UINT64_MAX)).value(), "");
    EXPECT_EQ(run(store.read(client.id(), Uid(9), 0, 1)).error().code, Errc::not_found);
}

TEST_P(StoreConformance, QueueRowsAreKeptBesideTheBody) {
    auto request = to(*subject, {recipient(*subject, 2)});
    request.relay = relay(*subject, {"x@example.com", "y@example.com"}, "sending is not set up");
    const auto first = run(store.deliver(std::move(request)));
    auto second_request = to(*subject, {});
    second_request.relay = relay(*subject, {"z@example.com"});
    const auto second = run(store.deliver(std::move(second_request)));
    ASSERT_TRUE(first && second && first->queued && second->queued);
    EXPECT_LT(*first->queued, *second->queued);
    auto rows = run(subject->admin().queued(QueueId(), 100));
    ASSERT_TRUE(rows);
    ASSERT_EQ(rows->size(), 3U);
    EXPECT_EQ((*rows)[0].recipient, "x@example.com");
    EXPECT_EQ((*rows)[0].reverse_path, "ada@example.org");
    EXPECT_EQ((*rows)[0].state, queue::RecipientState::held);
    EXPECT_EQ((*rows)[0].reason, "sending is not set up");
    EXPECT_EQ((*rows)[0].size, 20U + 23U);
    EXPECT_EQ((*rows)[0].queued_at, subject->clock.now());
    EXPECT_EQ((*rows)[2].state, queue::RecipientState::due);
    EXPECT_EQ(run(subject->admin().queued(QueueId(), 1))->size(), 2U)
        << "a message's rows stay together";
    EXPECT_EQ(run(subject->admin().queued(*first->queued, 100))->size(), 1U);
}

TEST_P(StoreConformance, QueueRowsKeepWhatTheSenderAsksFor) {
    const auto later = subject->clock.now() + std::chrono::hours(5);
    auto request = to(*subject, {});
    request.relay = relay(*subject, {"x@example.com"});
    auto& envelope = request.relay->envelope;
    envelope.envelope_id = "QQ314159";
    envelope.return_content = "HDRS";
    envelope.is_8bit = true;
    envelope.is_smtputf8 = true;
    envelope.recipients[0].original_recipient = "rfc822;X@Example.com";
    envelope.recipients[0].notify = "SUCCESS,DELAY";
    envelope.handling = {true, false, -3, later, {{later + std::chrono::hours(1), true, true}}};
    ASSERT_TRUE(run(store.deliver(std::move(request))));
    auto plain = to(*subject, {});
    plain.relay = relay(*subject, {"y@example.com"});
    ASSERT_TRUE(run(store.deliver(std::move(plain))));
    const auto rows = run(subject->admin().queued(QueueId(), 100));
    ASSERT_TRUE(rows && rows->size() == 2);
    const auto& row = rows->front();
    EXPECT_EQ(row.envelope_id, "QQ314159");
    EXPECT_EQ(row.return_content, "HDRS");
    EXPECT_TRUE(row.is_8bit && row.is_smtputf8);
    EXPECT_EQ(row.original_recipient, "rfc822;X@Example.com");
    EXPECT_EQ(row.notify, "SUCCESS,DELAY");
    EXPECT_EQ(
        row.handling,
        (queue::Handling{true, false, -3, later, {{later + std::chrono::hours(1), true, true}}}));
    EXPECT_EQ(row.next_attempt_at, later);
    EXPECT_EQ(rows->back().handling, queue::Handling{});
    EXPECT_EQ(rows->back().next_attempt_at, subject->clock.now());
}

TEST_P(StoreConformance, RelayNeedsAToken) {
    auto request = to(*subject, {recipient(*subject, 2)});
    request.relay = relay(*subject, {"x@example.com"});
    request.relay->grant.account = AccountId(2); // not whom it was given out for
    EXPECT_EQ(run(store.deliver(std::move(request))).error().code, Errc::not_permitted);
    EXPECT_TRUE(run(subject->admin().queued(QueueId(), 100))->empty());
    Client bob(*subject, 2);
    EXPECT_EQ(bob.status("INBOX").messages, 0U) << "all or nothing where the queue is concerned";
}

TEST_P(StoreConformance, AdminSeesUsageAndMailboxes) {
    Client client(*subject, 1);
    client.append("INBOX", {"12345", "678"});
    auto usage =
        run(subject->admin().usage({{AccountId(1), ShardId(1)}, {AccountId(9), ShardId(1)}}));
    ASSERT_TRUE(usage);
    ASSERT_EQ(usage->size(), 2U);
    EXPECT_EQ((*usage)[0].bytes, 8U);
    EXPECT_EQ((*usage)[0].messages, 2U);
    EXPECT_EQ((*usage)[0].mailboxes, 6U);
    EXPECT_EQ((*usage)[1].messages, 0U);
    auto mailboxes = run(subject->admin().mailboxes({AccountId(1), ShardId(1)}));
    ASSERT_TRUE(mailboxes);
    ASSERT_EQ(mailboxes->size(), 6U);
    EXPECT_EQ((*mailboxes)[2].first.name, "INBOX");
    EXPECT_EQ((*mailboxes)[2].second.messages, 2U);
    const auto figures = run(subject->admin().figures());
    ASSERT_TRUE(figures);
    EXPECT_EQ(figures->messages_stored, 2U);
    EXPECT_EQ(figures->sessions, 1U);
    EXPECT_EQ(figures->shards, 1U);
}

TEST_P(StoreConformance, RemovedAccountIsGoneForGood) {
    Client client(*subject, 1);
    client.append("INBOX", {"x"});
    ASSERT_TRUE(run(subject->admin().remove_account({AccountId(1), ShardId(1)})));
    EXPECT_TRUE(subject->run_until([&] { return client.news() == "lost"; }));
    EXPECT_EQ(client.names(), "not_permitted");
    EXPECT_EQ(deliver(*subject, 1, "late"), "no_such_account");
    const auto usage = run(subject->admin().usage({{AccountId(1), ShardId(1)}}));
    EXPECT_EQ((*usage)[0].messages, 0U);
    EXPECT_EQ((*usage)[0].mailboxes, 0U);
}

TEST_P(StoreConformance, DroppedSessionsAreLost) {
    Client ada(*subject, 1);
    Client bob(*subject, 2);
    ASSERT_TRUE(run(subject->admin().drop_sessions({AccountId(1), ShardId(1)})));
    EXPECT_TRUE(subject->run_until([&] { return ada.news() == "lost"; }));
    EXPECT_EQ(ada.names(), "not_permitted");
    EXPECT_EQ(bob.news(), "");
    Client again(*subject, 1);
    EXPECT_EQ(again.status("INBOX").messages, 0U);
}

// RFC 8508: what is replaced counts once, also where its mailbox goes in the same commit.
TEST_P(StoreConformance, ReplaceInAMailboxThatIsBeingDeletedCountsOnce) {
    Client client(*subject, 1);
    Client other(*subject, 1);
    client.create("gone");
    client.append("gone", {"replaced"});
    client.append("INBOX", {"stays"});
    client.open("gone");
    int done = 0;
    const auto count = [&](std::exception_ptr, const auto&) { ++done; };
    boost::asio::co_spawn(subject->io.get_executor(), store.delete_mailbox(other.id(), "gone"),
                          count);
    std::vector<AppendMessage> one;
    one.push_back({{"new", structure("new")}, {}, subject->clock.now()});
    boost::asio::co_spawn(subject->io.get_executor(),
                          store.append(client.id(), "INBOX", std::move(one), Uid(1)), count);
    ASSERT_TRUE(subject->run_until([&] { return done == 2; }));
    const auto used = run(store.quota(other.id()));
    ASSERT_TRUE(used);
    EXPECT_EQ(used->bytes, other.status("INBOX").size);
    EXPECT_EQ(used->messages, other.status("INBOX").messages);
}

} // namespace maild::store::test
