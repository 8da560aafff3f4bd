#pragma once
// What RemoteDirectory sends and Service answers: one struct for each call, with the type of its
// answer.

#include "maild/auth/login_refusal.hpp"
#include "maild/directory/admin.hpp"
#include "maild/directory/directory.hpp"
#include "maild/ipc/message.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace maild::directory::messages {

// Any worker may send these (0x01..).
struct Login {
    static constexpr ipc::MessageType kType = 0x0101;
    using Reply = std::variant<auth::Identity, auth::LoginRefusal>;
    LoginAttempt attempt;
};
struct Resolve {
    static constexpr ipc::MessageType kType = 0x0102;
    using Reply = Resolution;
    std::string address;
};
struct MaySendAs {
    static constexpr ipc::MessageType kType = 0x0103;
    using Reply = bool;
    AccountId account;
    std::string address;
};
struct Scram {
    static constexpr ipc::MessageType kType = 0x0104;
    using Reply = std::variant<auth::ScramAnswer, auth::LoginRefusal>;
    ScramAttempt attempt;
};

struct External {
    static constexpr ipc::MessageType kType = 0x0105;
    using Reply = std::variant<auth::Identity, auth::LoginRefusal>;
    ExternalAttempt attempt;
};
struct Bearer {
    static constexpr ipc::MessageType kType = 0x0108;
    using Reply = std::variant<auth::Identity, auth::LoginRefusal>;
    BearerAttempt attempt;
};
struct Submit {
    static constexpr ipc::MessageType kType = 0x0109;
    using Reply = SubmissionVerdict;
    Submission submission;
};
struct Sign {
    static constexpr ipc::MessageType kType = 0x010a;
    using Reply = DkimFields;
    DkimRequest request;
};
struct ForwardSender {
    static constexpr ipc::MessageType kType = 0x010b;
    using Reply = std::string;
    std::string sender;
    std::string via;
};
struct Refer {
    static constexpr ipc::MessageType kType = 0x0106;
    using Reply = Referral;
    std::string address;
};
struct ReferAll {
    static constexpr ipc::MessageType kType = 0x0107;
    using Reply = std::vector<Referral>;
    std::vector<AccountId> accounts;
};

// Only control may send these (0x02..).
struct AddDomain {
    static constexpr ipc::MessageType kType = 0x0201;
    using Reply = Changed;
    std::string name;
};
struct ListDomains {
    static constexpr ipc::MessageType kType = 0x0202;
    using Reply = std::vector<Domain>;
};
struct ShowDomain {
    static constexpr ipc::MessageType kType = 0x0203;
    using Reply = Domain;
    std::string name;
};
struct ChangeDomain {
    static constexpr ipc::MessageType kType = 0x0204;
    using Reply = Changed;
    std::string name;
    DomainChange change;
};
struct RemoveDomain {
    static constexpr ipc::MessageType kType = 0x0205;
    using Reply = Changed;
    std::string name;
};
struct AddDomainAlias {
    static constexpr ipc::MessageType kType = 0x0206;
    using Reply = Changed;
    std::string alias;
    std::string domain;
};
struct RemoveDomainAlias {
    static constexpr ipc::MessageType kType = 0x0207;
    using Reply = Changed;
    std::string alias;
};
struct AddAccount {
    static constexpr ipc::MessageType kType = 0x0208;
    using Reply = Changed;
    NewAccount account;
};
struct ListAccounts {
    static constexpr ipc::MessageType kType = 0x0209;
    using Reply = std::vector<Account>;
    std::string domain;
    std::string after;
    std::uint32_t limit = 0;
};
struct ShowAccount {
    static constexpr ipc::MessageType kType = 0x020a;
    using Reply = Account;
    std::string address;
};
struct ChangeAccount {
    static constexpr ipc::MessageType kType = 0x020b;
    using Reply = Changed;
    std::string address;
    AccountChange change;
};
struct RemoveAccount {
    static constexpr ipc::MessageType kType = 0x020c;
    using Reply = Changed;
    std::string address;
};
struct ImportAccounts {
    static constexpr ipc::MessageType kType = 0x020d;
    using Reply = ImportResult;
    std::vector<ImportRow> rows;
};
struct AddAddress {
    static constexpr ipc::MessageType kType = 0x020e;
    using Reply = Changed;
    std::string address;
    std::string account;
};
struct RemoveAddress {
    static constexpr ipc::MessageType kType = 0x020f;
    using Reply = Changed;
    std::string address;
};
struct AddAlias {
    static constexpr ipc::MessageType kType = 0x0210;
    using Reply = Changed;
    Alias alias;
};
struct ListAliases {
    static constexpr ipc::MessageType kType = 0x0211;
    using Reply = std::vector<Alias>;
    std::string domain;
};
struct RemoveAlias {
    static constexpr ipc::MessageType kType = 0x0212;
    using Reply = Changed;
    Alias alias;
};
struct SetPostmaster {
    static constexpr ipc::MessageType kType = 0x0213;
    using Reply = Changed;
    std::string address;
};

