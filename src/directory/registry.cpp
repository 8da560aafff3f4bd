// Logins and resolutions: what the workers ask.
#include "maild/directory/registry.hpp"

#include "directory/hasher.hpp"
#include "directory/repository.hpp"
#include "directory/rules.hpp"

#include "maild/base/ensure.hpp"
#include "maild/base/log.hpp"

#include <utility>

// GCC 12 takes Asio's recycled coroutine frames (aligned_alloc, freed by the frame's operator
// delete) for a mismatch.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace maild::directory {

// Whom the credentials name, and what their password is compared with.
struct Registry::Login {
    std::optional<Account> account; // none: there is no such account
    Credential credential;
    const char* refusal = nullptr; // why it fails even with the right password; for the log
};

Registry::Registry(std::unique_ptr<Repository> rows, std::unique_ptr<Hasher> hasher,
                   const auth::TokenKey& key, const Clock& clock, Random& random,
                   const Settings& settings)
    : rows_(std::move(rows)),
      hasher_(std::move(hasher)),
      key_(key),
      clock_(clock),
      settings_(settings),
      cache_(random, settings.login_cache) {
    // Nobody knows this password; with the cost of every new hash (HARDENING 35).
    std::string secret(16, '\0');
    random.fill(std::as_writable_bytes(std::span(secret)));
    for (auto& c : secret) c = static_cast<char>('a' + (static_cast<unsigned char>(c) & 15));
    auto hash = auth::hash_password(secret, settings.password_cost, random);
    ensure(hash.has_value(), "the first password hash");
    nobodys_hash_ = std::move(*hash);
}

Registry::~Registry() = default;

Result<auth::Token> Registry::grant(const Account& account, auth::Right right) {
    auto quota = Result<std::uint64_t>(account.quota_bytes);
    if (account.quota_bytes == 0) quota = rows_->default_quota(account.id);
    if (!quota) return std::unexpected(std::move(quota.error()));
    auth::Token token;
    token.account = account.id;
    token.shard = account.shard;
    token.right = right;
    token.quota_bytes = *quota;
    token.quota_messages = account.quota_messages;
    token.issued = clock_.now();
    token.expires = token.issued + (right == auth::Right::access ? settings_.access_time
                                                                 : settings_.delivery_time);
    key_.sign(token);
    return token;
}

Result<Registry::Login> Registry::find_login(const auth::Credentials& credentials) {
    Login login;
    login.credential.hash = nobodys_hash_;
    const auto is_absent = [](const Error& error) {
        return error.code == Errc::invalid_argument || error.code == Errc::no_such_domain ||
               error.code == Errc::no_such_account;
    };
    auto account = rules::find_account(*rows_, credentials.authcid);
    if (!account && !is_absent(account.error())) return std::unexpected(account.error());
    if (!account) {
        login.refusal = "no such account";
        return login;
    }
    auto credential = rows_->load_credential(account->id);
    if (!credential) return std::unexpected(std::move(credential.error()));
    if (credential->hash.empty())
        login.refusal = "no password set";
    else
        login.credential = std::move(*credential);
    const auto place = rules::find_place(*rows_, account->address);
    if (!place) return std::unexpected(place.error());
    if (account->is_disabled) login.refusal = "account disabled";
    if (place->domain.is_disabled) login.refusal = "domain disabled";
    if (!credentials.authzid.empty()) { // RFC 4616 §2: only as oneself
        const auto other = rules::find_account(*rows_, credentials.authzid);
        if (!other && !is_absent(other.error())) return std::unexpected(other.error());
        if (!other || other->id != account->id) login.refusal = "authzid of another account";
    }
    login.account = std::move(*account);
    return login;
}

Result<auth::Identity> Registry::admit(const Login& login) {
    auto token = grant(*login.account, auth::Right::access);
    if (!token) return std::unexpected(std::move(token.error()));
    return auth::Identity{login.account->id, login.account->address, std::move(*token)};
}

namespace {

std::unexpected<Error> refuse(const LoginAttempt& attempt, std::string_view reason) {
    log::warning("login_failed", {{"authcid", attempt.credentials.authcid},
                                  {"remote_ip", attempt.remote_address},
                                  {"service", std::to_underlying(attempt.service)},
                                  {"reason", reason}});
    return fail(Errc::authentication_failed, std::string(reason));
}

} // namespace

net::Task<Result<auth::Identity>> Registry::login(LoginAttempt attempt) {
    const auto& credentials = attempt.credentials;
    auto before = find_login(credentials);
    if (!before) co_return std::unexpected(before.error());
    const auto version = before->credential.version;
    if (before->refusal == nullptr &&
        cache_.has(before->account->id, version, credentials.password))
        co_return admit(*before);

    // The same work whoever it is, and the reason is looked at only afterwards.
    PasswordJob job{PasswordJob::Kind::verify, credentials.password, before->credential.hash};
    const auto verified = co_await hasher_->run(std::move(job));
    if (!verified) co_return std::unexpected(verified.error());
    if (before->refusal != nullptr) co_return refuse(attempt, before->refusal);
    if (!verified->matches) co_return refuse(attempt, "wrong password");

    const auto after = find_login(credentials); // an admin may have changed it meanwhile
    if (!after) co_return std::unexpected(after.error());
    if (after->refusal != nullptr) co_return refuse(attempt, after->refusal);
    if (after->account->id != before->account->id || after->credential.version != version)
        co_return refuse(attempt, "the password was just changed");
    cache_.remember(after->account->id, version, credentials.password);
    co_return admit(*after);
}

Result<Resolution> Registry::resolve_now(const std::string& address) {
    auto route = find_route(*rows_, address);
    if (!route) return std::unexpected(std::move(route.error()));
    Resolution resolution;
    resolution.verdict = route->verdict;
    resolution.steps = std::move(route->steps);
    for (auto& hit : route->local) {
        const auto account = rows_->load_account(hit.account);
        if (!account) return std::unexpected(account.error());
        if (!*account) return fail(Errc::corrupt, "an address belongs to no account");
        auto token = grant(**account, auth::Right::deliver);
        if (!token) return std::unexpected(std::move(token.error()));
        resolution.targets.emplace_back(LocalTarget{hit.account, (*account)->address,
                                                    std::move(hit.detail), std::move(*token)});
    }
    for (auto& hit : route->relay)
        resolution.targets.emplace_back(RelayTarget{std::move(hit.address)});
    return resolution;
}

net::Task<Result<Resolution>> Registry::resolve(std::string address) {
    co_return resolve_now(address);
}

net::Task<Result<bool>> Registry::may_send_as(AccountId account, std::string address) {
    const auto route = find_route(*rows_, address);
    if (!route) co_return std::unexpected(route.error());
    for (const auto& hit : route->local)
        if (hit.account == account) co_return true;
    co_return false;
}

} // namespace maild::directory
