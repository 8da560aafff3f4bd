// MAIL to end of data (RFC 5321 §3.3; HARDENING 11, 14, 16, 67, 68).
#include "smtp/conversation.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <deque>
#include <string>

namespace maild::smtp {
namespace {

using namespace std::chrono_literals;
using test::Conversation;

TEST(SmtpTransaction, AcceptsAMessage) {
    Conversation with;
    with.hello().until_data();
    with.content("Subject: x\r\n\r\n..h\xc3\xa9llo\r\n.\r\n").expect("250 2.0.0 Ok: 0S.1\r\n");
    ASSERT_EQ(with.backend().accepted.size(), 1U);
    const auto& message = with.backend().accepted[0];
    EXPECT_EQ(message.content, "Subject: x\r\n\r\n.h\xc3\xa9llo\r\n");
    EXPECT_EQ(message.header_size, 14U);
    EXPECT_TRUE(message.has_8bit);
    EXPECT_EQ(message.reverse_path, "eve@remote.example");
    EXPECT_EQ(message.recipients, std::vector<std::string>{"ada@example.org"});
    EXPECT_EQ(with.backend().routes_checked, 1U);
    EXPECT_EQ(with.report().refused, 0U);
}

TEST(SmtpTransaction, NumbersItsMessages) {
    Conversation with;
    with.hello().until_data().content(".\r\n").expect("250 2.0.0 Ok: 0S.1");
    with.until_data().content(".\r\n").expect("250 2.0.0 Ok: 0S.2");
}

TEST(SmtpTransaction, RefusesRecipients) {
    const struct {
        Errc error;
        std::string_view want;
    } cases[] = {
        {Errc::over_quota, "452 4.2.2"},     {Errc::disabled, "550 5.2.1"},
        {Errc::unavailable, "451 4.3.0"},    {Errc::busy, "451 4.3.0"},
        {Errc::limit_exceeded, "452 4.5.3"}, {Errc::cannot, "550 5.1.3"},
    };
    for (const auto& test : cases) {
        Conversation with;
        with.backend().rcpt_errors["bob@example.org"] = test.error;
        with.hello().send("MAIL FROM:<>");
        with.send("RCPT TO:<bob@example.org>").expect(test.want);
        with.send("RCPT TO:<nobody@example.org>").expect("550 5.1.1");
        with.send("RCPT TO:<ada@elsewhere.example>").expect("554 5.7.1");
        with.send("DATA").expect("503 5.5.1");
        with.send("RCPT TO:<ada@example.org>").expect("250 2.1.5");
    }
}

TEST(SmtpTransaction, RefusesSenders) {
    const struct {
        Errc error;
        std::string_view want;
    } cases[] = {
        {Errc::no_space, "452 4.3.1"},
        {Errc::not_permitted, "553 5.7.1"},
        {Errc::too_large, "552 5.3.4"},
        {Errc::unavailable, "451 4.3.0"},
    };
    for (const auto& test : cases) {
        Conversation with;
        with.backend().sender_error = test.error;
        with.hello().send("MAIL FROM:<>").expect(test.want);
        EXPECT_FALSE(with.session().in_transaction());
    }
}

TEST(SmtpTransaction, ForgivesWhatWasPipelinedBehindARefusedSender) {
    Conversation with;
    with.backend().sender_error = Errc::no_space;
    with.hello();
    for (int round = 0; round < 3; ++round) {
        with.send("MAIL FROM:<>", true).expect("452 4.3.1");
        for (int i = 0; i < 5; ++i)
            with.send("RCPT TO:<ada@example.org>", true).expect("503 5.5.1");
        with.send("DATA").expect("503 5.5.1");
    }
    EXPECT_FALSE(with.is_over()); // although these are more than ten
}

TEST(SmtpTransaction, HoldsDeclaredSizeAgainstItsLimit) { // RFC 1870 §6.1
    Conversation with(Service::relay_in, [](Server& server) { server.limits.message_size = 1000; });
    with.hello();
    with.send("MAIL FROM:<> SIZE=1001").expect("552 5.3.4");
    with.send("MAIL FROM:<> SIZE=1000").expect("250");
}

TEST(SmtpTransaction, RefusesWhatIsLargerThanDeclaredAllowed) {
    Conversation with(Service::relay_in, [](Server& server) { server.limits.message_size = 1000; });
    with.hello().until_data();
    with.content("\r\n" + std::string(1000, 'a') + "\r\n.\r\n").expect("552 5.3.4");
    EXPECT_FALSE(with.is_over());
    with.until_data().content("\r\nsmall\r\n.\r\n").expect("250");
}

TEST(SmtpTransaction, RefusesMailWhileMemoryIsShort) {
    Conversation with;
    auto& budget = with.host().budget;
    net::MemoryBudget::Lease other(budget);
    ASSERT_TRUE(other.grow_to(budget.largest()));
    std::deque<net::MemoryBudget::Lease> small;
    while (budget.may_come(net::MemoryBudget::kSmall))
        ASSERT_TRUE(small.emplace_back(budget).grow_to(net::MemoryBudget::kSmall));
    with.hello();
    with.send("MAIL FROM:<> SIZE=10000").expect("452 4.3.1");
    with.until_data();
    with.content("\r\n" + std::string(10'000, 'a') + "\r\n.\r\n").expect("452 4.3.1");
    other.shrink_to(0);
    with.until_data();
    with.content("\r\n" + std::string(10'000, 'a') + "\r\n.\r\n").expect("250");
}

TEST(SmtpTransaction, RefusesAtDataWhatGetsNoMemory) {
    Conversation with(Service::relay_in,
                      [](Server& server) { server.limits.memory_patience = 20ms; });
    auto& budget = with.host().budget;
    net::MemoryBudget::Lease other(budget);
    ASSERT_TRUE(other.grow_to(budget.largest()));
    with.hello();
    with.send("MAIL FROM:<eve@remote.example> SIZE=1000000").expect("250");
    with.send("RCPT TO:<ada@example.org>").expect("250");
    with.send("DATA").expect("452 4.3.1");
    EXPECT_EQ(budget.waiting(), 0U);
    other.shrink_to(0);
    with.send("DATA").expect("354");
    with.content("\r\n" + std::string(1'000'000, 'a') + "\r\n.\r\n").expect("250");
    EXPECT_EQ(budget.used(), 0U);
}

TEST(SmtpTransaction, ForgetsWhatItWasPromised) {
    Conversation with;
    with.hello();
    with.send("MAIL FROM:<eve@remote.example> SIZE=50000000").expect("250");
    with.send("RCPT TO:<ada@example.org>").expect("250");
    with.send("DATA").expect("354");
    EXPECT_FALSE(net::MemoryBudget::Lease(with.host().budget).grow_to(40'000'000));
    with.session().on_lost("the peer is gone");
    EXPECT_TRUE(net::MemoryBudget::Lease(with.host().budget).grow_to(40'000'000));
}

// Who pauses goes on with what was announced, and not only when a largest message would fit.
TEST(SmtpTransaction, RemembersWhatWasAnnouncedAfterAPause) {
    Conversation with(Service::relay_in,
                      [](Server& server) { server.limits.memory_patience = 20ms; });
    auto& budget = with.host().budget;
    with.hello();
    with.send("MAIL FROM:<eve@remote.example> SIZE=1000000").expect("250");
    with.send("RCPT TO:<ada@example.org>").expect("250");
    with.send("DATA").expect("354");
    auto content = with.session().begin_content();
    const std::string begin = "\r\n" + std::string(100'000, 'a');
    maild::test::run_task(content.wait_for_room(begin.size(), 20ms));
    content.push(begin);
    with.host().clock.advance(net::MemoryBudget::kStall);
    {
        net::MemoryBudget::Lease taken(budget);
        ASSERT_TRUE(taken.grow_to(budget.largest() - begin.size())) << "the claim has lapsed";
    }
    net::MemoryBudget::Lease other(budget);
    ASSERT_TRUE(other.grow_to(budget.largest() - 1'100'000));
    maild::test::run_task(content.wait_for_room(600'000, 20ms));
    EXPECT_EQ(content.flaw(), Flaw::none);
}

// Who asks whether it may end now hears no until there is a reply.
TEST(SmtpTransaction, IsInContentWhileItIsStored) {
    Conversation with;
    int accepted = 0;
    with.backend().on_accept = [&] {
        ++accepted;
        EXPECT_TRUE(with.session().in_content());
    };
    with.hello().until_data().content("\r\nhello\r\n.\r\n").expect("250");
    EXPECT_FALSE(with.session().in_content());
    with.send("MAIL FROM:<eve@remote.example>").send("RCPT TO:<ada@example.org>");
    with.chunk("\r\nhello\r\n", " LAST").expect("250");
    EXPECT_FALSE(with.session().in_content());
    EXPECT_EQ(accepted, 2);
}

TEST(SmtpTransaction, LimitsRecipients) { // HARDENING 14
    Conversation with;
    with.hello().send("MAIL FROM:<>");
    for (int i = 0; i < 1000; ++i) with.send("RCPT TO:<ada@example.org>").expect("250 2.1.5");
    with.send("RCPT TO:<ada@example.org>").expect("452 4.5.3");
    with.send("DATA").expect("354");
    with.content(".\r\n").expect("250");
    EXPECT_EQ(with.backend().accepted.at(0).recipients.size(), 1000U);
}

TEST(SmtpTransaction, SlowsHarvestersAndEndsThem) { // HARDENING 14
    Conversation with;
    with.hello().send("MAIL FROM:<>");
    for (int i = 1; i <= 100; ++i) {
        with.send("RCPT TO:<nobody@example.org>").expect("550 5.1.1");
        ASSERT_EQ(with.delay().count(), i <= 20 ? 0 : 1000) << i;
    }
    with.send("RCPT TO:<nobody@example.org>").expect("421 4.7.0");
    EXPECT_TRUE(with.is_over());
}

TEST(SmtpTransaction, EndsWithItsContent) { // HARDENING 16
    Conversation with;
    with.backend().accept_errors[""] = Errc::io;
    with.hello().until_data().content(".\r\n").expect("451 4.3.0");
    with.send("RCPT TO:<ada@example.org>").expect("503 5.5.1");
    with.send("DATA").expect("503 5.5.1");
    EXPECT_TRUE(with.report().reason.starts_with("451 4.3.0"));
    EXPECT_TRUE(with.report().reason.ends_with("/ store"));
}

TEST(SmtpTransaction, RefusesBareLineEndsAndCloses) { // HARDENING 1
    for (const auto& [bytes, want] :
         {std::pair{"a\n.\nMAIL FROM:<>\r\n.\r\n", "521 5.5.2 bare <LF> received"},
          std::pair{"a\r.\rMAIL FROM:<>\r\n.\r\n", "521 5.5.2 bare <CR> received"}}) {
        Conversation with;
        with.hello().until_data().content(bytes).expect(want);
        EXPECT_TRUE(with.is_over());
        EXPECT_TRUE(with.backend().accepted.empty());
    }
}

TEST(SmtpTransaction, RefusesNul) {
    Conversation with;
    with.hello().until_data();
    with.content(std::string_view("a\0b\r\n.\r\n", 8)).expect("554 5.6.0");
    EXPECT_FALSE(with.is_over());
}

TEST(SmtpTransaction, DetectsLoops) { // RFC 5321 §6.3, HARDENING 68
    std::string hops;
    for (int i = 0; i < 100; ++i) hops += "Received: from a by b; now\r\n";
    Conversation with;
    with.hello().until_data().content(hops + "\r\n.\r\n").expect("250");
    with.until_data().content(hops + "received: x\r\n\r\n.\r\n").expect("554 5.4.6");
    with.backend().accept_errors[""] = Errc::cannot; // its own Delivered-To
    with.until_data().content(".\r\n").expect("554 5.4.6");
}

TEST(SmtpTransaction, LimitsTheHeaderSection) { // HARDENING 60
    std::string fields;
    for (int i = 0; i < 2001; ++i) fields += "X: y\r\n";
    Conversation with;
    with.hello().until_data().content(fields + "\r\n.\r\n").expect("554 5.6.0");
    with.until_data()
        .content("X: " + std::string(64 * 1024 + 10, 'y') + "\r\n\r\n.\r\n")
        .expect("554 5.6.0");
    std::string section;
    while (section.size() <= 1024 * 1024) section += "X: " + std::string(60'000, 'y') + "\r\n";
    with.until_data().content(section + "\r\n.\r\n").expect("554 5.6.0");
    with.until_data().content("no header at all\r\n.\r\n").expect("250");
}

TEST(SmtpTransaction, NeedsSmtputf8ForUtf8Addresses) { // RFC 6531 §3.5
    Conversation with;
    with.backend().addresses.insert("j\xc3\xbcrgen@example.org");
    with.hello();
    with.send("MAIL FROM:<j\xc3\xbcrgen@example.org>").expect("550 5.6.7");
    with.send("MAIL FROM:<eve@remote.example>").expect("250");
    with.send("RCPT TO:<j\xc3\xbcrgen@example.org>").expect("553 5.6.7");
    with.send("RSET");
    with.send("MAIL FROM:<eve@remote.example> SMTPUTF8").expect("250");
    with.send("RCPT TO:<j\xc3\xbcrgen@example.org>").expect("250");
}

TEST(SmtpTransaction, ReachesThePostmasterWithoutADomain) { // RFC 5321 §4.5.1
    Conversation with;
    with.hello().send("MAIL FROM:<>").expect("250");
    with.send("RCPT TO:<Postmaster>").expect("250 2.1.5");
}

} // namespace
} // namespace maild::smtp
