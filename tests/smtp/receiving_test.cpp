// How long a peer may take for content in chunks, and what becomes of it when the session has to
// end.
#include "smtp/wire.hpp"

#include "maild/net/places.hpp"

#include <deque>

namespace maild::smtp {
namespace {

using namespace std::chrono_literals;
using test::Wire;

constexpr std::string_view kTimeout = "421 4.4.2 Timeout\r\n";
constexpr std::string_view kCrowdedOut = "421 4.7.0 Too many connections, others wait\r\n";
constexpr std::string_view kKicked = "421 4.3.2 The administrator ended this session\r\n";

void kick(Wire& wire) { wire.gate().kick(wire.gate().sessions().at(0).id); }

// A peer that says something now and then between its chunks keeps their octets in our memory.
TEST(SmtpReceiving, EndsChunksAtTheirDeadlineWhateverIsSaidBetween) {
    struct Case {
        std::string_view said;
        std::string_view heard;
    };
    constexpr Case kCases[] = {{"NOOP\r\n", "250 2.0.0 Ok\r\n"},
                               {"BDAT 0\r\n", "250 2.0.0 0 octets received\r\n"},
                               {"VRFY ada\r\n", "252 2.1.5"},
                               {"RCPT TO:<bob@example.org>\r\n", "503 5.5.1"}};
    for (const auto& [said, heard] : kCases) {
        Wire wire;
        wire.until_recipient();
        wire.transact("BDAT 6\r\na: b\r\n", "6 octets received\r\n");
        for (int i = 0; i < 9; ++i) {
            wire.clock().advance(299s);
            EXPECT_TRUE(wire.transact(said, "\r\n").starts_with(heard)) << said;
        }
        wire.clock().advance(960s); // 3,651 s in all
        wire.send(said);
        EXPECT_TRUE(wire.read_rest().ends_with(kTimeout)) << said;
    }
}

TEST(SmtpReceiving, WaitsForTheNextChunkNoLongerThanTheDeadline) {
    Wire wire(Service::relay_in, [](Server& server) { server.limits.data_deadline = 50ms; });
    wire.until_recipient();
    wire.transact("BDAT 6\r\na: b\r\n", "6 octets received\r\n");
    EXPECT_EQ(wire.read_rest(), kTimeout);
}

TEST(SmtpReceiving, CountsTheDeadlineFromTheFirstChunkOfEachMessage) {
    Wire wire(Service::relay_in, [](Server& server) { server.limits.data_rate = 0; });
    wire.until_recipient();
    wire.transact("BDAT 6\r\na: b\r\n", "6 octets received\r\n");
    wire.clock().advance(3'500s);
    wire.transact("BDAT 2 LAST\r\n\r\n", "250 2.0.0 Ok: ");
    wire.clock().advance(290s);
    wire.transact("MAIL FROM:<>\r\nRCPT TO:<ada@example.org>\r\nBDAT 6\r\na: b\r\n",
                  "6 octets received\r\n");
    wire.clock().advance(3'500s);
    wire.transact("RSET\r\n", " Ok\r\n");
    wire.clock().advance(290s);
    wire.transact("MAIL FROM:<>\r\nRCPT TO:<ada@example.org>\r\nBDAT 6\r\na: b\r\n",
                  "6 octets received\r\n");
    wire.clock().advance(3'500s);
    wire.transact("BDAT 0 LAST\r\n", "250 2.0.0 Ok: ");
    EXPECT_EQ(wire.backend().accepted.size(), 2U);
}

TEST(SmtpReceiving, EndsChunksThatAreNotWorthToBeReadOn) { // RFC 3030 §2
    const auto small = [](Server& server) { server.limits.message_size = 20'000; };
    for (const auto* bdat : {"BDAT 60000 LAST\r\n", "BDAT 18446744073709551615\r\n"}) {
        Wire wire(Service::relay_in, small);
        wire.until_recipient();
        wire.send(bdat + std::string(50'000, 'x'));
        const auto rest = wire.read_rest();
        EXPECT_TRUE(rest.ends_with("552 5.3.4 Message too large\r\n"
                                   "421 4.7.0 Cannot go on behind BDAT\r\n"))
            << rest;
    }
    Wire wire(Service::relay_in, small);
    wire.until_recipient();
    for (int i = 0; i < 4; ++i)
        wire.transact("BDAT 10000\r\n" + std::string(10'000, 'x'), i < 2 ? "250" : "\r\n");
    wire.send("BDAT 10000\r\n" + std::string(10'000, 'x'));
    EXPECT_TRUE(wire.read_rest().contains("\r\n421 4.7.0")) << "what is discarded counts, too";
}

// Nothing is read meanwhile, and nothing is lost of what was sent.
TEST(SmtpReceiving, HoldsAPeerBackUntilThereIsMemory) {
    const std::string content = "\r\n" + std::string(150'000, 'a') + "\r\n";
    for (const auto* way : {"announced", "data", "chunk"}) {
        Wire wire;
        net::MemoryBudget::Lease other(wire.budget());
        ASSERT_TRUE(other.grow_to(wire.budget().largest()));
        wire.read_until(test::kGreeting);
        wire.transact("EHLO client.example\r\n", "250 ENHANCEDSTATUSCODES\r\n");
        const std::string size = way == std::string("announced") ? " SIZE=150004" : "";
        wire.transact("MAIL FROM:<eve@remote.example>" + size + "\r\nRCPT TO:<ada@example.org>\r\n",
                      "250 2.1.5 Ok\r\n");
        if (way == std::string("chunk"))
            wire.send("BDAT " + std::to_string(content.size()) + " LAST\r\n" + content);
        else
            wire.send("DATA\r\n");
        if (way == std::string("data")) {
            wire.read_until("354 ");
            wire.send(content + ".\r\n");
        }
        wire.wait_for([&] { return wire.budget().waiting() == 1; });
        EXPECT_LE(wire.budget().used(), wire.budget().largest() + net::MemoryBudget::kSmall) << way;
        EXPECT_TRUE(wire.backend().accepted.empty()) << way;
        wire.clock().advance(2h); // the peer is not to blame for it
        other.shrink_to(0);
        if (way == std::string("announced")) {
            wire.read_until("354 ");
            wire.send(content + ".\r\n");
        }
        wire.read_until("250 2.0.0 Ok: ");
        ASSERT_EQ(wire.backend().accepted.size(), 1U) << way;
        EXPECT_EQ(wire.backend().accepted[0].content, content) << way;
        EXPECT_EQ(wire.budget().used(), 0U) << way;
        wire.close();
        wire.read_rest();
    }
}

// What was announced has its memory before any of it is read.
TEST(SmtpReceiving, WaitsBeforeAChunkOfWhatWasAnnounced) {
    Wire wire;
    net::MemoryBudget::Lease other(wire.budget());
    ASSERT_TRUE(other.grow_to(wire.budget().largest()));
    wire.read_until(test::kGreeting);
    wire.transact("EHLO client.example\r\n", "250 ENHANCEDSTATUSCODES\r\n");
    wire.transact("MAIL FROM:<eve@remote.example> SIZE=150000\r\nRCPT TO:<ada@example.org>\r\n",
                  "250 2.1.5 Ok\r\n");
    wire.send("BDAT 100002\r\n");
    wire.wait_for([&] { return wire.budget().waiting() == 1; });
    other.shrink_to(0);
    wire.transact("\r\n" + std::string(100'000, 'a'), "250 2.0.0 100002 octets received\r\n");
    wire.transact("BDAT 2 LAST\r\n\r\n", "250 2.0.0 Ok: ");
}

TEST(SmtpReceiving, WaitsForTheMemoryThatBinaryContentBecomes) {
    using namespace std::string_literals;
    Wire wire;
    net::MemoryBudget::Lease large(wire.budget());
    ASSERT_TRUE(large.grow_to(wire.budget().largest()));
    std::deque<net::MemoryBudget::Lease> small;
    for (std::size_t i = 1; i < 64; ++i)
        ASSERT_TRUE(small.emplace_back(wire.budget()).grow_to(net::MemoryBudget::kSmall));
    ASSERT_TRUE(small.emplace_back(wire.budget()).grow_to(40'000));
    wire.read_until(test::kGreeting);
    wire.transact("EHLO client.example\r\n", "250 ENHANCEDSTATUSCODES\r\n");
    wire.transact("MAIL FROM:<eve@remote.example> BODY=BINARYMIME\r\n"
                  "RCPT TO:<ada@example.org>\r\n",
                  "250 2.1.5 Ok\r\n");
    const auto content = "Content-Transfer-Encoding: binary\r\nMIME-Version: 1.0\r\n\r\n"s +
                         std::string(20'000, '\0') + "\r\n";
    wire.send("BDAT " + std::to_string(content.size()) + " LAST\r\n" + content);
    wire.wait_for([&] { return wire.budget().waiting() == 1; });
    EXPECT_TRUE(wire.backend().accepted.empty());
    small.pop_back();
    wire.read_until("250 2.0.0 Ok: ");
}

// Nobody is left in the dark: what was answered is said before, and who has to leave hears so.
TEST(SmtpReceiving, SaysWhatWasBeforeTheWaitAndLeavesWhenKicked) {
    for (const bool is_announced : {true, false}) {
        Wire wire(Service::relay_in, [](Server& server) { server.limits.memory_patience = 1h; });
        net::MemoryBudget::Lease other(wire.budget());
        ASSERT_TRUE(other.grow_to(wire.budget().largest()));
        wire.read_until(test::kGreeting);
        wire.transact("EHLO client.example\r\n", "250 ENHANCEDSTATUSCODES\r\n");
        const std::string size = is_announced ? " SIZE=150000" : "";
        wire.transact("MAIL FROM:<eve@remote.example>" + size +
                          "\r\nRCPT TO:<ada@example.org>\r\nDATA\r\n",
                      is_announced ? "250 2.1.5 Ok\r\n" : "354 ");
        if (!is_announced) wire.send(std::string(150'000, 'a') + "\r\n.\r\n");
        wire.wait_for([&] { return wire.budget().waiting() == 1; });
        kick(wire);
        wire.wait_for([&] { return wire.budget().waiting() == 0; });
        const auto rest = wire.read_rest();
        EXPECT_TRUE(rest.contains("452 4.3.1")) << rest;
        EXPECT_TRUE(rest.ends_with(kKicked)) << rest;
    }
}

TEST(SmtpReceiving, RefusesContentThatGetsNoMemoryAndGoesOn) {
    Wire wire(Service::relay_in, [](Server& server) { server.limits.memory_patience = 20ms; });
    const std::string content = "\r\n" + std::string(150'000, 'a') + "\r\n.\r\n";
    {
        net::MemoryBudget::Lease other(wire.budget());
        ASSERT_TRUE(other.grow_to(wire.budget().largest()));
        wire.until_content();
        wire.transact(content, "452 4.3.1 Too much mail in transit\r\n");
    }
    wire.transact("MAIL FROM:<eve@remote.example>\r\nRCPT TO:<ada@example.org>\r\nDATA\r\n",
                  "354 ");
    wire.transact(content, "250 2.0.0 Ok: ");
    EXPECT_EQ(wire.backend().accepted.size(), 1U);
}

TEST(SmtpReceiving, EndsATransactionOfWhoIsKickedAtOnce) {
    for (const auto* said : {"NOOP\r\n", "RCPT TO:<bob@example.org>\r\n"}) {
        Wire wire;
        wire.until_recipient();
        wire.transact(said, " Ok\r\n");
        kick(wire);
        EXPECT_EQ(wire.read_rest(), kKicked);
        EXPECT_TRUE(wire.backend().accepted.empty());
    }
}

TEST(SmtpReceiving, LetsTheDaemonsEndWaitForATransaction) {
    Wire wire;
    wire.until_recipient();
    wire.stop();
    wire.transact("DATA\r\n", "354 ");
    wire.send("\r\nhello\r\n.\r\n");
    EXPECT_TRUE(wire.read_rest().ends_with("421 4.3.2 Service closing, try again\r\n"));
    EXPECT_EQ(wire.backend().accepted.size(), 1U);
}

TEST(SmtpReceiving, GivesContentOfWhoIsKickedALittleTime) {
    const auto hurried = [](Server& server) { server.limits.leave_timeout = 50ms; };
    Wire data(Service::relay_in, hurried);
    data.until_content();
    data.send("\r\nhel");
    data.turn(5ms);
    kick(data);
    EXPECT_TRUE(data.read_rest().ends_with(kKicked));
    EXPECT_TRUE(data.backend().accepted.empty());

    Wire chunks(Service::relay_in, hurried);
    chunks.until_recipient();
    chunks.transact("BDAT 6\r\na: b\r\n", "6 octets received\r\n");
    kick(chunks);
    EXPECT_TRUE(chunks.read_rest().ends_with(kKicked));

    Wire whole;
    whole.until_recipient();
    whole.transact("BDAT 6\r\na: b\r\n", "6 octets received\r\n");
    kick(whole);
    whole.send("BDAT 2 LAST\r\n\r\n");
    const auto rest = whole.read_rest();
    EXPECT_TRUE(rest.starts_with("250 2.0.0 Ok: ") && rest.ends_with(kKicked)) << rest;
    EXPECT_EQ(whole.backend().accepted.size(), 1U);
}

// A place for one, which somebody else wants: whoever has no account is to go.
class SmtpCrowd : public testing::Test {
protected:
    explicit SmtpCrowd(Service service = Service::relay_in, std::chrono::milliseconds leave = 1h)
        : wire(service, [leave](Server& server) { server.limits.leave_timeout = leave; }) {
        wire.gate().share(places);
    }
    void come() { EXPECT_FALSE(wire.gate().admit("192.0.2.7")) << "before the first has left"; }

    net::Places places{{.sessions = 1, .newcomers = 1, .strangers = 0, .kept = 0}};
    Wire wire;
};

TEST_F(SmtpCrowd, SendsAwayWhoHasNoContentUnderWay) {
    wire.until_recipient();
    EXPECT_EQ(wire.gate().strangers(), 1U);
    EXPECT_EQ(wire.gate().newcomers(), 0U);
    come();
    EXPECT_EQ(wire.read_rest(), kCrowdedOut);
}

// Octets that are thrown away are nothing to wait for.
TEST_F(SmtpCrowd, SendsAwayWhoSendsChunksOfNothing) {
    wire.read_until(test::kGreeting);
    wire.transact("EHLO client.example\r\n", "250 ENHANCEDSTATUSCODES\r\n");
    wire.transact("BDAT 1\r\nx", "503 5.5.1");
    wire.send("BDAT 99999\r\n");
    wire.turn(20ms);
    come();
    EXPECT_TRUE(wire.read_rest().ends_with(kCrowdedOut));
}

TEST_F(SmtpCrowd, SendsAwayWhoIsBetweenMessages) {
    wire.until_content();
    wire.transact("\r\nhello\r\n.\r\n", "250 2.0.0 Ok: ");
    wire.wait_for([&] { return wire.gate().newcomers() == 1; });
    EXPECT_EQ(wire.gate().strangers(), 0U) << "with no recipient it is a newcomer again";
    come();
    EXPECT_TRUE(wire.read_rest().ends_with(kCrowdedOut));
    EXPECT_EQ(wire.backend().accepted.size(), 1U);
}

TEST_F(SmtpCrowd, LetsContentComeToItsEnd) {
    wire.until_content();
    come();
    wire.send("\r\nhello\r\n.\r\n");
    const auto rest = wire.read_rest();
    EXPECT_TRUE(rest.starts_with("250 2.0.0 Ok: ") && rest.ends_with(kCrowdedOut)) << rest;
    EXPECT_EQ(wire.backend().accepted.size(), 1U);
}

class HurriedSmtpCrowd : public SmtpCrowd {
protected:
    HurriedSmtpCrowd() : SmtpCrowd(Service::relay_in, 50ms) {}
};

TEST_F(HurriedSmtpCrowd, WaitsForNoContentWithoutEnd) {
    wire.until_content();
    wire.send("\r\nhel");
    come();
    come();
    EXPECT_EQ(wire.gate().strangers(), 0U);
    EXPECT_EQ(wire.read_rest(), kCrowdedOut);
    EXPECT_TRUE(wire.backend().accepted.empty());
}

TEST(SmtpReceiving, LetsWhoIsCrowdedOutWaitForMemory) {
    net::Places places({.sessions = 1, .newcomers = 1, .strangers = 0, .kept = 0});
    Wire wire;
    wire.gate().share(places);
    net::MemoryBudget::Lease other(wire.budget());
    ASSERT_TRUE(other.grow_to(wire.budget().largest()));
    wire.until_content();
    wire.send("\r\n" + std::string(150'000, 'a') + "\r\n.\r\n");
    wire.wait_for([&] { return wire.budget().waiting() == 1; });
    EXPECT_FALSE(wire.gate().admit("192.0.2.7"));
    wire.turn(20ms);
    EXPECT_EQ(wire.budget().waiting(), 1U);
    other.shrink_to(0);
    const auto rest = wire.read_rest();
    EXPECT_TRUE(rest.starts_with("250 2.0.0 Ok: ") && rest.ends_with(kCrowdedOut)) << rest;
}

class LmtpCrowd : public SmtpCrowd {
protected:
    LmtpCrowd() : SmtpCrowd(Service::lmtp) {}
};

// It has no account and is trusted all the same.
TEST_F(LmtpCrowd, DoesNotSendAwayAPeerOfLmtp) {
    wire.until_content();
    EXPECT_EQ(wire.gate().strangers(), 0U);
    wire.transact("\r\nhello\r\n.\r\n", "250 2.0.0 Ok: ");
    EXPECT_EQ(wire.gate().newcomers(), 0U);
    come();
    wire.transact("NOOP\r\n", "250 2.0.0 Ok\r\n");
}

} // namespace
} // namespace maild::smtp
