#include "maild/directory/remote_directory.hpp"

#include "directory/login_lane.hpp"
#include "directory/messages.hpp"

#include "maild/base/counted.hpp"
#include "maild/ipc/server.hpp"

#include <chrono>
#include <type_traits>
#include <utility>

namespace maild::directory {
namespace {

using namespace std::chrono_literals;
using namespace messages;

// Whatever logins wait for: RCPT, and who may send as whom, have this much of the line.
constexpr std::size_t kForOthers = 64;
static_assert(LoginLane::kPlaces + LoginLane::kTokens + kForOthers <=
              ipc::ServerOptions().max_requests);

// Long enough for a full queue of logins to be hashed; an import hashes thousands.
template <class Message> constexpr std::chrono::milliseconds timeout_of() {
    if (std::is_same_v<Message, ImportAccounts>) return 15min;
    return 30s;
}

template <class Message>
net::Task<Result<typename Message::Reply>> ask(ipc::Client& client, Message message) {
    auto reply = co_await client.call<typename Message::Reply>(Message::kType, std::move(message),
                                                               timeout_of<Message>());
    co_return reply;
}

auth::LoginResult login_result(Result<Login::Reply> answer) {
    if (!answer) return std::unexpected(std::move(answer.error()));
    if (auto* refusal = std::get_if<auth::LoginRefusal>(&*answer))
        return std::unexpected(std::move(*refusal));
    return std::get<auth::Identity>(std::move(*answer));
}

} // namespace

RemoteDirectory::RemoteDirectory(ipc::Client& client)
    : client_(client),
      lane_(std::make_unique<LoginLane>()),
      bearers_(std::make_shared<std::size_t>(0)) {}
RemoteDirectory::~RemoteDirectory() = default;

net::Task<auth::LoginResult> RemoteDirectory::login(LoginAttempt attempt) {
    auto from = attempt.remote_address;
    const auto place = co_await lane_->enter(std::move(from));
    if (!place) co_return std::unexpected(place.error());
    Login message{std::move(attempt)};
    auto answer = co_await ask(client_, std::move(message));
    co_return login_result(std::move(answer));
}
net::Task<auth::ScramResult> RemoteDirectory::scram(ScramAttempt attempt) {
    auto from = attempt.remote_address;
    const auto place = co_await lane_->enter(std::move(from));
    if (!place) co_return std::unexpected(place.error());
    Scram message{std::move(attempt)};
    auto answer = co_await ask(client_, std::move(message));
    if (!answer) co_return std::unexpected(std::move(answer.error()));
    if (auto* refusal = std::get_if<auth::LoginRefusal>(&*answer))
        co_return std::unexpected(std::move(*refusal));
    co_return std::get<auth::ScramAnswer>(std::move(*answer));
}
net::Task<auth::LoginResult> RemoteDirectory::external(ExternalAttempt attempt) {
    auto from = attempt.remote_address;
    const auto place = co_await lane_->enter(std::move(from));
    if (!place) co_return std::unexpected(place.error());
    External message{std::move(attempt)};
    auto answer = co_await ask(client_, std::move(message));
    co_return login_result(std::move(answer));
}
net::Task<auth::LoginResult> RemoteDirectory::bearer(BearerAttempt attempt) {
    // Not in the lane: those that wait for a slow issuer must not stand before passwords. How many
    // one network may have, `auth` knows.
    const auto bearers = bearers_;
    if (*bearers >= LoginLane::kTokens)
        co_return std::unexpected(Error{Errc::busy, "too many tokens wait for their issuer"});
    const Counted waiting(*bearers);
    Bearer message{std::move(attempt)};
    auto answer = co_await ask(client_, std::move(message));
    co_return login_result(std::move(answer));
}
net::Task<Result<Resolution>> RemoteDirectory::resolve(std::string address) {
    return ask(client_, Resolve{std::move(address)});
}
net::Task<Result<bool>> RemoteDirectory::may_send_as(AccountId account, std::string address) {
    return ask(client_, MaySendAs{account, std::move(address)});
}
net::Task<Result<SubmissionVerdict>> RemoteDirectory::submit(Submission submission) {
    return ask(client_, Submit{std::move(submission)});
}
net::Task<Result<DkimFields>> RemoteDirectory::sign(DkimRequest request) {
    return ask(client_, Sign{std::move(request)});
}
net::Task<Result<std::string>> RemoteDirectory::forward_sender(std::string sender,
                                                               std::string via) {
    return ask(client_, ForwardSender{std::move(sender), std::move(via)});
}
net::Task<Result<Referral>> RemoteDirectory::refer(std::string address) {
    return ask(client_, Refer{std::move(address)});
}
net::Task<Result<std::vector<Referral>>>
RemoteDirectory::refer_all(std::vector<AccountId> accounts) {
    return ask(client_, ReferAll{std::move(accounts)});
}
net::Task<Result<Changed>> RemoteDirectory::add_domain(std::string name) {
    return ask(client_, AddDomain{std::move(name)});
}
net::Task<Result<std::vector<Domain>>> RemoteDirectory::list_domains() {
    return ask(client_, ListDomains{});
}
net::Task<Result<Domain>> RemoteDirectory::show_domain(std::string name) {
    return ask(client_, ShowDomain{std::move(name)});
}
net::Task<Result<Changed>> RemoteDirectory::change_domain(std::string name, DomainChange change) {
    return ask(client_, ChangeDomain{std::move(name), std::move(change)});
}
net::Task<Result<Changed>> RemoteDirectory::remove_domain(std::string name) {
    return ask(client_, RemoveDomain{std::move(name)});
}
net::Task<Result<Changed>> RemoteDirectory::add_domain_alias(std::string alias,
                                                             std::string domain) {
    return ask(client_, AddDomainAlias{std::move(alias), std::move(domain)});
}
net::Task<Result<Changed>> RemoteDirectory::remove_domain_alias(std::string alias) {
    return ask(client_, RemoveDomainAlias{std::move(alias)});
}
net::Task<Result<Changed>> RemoteDirectory::add_account(NewAccount account) {
    return ask(client_, AddAccount{std::move(account)});
}
net::Task<Result<std::vector<Account>>>
RemoteDirectory::list_accounts(std::string domain, std::string after, std::uint32_t limit) {
    return ask(client_, ListAccounts{std::move(domain), std::move(after), limit});
}
net::Task<Result<Account>> RemoteDirectory::show_account(std::string address) {
    return ask(client_, ShowAccount{std::move(address)});
}
net::Task<Result<Changed>> RemoteDirectory::change_account(std::string address,
                                                           AccountChange change) {
    return ask(client_, ChangeAccount{std::move(address), std::move(change)});
}
net::Task<Result<Changed>> RemoteDirectory::remove_account(std::string address) {
    return ask(client_, RemoveAccount{std::move(address)});
}
net::Task<Result<ImportResult>> RemoteDirectory::import_accounts(std::vector<ImportRow> rows) {
    return ask(client_, ImportAccounts{std::move(rows)});
}
net::Task<Result<Changed>> RemoteDirectory::add_address(std::string address, std::string account) {
    return ask(client_, AddAddress{std::move(address), std::move(account)});
}
net::Task<Result<Changed>> RemoteDirectory::remove_address(std::string address) {
    return ask(client_, RemoveAddress{std::move(address)});
}
net::Task<Result<Changed>> RemoteDirectory::add_alias(Alias alias) {
    return ask(client_, AddAlias{std::move(alias)});
}
net::Task<Result<std::vector<Alias>>> RemoteDirectory::list_aliases(std::string domain) {
    return ask(client_, ListAliases{std::move(domain)});
}
net::Task<Result<Changed>> RemoteDirectory::remove_alias(Alias alias) {
    return ask(client_, RemoveAlias{std::move(alias)});
}
net::Task<Result<Changed>> RemoteDirectory::set_postmaster(std::string address) {
    return ask(client_, SetPostmaster{std::move(address)});
}
net::Task<Result<std::vector<auth::Ban>>> RemoteDirectory::list_bans() {
    return ask(client_, ListBans{});
}
net::Task<Result<Changed>> RemoteDirectory::add_ban(auth::Ban ban) {
    return ask(client_, AddBan{std::move(ban)});
}
net::Task<Result<Changed>> RemoteDirectory::remove_ban(net::Network network) {
    return ask(client_, RemoveBan{network});
}
net::Task<Result<std::vector<auth::LoginGuard::Suspect>>> RemoteDirectory::list_suspects() {
    return ask(client_, ListSuspects{});
}
net::Task<Result<AccountLogins>> RemoteDirectory::account_logins(std::string address) {
    return ask(client_, ShowLogins{std::move(address)});
}
net::Task<Result<std::string>> RemoteDirectory::add_app_password(NewAppPassword wanted) {
    return ask(client_, AddAppPassword{std::move(wanted)});
}
net::Task<Result<std::vector<AppPassword>>>
RemoteDirectory::list_app_passwords(std::string address) {
    return ask(client_, ListAppPasswords{std::move(address)});
}
net::Task<Result<Changed>> RemoteDirectory::remove_app_password(std::string address,
                                                                std::string name) {
    return ask(client_, RemoveAppPassword{std::move(address), std::move(name)});
}
net::Task<Result<Changed>> RemoteDirectory::hide_capability(std::string address, std::string name) {
    return ask(client_, HideCapability{std::move(address), std::move(name)});
}
net::Task<Result<std::vector<std::string>>>
RemoteDirectory::list_hidden_capabilities(std::string address) {
    return ask(client_, ListHiddenCapabilities{std::move(address)});
}
net::Task<Result<Changed>> RemoteDirectory::unhide_capability(std::string address,
                                                              std::string name) {
    return ask(client_, UnhideCapability{std::move(address), std::move(name)});
}
net::Task<Result<std::vector<SentToday>>> RemoteDirectory::list_sent() {
    return ask(client_, ListSent{});
}
net::Task<Result<Changed>> RemoteDirectory::forget_sent(std::string address) {
    return ask(client_, ForgetSent{std::move(address)});
}
net::Task<Result<Changed>> RemoteDirectory::forget_failures(net::Network network) {
    return ask(client_, ForgetFailures{network});
}
net::Task<Result<LimitTally>> RemoteDirectory::limit_tally() { return ask(client_, ShowTally{}); }
net::Task<Result<auth::Token>> RemoteDirectory::reports_grant() {
    return ask(client_, ReportsGrant{});
}
net::Task<Result<std::vector<DkimKey>>>
RemoteDirectory::add_dkim_keys(std::string domain, std::vector<NewDkimKey> wanted) {
    return ask(client_, AddDkimKeys{std::move(domain), std::move(wanted)});
}
net::Task<Result<std::vector<DkimKey>>> RemoteDirectory::list_dkim_keys(std::string domain) {
    return ask(client_, ListDkimKeys{std::move(domain)});
}
net::Task<Result<Changed>> RemoteDirectory::move_dkim_keys(std::string domain,
                                                           std::vector<DkimMove> moves) {
    return ask(client_, MoveDkimKeys{std::move(domain), std::move(moves)});
}

} // namespace maild::directory