struct ListBans {
    static constexpr ipc::MessageType kType = 0x0214;
    using Reply = std::vector<auth::Ban>;
};
struct AddBan {
    static constexpr ipc::MessageType kType = 0x0215;
    using Reply = Changed;
    auth::Ban ban;
};
struct RemoveBan {
    static constexpr ipc::MessageType kType = 0x0216;
    using Reply = Changed;
    net::Network network;
};
struct ShowLogins {
    static constexpr ipc::MessageType kType = 0x0217;
    using Reply = AccountLogins;
    std::string address;
};
struct ListSuspects {
    static constexpr ipc::MessageType kType = 0x0218;
    using Reply = std::vector<auth::LoginGuard::Suspect>;
};
struct AddAppPassword {
    static constexpr ipc::MessageType kType = 0x0219;
    using Reply = std::string;
    NewAppPassword wanted;
};
struct ListAppPasswords {
    static constexpr ipc::MessageType kType = 0x021a;
    using Reply = std::vector<AppPassword>;
    std::string address;
};
struct RemoveAppPassword {
    static constexpr ipc::MessageType kType = 0x021b;
    using Reply = Changed;
    std::string address;
    std::string name;
};
struct HideCapability {
    static constexpr ipc::MessageType kType = 0x021c;
    using Reply = Changed;
    std::string address;
    std::string name;
};
struct ListHiddenCapabilities {
    static constexpr ipc::MessageType kType = 0x021d;
    using Reply = std::vector<std::string>;
    std::string address;
};
struct UnhideCapability {
    static constexpr ipc::MessageType kType = 0x021e;
    using Reply = Changed;
    std::string address;
    std::string name;
};

struct ListSent {
    static constexpr ipc::MessageType kType = 0x021f;
    using Reply = std::vector<SentToday>;
};
struct ForgetSent {
    static constexpr ipc::MessageType kType = 0x0220;
    using Reply = Changed;
    std::string address;
};

struct ForgetFailures {
    static constexpr ipc::MessageType kType = 0x0221;
    using Reply = Changed;
    net::Network network;
};
struct ShowTally {
    static constexpr ipc::MessageType kType = 0x0222;
    using Reply = LimitTally;
};
struct ReportsGrant {
    static constexpr ipc::MessageType kType = 0x0223;
    using Reply = auth::Token;
};
struct AddDkimKeys {
    static constexpr ipc::MessageType kType = 0x0224;
    using Reply = std::vector<DkimKey>;
    std::string domain;
    std::vector<NewDkimKey> wanted;
};
struct ListDkimKeys {
    static constexpr ipc::MessageType kType = 0x0225;
    using Reply = std::vector<DkimKey>;
    std::string domain;
};
struct MoveDkimKeys {
    static constexpr ipc::MessageType kType = 0x0226;
    using Reply = Changed;
    std::string domain;
    std::vector<DkimMove> moves;
};

