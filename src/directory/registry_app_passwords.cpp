// App passwords: made, listed, taken back, and recognised at a login.
#include "directory/app_passwords.hpp"
#include "directory/hasher.hpp"
#include "directory/login_records.hpp"
#include "directory/registry_login.hpp"
#include "directory/rules.hpp"

#include <algorithm>
#include <utility>

namespace maild::directory {

// One of so many bits is never guessed, whatever its digest costs: it is compared before, and in
// place of, argon2id.
std::optional<Registry::AppMatch> Registry::find_app_password(const Login& login,
                                                              const LoginAttempt& attempt) const {
    const auto& password = attempt.credentials.password;
    if (!login.account || !auth::is_app_password(password)) return std::nullopt;
    const auto digest = secret_.digest_of(login.account->id, password);
    for (const auto& app : login.app_passwords)
        if (auth::is_same_secret(app.digest, digest))
            return AppMatch{app.id, check_scope(app.shown.scope, attempt, clock_.now()),
                            app.shown.scope.expires};
    return std::nullopt;
}

net::Task<Result<std::string>> Registry::add_app_password(NewAppPassword wanted) {
    if (auto checked = check_new_app_password(wanted, clock_.now()); !checked)
        co_return std::unexpected(std::move(checked.error()));
    auto salt = salt_for(wanted.account);
    if (!salt) co_return std::unexpected(std::move(salt.error()));
    PasswordJob job{PasswordJob::Kind::keys};
    job.salt = std::move(*salt);
    auto done = co_await hasher_->run(std::move(job));
    if (!done) co_return std::unexpected(std::move(done.error()));
    const auto added = change("add app password", wanted.account,
                              [&] { return insert_app_password(wanted, *done); });
    if (!added) co_return std::unexpected(added.error());
    co_return std::move(done->password);
}

Result<Changed> Registry::insert_app_password(const NewAppPassword& wanted,
                                              const PasswordJob& job) {
    const auto account = rules::find_account(*rows_, wanted.account);
    if (!account) return std::unexpected(account.error());
    const auto all = rows_->list_app_passwords(account->id);
    if (!all) return std::unexpected(all.error());
    if (all->size() >= kMaxAppPasswords)
        return fail(Errc::limit_exceeded, account->address + " has 50 app passwords already");
    for (const auto& app : *all)
        if (app.shown.name == wanted.name)
            return fail(Errc::already_exists, account->address + " has an app password '" +
                                                  wanted.name + "' already; remove it first");
    StoredAppPassword added;
    added.shown.name = wanted.name;
    added.shown.scope = wanted.scope;
    added.shown.created = clock_.now();
    added.digest = secret_.digest_of(account->id, job.password);
    added.scram = job.scram;
    added.scram_sha1 = job.scram_sha1;
    if (auto done = rows_->insert_app_password(account->id, added); !done)
        return std::unexpected(std::move(done.error()));
    return Changed{};
}

net::Task<Result<std::vector<AppPassword>>> Registry::list_app_passwords(std::string address) {
    const auto account = rules::find_account(*rows_, address);
    if (!account) co_return std::unexpected(account.error());
    if (auto kept = keep_logins(); !kept) co_return std::unexpected(std::move(kept.error()));
    auto all = rows_->list_app_passwords(account->id);
    if (!all) co_return std::unexpected(std::move(all.error()));
    std::vector<AppPassword> shown;
    for (auto& app : *all) shown.push_back(std::move(app.shown));
    co_return shown;
}

net::Task<Result<Changed>> Registry::remove_app_password(std::string address, std::string name) {
    co_return change("remove app password", address, [&]() -> Result<Changed> {
        const auto account = rules::find_account(*rows_, address);
        if (!account) return std::unexpected(account.error());
        const auto all = rows_->list_app_passwords(account->id);
        if (!all) return std::unexpected(all.error());
        for (const auto& app : *all) {
            if (app.shown.name != name) continue;
            if (auto done = rows_->delete_app_password(app.id); !done)
                return std::unexpected(std::move(done.error()));
            return Changed{};
        }
        return Changed{false};
    });
}

} // namespace maild::directory
