#include "trace/sample.hpp"

#include "maild/trace/explain.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace maild::trace {
namespace {

Record to_one(Recipient recipient, std::string reply) {
    Record record;
    record.client_address = "192.0.2.7";
    record.service = "smtp";
    record.reverse_path = "bob@client.example";
    record.reply = std::move(reply);
    recipient.forward_path = "ada@example.org";
    record.add(std::move(recipient));
    return record;
}

Record with(Record record, Verdict verdict) {
    record.verdicts.push_back(std::move(verdict));
    return record;
}

Record of_a_program() {
    Record record;
    record.service = "local";
    record.client_address = "local";
    record.hello = "host";
    record.account = "root@example.org";
    return record;
}

Record refused_sender() {
    Record record;
    record.reverse_path = "bob@client.example";
    record.reply = "553 5.7.1 Not your address to send from";
    record.verdicts = {{"sender", Outcome::refused, "Not your address to send from"}};
    return record;
}

Record lost() {
    Record record;
    record.lost = 3;
    return record;
}

Place stored(std::uint64_t uid, std::string reason = {}) {
    return {Place::Kind::mailbox, "ada@example.org", "INBOX", uid, std::move(reason)};
}
Place queued(std::uint64_t id, std::string reason = {}) {
    return {Place::Kind::queue, "eve@remote.example", {}, id, std::move(reason)};
}

TEST(TraceExplain, SaysWhatBecameOfAMessageAndWhy) {
    const std::string ok = "250 2.0.0 Ok: X.1";
    struct Case {
        Record record;
        Fate fate;
        std::string reason;
        std::string sentence; // one that must be there
    };
    const Case cases[] = {
        {to_one({.is_accepted = true, .places = {stored(7)}}, ok), Fate::delivered, "",
         "For <ada@example.org> it was stored in INBOX of ada@example.org as UID 7."},
        {to_one({.is_accepted = true, .places = {queued(9)}}, ok), Fate::queued, "",
         "For <ada@example.org> it is in the queue as 9, to go to eve@remote.example."},
        {to_one({.is_accepted = true, .places = {queued(9, "wait")}}, ok), Fate::held, "wait",
         "For <ada@example.org> it is in the queue as 9, to go to eve@remote.example; held: wait."},
        {to_one({.is_accepted = true, .places = {stored(0, "over quota"), queued(9)}}, ok),
         Fate::queued, "over quota",
         "For <ada@example.org> it was not stored in INBOX of ada@example.org: over quota."},
        {to_one({.reply = "550 5.1.1 No such recipient here"}, ""), Fate::refused,
         "No such recipient here",
         "Recipient <ada@example.org> was refused: No such recipient here."},
        {to_one({.reply = "452 4.2.2 Mailbox full", .reason = "101 of 100"}, ""), Fate::deferred,
         "Mailbox full (101 of 100)",
         "Recipient <ada@example.org> was put off: Mailbox full (101 of 100)."},
        {to_one({.reply = "554 5.4.6 Loop",
                 .steps = {{"alias", "a@example.org", "b@example.org"},
                           {"refused", "b@example.org", "seen already"}}},
                ""),
         Fate::refused, "Loop",
         "Recipient <ada@example.org> was refused: Loop. By alias, a@example.org leads to "
         "b@example.org. b@example.org leads nowhere: seen already."},
        {to_one({.is_accepted = true}, ""), Fate::left,
         "the client ended the transaction before its message was whole",
         "No message was taken: the client ended the transaction before its message was whole."},
        {with(to_one({.is_accepted = true}, "521 5.5.2 bare <LF> received"),
              {"content", Outcome::refused, "bare <LF> received"}),
         Fate::refused, "bare <LF> received", "Stage content refused it: bare <LF> received."},
        {with(to_one({.is_accepted = true, .places = {stored(7)}}, ok),
              {"spf", Outcome::noted, "softfail"}),
         Fate::delivered, "", "Stage spf noted: softfail."},
        {to_one({.is_accepted = true, .reply = "451 4.3.0 Try again later", .reason = "disk"},
                "451 4.3.0 Try again later"),
         Fate::deferred, "Try again later (disk)",
         "For <ada@example.org> the client was told: 451 4.3.0 Try again later"},
        {of_a_program(), Fate::left,
         "the client ended the transaction before its message was whole",
         "A program of this host, run by root@example.org, handed it in."},
        {refused_sender(), Fate::refused, "Not your address to send from",
         "It named <bob@client.example> as the sender, which was not accepted."},
        {lost(), Fate::lost, "records were not kept",
         "3 records from before this moment were not kept: there was no room for them."},
        {test::sample(), Fate::delivered, "No such recipient here (why)",
         "It sent a message of 1234 octets with the subject \"hello\" from Bob "
         "<Bob.B@client.example>, Message-ID <One@client.example>."},
        {test::sample(), Fate::delivered, "No such recipient here (why)",
         "Of further recipients, 1 were accepted and 2 refused."},
        {{},
         Fate::left,
         "the client ended the transaction before its message was whole",
         "It named <> as the sender, as reports of failed mail do."},
    };
    for (std::size_t i = 0; i < std::size(cases); ++i) {
        const auto& c = cases[i];
        const auto got = explain(c.record);
        EXPECT_EQ(name_of(got.fate), name_of(c.fate)) << "case " << i;
        EXPECT_EQ(got.reason, c.reason) << "case " << i;
        EXPECT_NE(std::ranges::find(got.sentences, c.sentence), got.sentences.end())
            << "case " << i << ": " << testing::PrintToString(got.sentences);
    }
}

TEST(TraceExplain, TellsTheFateOfEachRecipient) {
    const auto record = test::sample();
    EXPECT_EQ(fate_of(record, record.recipients[0]).fate, Fate::delivered);
    EXPECT_EQ(fate_of(record, record.recipients[1]).fate, Fate::refused);
    EXPECT_EQ(fate_of(record, record.recipients[1]).reason, "No such recipient here (why)");
}

} // namespace
} // namespace maild::trace
