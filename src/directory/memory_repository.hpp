#pragma once
// The rows in maps, for tests. A transaction is a copy of everything, put back by rollback().

#include "directory/repository.hpp"

#include <map>
#include <set>
#include <utility>

namespace maild::directory {

class MemoryRepository final : public Repository {
public:
    explicit MemoryRepository(std::uint32_t shards) : shards_(shards) {}

    Result<std::optional<Lookup::Domain>> find_domain(const std::string& name) override;
    Result<std::optional<std::string>> find_domain_alias(const std::string& name) override;
    Result<std::optional<Lookup::Account>> find_address(DomainId domain,
                                                        const std::string& localpart) override;
    Result<Targets> find_alias(DomainId domain, const std::string& localpart) override;
    Result<std::vector<std::string>> list_patterns(DomainId domain) override;
    Result<std::string> postmaster() override;

    Result<void> begin() override;
    Result<void> commit() override;
    void rollback() override;

    Result<std::vector<directory::Domain>> list_domains() override;
    Result<std::optional<directory::Domain>> show_domain(const std::string& name) override;
    Result<void> insert_domain(const directory::Domain& domain) override;
    Result<void> update_domain(const directory::Domain& domain) override;
    Result<void> delete_domain(DomainId domain) override;
    Result<std::uint64_t> most_accounts(DomainId domain) override;
    Result<std::uint64_t> count_addresses(DomainId domain) override;
    Result<void> insert_domain_alias(const std::string& name, DomainId domain) override;
    Result<void> delete_domain_alias(const std::string& name) override;

    Result<std::optional<directory::Account>> load_account(AccountId account) override;
    Result<std::vector<directory::Account>> list_accounts(std::optional<DomainId> domain,
                                                          const std::string& after,
                                                          std::uint32_t limit) override;
    Result<AccountId> insert_account(const directory::Account& account, DomainId domain,
                                     const std::string& localpart) override;
    Result<void> update_account(const directory::Account& account) override;
    Result<void> rename_account(const directory::Account& account, DomainId domain,
                                const std::string& localpart) override;
    Result<void> delete_account(AccountId account, WallTime now) override;
    Result<void> insert_address(AccountId account, DomainId domain,
                                const std::string& localpart) override;
    Result<void> delete_address(DomainId domain, const std::string& localpart) override;
    Result<std::uint64_t> default_quota(AccountId account) override;
    Result<ShardId> least_used_shard() override;

    Result<Credential> load_credential(AccountId account) override;
    Result<void> store_credential(AccountId account, const Credential& credential,
                                  WallTime now) override;
    Result<void> complete_credential(AccountId account, const Credential& credential) override;
    Result<std::string> secret(const std::string& name) override;
    Result<void> store_secret(const std::string& name, const std::string& bytes) override;
    Result<std::vector<StoredAppPassword>> list_app_passwords(AccountId account) override;
    Result<void> insert_app_password(AccountId account, const StoredAppPassword& added) override;
    Result<void> delete_app_password(std::int64_t id) override;
    Result<void> store_app_password_use(std::int64_t id, const LastLogin& use) override;
    Result<std::vector<std::string>> list_hidden_capabilities(AccountId account) override;
    Result<void> insert_hidden_capability(AccountId account, const std::string& name) override;
    Result<void> delete_hidden_capability(AccountId account, const std::string& name) override;

    Result<void> insert_alias_target(DomainId domain, const std::string& localpart,
                                     const std::string& target) override;
    Result<void> delete_alias_target(DomainId domain, const std::string& localpart,
                                     const std::string& target) override;
    Result<void> delete_alias(DomainId domain, const std::string& localpart) override;
    Result<std::vector<Alias>> list_aliases(std::optional<DomainId> domain) override;

    Result<void> set_postmaster(const std::string& address) override;

    Result<std::vector<auth::Ban>> list_bans() override;
    Result<void> store_ban(const auth::Ban& ban) override;
    Result<void> delete_ban(const net::Network& network) override;
    Result<void> delete_bans_before(WallTime time) override;
    Result<std::vector<LastLogin>> list_logins(AccountId account) override;
    Result<std::vector<std::pair<AccountId, LastLogin>>> all_logins() override;
    Result<std::vector<LoginFailures>> list_login_failures(AccountId account) override;
    Result<void> store_login(AccountId account, const LastLogin& login) override;
    Result<void> add_login_failures(AccountId account, const LoginFailures& failures) override;
    Result<void> delete_login_failures(AccountId account, const std::string& network) override;
    Result<std::vector<std::pair<AccountId, SentCounts::Count>>>
    list_sent_counts(SentCounts::Day day) override;
    Result<void> store_sent_count(AccountId account, SentCounts::Day day,
                                  SentCounts::Count count) override;
    Result<void> delete_sent_counts_before(SentCounts::Day day) override;
    Result<std::vector<StoredDkimKey>> list_dkim_keys(const std::string& domain) override;
    Result<void> store_dkim_key(const StoredDkimKey& key) override;
    Result<void> delete_stray_dkim_keys() override;

private:
    using Place = std::pair<DomainId, std::string>; // domain, localpart
    struct StoredAccount {
        directory::Account account;
        DomainId domain;
        Credential credential;
        std::map<std::string, LastLogin> logins{};       // by service
        std::map<std::string, LoginFailures> failures{}; // by network
        std::map<std::string, StoredAppPassword> app_passwords{};
        std::set<std::string> hidden_capabilities{};
        std::optional<std::pair<SentCounts::Day, SentCounts::Count>> sent{};
    };
    struct Rows {
        std::map<DomainId, directory::Domain> domains;
        std::map<std::string, DomainId> domain_names;
        std::map<std::string, DomainId> domain_aliases;
        std::map<AccountId, StoredAccount> accounts;
        std::map<Place, AccountId> addresses;
        std::map<Place, Targets> aliases;
        std::map<std::string, auth::Ban> bans;
        std::map<std::pair<std::string, std::string>, StoredDkimKey> dkim_keys; // by selector
        std::string postmaster;
        std::map<std::string, std::string> secrets;
        std::int64_t last_domain = 0;
        std::int64_t last_account = 0;
        std::int64_t last_app_password = 0;
    };
    directory::Domain whole(directory::Domain domain) const;
    directory::Account whole(const StoredAccount& stored) const;
    std::string address_of(const Place& place) const;

    std::uint32_t shards_;
    Rows rows_;
    std::optional<Rows> before_;
};

} // namespace maild::directory
