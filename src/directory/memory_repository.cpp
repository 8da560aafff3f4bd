#include "directory/memory_repository.hpp"

#include "maild/base/ensure.hpp"

#include <algorithm>

namespace maild::directory {

Result<std::optional<Lookup::Domain>> MemoryRepository::find_domain(const std::string& name) {
    const auto found = rows_.domain_names.find(name);
    if (found == rows_.domain_names.end()) return std::nullopt;
    const auto& domain = rows_.domains.at(found->second);
    return Lookup::Domain{domain.id, domain.is_disabled, domain.subaddress_separator,
                          domain.catch_all};
}

Result<std::optional<std::string>> MemoryRepository::find_domain_alias(const std::string& name) {
    const auto found = rows_.domain_aliases.find(name);
    if (found == rows_.domain_aliases.end()) return std::nullopt;
    return rows_.domains.at(found->second).name;
}

Result<std::optional<Lookup::Account>>
MemoryRepository::find_address(DomainId domain, const std::string& localpart) {
    const auto found = rows_.addresses.find({domain, localpart});
    if (found == rows_.addresses.end()) return std::nullopt;
    return Lookup::Account{found->second, rows_.accounts.at(found->second).account.is_disabled};
}

Result<Lookup::Targets> MemoryRepository::find_alias(DomainId domain,
                                                     const std::string& localpart) {
    const auto found = rows_.aliases.find({domain, localpart});
    return found == rows_.aliases.end() ? Targets{} : found->second;
}

Result<std::vector<std::string>> MemoryRepository::list_patterns(DomainId domain) {
    std::vector<std::string> patterns;
    for (const auto& [place, targets] : rows_.aliases)
        if (place.first == domain && place.second.contains('*')) patterns.push_back(place.second);
    return patterns;
}

Result<std::string> MemoryRepository::postmaster() {
    if (!rows_.postmaster.empty() || rows_.accounts.empty()) return rows_.postmaster;
    return rows_.accounts.begin()->second.account.address;
}

Result<void> MemoryRepository::begin() {
    ensure(!before_, "one transaction at a time");
    before_ = rows_;
    return {};
}

Result<void> MemoryRepository::commit() {
    before_.reset();
    return {};
}

void MemoryRepository::rollback() {
    if (before_) rows_ = std::move(*before_);
    before_.reset();
}

std::string MemoryRepository::address_of(const Place& place) const {
    return mail::format_localpart(place.second) + "@" + rows_.domains.at(place.first).name;
}

directory::Domain MemoryRepository::whole(directory::Domain domain) const {
    domain.accounts = static_cast<std::uint64_t>(std::ranges::count_if(
        rows_.accounts, [&](const auto& entry) { return entry.second.domain == domain.id; }));
    for (const auto& [name, id] : rows_.domain_aliases)
        if (id == domain.id) domain.aliases.push_back(name);
    return domain;
}

Result<std::vector<directory::Domain>> MemoryRepository::list_domains() {
    std::vector<directory::Domain> domains;
    for (const auto& [name, id] : rows_.domain_names)
        domains.push_back(whole(rows_.domains.at(id)));
    return domains;
}

Result<std::optional<directory::Domain>> MemoryRepository::show_domain(const std::string& name) {
    const auto found = rows_.domain_names.find(name);
    if (found == rows_.domain_names.end()) return std::nullopt;
    return whole(rows_.domains.at(found->second));
}

Result<void> MemoryRepository::insert_domain(const directory::Domain& domain) {
    auto stored = domain;
    stored.id = DomainId(++rows_.last_domain);
    rows_.domain_names[stored.name] = stored.id;
    rows_.domains[stored.id] = std::move(stored);
    return {};
}

Result<void> MemoryRepository::update_domain(const directory::Domain& domain) {
    auto stored = domain;
    stored.aliases.clear();
    rows_.domains[domain.id] = std::move(stored);
    return {};
}

Result<void> MemoryRepository::delete_domain(DomainId domain) {
    std::erase_if(rows_.domain_aliases, [&](const auto& e) { return e.second == domain; });
    std::erase_if(rows_.domain_names, [&](const auto& e) { return e.second == domain; });
    std::erase_if(rows_.aliases, [&](const auto& e) { return e.first.first == domain; });
    rows_.domains.erase(domain);
    return {};
}

Result<std::uint64_t> MemoryRepository::most_accounts(DomainId domain) {
    return rows_.domains.at(domain).limits.max_accounts;
}

Result<std::uint64_t> MemoryRepository::count_addresses(DomainId domain) {
    return static_cast<std::uint64_t>(std::ranges::count_if(
        rows_.addresses, [&](const auto& entry) { return entry.first.first == domain; }));
}

Result<void> MemoryRepository::insert_domain_alias(const std::string& name, DomainId domain) {
    rows_.domain_aliases[name] = domain;
    return {};
}

Result<void> MemoryRepository::delete_domain_alias(const std::string& name) {
    rows_.domain_aliases.erase(name);
    return {};
}

directory::Account MemoryRepository::whole(const StoredAccount& stored) const {
    auto account = stored.account;
    for (const auto& [place, id] : rows_.addresses) {
        if (id != account.id) continue;
        if (auto address = address_of(place); address != account.address)
            account.other_addresses.push_back(std::move(address));
    }
    std::ranges::sort(account.other_addresses);
    return account;
}

Result<std::optional<directory::Account>> MemoryRepository::load_account(AccountId account) {
    const auto found = rows_.accounts.find(account);
    if (found == rows_.accounts.end()) return std::nullopt;
    return whole(found->second);
}

Result<std::vector<directory::Account>>
MemoryRepository::list_accounts(std::optional<DomainId> domain, const std::string& after,
                                std::uint32_t limit) {
    std::vector<directory::Account> accounts;
    for (const auto& [id, stored] : rows_.accounts)
        if ((!domain || stored.domain == *domain) && stored.account.address > after)
            accounts.push_back(whole(stored));
    std::ranges::sort(accounts, {}, &directory::Account::address);
    if (accounts.size() > limit) accounts.resize(limit);
    return accounts;
}

Result<AccountId> MemoryRepository::insert_account(const directory::Account& account,
                                                   DomainId domain, const std::string& localpart) {
    StoredAccount stored{account, domain, {}};
    stored.account.id = AccountId(++rows_.last_account);
    const auto id = stored.account.id;
    rows_.accounts[id] = std::move(stored);
    rows_.addresses[{domain, localpart}] = id;
    return id;
}

Result<void> MemoryRepository::update_account(const directory::Account& account) {
    auto& stored = rows_.accounts.at(account.id).account;
    const auto changed = stored.password_changed;
    stored = account;
    stored.password_changed = changed;
    stored.other_addresses.clear();
    return {};
}

Result<void> MemoryRepository::rename_account(const directory::Account& account, DomainId domain,
                                              const std::string& localpart) {
    auto& stored = rows_.accounts.at(account.id);
    std::erase_if(rows_.addresses, [&](const auto& e) {
        return e.second == account.id && address_of(e.first) == stored.account.address;
    });
    stored.account.address = account.address;
    stored.domain = domain;
    rows_.addresses[{domain, localpart}] = account.id;
    return {};
}

Result<void> MemoryRepository::delete_account(AccountId account, WallTime) {
    std::erase_if(rows_.addresses, [&](const auto& e) { return e.second == account; });
    rows_.accounts.erase(account);
    return {};
}

Result<void> MemoryRepository::insert_address(AccountId account, DomainId domain,
                                              const std::string& localpart) {
    rows_.addresses[{domain, localpart}] = account;
    return {};
}

Result<void> MemoryRepository::delete_address(DomainId domain, const std::string& localpart) {
    rows_.addresses.erase({domain, localpart});
    return {};
}

Result<std::uint64_t> MemoryRepository::default_quota(AccountId account) {
    return rows_.domains.at(rows_.accounts.at(account).domain).limits.default_quota_bytes;
}

Result<ShardId> MemoryRepository::least_used_shard() {
    std::vector<std::size_t> used(shards_, 0);
    for (const auto& [id, stored] : rows_.accounts) ++used.at(stored.account.shard.value);
    const auto least = std::ranges::min_element(used);
    return ShardId(static_cast<std::uint32_t>(least - used.begin()));
}

Result<Credential> MemoryRepository::load_credential(AccountId account) {
    return rows_.accounts.at(account).credential;
}

Result<void> MemoryRepository::store_credential(AccountId account, const Credential& credential,
                                                WallTime now) {
    auto& stored = rows_.accounts.at(account);
    stored.credential = credential;
    stored.account.password_changed = now;
    return {};
}

Result<void> MemoryRepository::complete_credential(AccountId account,
                                                   const Credential& credential) {
    auto& stored = rows_.accounts.at(account).credential;
    if (stored.version == credential.version) stored = credential;
    return {};
}

Result<std::string> MemoryRepository::secret(const std::string& name) {
    return rows_.secrets[name];
}

Result<void> MemoryRepository::store_secret(const std::string& name, const std::string& bytes) {
    rows_.secrets[name] = bytes;
    return {};
}

Result<void> MemoryRepository::insert_alias_target(DomainId domain, const std::string& localpart,
                                                   const std::string& target) {
    rows_.aliases[{domain, localpart}].push_back(target);
    return {};
}

Result<void> MemoryRepository::delete_alias_target(DomainId domain, const std::string& localpart,
                                                   const std::string& target) {
    const auto found = rows_.aliases.find({domain, localpart});
    if (found == rows_.aliases.end()) return {};
    std::erase(found->second, target);
    if (found->second.empty()) rows_.aliases.erase(found);
    return {};
}

Result<void> MemoryRepository::delete_alias(DomainId domain, const std::string& localpart) {
    rows_.aliases.erase({domain, localpart});
    return {};
}

Result<std::vector<Alias>> MemoryRepository::list_aliases(std::optional<DomainId> domain) {
    std::vector<Alias> aliases;
    for (const auto& [place, targets] : rows_.aliases)
        if (!domain || place.first == *domain) aliases.push_back({address_of(place), targets});
    std::ranges::sort(aliases, {}, &Alias::pattern);
    return aliases;
}

Result<void> MemoryRepository::set_postmaster(const std::string& address) {
    rows_.postmaster = address;
    return {};
}

} // namespace maild::directory
