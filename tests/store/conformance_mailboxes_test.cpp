// Names, hierarchy, subscriptions: RFC 9051 §5.1, §6.3.
#include "store/conformance.hpp"

#include "maild/base/utf8.hpp"
#include "maild/store/claims.hpp"

#include <algorithm>
#include <chrono>

namespace maild::store::test {

TEST_P(StoreConformance, NewAccountHasTheDefaultMailboxes) {
    Client client(*subject, 1);
    EXPECT_EQ(client.names(), "Archive Drafts INBOX Junk Sent Trash");
    const auto list = run(store.list_mailboxes(client.id()));
    ASSERT_TRUE(list);
    const auto sent = std::ranges::find(*list, "Sent", &MailboxEntry::name);
    EXPECT_EQ(sent->special_use, SpecialUse::sent);
    EXPECT_TRUE(sent->is_subscribed);
    EXPECT_TRUE(sent->id);
}

TEST_P(StoreConformance, RenamedDefaultMailboxIsNotMadeAgain) {
    {
        Client client(*subject, 1);
        EXPECT_EQ(client.rename("Sent", "Sent Items"), "ok");
    }
    Client client(*subject, 1);
    EXPECT_EQ(client.names(), "Archive Drafts INBOX Junk Sent Items Trash");
}

TEST_P(StoreConformance, AccountsAreApart) {
    Client ada(*subject, 1);
    Client bob(*subject, 2);
    EXPECT_EQ(ada.create("only ada's"), "ok");
    EXPECT_EQ(ada.append("INBOX", {"for ada"}), "1");
    EXPECT_EQ(bob.names(), "Archive Drafts INBOX Junk Sent Trash");
    EXPECT_EQ(bob.status("INBOX").messages, 0U);
}

TEST_P(StoreConformance, ForgedExpiredAndWeakTokensOpenNothing) {
    struct Sink final : ChangeSink {
        void on_changes(MailboxId, std::span<const Change>) override {}
        void on_lost() override {}
    } sink;
    auto forged = token(*subject, 1);
    forged.account = AccountId(2);
    auto weak = token(*subject, 1, auth::Right::deliver);
    auto expired = token(*subject, 1);
    subject->clock.advance(std::chrono::hours(2));
    for (const auto& bad : {forged, weak, expired}) {
        const auto session = run(store.open_session(bad, sink));
        ASSERT_FALSE(session);
        EXPECT_EQ(session.error().code, Errc::not_permitted);
    }
}

TEST_P(StoreConformance, UnknownSessionMayDoNothing) {
    const auto list = run(store.list_mailboxes(SessionId(12345)));
    ASSERT_FALSE(list);
    EXPECT_EQ(list.error().code, Errc::not_permitted);
    store.close_mailbox(SessionId(12345));
    store.close_session(SessionId(12345));
}

TEST_P(StoreConformance, ASessionBesideAnotherSeesTheSameAccount) {
    struct Sink final : ChangeSink {
        void on_changes(MailboxId, std::span<const Change> changes) override {
            told += changes.size();
        }
        void on_lost() override {}
        std::size_t told = 0;
    } sink;
    Client client(*subject, 1);
    client.append("INBOX", {"in the inbox"});
    client.append("Archive", {"in the archive"});
    EXPECT_EQ(text(client.open("INBOX")), "1");
    subject->clock.advance(std::chrono::hours(48)); // the token has expired long ago
    const auto beside = run(store.open_beside(client.id(), sink));
    ASSERT_TRUE(beside);
    EXPECT_NE(*beside, client.id());
    const auto opened = run(store.open_mailbox(*beside, "Archive", true));
    ASSERT_TRUE(opened);
    EXPECT_EQ(text(*opened), "1");
    EXPECT_EQ(run(store.read(*beside, Uid(1), 0, 100)).value_or(""), "in the archive");
    EXPECT_EQ(client.content(1), "in the inbox");
    client.append("Archive", {"more"});
    EXPECT_TRUE(subject->run_until([&] { return sink.told == 1; }));
    client.append("INBOX", {"more"});
    EXPECT_EQ(client.news(), "+2");
    // Each ends by itself.
    store.close_session(*beside);
    EXPECT_EQ(client.content(2), "more");
    EXPECT_EQ(run(store.list_mailboxes(*beside)).error().code, Errc::not_permitted);
    EXPECT_EQ(run(store.open_beside(SessionId(12345), sink)).error().code, Errc::not_permitted);
}

TEST_P(StoreConformance, CreatesMissingSuperiors) {
    Client client(*subject, 1);
    EXPECT_EQ(client.create("a/b/c"), "ok");
    EXPECT_EQ(client.names(), "Archive Drafts INBOX Junk Sent Trash a a/b a/b/c");
    EXPECT_EQ(client.create("a/b"), "already_exists");
    EXPECT_EQ(client.create("INBOX"), "already_exists");
}

TEST_P(StoreConformance, RefusesNamesThatCanNeverBe) {
    Client client(*subject, 1);
    std::string deep = "d";
    for (std::size_t i = 0; i < kMaxMailboxDepth; ++i) deep += "/d";
    const std::string names[] = {"",      "/a",
                                 "a/",    "a//b",
                                 "inbox", "Inbox/x",
                                 "a\nb",  std::string("a\0b", 3),
                                 "\xff",  std::string(kMaxMailboxName + 1, 'n'),
                                 deep};
    for (const auto& name : names) {
        EXPECT_EQ(client.create(name), "cannot") << name;
        EXPECT_EQ(client.rename("Junk", name), "cannot") << name;
    }
    EXPECT_EQ(client.create(std::string(kMaxMailboxName, 'n')), "ok");
    EXPECT_EQ(client.create("../../etc/passwd"), "ok") << "a name, never a path";
}

TEST_P(StoreConformance, DeletingKeepsChildrenAndTheLevel) {
    Client client(*subject, 1);
    client.create("a/b");
    EXPECT_EQ(client.remove("a"), "ok");
    EXPECT_EQ(client.names(), "Archive Drafts INBOX Junk Sent Trash a/b");
    const auto list = run(store.list_mailboxes(client.id()));
    const auto level = std::ranges::find(*list, "a", &MailboxEntry::name);
    ASSERT_NE(level, list->end());
    EXPECT_FALSE(level->is_selectable);
    EXPECT_FALSE(level->id);
    EXPECT_EQ(client.remove("a"), "has_children");
    EXPECT_EQ(client.remove("a/b"), "ok");
    EXPECT_EQ(client.remove("a"), "no_such_mailbox");
    EXPECT_EQ(client.remove("INBOX"), "cannot");
}

TEST_P(StoreConformance, RecreatedMailboxHasAGreaterUidValidity) {
    Client client(*subject, 1);
    client.create("a");
    client.append("a", {"old"});
    const auto before = client.status("a");
    client.remove("a");
    client.create("a");
    const auto after = client.status("a");
    EXPECT_GT(after.uid_validity, before.uid_validity);
    EXPECT_GT(after.highest_modseq, before.highest_modseq);
    EXPECT_EQ(after.messages, 0U);
    EXPECT_NE(after.id, before.id);
}

TEST_P(StoreConformance, RenameTakesChildrenAndKeepsMessages) {
    Client client(*subject, 1);
    client.create("a/b/c");
    client.append("a/b", {"kept"});
    const auto before = client.status("a/b");
    EXPECT_EQ(client.rename("a", "x/y"), "ok");
    EXPECT_EQ(client.names(), "Archive Drafts INBOX Junk Sent Trash x x/y x/y/b x/y/b/c");
    const auto after = client.status("x/y/b");
    EXPECT_EQ(after.id, before.id);
    EXPECT_EQ(after.uid_validity, before.uid_validity);
    EXPECT_EQ(after.messages, 1U);
}

// Also when it was opened under that name a moment ago.
TEST_P(StoreConformance, OpensWhatHasTheNameNow) {
    Client client(*subject, 1);
    Client other(*subject, 1);
    client.create("a");
    client.create("b");
    client.append("a", {"one"});
    client.append("b", {"one", "two"});
    for (int i = 0; i < 2; ++i) {
        EXPECT_EQ(text(client.open("a")), "1");
        EXPECT_EQ(text(client.open("b")), "1 2");
    }
    EXPECT_EQ(other.rename("a", "c"), "ok");
    EXPECT_EQ(other.rename("b", "a"), "ok");
    EXPECT_EQ(text(client.open("a")), "1 2");
    EXPECT_EQ(text(client.open("c")), "1");
    EXPECT_EQ(run(store.open_mailbox(client.id(), "b", false)).error().code, Errc::no_such_mailbox);
    EXPECT_EQ(other.remove("a"), "ok");
    EXPECT_EQ(run(store.open_mailbox(client.id(), "a", false)).error().code, Errc::no_such_mailbox);
    EXPECT_EQ(other.create("a"), "ok");
    EXPECT_EQ(text(client.open("a")), "");
}

TEST_P(StoreConformance, MissingDefaultMailboxIsMadeAtTheNextLogin) {
    {
        const Client first(*subject, 1);
    }
    {
        Client client(*subject, 1);
        EXPECT_EQ(client.remove("Archive"), "ok");
        EXPECT_EQ(client.names(), "Drafts INBOX Junk Sent Trash");
    }
    Client client(*subject, 1);
    EXPECT_EQ(client.names(), "Archive Drafts INBOX Junk Sent Trash");
}

// Another mailbox stands in for it by its use, until it does no longer.
TEST_P(StoreConformance, DefaultMailboxIsMadeWhenNothingStandsInForIt) {
    {
        Client client(*subject, 1);
        EXPECT_EQ(client.remove("Sent"), "ok");
        EXPECT_EQ(client.create("Gesendet", SpecialUse::sent), "ok");
    }
    for (int i = 0; i < 2; ++i) {
        Client client(*subject, 1);
        EXPECT_EQ(client.names(), "Archive Drafts Gesendet INBOX Junk Trash");
        if (i == 0) continue;
        EXPECT_EQ(client.annotate("Gesendet", {}, SpecialUse::none), "ok");
    }
    Client client(*subject, 1);
    EXPECT_EQ(client.names(), "Archive Drafts Gesendet INBOX Junk Sent Trash");
}

TEST_P(StoreConformance, RenameRefusals) {
    Client client(*subject, 1);
    client.create("a/b");
    client.create("c/b");
    struct {
        const char* from;
        const char* to;
        const char* want;
    } const cases[] = {
        {"a", "a/x", "cannot"},       {"a", "INBOX", "already_exists"},
        {"a", "c", "already_exists"}, {"none", "x", "no_such_mailbox"},
        {"a", "a", "already_exists"}, {"a/b", "c/b", "already_exists"},
    };
    for (const auto& [from, to, want] : cases)
        EXPECT_EQ(client.rename(from, to), want) << from << " to " << to;
    client.remove("c");
    EXPECT_EQ(client.rename("a", "c"), "already_exists") << "its child c/b is in the way";
    EXPECT_EQ(client.names(), "Archive Drafts INBOX Junk Sent Trash a a/b c/b");
}

TEST_P(StoreConformance, RenamedInboxLeavesAnEmptyOne) {
    Client client(*subject, 1);
    client.create("INBOX/child");
    client.append("INBOX", {"one", "two"});
    const auto before = client.open("INBOX");
    EXPECT_EQ(client.rename("INBOX", "old/mail"), "ok");
    EXPECT_EQ(client.news(), "-1 -2");
    EXPECT_EQ(client.status("INBOX").messages, 0U);
    EXPECT_EQ(client.status("INBOX").id, before.status.id);
    EXPECT_EQ(client.status("old/mail").messages, 2U);
    EXPECT_EQ(client.names(), "Archive Drafts INBOX INBOX/child Junk Sent Trash old old/mail");
    client.open("old/mail");
    EXPECT_EQ(client.content(1), "one");
}

TEST_P(StoreConformance, SubscriptionsAreNames) {
    Client client(*subject, 1);
    ASSERT_TRUE(run(store.subscribe(client.id(), "not there", true)));
    ASSERT_TRUE(run(store.subscribe(client.id(), "Junk", false)));
    auto list = run(store.list_mailboxes(client.id()));
    const auto absent = std::ranges::find(*list, "not there", &MailboxEntry::name);
    ASSERT_NE(absent, list->end());
    EXPECT_TRUE(absent->is_subscribed);
    EXPECT_FALSE(absent->id);
    EXPECT_FALSE(std::ranges::find(*list, "Junk", &MailboxEntry::name)->is_subscribed);
    EXPECT_TRUE(std::ranges::is_sorted(*list, {}, &MailboxEntry::name));
    const auto invalid = run(store.subscribe(client.id(), "a//b", true));
    EXPECT_EQ(invalid.error().code, Errc::cannot);
}

TEST_P(StoreConformance, SpecialUseIsKept) {
    Client client(*subject, 1);
    EXPECT_EQ(client.create("Everything", SpecialUse::all), "ok");
    client.rename("Everything", "All Mail");
    const auto list = run(store.list_mailboxes(client.id()));
    EXPECT_EQ(std::ranges::find(*list, "All Mail", &MailboxEntry::name)->special_use,
              SpecialUse::all);
}

TEST_P(StoreConformance, DeletedMailboxIsLostToWhoHasItOpen) {
    Client owner(*subject, 1);
    Client other(*subject, 1);
    owner.create("a");
    owner.append("a", {"one"});
    other.open("a");
    owner.open("a");
    EXPECT_EQ(owner.remove("a"), "ok");
    EXPECT_EQ(owner.news(), "x");
    EXPECT_TRUE(subject->run_until([&] { return !other.changes().empty(); }));
    EXPECT_EQ(other.news(), "x");
    EXPECT_EQ(other.content(1), "no_such_mailbox");
    EXPECT_EQ(other.store(everything(), FlagChange::add, {kSeen, {}}), "no_such_mailbox");
    owner.create("a");
    EXPECT_EQ(other.expunge(), "no_such_mailbox") << "the new one is another mailbox";
}

// Each implementation is one.
Claims& claims_of(Subject& subject) { return dynamic_cast<Claims&>(subject.store()); }

TEST_P(StoreConformance, ClaimIsOneSessionsAtATime) {
    auto first = std::make_unique<Client>(*subject, 1);
    Client second(*subject, 1);
    Client of_another_account(*subject, 2);
    const auto claim = [&](Client& client, const char* name) {
        const auto claimed = run(claims_of(*subject).claim(client.id(), name));
        return claimed ? std::string("ok") : std::string(name_of(claimed.error().code));
    };
    EXPECT_EQ(claim(*first, "INBOX"), "ok");
    EXPECT_EQ(claim(*first, "INBOX"), "ok") << "it has it already";
    EXPECT_EQ(claim(second, "INBOX"), "conflict");
    EXPECT_EQ(claim(second, "Archive"), "ok");
    EXPECT_EQ(claim(of_another_account, "INBOX"), "ok");
    EXPECT_EQ(claim(second, std::string(kMaxMailboxName + 1, 'x').c_str()), "cannot");
    second.open("INBOX"); // who claims nothing is not hindered
    EXPECT_EQ(claim(*first, "Archive"), "conflict") << "and keeps what it has";
    EXPECT_EQ(claim(second, "INBOX"), "conflict");
    store.close_mailbox(first->id());
    EXPECT_EQ(claim(second, "INBOX"), "conflict");
    first.reset();
    EXPECT_EQ(claim(second, "INBOX"), "ok");
    Client third(*subject, 1);
    EXPECT_EQ(claim(third, "Archive"), "ok") << "given up for the other";
    EXPECT_EQ(claim(third, ""), "ok") << "given up for nothing";
    EXPECT_EQ(claim(third, ""), "ok") << "and there is nothing left to give up";
    EXPECT_EQ(claim(second, "Archive"), "ok");
    const auto unknown = run(claims_of(*subject).claim(SessionId(999), "INBOX"));
    EXPECT_EQ(unknown.error().code, Errc::not_permitted);
}

TEST_P(StoreConformance, ClaimEndsWithALostSession) {
    Client lost(*subject, 1);
    EXPECT_TRUE(run(claims_of(*subject).claim(lost.id(), "INBOX")));
    EXPECT_TRUE(run(subject->admin().drop_sessions({AccountId(1), ShardId(1)})));
    Client next(*subject, 1);
    EXPECT_TRUE(run(claims_of(*subject).claim(next.id(), "INBOX")));
}

TEST_P(StoreConformance, AccessThatWasTakenBackOpensNothing) {
    Client here(*subject, 1);
    const auto grant = token(*subject, 1, auth::Right::access);
    subject->clock.advance(std::chrono::milliseconds(1));
    EXPECT_TRUE(run(subject->admin().drop_sessions({AccountId(1), ShardId(1)})));
    const auto late = run(store.open_session(grant, here));
    EXPECT_EQ(late.error().code, Errc::not_permitted);
    Client next(*subject, 1);
    EXPECT_EQ(next.append("INBOX", {"x"}), "1");
}

TEST_P(StoreConformance, OpeningClosesTheFormerAlsoWhenItFails) {
    Client client(*subject, 1);
    client.open("INBOX");
    const auto none = run(store.open_mailbox(client.id(), "none", false));
    EXPECT_EQ(none.error().code, Errc::no_such_mailbox);
    deliver(*subject, 1, "unheard");
    EXPECT_EQ(client.news(), "");
    EXPECT_EQ(client.content(1), "no_such_mailbox");
}

} // namespace maild::store::test
