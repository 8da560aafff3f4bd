// Access control lists (RFC 4314): who may do what with mailboxes of other accounts. Account 1 is
// the owner, 2 has rights; 101 has them too, and its rows lie in another shard.
#include "store/sharing_conformance.hpp"

#include <memory>

namespace maild::store::test {
namespace {

constexpr std::int64_t kDomain = 7;
constexpr std::int64_t kFarAway = 101;

Grantee account(std::int64_t id) { return {AccountId(id), {}}; }
constexpr Grantee kAnyone{};

class Guest {
public:
    Guest(Subject& subject, std::int64_t id, std::int64_t owner = 1, std::int64_t domain = kDomain)
        : own(subject, id, 0, domain),
          there(subject, own, token(subject, owner, auth::Right::visit, 0, 0, kDomain)) {}
    Client own;
    Client there;
};

std::string flags_of(const OpenedMailbox& opened, std::size_t index) {
    const auto flags = opened.messages.at(index).flags;
    std::string out;
    if (flags.has(kSeen)) out += "S";
    if (flags.has(kDeleted)) out += "D";
    if (flags.has(kFlagged)) out += "F";
    if (flags.bits >> kFirstKeyword != 0) out += "k";
    return out;
}

std::string error_of(const auto& result) {
    return result ? "ok" : std::string(name_of(result.error().code));
}

} // namespace

TEST_P(SharingConformance, AclIsChangedBitByBit) {
    Client owner(*subject, 1, 0, kDomain);
    EXPECT_EQ(owner.acl("INBOX"), "");
    EXPECT_EQ(owner.rights("INBOX"), "lrswipkxtecda");
    EXPECT_EQ(owner.share("INBOX", account(2), "lrs"), "ok");
    EXPECT_EQ(owner.share("INBOX", account(2), "w", AclEdit::add), "ok");
    EXPECT_EQ(owner.share("INBOX", account(2), "s", AclEdit::remove), "ok");
    EXPECT_EQ(owner.share("INBOX", account(3), "d"), "ok");
    EXPECT_EQ(owner.share("INBOX", account(3), "t", AclEdit::replace, true), "ok");
    EXPECT_EQ(owner.share("INBOX", kAnyone, "c"), "ok");
    EXPECT_EQ(owner.acl("INBOX"), "anyone@7:kxc 2:lrw 3:ted -3:td");
    EXPECT_EQ(owner.acl("Junk"), "");
    EXPECT_EQ(owner.share("INBOX", account(3), ""), "ok");
    EXPECT_EQ(owner.share("INBOX", account(2), "lrw", AclEdit::remove), "ok");
    EXPECT_EQ(owner.acl("INBOX"), "anyone@7:kxc -3:td");
    EXPECT_EQ(owner.share("INBOX", account(1), "lr"), "cannot") << "the owner has all, always";
    EXPECT_EQ(owner.share("none", account(2), "lr"), "no_such_mailbox");
    EXPECT_EQ(owner.acl("none"), "no_such_mailbox");
}

TEST_P(SharingConformance, AclGivesNothingToWhoIsNotInIt) {
    Client owner(*subject, 1, 0, kDomain);
    owner.append("INBOX", {"a"});
    Guest guest(*subject, 2);
    EXPECT_EQ(guest.there.names(), "");
    EXPECT_EQ(guest.there.rights("INBOX"), "no_such_mailbox");
    EXPECT_EQ(guest.there.acl("INBOX"), "no_such_mailbox");
    EXPECT_EQ(guest.there.share("INBOX", account(2), "lr"), "no_such_mailbox");
    EXPECT_EQ(guest.there.append("INBOX", {"b"}), "no_such_mailbox");
    EXPECT_EQ(guest.there.remove("Junk"), "no_such_mailbox");
    EXPECT_EQ(guest.there.rename("Junk", "x"), "no_such_mailbox");
    EXPECT_EQ(guest.there.create("x"), "not_permitted");
    EXPECT_EQ(guest.there.create("Junk/x"), "not_permitted");
    EXPECT_EQ(guest.there.create("none/x"), "not_permitted") << "the same for what is not there";
    const auto id = guest.there.id();
    EXPECT_EQ(error_of(run(store.open_mailbox(id, "INBOX", true))), "no_such_mailbox");
    EXPECT_EQ(error_of(run(store.status(id, "INBOX"))), "no_such_mailbox");
    EXPECT_EQ(error_of(run(store.quota(id, "INBOX"))), "no_such_mailbox");
    EXPECT_EQ(error_of(run(store.annotations(id, "INBOX", {{"/shared/a"}}))), "no_such_mailbox");
    EXPECT_EQ(error_of(run(store.subscribe(id, "INBOX", true))), "not_permitted");
    const auto owners = run(store.sharing_accounts(guest.own.id()));
    EXPECT_TRUE(owners && owners->accounts.empty() && owners->is_whole);
}

// The token of the one who asks, and of the one who is asked for; nothing else opens anything.
TEST_P(SharingConformance, AclVisitNeedsBothTokens) {
    Client owner(*subject, 1, 0, kDomain);
    Client own(*subject, 2, 0, kDomain);
    const auto visit = [&](const auth::Token& token) {
        return error_of(run(store.open_shared(own.id(), token, own)));
    };
    EXPECT_EQ(visit(token(*subject, 1, auth::Right::deliver)), "not_permitted");
    EXPECT_EQ(visit(token(*subject, 2, auth::Right::visit)), "not_permitted") << "oneself";
    auto forged = token(*subject, 1, auth::Right::visit, 0, 0, 3);
    forged.domain = DomainId(kDomain);
    EXPECT_EQ(visit(forged), "not_permitted");
    const auto real = token(*subject, 1, auth::Right::visit, 0, 0, kDomain);
    EXPECT_EQ(error_of(run(store.open_shared(SessionId(4711), real, own))), "not_permitted");
    EXPECT_EQ(error_of(run(store.open_session(real, own))), "not_permitted");
    EXPECT_EQ(error_of(run(store.check_room(real, 1))), "not_permitted");
    Client there(*subject, own, real);
    EXPECT_EQ(error_of(run(store.open_shared(there.id(), real, own))), "not_permitted");
    subject->clock.advance(std::chrono::hours(2));
    EXPECT_EQ(visit(real), "not_permitted") << "it has expired";
}

TEST_P(SharingConformance, AclRightsAreCheckedOneByOne) {
    Client owner(*subject, 1, 0, kDomain);
    owner.append("INBOX", {"a", "b"});
    for (const std::int64_t id : {std::int64_t{2}, kFarAway}) {
        Guest guest(*subject, id);
        const auto session = guest.there.id();
        owner.share("INBOX", account(id), "l");
        EXPECT_EQ(guest.there.names(), "INBOX");
        EXPECT_EQ(guest.there.rights("INBOX"), "l");
        EXPECT_EQ(error_of(run(store.open_mailbox(session, "INBOX", true))), "not_permitted");
        EXPECT_EQ(error_of(run(store.status(session, "INBOX"))), "not_permitted");
        EXPECT_EQ(guest.there.append("INBOX", {"c"}), "not_permitted");
        EXPECT_EQ(guest.there.acl("INBOX"), "not_permitted");
        EXPECT_EQ(guest.there.create("INBOX/x"), "not_permitted");
        owner.share("INBOX", account(id), "r");
        EXPECT_EQ(guest.there.names(), "");
        EXPECT_EQ(guest.there.status("INBOX").messages, 2U);
        const auto opened = guest.there.open("INBOX");
        EXPECT_EQ(format_rights(opened.rights), "r");
        EXPECT_EQ(guest.there.content(1), "a");
        EXPECT_EQ(guest.there.store(uid(1), FlagChange::add, {kSeen, {}}), "not_permitted");
        EXPECT_EQ(guest.there.expunge(), "not_permitted");
        owner.share("INBOX", account(id), "");
        EXPECT_EQ(guest.there.content(1), "no_such_mailbox") << "at once";
        EXPECT_EQ(guest.there.news(), "r:");
    }
    EXPECT_EQ(owner.news(), "");
}

TEST_P(SharingConformance, AclFlagsAreThreeRights) {
    Client owner(*subject, 1, 0, kDomain);
    Guest guest(*subject, 2);
    owner.create("x");
    owner.append("x", {"a"}, {kFlagged | kDeleted, {"$old"}});
    owner.share("x", account(2), "lrs");
    guest.there.open("x");
    EXPECT_EQ(guest.there.store(uid(1), FlagChange::add, {kSeen | kDeleted, {"$k"}}), "1");
    EXPECT_EQ(guest.there.news(), "~1") << "no keyword is added";
    EXPECT_EQ(flags_of(owner.open("x", true), 0), "SDFk");
    EXPECT_EQ(guest.there.store(uid(1), FlagChange::remove, {kFlagged, {}}), "not_permitted");
    EXPECT_EQ(guest.there.store(uid(1), FlagChange::replace, {}), "1");
    EXPECT_EQ(flags_of(owner.open("x", true), 0), "DFk") << "only \\Seen was his to replace";
    owner.share("x", account(2), "lrt");
    EXPECT_EQ(guest.there.store(uid(1), FlagChange::replace, {kSeen, {"$k"}}), "not_permitted");
    EXPECT_EQ(guest.there.store(uid(1), FlagChange::replace, {}), "1");
    EXPECT_EQ(flags_of(owner.open("x", true), 0), "Fk");
    owner.share("x", account(2), "lrw");
    EXPECT_EQ(guest.there.store(uid(1), FlagChange::replace, {kSeen | kDraft, {}}), "1");
    EXPECT_EQ(flags_of(owner.open("x", true), 0), "");
    owner.share("x", account(2), "lri");
    EXPECT_EQ(guest.there.store(uid(1), FlagChange::replace, {kSeen, {}}), "not_permitted");
    EXPECT_EQ(guest.there.append("x", {"b"}, {kSeen | kDeleted | kFlagged, {"$k"}}), "2");
    EXPECT_EQ(flags_of(owner.open("x", true), 1), "") << "kept without flags, not refused";
    owner.share("x", account(2), "lristw");
    EXPECT_EQ(guest.there.append("x", {"b"}, {kSeen | kDeleted | kFlagged, {"$k"}}), "3");
    EXPECT_EQ(flags_of(owner.open("x", true), 2), "SDFk");
}

TEST_P(SharingConformance, AclCopiesAndMovesBetweenAccounts) {
    for (const std::int64_t id : {std::int64_t{2}, kFarAway}) {
        Client owner(*subject, 1, 0, kDomain);
        const auto box = "box" + std::to_string(id);
        owner.create(box);
        Guest guest(*subject, id);
        guest.own.append("INBOX", {"Subject: a\r\n\r\na", std::string(300'000, 'b'), "c"},
                         {kSeen | kFlagged, {"$k"}});
        guest.own.open("INBOX");
        const Destination there(box, guest.there.id());
        EXPECT_EQ(guest.own.copy(uids(1, 2), there), "no_such_mailbox");
        owner.share(box, account(id), "lr");
        EXPECT_EQ(guest.own.copy(uids(1, 2), there), "not_permitted");
        owner.share(box, account(id), "lris");
        EXPECT_EQ(guest.own.copy(uids(1, 2), there), "1>1 2>2");
        EXPECT_EQ(guest.own.move(uid(3), there), "3>3");
        EXPECT_EQ(guest.own.news(), "-3");
        owner.open(box);
        EXPECT_EQ(owner.content(1), "Subject: a\r\n\r\na");
        EXPECT_EQ(owner.status(box).size, 15U + 300'000U + 1U);
        EXPECT_EQ(flags_of(owner.open(box), 1), "S") << "the others are not his to set";
        // and back
        guest.there.open(box);
        const Destination home("INBOX", guest.own.id());
        EXPECT_EQ(guest.there.copy(uid(1), home), "1>4");
        EXPECT_EQ(guest.there.move(uid(1), home), "not_permitted");
        owner.share(box, account(id), "lrt");
        EXPECT_EQ(guest.there.move(uid(1), home), "not_permitted");
        owner.share(box, account(id), "lrte");
        EXPECT_EQ(guest.there.move(uids(1, 2), home), "1>5 2>6");
        EXPECT_EQ(text(owner.open(box)), "3");
        EXPECT_EQ(text(guest.own.open("INBOX")), "1 2 4 5 6");
        const auto whole = run(store.read(guest.own.id(), Uid(6), 0, kMaxRead));
        EXPECT_TRUE(whole && *whole == std::string(300'000, 'b'));
    }
}

// What is retained of expunged messages is for transfers under way: a visitor sees what was there
// when he came, and no more by asking for UIDs.
TEST_P(SharingConformance, AclWhatWasExpungedBeforeAVisitIsNotRead) {
    Client owner(*subject, 1, 0, kDomain);
    owner.append("INBOX", {"secret", "seen", "third"});
    const auto expunge = [&](std::uint32_t number) {
        owner.open("INBOX");
        owner.store(uid(number), FlagChange::add, {kDeleted, {}});
        owner.expunge();
    };
    expunge(1);
    owner.share("INBOX", account(2), "lr");
    Guest guest(*subject, 2);
    guest.there.open("INBOX", true);
    EXPECT_EQ(error_of(run(store.read(guest.there.id(), Uid(1), 0, 10))), "not_found");
    expunge(2);
    EXPECT_EQ(run(store.read(guest.there.id(), Uid(2), 0, 10)).value(), "seen");
    guest.there.open("INBOX", true);
    EXPECT_EQ(error_of(run(store.read(guest.there.id(), Uid(2), 0, 10))), "not_found");
    EXPECT_EQ(run(store.read(owner.id(), Uid(1), 0, 10)).value(), "secret") << "it is his own";
    EXPECT_EQ(run(store.read(guest.there.id(), Uid(3), 0, 10)).value(), "third");
}

// RFC 4315 §3
TEST_P(SharingConformance, AclUidsAreToldToWhoMayRead) {
    Client owner(*subject, 1, 0, kDomain);
    owner.create("x");
    owner.create("y");
    for (const std::int64_t id : {std::int64_t{2}, kFarAway}) {
        Guest guest(*subject, id);
        owner.share("x", account(id), "li");
        owner.share("y", account(id), "lr");
        const auto before = owner.status("x").messages;
        EXPECT_EQ(guest.there.append("x", {"a"}), "");
        guest.own.append("INBOX", {"b", "c"});
        guest.own.open("INBOX");
        EXPECT_EQ(guest.own.copy(uid(1), Destination("x", guest.there.id())), "");
        EXPECT_EQ(guest.own.move(uid(2), Destination("x", guest.there.id())), "");
        owner.append("y", {"d"});
        guest.there.open("y");
        EXPECT_EQ(guest.there.copy(uid(1), "x"), "") << "within the account that is visited";
        EXPECT_EQ(owner.status("x").messages, before + 4);
        owner.share("x", account(id), "lri");
        EXPECT_NE(guest.there.copy(uid(1), "x"), "");
    }
}

TEST_P(SharingConformance, AclCopiesCountInTheOwnersQuota) {
    Client owner(*subject, 1, 1000, kDomain);
    owner.share("INBOX", account(2), "lri");
    Client own(*subject, 2, 0, kDomain);
    Client there(*subject, own, token(*subject, 1, auth::Right::visit, 1000, 0, kDomain));
    own.append("INBOX", {std::string(600, 'a'), std::string(600, 'b')});
    own.open("INBOX");
    EXPECT_EQ(own.copy(everything(), Destination("INBOX", there.id())), "over_quota");
    EXPECT_EQ(owner.status("INBOX").messages, 0U) << "all or none";
    EXPECT_EQ(own.copy(uid(1), Destination("INBOX", there.id())), "1>1");
    EXPECT_EQ(there.append("INBOX", {std::string(600, 'a')}), "over_quota");
    EXPECT_EQ(run(store.quota(there.id(), "INBOX")).value().bytes, 600U);
    Client stranger(*subject, 3, 0, kDomain);
    EXPECT_EQ(own.copy(uid(1), Destination("INBOX", stranger.id())), "not_permitted");
}

TEST_P(SharingConformance, AclNewMailboxesInheritAndDeletedOnesForget) {
    Client owner(*subject, 1, 0, kDomain);
    Guest guest(*subject, 2);
    owner.create("a");
    owner.share("a", account(2), "lrk");
    EXPECT_EQ(guest.there.create("a/b/c"), "ok");
    EXPECT_EQ(guest.there.names(), "a a/b a/b/c");
    EXPECT_EQ(owner.acl("a/b/c"), "2:lrkc");
    EXPECT_EQ(guest.there.create("a/s", SpecialUse::sent), "not_permitted");
    EXPECT_EQ(guest.there.remove("a/b/c"), "not_permitted");
    EXPECT_EQ(guest.there.rename("a/b/c", "a/d"), "not_permitted");
    owner.share("a/b/c", account(2), "x", AclEdit::add);
    EXPECT_EQ(guest.there.rename("a/b/c", "z"), "not_permitted") << "not at the top";
    EXPECT_EQ(guest.there.rename("a/b/c", "a/d"), "ok");
    EXPECT_EQ(owner.acl("a/d"), "2:lrkxc") << "it goes along";
    owner.create("a/d/secret");
    owner.share("a/d/secret", account(2), "");
    EXPECT_EQ(guest.there.rename("a/d", "a/e"), "not_permitted") << "with what is below";
    EXPECT_EQ(guest.there.remove("a/d"), "ok");
    EXPECT_EQ(owner.create("a/d"), "ok");
    EXPECT_EQ(owner.acl("a/d"), "2:lrkc") << "of the one above, nothing of the old one";
    EXPECT_EQ(owner.remove("a/d"), "ok");
    EXPECT_EQ(owner.create("top"), "ok");
    EXPECT_EQ(owner.acl("top"), "");
}

TEST_P(SharingConformance, AclAnyoneIsOfOneDomain) {
    Client owner(*subject, 1, 0, kDomain);
    Guest near(*subject, 2);
    Guest far(*subject, 3, 1, kDomain + 1);
    Guest nowhere(*subject, 4, 1, 0);
    owner.share("INBOX", kAnyone, "lr");
    EXPECT_EQ(near.there.names(), "INBOX");
    EXPECT_EQ(far.there.names(), "");
    EXPECT_EQ(nowhere.there.names(), "");
    EXPECT_EQ(far.there.rights("INBOX"), "no_such_mailbox");
    const auto sharing = [&](const Client& client) {
        return run(store.sharing_accounts(client.id())).value().accounts.size();
    };
    EXPECT_EQ(sharing(near.own), 1U);
    EXPECT_EQ(sharing(far.own), 0U);
    EXPECT_EQ(sharing(nowhere.own), 0U);
    EXPECT_EQ(sharing(owner), 0U);
    owner.share("INBOX", account(2), "l", AclEdit::replace, true);
    EXPECT_EQ(near.there.rights("INBOX"), "r") << "less what is negative";
    owner.share("INBOX", kAnyone, "lr", AclEdit::replace, true);
    EXPECT_EQ(near.there.rights("INBOX"), "no_such_mailbox");
    EXPECT_EQ(owner.rights("INBOX"), "lrswipkxtecda");
    // The owner has gone to another domain since.
    owner.share("INBOX", kAnyone, "", AclEdit::replace, true);
    Client moved(*subject, near.own, token(*subject, 1, auth::Right::visit, 0, 0, kDomain + 1));
    EXPECT_EQ(moved.names(), "");
    Client follower(*subject, far.own, token(*subject, 1, auth::Right::visit, 0, 0, kDomain + 1));
    EXPECT_EQ(follower.names(), "");
}

TEST_P(SharingConformance, AclRevokedWhileOpen) {
    Client owner(*subject, 1, 0, kDomain);
    Guest guest(*subject, 2);
    owner.share("INBOX", account(2), "lrsi");
    guest.there.open("INBOX");
    owner.append("INBOX", {"a"});
    EXPECT_TRUE(subject->run_until([&] { return !guest.there.changes().empty(); }));
    EXPECT_EQ(guest.there.news(), "+1");
    owner.share("INBOX", account(2), "lr");
    EXPECT_TRUE(subject->run_until([&] { return guest.there.changes().size() == 2; }));
    EXPECT_EQ(guest.there.news(), "r:lr");
    owner.share("INBOX", account(2), "l");
    owner.append("INBOX", {"b"});
    EXPECT_EQ(guest.there.content(1), "no_such_mailbox") << "it is not open any longer";
    EXPECT_EQ(guest.there.news(), "r:l") << "and nothing more is told";
}

TEST_P(SharingConformance, AclAdministratorIsAnyAccountThatHasTheRight) {
    Client owner(*subject, 1, 0, kDomain);
    Guest guest(*subject, 2);
    owner.share("INBOX", account(2), "la");
    EXPECT_EQ(guest.there.share("INBOX", account(3), "lr"), "ok");
    EXPECT_EQ(guest.there.share("INBOX", account(1), ""), "cannot");
    EXPECT_EQ(guest.there.acl("INBOX"), "2:la 3:lr");
    EXPECT_EQ(guest.there.share("INBOX", kAnyone, "l"), "ok");
    EXPECT_EQ(owner.acl("INBOX"), "anyone@7:l 2:la 3:lr") << "of the owner's domain";
    EXPECT_EQ(guest.there.share("INBOX", account(2), ""), "ok");
    EXPECT_EQ(guest.there.acl("INBOX"), "not_permitted");
}

TEST_P(SharingConformance, AclAnnotationsOfOthersAreTheSharedOnes) {
    Client owner(*subject, 1, 0, kDomain);
    Guest guest(*subject, 2);
    owner.annotate("Sent", {{"/private/a", "mine"}, {"/shared/b", "ours"}});
    owner.share("Sent", account(2), "lr");
    const auto found = guest.there.annotations("Sent", {{"/private", "/shared"}, Depth::all});
    ASSERT_TRUE(found && found->entries.size() == 1);
    EXPECT_EQ(found->entries[0].value, "ours");
    EXPECT_EQ(found->use, SpecialUse::none);
    EXPECT_EQ(guest.there.annotate("Sent", {{"/shared/b", "x"}}), "not_permitted");
    owner.share("Sent", account(2), "lrw");
    EXPECT_EQ(guest.there.annotate("Sent", {{"/shared/b", "x"}}), "ok");
    EXPECT_EQ(guest.there.annotate("Sent", {{"/private/a", "x"}}), "not_permitted");
    EXPECT_EQ(guest.there.annotate("Sent", {}, SpecialUse::junk), "not_permitted");
}

TEST_P(SharingConformance, AclGoesWithAccountsBothWays) {
    Client owner(*subject, 1, 0, kDomain);
    owner.share("INBOX", account(2), "lr");
    owner.share("INBOX", account(kFarAway), "lr");
    auto guest = std::make_unique<Guest>(*subject, 2);
    auto far = std::make_unique<Guest>(*subject, kFarAway);
    far->own.share("INBOX", account(2), "lr");
    EXPECT_EQ(run(store.sharing_accounts(guest->own.id())).value().accounts.size(), 2U);
    guest->there.open("INBOX");
    EXPECT_TRUE(run(subject->admin().remove_account({AccountId(2), ShardId(1)})));
    EXPECT_TRUE(subject->run_until([&] { return guest->there.news() == "lost"; }));
    EXPECT_EQ(owner.acl("INBOX"), "101:lr");
    EXPECT_EQ(far->own.acl("INBOX"), "");
    EXPECT_TRUE(run(subject->admin().remove_account({AccountId(1), ShardId(1)})));
    EXPECT_TRUE(subject->run_until([&] { return far->there.news() == "lost"; }));
    EXPECT_TRUE(run(store.sharing_accounts(far->own.id())).value().accounts.empty());
}

TEST_P(SharingConformance, AclIsAnAdministratorsToo) {
    Client owner(*subject, 1, 0, kDomain);
    auto& admin = subject->admin();
    const AccountRef ref{AccountId(1), ShardId(1)};
    const AclChange change{anyone_of(DomainId(kDomain)), false, AclEdit::replace, kLookup | kRead};
    EXPECT_TRUE(run(admin.set_acl_of(ref, "INBOX", change)));
    EXPECT_EQ(owner.acl("INBOX"), "anyone@7:lr");
    EXPECT_EQ(run(admin.acl_of(ref, "INBOX")).value().size(), 1U);
    EXPECT_EQ(error_of(run(admin.acl_of(ref, "none"))), "no_such_mailbox");
    EXPECT_EQ(error_of(run(admin.set_acl_of(ref, "INBOX", {}))), "cannot");
    Guest guest(*subject, 2);
    EXPECT_EQ(guest.there.names(), "INBOX");
}

TEST_P(SharingConformance, AclHasALimit) {
    Client owner(*subject, 1, 0, kDomain);
    for (std::int64_t i = 0; i < static_cast<std::int64_t>(kMaxAclEntries); ++i)
        ASSERT_EQ(owner.share("INBOX", account(1000 + i), "l"), "ok");
    EXPECT_EQ(owner.share("INBOX", account(5000), "l"), "limit_exceeded");
    EXPECT_EQ(owner.share("INBOX", account(1000), "lr"), "ok") << "what is there can be changed";
    EXPECT_EQ(owner.share("INBOX", account(1000), ""), "ok");
    EXPECT_EQ(owner.share("INBOX", account(5000), "l"), "ok");
}

TEST_P(SharingConformance, AclNamesOfOthersAreNoOnesOwn) {
    Client owner(*subject, 1, 0, kDomain);
    EXPECT_EQ(owner.create("Other Users"), "cannot");
    EXPECT_EQ(owner.create("Other Users/x"), "cannot");
    EXPECT_EQ(owner.rename("Junk", "Other Users/x"), "cannot");
    EXPECT_EQ(owner.create("Other Users too"), "ok");
    EXPECT_TRUE(run(store.subscribe(owner.id(), "Other Users/b@example.org/INBOX", true)));
}

} // namespace maild::store::test
