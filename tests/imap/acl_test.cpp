// ACL (RFC 4314) and other accounts' mailboxes, where a transcript would be too long.
#include "imap/parse.hpp"
#include "imap/support/peer.hpp"
#include "imap/visits.hpp"

#include <gtest/gtest.h>

namespace maild::imap::test {
namespace {

TEST(Acl, RightsAreParsed) {
    struct Case {
        const char* name;
        const char* command;
        const char* rights; // none: BAD
        store::AclEdit edit;
    };
    using store::AclEdit;
    const Case cases[] = {
        {"replace", "a SETACL INBOX fred lrs", "lrs", AclEdit::replace},
        {"add", "a SETACL INBOX fred +w", "w", AclEdit::add},
        {"remove", "a SETACL INBOX fred -w", "w", AclEdit::remove},
        {"nothing", "a SETACL INBOX fred \"\"", "", AclEdit::replace},
        {"create", "a SETACL INBOX fred c", "kx", AclEdit::replace},
        {"delete", "a SETACL INBOX fred +d", "te", AclEdit::add},
        {"member", "a SETACL INBOX fred k", "k", AclEdit::replace},
        {"twice", "a SETACL INBOX fred llxd", "lxte", AclEdit::replace},
        {"literal", "a SETACL INBOX {4+}\r\nfred {3+}\r\nlrs", "lrs", AclEdit::replace},
        {"no rights", "a SETACL INBOX fred", nullptr, {}},
        {"upper case", "a SETACL INBOX fred L", nullptr, {}},
        {"unknown", "a SETACL INBOX fred lq", nullptr, {}},
        {"digit", "a SETACL INBOX fred l0", nullptr, {}},
        {"sign inside", "a SETACL INBOX fred l+r", nullptr, {}},
        {"no identifier", "a SETACL INBOX \"\" l", nullptr, {}},
        {"only a dash", "a SETACL INBOX - l", nullptr, {}},
        {"more", "a SETACL INBOX fred l r", nullptr, {}},
    };
    for (const auto& [name, command, rights, edit] : cases) {
        const auto parsed = parse_command(command);
        ASSERT_EQ(parsed.has_value(), rights != nullptr) << name;
        if (rights == nullptr) continue;
        const auto& set = std::get<SetAcl>(parsed->arguments);
        EXPECT_EQ(set.edit, edit) << name;
        EXPECT_EQ(set.whom.identifier, "fred") << name;
        auto want = store::parse_rights(rights);
        EXPECT_EQ(set.rights, *want) << name;
    }
    EXPECT_EQ(store::format_rights(*store::parse_rights("k")), "kc");
    EXPECT_EQ(store::format_rights(*store::parse_rights("e")), "ed");
    EXPECT_EQ(store::format_rights(store::kAllRights), "lrswipkxtecda");
}

// RFC 8474 §4: one number for one mailbox, whatever shard it is in.
TEST(Acl, ObjectIdsTellShardsApart) {
    EXPECT_EQ(object_id(ShardId(), MailboxId(7)), MailboxId(7));
    EXPECT_NE(object_id(ShardId(1), MailboxId(7)), object_id(ShardId(2), MailboxId(7)));
    EXPECT_TRUE(is_of_others("Other Users"));
    EXPECT_TRUE(is_of_others("Other Users/x"));
    EXPECT_FALSE(is_of_others("Other Users too"));
    EXPECT_FALSE(is_of_others("other users/x"));
}

struct Office {
    Office() {
        ada.log_in("ada@example.org");
        bob.log_in("bob@example.org");
        for (const auto* command : {"s CREATE team", "s SETACL team bob lrswite"}) ada.say(command);
        for (const auto* text : {"Subject: one\r\n\r\n1", "Subject: two\r\n\r\n2"})
            ada.send(append_command("s", "team", text));
    }
    Host host;
    Client ada{host};
    Client bob{host};
};

bool is_ok(const std::string& said, std::string_view tag) {
    return said.contains("\r\n" + std::string(tag) + " OK") ||
           said.starts_with(std::string(tag) + " OK");
}

TEST(Acl, EverySelectedCommandWorksOnAnothersMailbox) {
    Office office;
    auto& bob = office.bob;
    bob.say("e ENABLE QRESYNC");
    const auto selected = bob.say("a SELECT \"Other Users/ada@example.org/team\"");
    EXPECT_TRUE(selected.contains("* 2 EXISTS")) << selected;
    for (const auto* command :
         {"b FETCH 1:2 (UID FLAGS ENVELOPE BODY[])", "c SEARCH SUBJECT two",
          "d SORT (SUBJECT) UTF-8 ALL", "e THREAD REFERENCES UTF-8 ALL",
          "f UID FETCH 1:2 (FLAGS) (CHANGEDSINCE 1 VANISHED)", "g SEARCH RETURN (SAVE) ALL",
          "h STORE $ +FLAGS.SILENT ($later)", "i COPY 1 INBOX",
          "j COPY 1 \"Other Users/ada@example.org/team\"", "k MOVE 3 Archive",
          "l STATUS \"Other Users/ada@example.org/team\" (MESSAGES MAILBOXID)",
          "m ESEARCH IN (mailboxes (\"Other Users/ada@example.org/team\" INBOX)) RETURN (ALL) ALL",
          "n ESEARCH IN (subtree \"Other Users\") RETURN (COUNT) ALL", "o NOOP"}) {
        const auto said = bob.say(command);
        EXPECT_TRUE(is_ok(said, std::string_view(command).substr(0, 1))) << command << "\n" << said;
    }
    const auto found = bob.say("p ESEARCH IN (personal) RETURN (COUNT) ALL");
    EXPECT_FALSE(found.contains("Other Users")) << found;
    const auto replaced = bob.send(
        "q REPLACE 2 \"Other Users/ada@example.org/team\" {17+}\r\nSubject: new\r\n\r\n3\r\n");
    EXPECT_TRUE(is_ok(replaced, "q")) << replaced;
    const auto across = bob.send("r REPLACE 1 INBOX {17+}\r\nSubject: new\r\n\r\n3\r\n");
    EXPECT_TRUE(across.contains("r NO [CANNOT]")) << across;
    const auto catenated =
        bob.say("s APPEND INBOX CATENATE (URL \"/Other%20Users/ada@example.org/team/;UID=1\")");
    EXPECT_TRUE(is_ok(catenated, "s")) << catenated;
    EXPECT_TRUE(is_ok(bob.say("t UNSELECT"), "t"));
}

std::string big_message() { return "Subject: big\r\n\r\n" + std::string(600'000, 'b'); }

// The store does a part at a time; a client sees one COPY, and of a MOVE what is moved already.
TEST(Acl, ManyMessagesAreCopiedAndMovedInParts) {
    Office office;
    auto& bob = office.bob;
    for (int i = 0; i < 4; ++i) bob.send(append_command("s", "INBOX", big_message()));
    bob.say("a SELECT INBOX");
    const auto copied = bob.say("b COPY 1:* \"Other Users/ada@example.org/team\"");
    EXPECT_TRUE(copied.starts_with("b OK [COPYUID ")) << copied;
    EXPECT_TRUE(copied.contains(" 1:4 3:6] COPY completed")) << copied;
    const auto moved = bob.say("c MOVE 1:* \"Other Users/ada@example.org/team\"");
    EXPECT_TRUE(moved.contains(" 1:2 7:8] Moved\r\n* OK [COPYUID ")) << moved;
    EXPECT_TRUE(moved.contains(" 3:4 9:10] Moved\r\n* 1 EXPUNGE")) << moved;
    EXPECT_TRUE(moved.ends_with("c OK MOVE completed\r\n")) << moved;
}

TEST(Acl, AMoveThatFailsInTheMiddleTellsWhatIsMoved) {
    Office office;
    auto& bob = office.bob;
    for (int i = 0; i < 4; ++i) bob.send(append_command("s", "INBOX", big_message()));
    bob.say("a SELECT INBOX");
    office.host.backend.quota = 1'500'000; // of ada: room for two
    const auto moved = bob.say("b MOVE 1:* \"Other Users/ada@example.org/team\"");
    EXPECT_TRUE(moved.contains(" 1:2 3:4] Moved\r\n* 1 EXPUNGE\r\n* 1 EXPUNGE\r\n")) << moved;
    EXPECT_TRUE(moved.contains("\r\nb NO [OVERQUOTA]")) << moved;
    EXPECT_TRUE(bob.say("c STATUS INBOX (MESSAGES)").contains("(MESSAGES 2)"));
}

// RFC 4315 §3: UIDs tell something of a mailbox.
TEST(Acl, WhoMayNotReadIsToldNoUids) {
    Office office;
    auto& bob = office.bob;
    office.ada.say("s SETACL team bob li");
    const std::string team = "\"Other Users/ada@example.org/team\"";
    EXPECT_EQ(bob.send("a APPEND " + team + " {3+}\r\nabc\r\n"), "a OK APPEND completed\r\n");
    for (int i = 0; i < 2; ++i) bob.send(append_command("s", "INBOX", "x"));
    bob.say("b SELECT INBOX");
    EXPECT_EQ(bob.say("c COPY 1 " + team), "c OK COPY completed\r\n");
    const auto moved = bob.say("d MOVE 1 " + team);
    EXPECT_TRUE(moved.starts_with("* 1 EXPUNGE\r\n")) << moved;
    EXPECT_TRUE(moved.ends_with("\r\nd OK MOVE completed\r\n")) << moved;
    EXPECT_TRUE(office.ada.say("e STATUS team (MESSAGES)").contains("(MESSAGES 5)"));
}

// Only what the store refuses counts; here nothing of it leaks either.
TEST(Acl, ADisabledOwnerIsNotVisited) {
    Office office;
    office.host.backend.disabled.insert("ada@example.org");
    auto& bob = office.bob;
    EXPECT_TRUE(
        bob.say("a SELECT \"Other Users/ada@example.org/team\"").contains("a NO [NONEXISTENT]"));
    const auto listed = bob.say("b LIST \"\" *");
    EXPECT_FALSE(listed.contains("Other Users") || listed.contains("* NO")) << listed;
}

// RFC 5530 §3: what is not told for now must not be taken for gone.
TEST(Acl, AListThatMissesSomethingSaysSo) {
    Office office;
    auto& bob = office.bob;
    const std::string warning = "* NO [UNAVAILABLE] Some mailboxes of other users";
    EXPECT_FALSE(bob.say("a LIST \"\" *").contains("* NO"));
    office.host.store.set_offline(AccountId(1));
    const auto all = bob.say("b LIST \"\" *");
    EXPECT_TRUE(all.contains("\"/\" INBOX\r\n")) << all;
    EXPECT_TRUE(all.contains(warning) && is_ok(all, "b")) << all;
    EXPECT_TRUE(bob.say("c LIST \"\" \"Other Users/ada@example.org/%\"").contains(warning));
    EXPECT_TRUE(bob.say("d LIST \"\" \"Other Users\"").contains(warning));
    EXPECT_FALSE(bob.say("e LIST \"\" INBOX").contains(warning)) << "nothing is left out";
    EXPECT_FALSE(bob.say("f LIST \"\" \"Arch*\"").contains(warning));
    EXPECT_TRUE(
        bob.say("g ESEARCH IN (subtree \"Other Users\") RETURN (COUNT) ALL").contains(warning));
    EXPECT_FALSE(bob.say("h ESEARCH IN (personal) RETURN (COUNT) ALL").contains(warning));
    office.host.store.set_offline(std::nullopt);
    office.host.backend.failure = Errc::unavailable; // `auth` is away
    const auto own = bob.say("i LIST \"\" *");
    EXPECT_TRUE(own.contains("\"/\" INBOX\r\n") && own.contains(warning)) << own;
}

// RFC 4314 §4: SEARCH needs r, and l is for those who list.
TEST(Acl, WhatMayBeReadButNotLookedUpIsSearchedByName) {
    Office office;
    auto& bob = office.bob;
    office.ada.say("s SETACL team bob r");
    const std::string team = "\"Other Users/ada@example.org/team\"";
    EXPECT_FALSE(bob.say("a LIST \"\" *").contains("team"));
    const auto found = bob.say("b ESEARCH IN (mailboxes (INBOX " + team + ")) RETURN (ALL) ALL");
    EXPECT_TRUE(found.contains("MAILBOX " + team)) << found;
    EXPECT_TRUE(found.contains("UID ALL 1:2")) << found;
    EXPECT_FALSE(
        bob.say("c ESEARCH IN (subtree \"Other Users\") RETURN (ALL) ALL").contains("* ESEARCH"));
    bob.say("d SELECT " + team);
    const auto here = bob.say("e ESEARCH IN (selected mailboxes " + team + ") RETURN (ALL) ALL");
    EXPECT_TRUE(here.contains("UID ALL 1:2")) << here;
    EXPECT_EQ(here.find("* ESEARCH"), here.rfind("* ESEARCH")) << "once: " << here;
    office.ada.say("t SETACL team bob l");
    bob.say("f UNSELECT");
    const auto none = bob.say("g ESEARCH IN (mailboxes (" + team + " none)) RETURN (ALL) ALL");
    EXPECT_EQ(none, "g OK ESEARCH completed\r\n") << "and nothing tells why";
}

TEST(Acl, TheStoreGoneEndsTheSession) {
    Office office;
    office.bob.say("a SELECT \"Other Users/ada@example.org/team\"");
    office.host.store.lose_sessions();
    EXPECT_TRUE(office.bob.take().contains("* BYE") || office.bob.say("b NOOP").contains("* BYE"));
    EXPECT_FALSE(office.bob.is_open());
}

TEST(Acl, ARemovedOwnerEndsTheSessionThatHasHisMailboxOpen) {
    Office office;
    office.bob.say("a SELECT \"Other Users/ada@example.org/team\"");
    run(office.host.io, [](store::MemoryStore& store) -> net::Task<void> {
        const auto done = co_await store.remove_account({AccountId(1), ShardId()});
        EXPECT_TRUE(done);
    }(office.host.store));
    EXPECT_TRUE(office.bob.say("b NOOP").contains("* BYE"));
}

TEST(Acl, LogoutAndUnauthenticateLeaveOthersMailboxes) {
    Office office;
    auto& bob = office.bob;
    bob.say("a SELECT \"Other Users/ada@example.org/team\"");
    EXPECT_TRUE(is_ok(bob.say("b UNAUTHENTICATE"), "b"));
    bob.say("c LOGIN ada@example.org password");
    EXPECT_TRUE(bob.say("d SELECT team").contains("* 2 EXISTS"));
    EXPECT_TRUE(bob.say("e SELECT \"Other Users/ada@example.org/team\"").contains("e NO"))
        << "oneself";
    EXPECT_TRUE(bob.say("f FETCH 1 FLAGS").contains("f BAD")) << "nothing is selected";
}

} // namespace
} // namespace maild::imap::test
