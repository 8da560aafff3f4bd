// RFC 9051 Appendix E, line by line: what has changed since RFC 3501, as far as a server says or
// does it, with IMAP4rev2 enabled. (Not here: what is for clients or specifications alone, 1, 14,
// 22, 24 to 30.)
#include "imap/support/peer.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace maild::imap::test {
namespace {

struct Change {
    int line; // of the appendix
    std::string_view what;
    std::string_view command; // without tag
    std::vector<std::string_view> has;
    std::vector<std::string_view> lacks = {};
};

// In this order, in one session that has "INBOX" with two messages selected.
const std::vector<Change> kChanges = {
    {2,
     "NAMESPACE",
     "NAMESPACE",
     {"* NAMESPACE ((\"\" \"/\")) ((\"Other Users/\" \"/\")) NIL\r\n", "a OK"}},
    {2, "ESEARCH", "SEARCH RETURN (MIN COUNT) ALL", {"* ESEARCH (TAG \"a\") MIN 1 COUNT 2\r\n"}},
    {2, "SEARCHRES", "SEARCH RETURN (SAVE) 2", {"a OK"}, {"ESEARCH"}},
    {2, "SEARCHRES", "UID FETCH $ FLAGS", {"* 2 FETCH (UID 2 "}, {"* 1 "}},
    {2, "LITERAL-", "SEARCH SUBJECT {3+}\r\nfox", {"* ESEARCH (TAG \"a\") ALL 1\r\n"}},
    {2, "LIST-EXTENDED", "LIST (SUBSCRIBED RECURSIVEMATCH) \"\" % RETURN (CHILDREN)", {"* LIST ("}},
    {2,
     "LIST-STATUS",
     "LIST \"\" Sent RETURN (STATUS (UIDNEXT))",
     {"* LIST (", "* STATUS Sent (UIDNEXT 1)\r\n"}},
    {2, "SPECIAL-USE", "LIST \"\" Sent", {"\\Sent"}},
    {2,
     "BINARY",
     "FETCH 1 (BINARY.SIZE[1] BINARY.PEEK[1])",
     {"BINARY.SIZE[1] 6 BINARY[1] {6}\r\ncaf\xc3\xa9\n)"}},
    {2, "response codes", "CREATE INBOX", {"a NO [ALREADYEXISTS]"}},
    {2, "response codes", "STATUS nowhere (MESSAGES)", {"a NO [NONEXISTENT]"}},
    {3, "STATUS SIZE and DELETED", "STATUS INBOX (SIZE DELETED)", {"SIZE 111 DELETED 0)"}},
    {4, "ESEARCH is the answer", "SEARCH ALL", {"* ESEARCH (TAG \"a\") ALL 1:2\r\n"}, {"* SEARCH"}},
    {4, "of UID SEARCH too", "UID SEARCH UNSEEN", {"* ESEARCH (TAG \"a\") UID ALL 1:2\r\n"}},
    {4, "found or not", "SEARCH KEYWORD none", {"* ESEARCH (TAG \"a\")\r\n"}},
    {5, "substrings", "SEARCH FROM \"amp\"", {"ALL 1"}},
    {5, "substrings of header fields", "SEARCH HEADER Message-ID \"ne@\"", {"ALL 1\r\n"}},
    {5, "the empty string is in every field", "SEARCH HEADER Message-ID \"\"", {"ALL 1\r\n"}},
    {8, "COPY makes no mailbox", "COPY 1 nowhere", {"a NO [TRYCREATE]"}},
    {8, "MOVE makes no mailbox", "UID MOVE 1 nowhere", {"a NO [TRYCREATE]"}},
    {8, "APPEND makes no mailbox", "APPEND nowhere {1+}\r\nx", {"a NO [TRYCREATE]"}},
    {7, "MOVE says COPYUID first", "MOVE 2 Trash", {"* OK [COPYUID ", "2 1] Moved\r\n* 2 EXPUNGE"}},
    {9, "CLOSED", "EXAMINE Trash", {"* OK [CLOSED]", "a OK [READ-ONLY]"}},
    {9, "CLOSED when SELECT fails too", "SELECT nowhere", {"* OK [CLOSED]", "a NO [NONEXISTENT]"}},
    {10, "LIST", "SELECT Trash", {"* LIST (\\HasNoChildren \\Trash"}},
    {11, "no UNSEEN", "SELECT Trash", {"EXISTS"}, {"UNSEEN", "RECENT"}},
    {12, "no \\Recent", "FETCH 1 FLAGS", {"FLAGS ())"}, {"\\Recent"}},
    {12, "asked for, RECENT is told", "STATUS Trash (RECENT)", {"RECENT"}},
    {13, "a new keyword", "STORE 1 +FLAGS (new)", {"FLAGS (new)"}},
    {15,
     "keywords of the registry",
     "STORE 1 FLAGS ($MDNSent $Forwarded $Junk $NonJunk $Phishing)",
     {"FLAGS ($MDNSent $Forwarded $Junk $NonJunk $Phishing)"}},
    {16, "names in UTF-8", "CREATE \"\xd0\xaf\"", {"a OK"}},
    {16, "names in UTF-8", "LIST \"\" \"\xd0\xaf\"", {"\"/\" \"\xd0\xaf\"\r\n"}},
    {17, "CHECK is taken from older clients", "CHECK", {"a OK"}},
    {18, "so are RFC822's items", "FETCH 1 RFC822.HEADER", {"RFC822.HEADER {"}},
    {19, "and LSUB", "LSUB \"\" INBOX", {"* LSUB () \"/\" INBOX\r\n"}},
    {2, "UID EXPUNGE", "UID EXPUNGE 9", {"a OK"}},
    {2, "UNSELECT", "UNSELECT", {"a OK"}},
};

void fill(Client& client) {
    client.send(append_command("1", "INBOX",
                               "From: ada@example.com\r\nSubject: fox\r\nMessage-ID: <one@x>\r\n"
                               "Content-Transfer-Encoding: base64\r\n\r\nY2Fmw6kK"));
    client.send(append_command("2", "INBOX", "a: b\r\n\r\n"));
}

TEST(ImapRev2, ChangesAsAppendixESays) {
    Host host;
    Client client(host);
    EXPECT_TRUE(client.take().contains("IMAP4rev1 IMAP4rev2 "));
    client.log_in();
    fill(client);
    EXPECT_EQ(client.say("e ENABLE IMAP4rev2"), "* ENABLED IMAP4rev2\r\ne OK ENABLE completed\r\n");
    client.say("s SELECT INBOX");
    for (const auto& [line, what, command, has, lacks] : kChanges) {
        const auto got = client.say("a " + std::string(command));
        for (const auto& text : has)
            EXPECT_TRUE(got.contains(text)) << line << ": " << what << "\n" << got;
        for (const auto& text : lacks)
            EXPECT_FALSE(got.contains(text)) << line << ": " << what << "\n" << got;
    }
}

TEST(ImapRev2, ChangesNothingBeforeItIsEnabled) {
    Host host;
    Client client(host);
    client.log_in();
    fill(client);
    const auto selected = client.say("s SELECT INBOX");
    EXPECT_TRUE(selected.contains("* 2 RECENT\r\n"));
    EXPECT_TRUE(selected.contains("* OK [UNSEEN 1]"));
    EXPECT_FALSE(selected.contains("* LIST"));
    EXPECT_TRUE(client.say("a SEARCH ALL").starts_with("* SEARCH 1 2\r\n"));
    EXPECT_TRUE(client.say("b FETCH 1 FLAGS").contains("\\Recent"));
    EXPECT_TRUE(client.say("c CREATE \"\xd0\xaf\"").starts_with("c BAD"));
    EXPECT_TRUE(client.say("d SEARCH SUBJECT {2+}\r\n\xd0\xaf").contains("d OK"));
}

// 20, 21
TEST(ImapRev2, GivesTheUidInEveryFetchThatNobodyAskedFor) {
    Host host;
    Client client(host);
    Client other(host);
    client.log_in();
    other.log_in();
    fill(client);
    client.say("e ENABLE IMAP4rev2");
    client.say("s SELECT INBOX");
    other.say("s SELECT INBOX");
    client.say("i IDLE");
    other.say("a STORE 2 +FLAGS (\\Seen)");
    EXPECT_EQ(client.take(), "* 2 FETCH (UID 2 FLAGS (\\Seen))\r\n");
}

TEST(ImapRev2, RefusesQuotedStringsThatAreNoUtf8) {
    Host host;
    Client client(host);
    client.log_in();
    client.say("e ENABLE IMAP4rev2");
    for (const std::string_view name :
         {"\xff", "\xc3", "\xc0\xaf", "\xed\xa0\x80", "a\xf5\x80\x80\x80"})
        EXPECT_TRUE(client.say("a CREATE \"" + std::string(name) + "\"").starts_with("a BAD"))
            << name;
    EXPECT_TRUE(client.say("b CREATE {1+}\r\n\xff").starts_with("b NO [CANNOT]"));
    EXPECT_TRUE(client.say("c CREATE caf\xc3\xa9").starts_with("c BAD"));
}

} // namespace
} // namespace maild::imap::test
