#include "maild/trace/tally.hpp"

#include <gtest/gtest.h>

namespace maild::trace {
namespace {

constexpr std::int64_t kNoon = 1'700'049'600; // 2023-11-15 12:00 UTC

Record incoming(std::string service, std::string reply) {
    Record record;
    record.time = from_unix_seconds(kNoon);
    record.service = std::move(service);
    record.reverse_path = "bob@client.example";
    record.size = 1'000;
    record.reply = std::move(reply);
    return record;
}

Recipient in_mailbox(std::string address) {
    Recipient recipient;
    recipient.forward_path = std::move(address);
    recipient.is_accepted = true;
    recipient.places = {{Place::Kind::mailbox, "ada@example.org", "INBOX", 3, {}}};
    return recipient;
}

Recipient in_queue(std::string address) {
    auto recipient = in_mailbox(std::move(address));
    recipient.places = {{Place::Kind::queue, "eve@remote.example", {}, 12, {}}};
    return recipient;
}

Recipient refused(std::string address, std::string reply) {
    Recipient recipient;
    recipient.forward_path = std::move(address);
    recipient.reply = std::move(reply);
    return recipient;
}

Record attempt(std::string destination) {
    Record record;
    record.time = from_unix_seconds(kNoon);
    record.service = "sender";
    record.id = "12";
    record.hello = std::move(destination);
    record.reverse_path = "ada@example.org";
    return record;
}

Recipient tried(std::string address, std::string reply, std::string outcome) {
    Recipient recipient;
    recipient.forward_path = std::move(address);
    recipient.is_accepted = outcome == "sent";
    recipient.reply = std::move(reply);
    recipient.places = {{Place::Kind::queue, "mx.remote.example", {}, 12, std::move(outcome)}};
    return recipient;
}

std::string text_of(const Volume& v) {
    std::string out;
    const auto add = [&out](std::string_view name, std::uint64_t number) {
        if (number > 0) out += std::string(name) + "=" + std::to_string(number) + " ";
    };
    add("received", v.received);
    add("submitted", v.submitted);
    add("refused", v.refused);
    add("put_off", v.put_off);
    add("delivered", v.delivered);
    add("sent", v.sent);
    add("failed", v.failed);
    add("deferred", v.deferred);
    add("octets", v.octets);
    add("uncounted", v.uncounted);
    add("lost", v.lost);
    return out;
}

TEST(TraceTally, CountsMessagesByWhatBecameOfThem) {
    struct Case {
        const char* name;
        const char* service;
        const char* reply;
        std::vector<Recipient> recipients;
        const char* want;
    };
    const Case cases[] = {
        {"delivered to two",
         "smtp",
         "250 2.0.0 Ok",
         {in_mailbox("a@example.org"), in_mailbox("b@example.org")},
         "received=1 delivered=2 octets=1000 "},
        {"one of two refused",
         "smtp",
         "250 2.0.0 Ok",
         {in_mailbox("a@example.org"), refused("x@example.org", "550 5.1.1 No")},
         "received=1 delivered=1 octets=1000 "},
        {"submitted",
         "submission",
         "250 2.0.0 Ok",
         {in_queue("eve@remote.example")},
         "submitted=1 octets=1000 "},
        {"of a program on this host",
         "local",
         "250 2.0.0 Ok",
         {in_mailbox("a@example.org")},
         "submitted=1 delivered=1 octets=1000 "},
        {"refused recipients",
         "smtp",
         "503 5.5.1 No recipients",
         {refused("x@example.org", "550 5.1.1 No")},
         "refused=1 "},
        {"refused recipients, and QUIT",
         "smtp",
         "",
         {refused("x@example.org", "550 5.1.1 No")},
         "refused=1 "},
        {"put off at RCPT",
         "smtp",
         "503 5.5.1 No recipients",
         {refused("x@example.org", "451 4.3.0 Later")},
         "put_off=1 "},
        {"refused at MAIL", "smtp", "550 5.7.1 No", {}, "refused=1 "},
        {"put off at MAIL", "smtp", "451 4.3.0 Later", {}, "put_off=1 "},
        {"left before the end", "smtp", "", {}, ""},
    };
    for (const auto& each : cases) {
        auto record = incoming(each.service, each.reply);
        for (const auto& recipient : each.recipients) record.add(recipient);
        Tally tally({});
        tally.add(record);
        EXPECT_EQ(text_of(tally.total()), each.want) << each.name;
    }
}

TEST(TraceTally, CountsAttemptsByDestinationAndWords) {
    Tally tally({});
    auto good = attempt("good.example");
    good.add(tried("g@good.example", "250 Ok", "sent"));
    tally.add(good);
    for (const auto* whom : {"a@remote.example", "b@remote.example"}) {
        auto bad = attempt("remote.example");
        bad.add(tried(whom, std::string("550 5.1.1 <") + whom + ">: unknown", "failed"));
        bad.add(tried(whom, "450 4.2.0 Greylisted, id A1B2C3D4E5F6", "deferred until then"));
        tally.add(bad);
    }
    EXPECT_EQ(text_of(tally.total()), "sent=1 failed=2 deferred=2 ");
    const auto all = tally.destinations();
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[0].name, "remote.example"); // the worst first
    EXPECT_EQ(all[0].host, "mx.remote.example");
    EXPECT_EQ(all[0].failed, 2U);
    EXPECT_EQ(all[0].deferred, 2U);
    ASSERT_EQ(all[0].texts.size(), 2U);
    EXPECT_EQ(all[0].texts[0].words, "550 5.1.1 <…>: unknown");
    EXPECT_EQ(all[0].texts[0].count, 2U);
    EXPECT_EQ(all[0].texts[1].words, "450 4.2.0 Greylisted, id …");
    EXPECT_EQ(all[1].sent, 1U);
    EXPECT_TRUE(all[1].texts.empty());
}

// A record keeps a hundred recipients and counts the others.
TEST(TraceTally, SaysHowManyItKnowsNothingOf) {
    Tally tally({});
    auto many = incoming("smtp", "250 2.0.0 Ok");
    many.add(in_mailbox("a@example.org"));
    many.more_accepted = 900;
    tally.add(many);
    auto out = attempt("remote.example");
    out.more_accepted = 5;
    out.more_refused = 7;
    tally.add(out);
    EXPECT_EQ(text_of(tally.total()), "received=1 delivered=1 sent=5 octets=1000 uncounted=907 ");
}

TEST(TraceTally, CountsOfOneDomainAlone) {
    Tally tally({.domain = "example.org"});
    auto mixed = incoming("smtp", "250 2.0.0 Ok");
    mixed.add(in_mailbox("a@Example.ORG"));
    mixed.add(in_mailbox("b@other.example"));
    tally.add(mixed);
    auto others = incoming("smtp", "250 2.0.0 Ok");
    others.add(in_mailbox("b@other.example"));
    tally.add(others);
    auto refused_sender = incoming("smtp", "550 5.7.1 No");
    tally.add(refused_sender);
    auto submitted = incoming("submission", "250 2.0.0 Ok");
    submitted.reverse_path = "ada@example.org";
    submitted.add(in_queue("eve@remote.example"));
    tally.add(submitted);
    auto of_others = attempt("remote.example");
    of_others.reverse_path = "carol@other.example";
    of_others.add(tried("eve@remote.example", "250 Ok", "sent"));
    tally.add(of_others);
    auto ours = attempt("remote.example");
    ours.add(tried("eve@remote.example", "250 Ok", "sent"));
    tally.add(ours);
    EXPECT_EQ(text_of(tally.total()), "received=1 submitted=1 delivered=1 sent=1 octets=2000 ");
}

TEST(TraceTally, DividesTimeIntoPeriods) {
    Tally tally({.domain = {}, .period = std::chrono::hours(1)});
    for (const auto minutes : {0, 59, 60}) {
        auto record = incoming("smtp", "250 2.0.0 Ok");
        record.time = from_unix_seconds(kNoon + minutes * 60);
        record.add(in_mailbox("a@example.org"));
        tally.add(record);
    }
    ASSERT_EQ(tally.volumes().size(), 2U);
    EXPECT_EQ(tally.volumes().begin()->first, from_unix_seconds(kNoon));
    EXPECT_EQ(tally.volumes().begin()->second.received, 2U);
}

TEST(TraceTally, KeepsTheNewestPeriodsOnly) {
    Tally tally({.domain = {}, .period = std::chrono::hours(1)});
    for (std::int64_t hour = 0; hour < static_cast<std::int64_t>(kMaxPeriods) + 5; ++hour) {
        Record record;
        record.lost = 1;
        record.time = from_unix_seconds(kNoon + hour * 3'600);
        tally.add(record);
    }
    EXPECT_EQ(tally.volumes().size(), kMaxPeriods);
    EXPECT_EQ(tally.volumes().begin()->first, from_unix_seconds(kNoon + 5 * 3'600));
    Record old;
    old.lost = 1;
    old.time = from_unix_seconds(kNoon);
    tally.add(old); // before all of them: it is not counted, and pushes nothing out
    EXPECT_EQ(tally.volumes().begin()->first, from_unix_seconds(kNoon + 5 * 3'600));
}

TEST(TraceTally, BoundsDestinationsAndTexts) {
    Tally tally({});
    for (std::size_t i = 0; i < kMaxDestinations + 7; ++i) {
        auto record = attempt("d" + std::to_string(i) + ".example");
        record.add(tried("a@d.example", "250 Ok", "sent"));
        tally.add(record);
    }
    for (std::size_t i = 0; i < kMaxTexts + 3; ++i) {
        auto record = attempt("d1.example");
        record.add(tried("a@d.example", "550 reason " + std::to_string(i), "failed"));
        tally.add(record);
    }
    const auto all = tally.destinations();
    EXPECT_EQ(all.size(), kMaxDestinations + 1);
    EXPECT_EQ(all.front().name, "d1.example");
    EXPECT_EQ(all.front().texts.size(), kMaxTexts);
    EXPECT_EQ(all.front().other_texts, 3U);
    EXPECT_EQ(all.back().name, "");
    EXPECT_EQ(all.back().sent, 7U);
    EXPECT_EQ(tally.total().sent, kMaxDestinations + 7);
}

TEST(TraceTally, GeneralizesWords) {
    struct Case {
        const char* words;
        const char* recipient;
        const char* want;
    };
    const Case cases[] = {
        {"550 5.1.1 <Eve@Remote.example> unknown", "eve@remote.example", "550 5.1.1 <…> unknown"},
        {"421 4.7.0 Try later 1a2b3c4d5e6f-78.90", "", "421 4.7.0 Try later …"},
        {"452 4.2.2 over quota", "", "452 4.2.2 over quota"},
        {"", "", ""},
        {"550 see https://example.net/help1234", "", "550 see https://example.net/…"},
    };
    for (const auto& each : cases)
        EXPECT_EQ(generalized(each.words, each.recipient), each.want) << each.words;
    EXPECT_LE(generalized(std::string(100'000, 'x'), "").size(), kMaxText);
}

} // namespace
} // namespace maild::trace
