// What is hidden from an account, and how names of capabilities are read.
#include "support/peer.hpp"

#include "maild/imap/capabilities.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace maild::imap {
namespace {

TEST(ImapCapability, IsFoundWithoutCase) {
    EXPECT_EQ(find_capability("qresync"), "QRESYNC");
    EXPECT_EQ(find_capability("imap4REV2"), "IMAP4rev2");
    EXPECT_EQ(find_capability("Compress=Deflate"), "COMPRESS=DEFLATE");
    EXPECT_EQ(find_capability("appendlimit"), "APPENDLIMIT");
    for (const auto* name : {"", "IMAP4rev1", "STARTTLS", "AUTH=PLAIN", "APPENDLIMIT=52428800",
                             "COMPRESS", "QRESYNC ", "SORT="})
        EXPECT_FALSE(find_capability(name).has_value()) << name;
}

class ImapHiddenCapability : public ::testing::Test {
protected:
    std::vector<std::string> capabilities(test::Client& client) {
        const auto said = client.say("c CAPABILITY");
        std::vector<std::string> words;
        auto line = said.substr(0, said.find("\r\n"));
        while (!line.empty()) {
            const auto space = std::min(line.find(' '), line.size());
            words.push_back(line.substr(0, space));
            line.erase(0, space + 1);
        }
        return words;
    }
    static bool has(const std::vector<std::string>& words, std::string_view word) {
        return std::ranges::find(words, word) != words.end();
    }

    test::Host host_;
};

TEST_F(ImapHiddenCapability, IsNotToldButWorks) {
    host_.backend.hidden_capabilities = {"APPENDLIMIT", "COMPRESS=DEFLATE", "IMAP4rev1", "QRESYNC",
                                         "SORT",        "X-UNKNOWN"};
    test::Client client(host_);
    EXPECT_TRUE(client.take().contains("LITERAL+ SASL-IR ID ENABLE IDLE AUTH="));
    const auto login = client.say("a LOGIN imapuser password");
    EXPECT_TRUE(login.starts_with("a OK [CAPABILITY IMAP4rev1 IMAP4rev2 LITERAL+ ")) << login;
    EXPECT_TRUE(login.contains(" QUOTA=RES-MESSAGE] Logged in")) << login;
    const auto told = capabilities(client);
    for (const auto* name : {"QRESYNC", "SORT", "COMPRESS=DEFLATE"})
        EXPECT_FALSE(has(told, name)) << name;
    for (const auto* name : {"IMAP4rev1", "CONDSTORE", "SORT=DISPLAY"})
        EXPECT_TRUE(has(told, name)) << name;
    EXPECT_TRUE(client.say("b ENABLE QRESYNC").starts_with("* ENABLED QRESYNC\r\n"));
    EXPECT_TRUE(client.say("d SELECT INBOX").contains("d OK "));
    EXPECT_TRUE(client.say("e SORT (DATE) UTF-8 ALL").contains("e OK "));
}

TEST_F(ImapHiddenCapability, IsOfTheLoginAndNotOfTheConnection) {
    host_.backend.hidden_capabilities = {"MOVE"};
    test::Client client(host_);
    client.log_in();
    EXPECT_FALSE(has(capabilities(client), "MOVE"));
    EXPECT_TRUE(client.say("a UNAUTHENTICATE").starts_with("a OK "));
    host_.backend.hidden_capabilities.clear();
    client.log_in("another");
    EXPECT_TRUE(has(capabilities(client), "MOVE"));
}

// Everything that can be hidden leaves the list, so that nothing is told past it.
TEST_F(ImapHiddenCapability, LeavesOnlyTheProtocol) {
    for (const auto name : hideable_capabilities())
        host_.backend.hidden_capabilities.emplace_back(name);
    test::Client client(host_);
    client.log_in();
    EXPECT_EQ(capabilities(client), (std::vector<std::string>{"*", "CAPABILITY", "IMAP4rev1"}));
}

} // namespace
} // namespace maild::imap