template <class C> void describe(C& c, Login& m) { c(m.attempt); }
template <class C> void describe(C& c, Resolve& m) { c(m.address); }
template <class C> void describe(C& c, MaySendAs& m) { c(m.account, m.address); }
template <class C> void describe(C& c, Submit& m) { c(m.submission); }
template <class C> void describe(C& c, Sign& m) { c(m.request); }
template <class C> void describe(C& c, ForwardSender& m) { c(m.sender, m.via); }
template <class C> void describe(C& c, AddDkimKeys& m) { c(m.domain, m.wanted); }
template <class C> void describe(C& c, ListDkimKeys& m) { c(m.domain); }
template <class C> void describe(C& c, MoveDkimKeys& m) { c(m.domain, m.moves); }
template <class C> void describe(C&, ListSent&) {}
template <class C> void describe(C& c, ForgetSent& m) { c(m.address); }
template <class C> void describe(C& c, ForgetFailures& m) { c(m.network); }
template <class C> void describe(C&, ShowTally&) {}
template <class C> void describe(C& c, External& m) { c(m.attempt); }
template <class C> void describe(C& c, Scram& m) { c(m.attempt); }
template <class C> void describe(C& c, AddDomain& m) { c(m.name); }
template <class C> void describe(C&, ListDomains&) {}
template <class C> void describe(C& c, ShowDomain& m) { c(m.name); }
template <class C> void describe(C& c, ChangeDomain& m) { c(m.name, m.change); }
template <class C> void describe(C& c, RemoveDomain& m) { c(m.name); }
template <class C> void describe(C& c, AddDomainAlias& m) { c(m.alias, m.domain); }
template <class C> void describe(C& c, RemoveDomainAlias& m) { c(m.alias); }
template <class C> void describe(C& c, AddAccount& m) { c(m.account); }
template <class C> void describe(C& c, Bearer& m) { c(m.attempt); }
template <class C> void describe(C& c, Refer& m) { c(m.address); }
template <class C> void describe(C& c, ReferAll& m) { c(m.accounts); }
template <class C> void describe(C& c, ListAccounts& m) { c(m.domain, m.after, m.limit); }
template <class C> void describe(C& c, ShowAccount& m) { c(m.address); }
template <class C> void describe(C& c, ChangeAccount& m) { c(m.address, m.change); }
template <class C> void describe(C& c, RemoveAccount& m) { c(m.address); }
template <class C> void describe(C& c, ImportAccounts& m) { c(m.rows); }
template <class C> void describe(C& c, AddAddress& m) { c(m.address, m.account); }
template <class C> void describe(C& c, RemoveAddress& m) { c(m.address); }
template <class C> void describe(C& c, AddAlias& m) { c(m.alias); }
template <class C> void describe(C& c, ListAliases& m) { c(m.domain); }
template <class C> void describe(C& c, RemoveAlias& m) { c(m.alias); }
template <class C> void describe(C& c, SetPostmaster& m) { c(m.address); }
template <class C> void describe(C&, ListBans&) {}
template <class C> void describe(C& c, AddBan& m) { c(m.ban); }
template <class C> void describe(C& c, RemoveBan& m) { c(m.network); }
template <class C> void describe(C& c, ShowLogins& m) { c(m.address); }
template <class C> void describe(C&, ListSuspects&) {}
template <class C> void describe(C& c, AddAppPassword& m) { c(m.wanted); }
template <class C> void describe(C& c, ListAppPasswords& m) { c(m.address); }
template <class C> void describe(C& c, RemoveAppPassword& m) { c(m.address, m.name); }
template <class C> void describe(C& c, HideCapability& m) { c(m.address, m.name); }
template <class C> void describe(C& c, ListHiddenCapabilities& m) { c(m.address); }
template <class C> void describe(C& c, UnhideCapability& m) { c(m.address, m.name); }
template <class C> void describe(C&, ReportsGrant&) {}

} // namespace maild::directory::messages
