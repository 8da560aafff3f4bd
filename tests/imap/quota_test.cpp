// QUOTA (RFC 9208) over a MemoryStore.
#include "imap/support/peer.hpp"

#include <gtest/gtest.h>

namespace maild::imap::test {
namespace {

std::string message(std::size_t octets) { return "a: b\r\n\r\n" + std::string(octets - 8, 'x'); }

struct QuotaTest : testing::Test {
    Host host;
    Client client{host};

    void log_in(std::uint64_t octets, std::uint64_t messages) {
        host.backend.quota = octets;
        host.backend.quota_messages = messages;
        client.log_in();
    }
};

TEST_F(QuotaTest, TellsUseAndLimitsOfTheAccount) {
    log_in(10'000, 3);
    const std::string untouched = "* QUOTA #user/imapuser (STORAGE 0 10 MESSAGE 0 3)\r\n";
    EXPECT_EQ(client.say("a GETQUOTAROOT inbox"), "* QUOTAROOT INBOX #user/imapuser\r\n" +
                                                      untouched +
                                                      "a OK GETQUOTAROOT completed\r\n");
    client.send(append_command("b", "INBOX", message(1025)));
    EXPECT_EQ(client.say("c GETQUOTA \"#user/imapuser\""),
              "* QUOTA #user/imapuser (STORAGE 2 10 MESSAGE 1 3)\r\nc OK GETQUOTA completed\r\n");
    // §4.1.2: a mailbox need not be there
    EXPECT_TRUE(client.say("d GETQUOTAROOT \"to come\"").starts_with("* QUOTAROOT \"to come\" #u"));
}

TEST_F(QuotaTest, NamesOnlyWhatHasALimit) {
    log_in(0, 7);
    EXPECT_EQ(client.say("a GETQUOTA #user/imapuser"),
              "* QUOTA #user/imapuser (MESSAGE 0 7)\r\na OK GETQUOTA completed\r\n");
    Client other(host);
    host.backend.quota_messages = 0;
    other.log_in("other");
    EXPECT_EQ(other.say("a GETQUOTA #user/other"),
              "* QUOTA #user/other ()\r\na OK GETQUOTA completed\r\n");
}

TEST_F(QuotaTest, KeepsOtherRootsToItself) {
    log_in(1000, 0);
    EXPECT_TRUE(client.say("a GETQUOTA #user/other").starts_with("a NO [NONEXISTENT]"));
    EXPECT_TRUE(client.say("b GETQUOTA \"\"").starts_with("b NO [NONEXISTENT]"));
    EXPECT_TRUE(client.say("c SETQUOTA #user/other ()").starts_with("c NO [NONEXISTENT]"));
    EXPECT_TRUE(client.say("d GETQUOTAROOT \"a//b\"").starts_with("d NO [CANNOT]"));
}

TEST_F(QuotaTest, LetsNobodySetOne) {
    log_in(1000, 0);
    EXPECT_TRUE(
        client.say("a SETQUOTA #user/imapuser (STORAGE 9 X-NEW 1)").starts_with("a NO [NOPERM]"));
    EXPECT_TRUE(client.say("b GETQUOTA #user/imapuser").contains("(STORAGE 0 1)"));
    const auto offered = client.say("c CAPABILITY");
    EXPECT_TRUE(offered.contains(" QUOTA QUOTA=RES-STORAGE QUOTA=RES-MESSAGE "));
    EXPECT_FALSE(offered.contains("QUOTASET")) << "§4.1.3";
}

TEST_F(QuotaTest, RefusesWhatDoesNotFit) {
    log_in(1000, 3);
    client.send(append_command("a", "INBOX", message(600)));
    const auto append = [&](std::size_t octets) {
        return client.send(append_command("t", "INBOX", message(octets)));
    };
    EXPECT_TRUE(append(401).starts_with("t NO [OVERQUOTA]"));
    EXPECT_TRUE(append(1001).starts_with("t NO [OVERQUOTA]")) << "also what never will";
    client.say("b SELECT INBOX");
    EXPECT_TRUE(client.say("c COPY 1 Junk").starts_with("c NO [OVERQUOTA]"));
    EXPECT_TRUE(client.say("d MOVE 1 Junk").contains("d OK")) << "takes no room";
    EXPECT_TRUE(append(100).contains("t OK"));
    EXPECT_TRUE(append(100).contains("t OK"));
    EXPECT_TRUE(append(100).starts_with("t NO [OVERQUOTA]")) << "a fourth message";
}

TEST_F(QuotaTest, SaysWhatAnExpungeGivesBack) {
    log_in(0, 0);
    client.send(append_command("a", "INBOX", message(600), "(\\Deleted) "));
    client.send(append_command("b", "INBOX", message(500)));
    EXPECT_EQ(client.say("c STATUS INBOX (DELETED DELETED-STORAGE SIZE)"),
              "* STATUS INBOX (DELETED 1 DELETED-STORAGE 600 SIZE 1100)\r\n"
              "c OK STATUS completed\r\n");
    EXPECT_TRUE(client.say("d LIST \"\" INBOX RETURN (STATUS (DELETED-STORAGE))")
                    .contains("* STATUS INBOX (DELETED-STORAGE 600)"));
}

TEST_F(QuotaTest, IsForThoseWhoAreLoggedIn) {
    client.take();
    for (const auto* command : {"a GETQUOTA x", "a GETQUOTAROOT x", "a SETQUOTA x ()"})
        EXPECT_TRUE(client.say(command).starts_with("a BAD")) << command;
}

} // namespace
} // namespace maild::imap::test
