// Every kind of fault, planted: it is found and named, mended where that costs nothing, and then
// nothing is left to find.
#include "store/check_subject.hpp"

#include "maild/base/log.hpp"
#include "maild/net/spawn.hpp"

#include <algorithm>

namespace maild::store::test {
namespace {

// Account 1: INBOX with 1, 2 and the expunged 3; a copy of 1 in Archive; one message in the queue.
// Account 2: INBOX with 1. Bodies 1 to 3, 4 (queue), 5.
void fill(CheckSubject& subject) {
    {
        Client client(subject, 1);
        client.append("INBOX", {"Subject: one\r\n\r\nfirst", "Subject: two\r\n\r\nsecond",
                                "Subject: three\r\n\r\nthird"});
        client.open("INBOX");
        client.copy(uid(1), "Archive");
        client.store(uid(3), FlagChange::add, {kDeleted, {}});
        client.expunge();
        client.store(uid(2), FlagChange::add, {kSeen, {}});
        client.annotate("INBOX", {{"/private/a", "1234567"}});
        client.annotate("", {{"/private/b", "123456"}});
        DeliverRequest request{
            {"Subject: out\r\n\r\n", structure("appended")}, {}, std::nullopt, subject.clock.now()};
        request.relay = RelayRequest{token(subject, 1), {}, "Received: x\r\n", "held"};
        request.relay->envelope.recipients = {{"x@example.com", {}, {}}};
        if (!subject.run(subject.store().deliver(std::move(request)))) throw std::runtime_error("");
    }
    Client other(subject, 2);
    other.append("INBOX", {"Subject: other\r\n\r\nfifth"});
}

struct Planted {
    const char* name;
    db::Sql sql;
    std::vector<const char*> found; // how findings begin or go on, in order
    bool is_mended = true;
    bool is_deep = false;
    friend void PrintTo(const Planted& planted, std::ostream* out) { *out << planted.name; }
};

class PlantedFault : public testing::TestWithParam<Planted> {};

// Each wanted text is in a finding of its own; how many are repaired.
std::size_t compare(const std::vector<CheckFinding>& findings,
                    const std::vector<const char*>& wanted) {
    const auto got = text(findings);
    EXPECT_EQ(findings.size(), wanted.size()) << got;
    for (const auto* piece : wanted) EXPECT_NE(got.find(piece), got.npos) << piece << "\n" << got;
    return static_cast<std::size_t>(std::ranges::count_if(findings, &CheckFinding::is_repaired));
}

TEST_P(PlantedFault, IsFoundAndMended) {
    log::to_nowhere();
    const auto& planted = GetParam();
    CheckSubject subject;
    subject.open();
    fill(subject);
    ASSERT_EQ(text(subject.check({.account = {}, .deep = true, .from = {}})), "");
    subject.plant(planted.sql);
    subject.open();
    CheckRequest request;
    request.deep = planted.is_deep;
    EXPECT_EQ(compare(subject.check(request), planted.found), 0U) << "only with `repair`";
    request.repair = true;
    const auto repaired = compare(subject.check(request), planted.found);
    EXPECT_EQ(repaired == planted.found.size(), planted.is_mended);
    request.repair = false;
    const auto left = subject.check(request);
    EXPECT_EQ(left.size(), planted.found.size() - repaired) << text(left);
    if (!planted.is_mended) return;
    Client client(subject, 1);
    EXPECT_EQ(text(client.open("INBOX")), "1 2");
    EXPECT_EQ(client.content(1), "Subject: one\r\n\r\nfirst");
    EXPECT_EQ(client.content(2), "Subject: two\r\n\r\nsecond");
    EXPECT_EQ(client.append("INBOX", {"new"}), "4");
    client.open("Archive");
    EXPECT_EQ(client.content(1), "Subject: one\r\n\r\nfirst");
}

const Planted kPlanted[] = {
    {"MailboxCounters",
     "UPDATE mailbox SET messages = 7, unseen = 0, deleted = 1, size = size + 5 WHERE account_id = "
     "1 AND name = 'INBOX'",
     {"mailbox 1 INBOX 0: the mailbox counts 7 messages for 2, 0 unseen for 1, 1 deleted for 0"}},
    {"DeletedSize",
     "UPDATE mailbox SET deleted_size = 7 WHERE account_id = 1 AND name = 'INBOX'",
     {"mailbox 1 INBOX 0: the mailbox counts 7 deleted octets for 0"}},
    {"UidNext",
     "UPDATE mailbox SET uid_next = 1 WHERE account_id = 1 AND name = 'INBOX'",
     {"mailbox 1 INBOX 0: the mailbox counts UIDNEXT 1 below 4"}},
    {"HighestModSeq",
     "UPDATE mailbox SET highest_modseq = 0 WHERE account_id = 1 AND name = 'INBOX'",
     {"mailbox 1 INBOX 0: the mailbox counts HIGHESTMODSEQ 0 below"}},
    {"AccountUsage",
     "UPDATE account SET used_bytes = 1, used_messages = 9, mailboxes = 99 WHERE id = 1",
     {"account 1  0: the account counts 1 octets for 64, 9 messages for 3, 99 mailboxes for 6"}},
    {"AnnotationBytes",
     "UPDATE account SET annotation_bytes = 7 WHERE id = 1",
     {"account 1  0: the account counts 7 octets of annotations for 33"}},
    {"AnnotationsWithoutMailbox",
     "INSERT INTO annotation (account_id, mailbox_id, name, value) VALUES (1, 999, '/private/a', "
     "x''), (1, 999, '/private/b', x''), (2, 1, '/private/a', x'')",
     {"orphan 1  0: 2 annotations of a mailbox that is not there, number 999",
      "orphan 2  0: 1 annotation of a mailbox that is not there, number 1"}},
    {"AclWithoutMailbox",
     "INSERT INTO acl (owner_id, mailbox_id, account_id, domain_id, is_negative, rights) VALUES "
     "(1, 999, 2, 0, 0, 3), (1, 999, 3, 0, 0, 3), (2, 1, 1, 0, 0, 3)",
     {"orphan 1  0: 2 ACL rows of a mailbox that is not there, number 999",
      "orphan 2  0: 1 ACL row of a mailbox that is not there, number 1"}},
    {"AccountModSeq",
     "UPDATE account SET modseq = 0, uid_validity = 1 WHERE id = 1",
     {"account 1  0: the account counts mod-sequence 0 below"}},
    {"TooManyReferences",
     "UPDATE body SET refs = 9 WHERE id = 1",
     {"shares its body: 2 rows lead to it, 9 are counted"}},
    {"TooFewReferences",
     "UPDATE body SET refs = 0 WHERE id = 2",
     {"reference 1 INBOX 2: the message shares its body: 1 row lead to it, 0 are counted"}},
    {"BodyWithoutMessage", "DELETE FROM expunged", {"orphan 0  0: a body that nothing leads to"}},
    {"ContentWithoutBody",
     "INSERT INTO content (id, body_id, prefix, email_id) VALUES (500, 9999, x'', 1)",
     {"orphan 0  0: trace fields without body, number 500"}},
    {"StructureWithoutBody",
     "INSERT INTO structure SELECT 9999, envelope, body, body_structure, parts FROM structure "
     "WHERE body_id = 1",
     {"orphan 0  0: a structure without body, number 9999"}},
    {"BodyWithoutStructure",
     "DELETE FROM structure WHERE body_id = 1",
     {"structure 1 INBOX 1: the message has a cached ENVELOPE, BODY, BODYSTRUCTURE, parts that",
      "structure 1 Archive 1: "}},
    {"EmptyStructure",
     "UPDATE structure SET envelope = x'', parts = x'' WHERE body_id = 2",
     {"structure 1 INBOX 2: the message has a cached ENVELOPE, parts that"}},
    {"OtherStructure",
     "UPDATE structure SET body_structure = x'4e494c' WHERE body_id = 2",
     {"structure 1 INBOX 2: the message has a cached BODYSTRUCTURE that"},
     true,
     true},
    {"HeaderSection",
     "UPDATE body SET header_size = 3, header_crc = 0 WHERE id = 2",
     {"structure 1 INBOX 2: the message has a header section of another length"},
     true,
     true},
    {"Digest",
     "UPDATE body SET digest = zeroblob(32) WHERE id = 2",
     {"body 1 INBOX 2: the message has other bytes than were accepted"},
     false,
     true},
    {"Location",
     "UPDATE body SET record_offset = record_offset + 8 WHERE id = 2",
     {"body 1 INBOX 2: the message cannot be read"},
     false},
    {"ExpungedBody",
     "UPDATE body SET length = length + 1 WHERE id = 3",
     {"body 1 INBOX 3: the expunged message, still kept, cannot be read"},
     false},
    {"MessageWithoutContent",
     "UPDATE message SET content_id = 9999 WHERE content_id = 2",
     {"message 1 INBOX 2: the message has lost the row of its body",
      "orphan 0  0: a body that nothing leads to, number 2, is kept"},
     false},
    {"MessageSize",
     "UPDATE message SET size = 1 WHERE content_id = 2",
     {"mailbox 1 INBOX 0: the mailbox counts 43 octets for 22",
      "message 1 INBOX 2: the message says a size of 1 octets and has 22",
      "account 1  0: the account counts "}},
    {"PackCounters",
     "UPDATE pack SET live_records = 0, live_bytes = 8",
     {"pack 0  0: of the pack 1 live 0 records for 5, 8 octets for"}},
    {"PackRow", "DELETE FROM pack", {"pack 0  0: of the pack 1 live 0 records for 5"}},
    {"QueueWithoutRecipient",
     "DELETE FROM queue_recipient",
     {"queue 1  0: the queue's message 1099511627777 has no recipient"}},
    {"QueueState",
     "UPDATE queue_recipient SET state = 77",
     {"queue 1  0: the queue's message 1099511627777 has a recipient in a state that does not "
      "exist, 77"}},
    {"QueueTwice",
     "INSERT INTO queue_recipient SELECT queue_id, 1, address, original_recipient, notify, state, "
     "reason, attempts, next_attempt_at, destination, rank, owes, told_delay, status, host, "
     "last_attempt_at FROM queue_recipient",
     {"queue 1  0: the queue's message 1099511627777 waits twice for x@example.com"}},
    {"QueueWithoutMessage",
     "UPDATE queue_recipient SET queue_id = 77",
     {"queue 0  0: the queue's message 1099511627853 is lost, a recipient is left",
      "queue 1  0: the queue's message 1099511627777 has no recipient"}},
    {"QueueWithoutBody",
     "UPDATE queue_message SET body_id = 9999",
     {"orphan 0  0: a body that nothing leads to, number 4, is kept",
      "queue 1  0: the queue's message 1099511627777 has lost its body"},
     false},
    {"AccountRow",
     "DELETE FROM account WHERE id = 2",
     {"database 2  0: 6 mailbox rows of an account without row",
      " 2  0: "}}, // its subscriptions; where the row is back by then, its usage
    {"MailboxRow",
     "DELETE FROM mailbox WHERE account_id = 2 AND name = 'INBOX'",
     {"database 0  0: 1 message in a mailbox without row", "account 2  0: the account counts"},
     false},
};

std::string name_of_planted(const testing::TestParamInfo<Planted>& planted) {
    return planted.param.name;
}

INSTANTIATE_TEST_SUITE_P(Check, PlantedFault, testing::ValuesIn(kPlanted), name_of_planted);

TEST(Check, OfOneAccountLooksAtThatAlone) {
    log::to_nowhere();
    CheckSubject subject;
    subject.open();
    fill(subject);
    subject.plant("UPDATE mailbox SET messages = 7 WHERE name = 'INBOX'; UPDATE body SET "
                  "record_offset = 8 WHERE id = 5; UPDATE body SET refs = 9");
    subject.open();
    CheckRequest request;
    request.account = AccountRef{AccountId(2), ShardId(1)};
    EXPECT_EQ(text(subject.check(request)).substr(0, 63),
              "mailbox 2 INBOX 0: the mailbox counts 7 messages for 1\nbody 2 I");
    EXPECT_EQ(subject.counts.messages, 1U);
    request.account = AccountRef{AccountId(1), ShardId(1)};
    EXPECT_EQ(text(subject.check(request)),
              "mailbox 1 INBOX 0: the mailbox counts 7 messages for 2\n");
    request.account = AccountRef{AccountId(3), ShardId(1)};
    EXPECT_EQ(text(subject.check(request)), "") << "known to nobody here";
}

TEST(Check, SessionsLearnOfWhatWasMended) {
    log::to_nowhere();
    CheckSubject subject;
    subject.open();
    fill(subject);
    subject.plant("UPDATE mailbox SET messages = 7 WHERE account_id = 1 AND name = 'INBOX'");
    subject.open();
    Client client(subject, 1);
    client.open("INBOX");
    EXPECT_EQ(client.status("INBOX").messages, 7U);
    const auto before = client.status("INBOX").highest_modseq;
    CheckRequest request;
    request.repair = true;
    EXPECT_EQ(subject.check(request).size(), 1U);
    EXPECT_EQ(client.news(), "") << "no message has changed";
    EXPECT_EQ(client.status("INBOX").messages, 2U);
    EXPECT_GT(client.status("INBOX").highest_modseq, before);
}

TEST(Check, GoesOnWhereASliceEnded) {
    log::to_nowhere();
    CheckSubject subject;
    subject.open();
    constexpr std::uint32_t kCount = 2500;
    {
        Client client(subject, 1);
        for (std::uint32_t i = 0; i < kCount / 500; ++i)
            client.append("INBOX", std::vector<std::string>(500, "Subject: x\r\n\r\nbody"));
    }
    EXPECT_EQ(text(subject.check()), "");
    EXPECT_EQ(subject.counts.bodies, kCount);
    EXPECT_EQ(subject.counts.messages, kCount);
    EXPECT_GT(subject.slices, 12) << "bounded";
    subject.plant("UPDATE body SET record_offset = 8, refs = 3");
    subject.open();
    const auto findings = subject.check();
    EXPECT_EQ(findings.size(), 2 * kCount) << "each body, and each count";
}

net::Task<void> ask(CheckSubject& subject, CheckRequest request,
                    std::vector<std::string>& answers) {
    const auto slice = co_await subject.admin().check(std::move(request));
    answers.emplace_back(slice ? "ok" : name_of(slice.error().code));
}

TEST(Check, OneRepairsAtATime) {
    log::to_nowhere();
    CheckSubject subject;
    subject.open();
    fill(subject);
    CheckRequest request;
    request.repair = true;
    std::vector<std::string> answers;
    for (int i = 0; i < 2; ++i) net::spawn(subject.io, ask(subject, request, answers), "check");
    ASSERT_TRUE(subject.run_until([&] { return answers.size() == 2; }));
    EXPECT_EQ(answers, (std::vector<std::string>{"busy", "ok"}));
}

} // namespace
} // namespace maild::store::test
