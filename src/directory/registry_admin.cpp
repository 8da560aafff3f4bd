// Changes by an admin: each is one transaction around one rule.
#include "directory/dkim_keyring.hpp"
#include "directory/hasher.hpp"
#include "directory/repository.hpp"
#include "directory/rules.hpp"

#include "maild/base/log.hpp"
#include "maild/directory/registry.hpp"

#include <algorithm>
#include <utility>

namespace maild::directory {
namespace {

constexpr std::uint32_t kMaxPage = 1'000; // accounts in one answer

} // namespace

Result<void> Registry::write(const std::function<Result<void>()>& action) {
    if (auto begun = rows_->begin(); !begun) return begun;
    auto done = action();
    if (done) return rows_->commit();
    rows_->rollback();
    return done;
}

Result<Changed> Registry::change(const char* what, const std::string& whom, const Action& action) {
    if (auto begun = rows_->begin(); !begun) return std::unexpected(std::move(begun.error()));
    Result<Changed> result = action();
    if (!result || !result->changed) {
        rows_->rollback();
        return result;
    }
    if (auto committed = rows_->commit(); !committed)
        return std::unexpected(std::move(committed.error()));
    keyring_->forget(); // changes are rare, and it may have been one of its keys or names
    log::info("directory_changed", {{"what", what}, {"whom", whom}});
    return result;
}

net::Task<Result<Changed>> Registry::add_domain(std::string name) {
    co_return change("add domain", name,
                     [&] { return rules::add_domain(*rows_, name, clock_.now()); });
}

net::Task<Result<std::vector<Domain>>> Registry::list_domains() { co_return rows_->list_domains(); }

net::Task<Result<Domain>> Registry::show_domain(std::string name) {
    co_return rules::find_domain(*rows_, name);
}

net::Task<Result<Changed>> Registry::change_domain(std::string name, DomainChange wanted) {
    co_return change("change domain", name,
                     [&] { return rules::change_domain(*rows_, name, wanted); });
}

net::Task<Result<Changed>> Registry::remove_domain(std::string name) {
    co_return change("remove domain", name, [&] { return rules::remove_domain(*rows_, name); });
}

net::Task<Result<Changed>> Registry::add_domain_alias(std::string alias, std::string domain) {
    co_return change("add domain alias", alias,
                     [&] { return rules::add_domain_alias(*rows_, alias, domain); });
}

net::Task<Result<Changed>> Registry::remove_domain_alias(std::string alias) {
    co_return change("remove domain alias", alias,
                     [&] { return rules::remove_domain_alias(*rows_, alias); });
}

net::Task<Result<std::vector<Account>>>
Registry::list_accounts(std::string domain, std::string after, std::uint32_t limit) {
    const auto page = limit == 0 ? kMaxPage : std::min(limit, kMaxPage);
    if (domain.empty()) co_return rows_->list_accounts(std::nullopt, after, page);
    const auto found = rules::find_domain(*rows_, domain);
    if (!found) co_return std::unexpected(found.error());
    co_return rows_->list_accounts(found->id, after, page);
}

net::Task<Result<Account>> Registry::show_account(std::string address) {
    co_return rules::find_account(*rows_, address);
}

net::Task<Result<Changed>> Registry::change_account(std::string address, AccountChange wanted) {
    PasswordJob job;
    if (wanted.password) {
        auto planned = plan_password(*wanted.password);
        if (!planned) co_return std::unexpected(planned.error());
        auto salt = salt_for(address);
        if (!salt) co_return std::unexpected(salt.error());
        planned->salt = std::move(*salt);
        auto hashed = co_await hasher_->run(std::move(*planned));
        if (!hashed) co_return std::unexpected(hashed.error());
        job = std::move(*hashed);
    }
    AccountId id;
    auto result = change("change account", address, [&]() -> Result<Changed> {
        auto account = rules::find_account(*rows_, address);
        if (!account) return std::unexpected(std::move(account.error()));
        id = account->id;
        auto changed = rules::change_account(*rows_, std::move(*account), wanted);
        if (!changed || !wanted.password) return changed;
        if (auto stored = store_password(id, job); !stored)
            return std::unexpected(std::move(stored.error()));
        return Changed{};
    });
    if (result && result->changed) cache_.forget(id);
    co_return result;
}

net::Task<Result<Changed>> Registry::remove_account(std::string address) {
    AccountId id;
    auto result = change("remove account", address, [&]() -> Result<Changed> {
        const auto account = rules::find_account(*rows_, address);
        if (!account) return std::unexpected(account.error());
        id = account->id;
        return rules::remove_account(*rows_, *account, clock_.now());
    });
    if (result) cache_.forget(id);
    co_return result;
}

net::Task<Result<Changed>> Registry::add_address(std::string address, std::string account) {
    co_return change("add address", address,
                     [&] { return rules::add_address(*rows_, address, account); });
}

net::Task<Result<Changed>> Registry::remove_address(std::string address) {
    co_return change("remove address", address,
                     [&] { return rules::remove_address(*rows_, address); });
}

net::Task<Result<Changed>> Registry::add_alias(Alias alias) {
    co_return change("add alias", alias.pattern, [&] { return rules::add_alias(*rows_, alias); });
}

net::Task<Result<std::vector<Alias>>> Registry::list_aliases(std::string domain) {
    if (domain.empty()) co_return rows_->list_aliases(std::nullopt);
    const auto found = rules::find_domain(*rows_, domain);
    if (!found) co_return std::unexpected(found.error());
    co_return rows_->list_aliases(found->id);
}

net::Task<Result<Changed>> Registry::remove_alias(Alias alias) {
    co_return change("remove alias", alias.pattern,
                     [&] { return rules::remove_alias(*rows_, alias); });
}

net::Task<Result<Changed>> Registry::set_postmaster(std::string address) {
    co_return change("set postmaster", address,
                     [&] { return rules::set_postmaster(*rows_, address); });
}

} // namespace maild::directory
