#include "imap/support/peer.hpp"

#include <gtest/gtest.h>

#include <random>

namespace maild::imap::test {
namespace {

std::string plain_message(std::size_t size) {
    std::string out = "From: a@b\r\nSubject: large\r\n\r\n";
    while (out.size() < size)
        out += "The quick brown fox jumps over the lazy dog, again and again.\r\n";
    return out;
}

// Everything a client may do in one stream, for the metamorphic test.
std::string long_conversation() {
    std::string out = "a CAPABILITY\r\nb LOGIN {8}\r\nimapuser {8+}\r\npassword\r\n";
    out += append_command("c", "INBOX", "From: a@b\r\nSubject: x\r\n\r\nhello {5+}\r\n",
                          "(\\Flagged k1) ");
    out += append_command("d", "{5+}\r\nINBOX", "From: c@d\r\n\r\nworld\r\n");
    out += "e SELECT INBOX\r\nf FETCH 1:* (FLAGS UID BODY[] ENVELOPE)\r\ng STORE 1 -FLAGS "
           "(\\Seen)\r\n";
    out += "h SEARCH OR TEXT {5+}\r\nhello SUBJECT zzz\r\ni IDLE\r\nDONE\r\nj COPY 1:2 Trash\r\nk "
           "XYZZY {3+}\r\nabc\r\n";
    out += "l MOVE 2 Archive\r\nm NOOP\r\nn FETCH 1 BODY[HEADER.FIELDS (FROM)]<2.5>\r\no LIST \"\" "
           "*\r\n<bad>( x\r\n";
    out += "p UID SEARCH ALL\r\nq CLOSE\r\nr STATUS Trash (MESSAGES)\r\n";
    out += "A SELECT INBOX (CONDSTORE)\r\nB FETCH 1:* (FLAGS) (CHANGEDSINCE 2)\r\nC UID STORE 1 "
           "(UNCHANGEDSINCE 1) FLAGS ()\r\nD SEARCH MODSEQ 2\r\n";
    out +=
        "E SEARCH RETURN (SAVE MIN PARTIAL 1:2) {5+}\r\nhello\r\nF SEARCH RETURN (SAVE) ALL\r\nG "
        "FETCH $ (EMAILID)\r\nH LIST (SUBSCRIBED) \"\" (% {5}\r\nINBOX) RETURN (STATUS (SIZE))\r\n";
    out += "I APPEND {5}\r\nINBOX {3}\r\na:b (\\Seen) {3+}\r\nc:d {3}\r\ne:f\r\n";
    out += "O REPLACE 1 {5}\r\nTrash {3}\r\ng:h\r\nP FETCH 1:* (PREVIEW)\r\n";
    out += "Q APPEND INBOX ~{3}\r\na:b UTF8 (~{3+}\r\nc:d) CATENATE (TEXT {3}\r\ne:f URL "
           "{13+}\r\n/INBOX/;UID=1 TEXT ~{1}\r\nx)\r\nR FETCH 1:* (BINARY[1] BINARY.SIZE[])\r\n";
    out += "S SEARCH RETURN (UPDATE) TEXT {1}\r\nb\r\nT ESEARCH IN (mailboxes ({5}\r\nTrash "
           "INBOX)) TEXT "
           "{1+}\r\nb\r\nU STORE 1 +FLAGS (\\Deleted)\r\nV EXPUNGE\r\nW CANCELUPDATE \"S\"\r\n";
    out += "J CLOSE\r\nK ENABLE QRESYNC\r\nL SELECT Trash (QRESYNC (6 1 1:9 (1 1)))\r\nM "
           "UNAUTHENTICATE\r\nN LOGIN {8}\r\nimapuser {8+}\r\npassword\r\n";
    out += "s LOGOUT\r\nt NOOP\r\n";
    return out;
}

TEST(ImapSession, SaysTheSameHoweverOctetsAreCut) {
    const auto conversation = long_conversation();
    std::string want;
    std::mt19937 random(7);
    for (int round = 0; round < 40; ++round) {
        Host host;
        Client client(host);
        std::string got;
        std::string_view rest = conversation;
        while (!rest.empty()) {
            const auto size = round == 0 ? rest.size() : round == 1 ? 1 : 1 + random() % 40;
            got += client.send(rest.substr(0, size));
            rest.remove_prefix(std::min<std::size_t>(size, rest.size()));
        }
        if (round == 0) want = got;
        ASSERT_EQ(got, want) << "round " << round;
    }
    EXPECT_TRUE(want.contains("s OK LOGOUT completed"));
    EXPECT_FALSE(want.contains("t OK"));
}

TEST(ImapSession, StreamsLargeMessagesInSlices) {
    Host host;
    Client client(host);
    client.log_in();
    const auto message = plain_message(5'000'000);
    EXPECT_TRUE(client.send(append_command("a", "INBOX", message)).contains("a OK"));
    client.say("b SELECT INBOX");
    client.output().flushes = 0;
    const auto answer = client.say("c FETCH 1 BODY.PEEK[]");
    const auto head = "* 1 FETCH (BODY[] {" + std::to_string(message.size()) + "}\r\n";
    EXPECT_EQ(answer, head + message + ")\r\nc OK FETCH completed\r\n");
    EXPECT_GT(client.output().flushes, 15);
    EXPECT_EQ(client.say("d FETCH 1 BODY.PEEK[TEXT]<4000000.10>"),
              "* 1 FETCH (BODY[TEXT]<4000000> {10}\r\n" +
                  message.substr(message.find("\r\n\r\n") + 4 + 4'000'000, 10) +
                  ")\r\nd OK FETCH completed\r\n");
    EXPECT_TRUE(client.say("e FETCH 1 BODY.PEEK[]<18446744073709551615.1>").contains("{0}\r\n)"));
    EXPECT_TRUE(client.say("f FETCH 1 BODY.PEEK[]<4294967295.4294967295>").contains("{0}\r\n)"));
    EXPECT_TRUE(client.say("g SEARCH BODY \"LAZY DOG\" TEXT large").contains("* SEARCH 1\r\n"));
    EXPECT_TRUE(client.say("h SEARCH BODY nowhere").contains("* SEARCH\r\n"));
    EXPECT_TRUE(client.say("i FETCH 1 (BODY[2] BODY[1.HEADER])")
                    .contains("BODY[2] NIL BODY[1.HEADER] NIL)"));
}

// More than the store gives at once: it is asked for what follows while this is written.
TEST(ImapSession, TellsOfMoreThanOneAnswerOfTheStoreInOrder) {
    Host host;
    Client client(host);
    client.log_in();
    constexpr std::size_t kMessages = 40;
    for (std::size_t i = 1; i <= kMessages; ++i)
        client.send(append_command("a", "INBOX", plain_message(100'000 + i)));
    client.say("b SELECT INBOX");
    std::string want;
    for (std::size_t i = 1; i <= kMessages; ++i) {
        const auto one = client.say("c FETCH " + std::to_string(i) + " (UID BODY.PEEK[])");
        want += one.substr(0, one.find("c OK"));
    }
    // Not EXPECT_EQ: how four megabytes differ takes memory that nobody has.
    EXPECT_TRUE(client.say("c FETCH 1:* (UID BODY.PEEK[])") == want + "c OK FETCH completed\r\n");
    const auto marked = client.say("e FETCH 1:* BODY[TEXT]");
    std::size_t flags = 0;
    for (auto at = marked.find("FLAGS (\\Recent \\Seen) BODY[TEXT]"); at != marked.npos;
         at = marked.find("FLAGS (\\Recent \\Seen) BODY[TEXT]", at + 1))
        ++flags;
    EXPECT_EQ(flags, kMessages);
    EXPECT_TRUE(client.say("f SEARCH UNSEEN").contains("* SEARCH\r\n"));
}

// RFC 5267 §4.3.1
TEST(ImapSession, FollowsEightSearches) {
    Host host;
    Client client(host);
    client.log_in();
    client.send(append_command("a", "INBOX", "Subject: " + std::string(60'000, 's') + "\r\n\r\n"));
    client.say("b SELECT INBOX");
    for (int i = 0; i < 8; ++i)
        EXPECT_FALSE(
            client.say("c" + std::to_string(i) + " SEARCH RETURN (UPDATE) SEEN").contains("NO"));
    EXPECT_EQ(client.say("d SEARCH RETURN (UPDATE) SEEN"),
              "* ESEARCH (TAG \"d\")\r\n* NO [NOUPDATE \"d\"] This search is not followed\r\n"
              "d OK SEARCH completed\r\n");
    client.say("e CANCELUPDATE \"c0\" \"c1\"");
    // What would have to be kept of a sorted one is limited too, at once and later.
    EXPECT_FALSE(client.say("f SORT RETURN (UPDATE) (SUBJECT) UTF-8 ALL").contains("NOUPDATE"));
    std::string more;
    for (int i = 0; i < 80; ++i)
        more += client.send(
            append_command("g", "INBOX", "Subject: " + std::string(60'000, 's') + "\r\n\r\n"));
    EXPECT_TRUE(more.contains("* NO [NOUPDATE \"f\"]"));
    EXPECT_TRUE(client.say("h SORT RETURN (UPDATE) (SUBJECT) UTF-8 ALL").contains("NOUPDATE"));
}

// RFC 9585
TEST(ImapSession, TellsHowFarALongCommandIs) {
    Host host;
    Client client(host);
    client.log_in();
    for (int i = 0; i < 5; ++i)
        client.send(append_command("a", "INBOX", "Subject: s\r\n\r\nbody\r\n"));
    client.say("b SELECT INBOX");
    host.clock.advance_with_each_look(std::chrono::seconds(9));
    EXPECT_EQ(
        client.say("c SEARCH BODY body"),
        "* OK [INPROGRESS (\"c\" 2 5)] Still at it\r\n* OK [INPROGRESS (\"c\" 4 5)] Still at it\r\n"
        "* SEARCH 1 2 3 4 5\r\nc OK SEARCH completed\r\n");
    EXPECT_EQ(client.say("d SEARCH ALL"), "* SEARCH 1 2 3 4 5\r\nd OK SEARCH completed\r\n");
    host.clock.advance_with_each_look(std::chrono::seconds(1));
    EXPECT_FALSE(client.say("e SEARCH BODY body").contains("INPROGRESS"));
}

TEST(ImapSession, NeverChecksAPasswordThatCameInTheClear) {
    Host host;
    Client client(host, false);
    EXPECT_TRUE(client.take().contains("LOGINDISABLED"));
    EXPECT_EQ(client.say("a LOGIN imapuser password"),
              "a NO [PRIVACYREQUIRED] Use STARTTLS first\r\n");
    EXPECT_EQ(client.say("b AUTHENTICATE PLAIN AGltYXB1c2VyAHBhc3N3b3Jk"),
              "b NO [PRIVACYREQUIRED] Use STARTTLS first\r\n");
    EXPECT_EQ(host.backend.logins, 0);
    Client secure(host, false, true);
    EXPECT_FALSE(secure.take().contains("LOGINDISABLED"));
    EXPECT_TRUE(secure.say("a LOGIN imapuser password").contains("a OK"));
}

TEST(ImapSession, EndsWhereSomethingFollowsStarttls) {
    Host host;
    Client client(host, false);
    client.take();
    EXPECT_EQ(client.send("a STARTTLS\r\nb NOOP\r\n"),
              "* BYE Nothing may follow STARTTLS\r\na BAD Nothing may follow STARTTLS\r\n");
    EXPECT_FALSE(client.is_open());
}

TEST(ImapSession, SaysByeWhenTheStoreIsLost) {
    Host host;
    Client waiting(host);
    waiting.log_in();
    waiting.say("a IDLE");
    host.store.lose_sessions();
    EXPECT_TRUE(waiting.take().starts_with("* BYE [UNAVAILABLE]"));
    EXPECT_FALSE(waiting.is_open());
}

TEST(ImapSession, HoldsTheAnswerBackAsLongAsTheNetworkDeserves) { // HARDENING 40
    Host host;
    Client client(host);
    host.backend.hold_back = std::chrono::seconds(5);
    for (const int want : {5, 5, 8}) {
        client.dialogue().append("a LOGIN imapuser wrong\r\n");
        run(host.io, client.dialogue().advance());
        EXPECT_EQ(client.dialogue().session().take_delay(), std::chrono::seconds(want));
    }
}

TEST(ImapSession, EndsForANetworkThatIsTurnedAway) { // HARDENING 40
    for (const auto* command :
         {"a LOGIN imapuser password", "a AUTHENTICATE PLAIN AGltYXB1c2VyAHBhc3N3b3Jk"}) {
        Host host;
        Client client(host);
        client.take();
        host.backend.failure = Errc::limit_exceeded;
        const std::string why =
            "[UNAVAILABLE] Too many failed logins from your network, try again later\r\n";
        EXPECT_EQ(client.say(command), "* BYE " + why + "a NO " + why);
        EXPECT_FALSE(client.is_open());
    }
}

TEST(ImapSession, AnswersFaultsOfTheStore) {
    struct Case {
        Errc failure;
        std::string_view want;
    };
    for (const auto& [failure, want] :
         {Case{Errc::no_space, "[UNAVAILABLE]"}, Case{Errc::over_quota, "[OVERQUOTA]"},
          Case{Errc::io, "[UNAVAILABLE]"}}) {
        Host host;
        Client client(host);
        client.log_in();
        client.send(append_command("a", "INBOX", "a: b\r\n\r\nc\r\n"));
        client.say("b SELECT INBOX");
        host.store.set_failure(failure);
        EXPECT_TRUE(client.send(append_command("c", "INBOX", "a: b\r\n"))
                        .starts_with("c NO " + std::string(want)));
        EXPECT_TRUE(client.say("d STORE 1 FLAGS (x)").starts_with("d NO " + std::string(want)));
        EXPECT_TRUE(client.say("e CREATE x").starts_with("e NO " + std::string(want)));
        // A mailbox that cannot be written to can be read.
        EXPECT_EQ(client.say("f FETCH 1 BODY[TEXT]"),
                  "* 1 FETCH (BODY[TEXT] {3}\r\nc\r\n)\r\nf OK FETCH completed\r\n");
    }
}

TEST(ImapSession, RefusesMessagesWithNul) {
    Host host;
    Client client(host);
    client.log_in();
    EXPECT_TRUE(client.send(append_command("a", "INBOX", std::string("a: b\0\r\n", 7)))
                    .starts_with("a NO"));
}

TEST(ImapSession, HoldsAsManyKeywordsAsTheStore) {
    Host host;
    Client client(host);
    client.log_in();
    client.send(append_command("a", "INBOX", "a: b\r\n\r\n"));
    client.say("b SELECT INBOX");
    std::string keywords;
    for (std::size_t i = 0; i < store::kMaxKeywords; ++i)
        keywords += (i ? " k" : "k") + std::to_string(i);
    const auto full = client.say("c STORE 1 FLAGS (" + keywords + ")");
    EXPECT_TRUE(full.contains("c OK"));
    EXPECT_FALSE(full.contains("\\*"));
    EXPECT_TRUE(client.say("d STORE 1 +FLAGS (more)").contains("d NO [LIMIT]"));
}

TEST(ImapSession, TellsFlagsOfTenThousandMessagesInFewWrites) {
    Host host;
    Client client(host);
    client.log_in();
    for (int i = 0; i < 2000; ++i) client.send(append_command("a", "INBOX", "a: b\r\n\r\n"));
    client.say("b SELECT INBOX");
    client.output().flushes = 0;
    const auto answer = client.say("c FETCH 1:* (FLAGS UID)");
    EXPECT_TRUE(answer.contains("* 2000 FETCH (FLAGS (\\Recent) UID 2000)\r\nc OK"));
    EXPECT_LE(client.output().flushes, 4);
}

TEST(ImapSession, SearchesTextInAnyCharset) {
    Host host;
    Client client(host);
    client.log_in();
    client.send(append_command(
        "a", "INBOX",
        "From: =?iso-8859-1?Q?J=F6rg?= <j@example>\r\nContent-Type: text/plain; "
        "charset=iso-8859-1\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n\r\nStra=DFe und caf=E9\r\n"));
    client.send(append_command(
        "b", "INBOX",
        "Subject: x\r\nContent-Type: multipart/mixed; boundary=q\r\n\r\n--q\r\n"
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        "5pel5pys6Kqe\r\n--q\r\nContent-Type: image/png; "
        "name=holiday.png\r\n\r\nsecret\r\n--q--\r\n"));
    client.say("c SELECT INBOX");
    struct Case {
        std::string keys;
        std::string want;
    };
    const std::vector<Case> cases = {
        {"FROM {5+}\r\nJ\xc3\x96RG", " 1"},
        {"BODY {8+}\r\nSTRA\xc3\x9f\x45 ", " 1"},
        {"BODY STRA", " 1"},
        {"BODY STRASSE", ""}, // RFC 5051: one character for one
        {"TEXT {5+}\r\ncaf\xc3\xa9", " 1"},
        {"TEXT {6+}\r\nCAFE\xcc\x81", " 1"},
        {"BODY {9+}\r\n\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", " 2"},
        {"BODY holiday.png", " 2"},
        {"BODY secret", ""},
        {"HEADER Subject \"\"", " 2"},
        {"NOT BODY STRA", " 2"},
        {"OR BODY STRA SUBJECT X", " 1 2"},
        {"CHARSET US-ASCII ALL", " 1 2"},
    };
    for (const auto& [keys, want] : cases)
        EXPECT_EQ(client.say("s SEARCH " + keys),
                  "* SEARCH" + want + "\r\ns OK SEARCH completed\r\n")
            << keys;
    EXPECT_TRUE(client.say("t SEARCH CHARSET KOI8-R ALL")
                    .starts_with("t NO [BADCHARSET (US-ASCII UTF-8)]"));
    EXPECT_TRUE(client.say("u SEARCH TEXT {1+}\r\n\xff").starts_with("u BAD"));
}

TEST(ImapSession, IsSmallWhileItWaits) {
    Host host;
    Client client(host);
    client.log_in();
    client.say("a SELECT INBOX");
    client.say("b IDLE");
    client.dialogue().release();
    EXPECT_LT(client.dialogue().memory(), 2048U);
    RecordProperty("octets_of_an_idle_session", static_cast<int>(client.dialogue().memory()));
}

net::Task<void> advance(Client& client, std::string& order, char letter) {
    co_await client.dialogue().advance();
    order += letter;
}

// Hostile patterns over many long names: others are answered meanwhile.
TEST(ImapSession, AListThatTakesLongLetsOthersIn) {
    Host host;
    Client slow(host);
    Client quick(host);
    slow.log_in("slow");
    quick.log_in("quick");
    std::string pattern;
    for (int i = 0; i < 900; ++i) pattern += "*a";
    for (int i = 100; i < 300; ++i)
        slow.say("c CREATE " + std::to_string(i) + std::string(900, 'a'));
    std::string order;
    slow.dialogue().append("l LIST \"\" \"" + pattern + "b\"\r\n");
    quick.dialogue().append("n NOOP\r\n");
    net::spawn(host.io, advance(slow, order, 's'), "test");
    run(host.io, advance(quick, order, 'q'));
    EXPECT_EQ(order, "qs");
    EXPECT_EQ(slow.take(), "l OK LIST completed\r\n");
}

} // namespace
} // namespace maild::imap::test
