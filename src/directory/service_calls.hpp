#pragma once
// Each message of messages.hpp as a call of the directory.

#include "directory/messages.hpp"

#include <utility>

namespace maild::directory {

struct Callee {
    Directory& directory;
    DirectoryAdmin& admin;
};

namespace messages {

inline net::Task<Result<Login::Reply>> call(Callee& to, Login m) {
    auto result = co_await to.directory.login(std::move(m.attempt));
    if (result) co_return Login::Reply(std::move(*result));
    co_return Login::Reply(std::move(result.error()));
}
inline net::Task<Result<Scram::Reply>> call(Callee& to, Scram m) {
    auto result = co_await to.directory.scram(std::move(m.attempt));
    if (result) co_return Scram::Reply(std::move(*result));
    co_return Scram::Reply(std::move(result.error()));
}
inline net::Task<Result<External::Reply>> call(Callee& to, External m) {
    auto result = co_await to.directory.external(std::move(m.attempt));
    if (result) co_return External::Reply(std::move(*result));
    co_return External::Reply(std::move(result.error()));
}
inline net::Task<Result<Bearer::Reply>> call(Callee& to, Bearer m) {
    auto result = co_await to.directory.bearer(std::move(m.attempt));
    if (result) co_return Bearer::Reply(std::move(*result));
    co_return Bearer::Reply(std::move(result.error()));
}
inline auto call(Callee& to, Resolve m) { return to.directory.resolve(std::move(m.address)); }
inline auto call(Callee& to, MaySendAs m) {
    return to.directory.may_send_as(m.account, std::move(m.address));
}
inline auto call(Callee& to, Submit m) { return to.directory.submit(std::move(m.submission)); }
inline auto call(Callee& to, Sign m) { return to.directory.sign(std::move(m.request)); }
inline auto call(Callee& to, ForwardSender m) {
    return to.directory.forward_sender(std::move(m.sender), std::move(m.via));
}
inline auto call(Callee& to, AddDkimKeys m) {
    return to.admin.add_dkim_keys(std::move(m.domain), std::move(m.wanted));
}
inline auto call(Callee& to, ListDkimKeys m) {
    return to.admin.list_dkim_keys(std::move(m.domain));
}
inline auto call(Callee& to, MoveDkimKeys m) {
    return to.admin.move_dkim_keys(std::move(m.domain), std::move(m.moves));
}
inline auto call(Callee& to, Refer m) { return to.directory.refer(std::move(m.address)); }
inline auto call(Callee& to, ReferAll m) { return to.directory.refer_all(std::move(m.accounts)); }
inline auto call(Callee& to, AddDomain m) { return to.admin.add_domain(std::move(m.name)); }
inline auto call(Callee& to, ListDomains) { return to.admin.list_domains(); }
inline auto call(Callee& to, ShowDomain m) { return to.admin.show_domain(std::move(m.name)); }
inline auto call(Callee& to, ChangeDomain m) {
    return to.admin.change_domain(std::move(m.name), std::move(m.change));
}
inline auto call(Callee& to, RemoveDomain m) { return to.admin.remove_domain(std::move(m.name)); }
inline auto call(Callee& to, AddDomainAlias m) {
    return to.admin.add_domain_alias(std::move(m.alias), std::move(m.domain));
}
inline auto call(Callee& to, RemoveDomainAlias m) {
    return to.admin.remove_domain_alias(std::move(m.alias));
}
inline auto call(Callee& to, AddAccount m) { return to.admin.add_account(std::move(m.account)); }
inline auto call(Callee& to, ListAccounts m) {
    return to.admin.list_accounts(std::move(m.domain), std::move(m.after), m.limit);
}
inline auto call(Callee& to, ShowAccount m) { return to.admin.show_account(std::move(m.address)); }
inline auto call(Callee& to, ChangeAccount m) {
    return to.admin.change_account(std::move(m.address), std::move(m.change));
}
inline auto call(Callee& to, RemoveAccount m) {
    return to.admin.remove_account(std::move(m.address));
}
inline auto call(Callee& to, ImportAccounts m) {
    return to.admin.import_accounts(std::move(m.rows));
}
inline auto call(Callee& to, AddAddress m) {
    return to.admin.add_address(std::move(m.address), std::move(m.account));
}
inline auto call(Callee& to, RemoveAddress m) {
    return to.admin.remove_address(std::move(m.address));
}
inline auto call(Callee& to, AddAlias m) { return to.admin.add_alias(std::move(m.alias)); }
inline auto call(Callee& to, ListAliases m) { return to.admin.list_aliases(std::move(m.domain)); }
inline auto call(Callee& to, RemoveAlias m) { return to.admin.remove_alias(std::move(m.alias)); }
inline auto call(Callee& to, SetPostmaster m) {
    return to.admin.set_postmaster(std::move(m.address));
}
inline auto call(Callee& to, ListBans) { return to.admin.list_bans(); }
inline auto call(Callee& to, AddBan m) { return to.admin.add_ban(std::move(m.ban)); }
inline auto call(Callee& to, RemoveBan m) { return to.admin.remove_ban(m.network); }
inline auto call(Callee& to, ShowLogins m) { return to.admin.account_logins(std::move(m.address)); }
inline auto call(Callee& to, ListSuspects) { return to.admin.list_suspects(); }
inline auto call(Callee& to, AddAppPassword m) {
    return to.admin.add_app_password(std::move(m.wanted));
}
inline auto call(Callee& to, ListAppPasswords m) {
    return to.admin.list_app_passwords(std::move(m.address));
}
inline auto call(Callee& to, RemoveAppPassword m) {
    return to.admin.remove_app_password(std::move(m.address), std::move(m.name));
}
inline auto call(Callee& to, HideCapability m) {
    return to.admin.hide_capability(std::move(m.address), std::move(m.name));
}
inline auto call(Callee& to, ListHiddenCapabilities m) {
    return to.admin.list_hidden_capabilities(std::move(m.address));
}
inline auto call(Callee& to, UnhideCapability m) {
    return to.admin.unhide_capability(std::move(m.address), std::move(m.name));
}
inline auto call(Callee& to, ListSent) { return to.admin.list_sent(); }
inline auto call(Callee& to, ForgetSent m) { return to.admin.forget_sent(std::move(m.address)); }
inline auto call(Callee& to, ForgetFailures m) { return to.admin.forget_failures(m.network); }
inline auto call(Callee& to, ShowTally) { return to.admin.limit_tally(); }
inline auto call(Callee& to, ReportsGrant) { return to.admin.reports_grant(); }

} // namespace messages
} // namespace maild::directory
