#pragma once
// The rows in directory.db (schema/directory). One connection for reading and writing, on one
// thread.

#include "directory/repository.hpp"

#include "maild/db/database.hpp"
#include "maild/db/transaction.hpp"

#include <optional>

namespace maild::directory {

class SqliteRepository final : public Repository {
public:
    // Brings the schema up to date and opens shards 0 … shards-1 for new accounts.
    static Result<std::unique_ptr<SqliteRepository>>
    open(FileSystem& files, const std::string& path, std::uint32_t shards);
    ~SqliteRepository() override;
    SqliteRepository(const SqliteRepository&) = delete;
    SqliteRepository& operator=(const SqliteRepository&) = delete;

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
    std::optional<std::uint64_t> version() const override;

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
    explicit SqliteRepository(db::Database database) : database_(std::move(database)) {}
    Result<void> open_shards(std::uint32_t shards);
    Result<void> checkpoint_when_due();
    Result<std::vector<std::string>> domain_aliases(DomainId domain);
    Result<std::vector<std::string>> other_addresses(AccountId account, const std::string& own);
    Result<directory::Account> whole(directory::Account account);
    Result<std::optional<std::int64_t>> alias_id(DomainId domain, const std::string& localpart);

    db::Database database_;
    std::optional<db::Transaction> transaction_;
    unsigned commits_ = 0; // since the last checkpoint
    std::uint64_t rollbacks_ = 0;
    // Accounts in each open shard, so that an import of many does not count them anew for each one;
    // empty: not counted.
    std::map<ShardId, std::uint64_t> in_shards_;
};

} // namespace maild::directory
