#pragma once
// The directory's rows, as the rules need them: no rule in here, only storage. Every name and
// address is canonical. Two implementations: SqliteRepository (directory.db) and MemoryRepository
// (tests' double). Calls are short and synchronous; one thread. What is written belongs to the
// transaction that begin() opened.

#include "directory/sent_counts.hpp"

#include "maild/directory/admin.hpp"
#include "maild/directory/dkim.hpp"
#include "maild/directory/resolve.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace maild::directory {

struct Credential {
    std::int64_t version = 0; // counts passwords; 0: none was ever set
    std::string hash;         // empty: no login
    std::string scram;        // SCRAM-SHA-256 keys, RFC 5803; empty when only a hash was given
    std::string scram_sha1;   // SCRAM-SHA-1 keys, likewise
};

struct StoredAppPassword {
    std::int64_t id = 0;
    AppPassword shown;
    std::string digest;     // auth::LoginSecret::digest_of()
    std::string scram;      // as in Credential
    std::string scram_sha1; // likewise
};

struct StoredDkimKey {
    DkimKey shown;
    std::string private_key; // PEM; empty: removed
};

inline constexpr const char* kLoginSecret = "login-secret"; // auth::LoginSecret
inline constexpr const char* kSrsSecret = "srs-secret";     // policy::srs::Rewriter

class Repository : public Lookup {
public:
    virtual Result<void> begin() = 0;
    virtual Result<void> commit() = 0; // durable when it returns success
    virtual void rollback() = 0;
    // Another number than before whenever any row may have changed, so that what was read stays
    // good while it is the same; none: that is not known.
    virtual std::optional<std::uint64_t> version() const { return std::nullopt; }

    // With the number of accounts and the domain's aliases; sorted by name.
    virtual Result<std::vector<directory::Domain>> list_domains() = 0;
    virtual Result<std::optional<directory::Domain>> show_domain(const std::string& name) = 0;
    virtual Result<void> insert_domain(const directory::Domain& domain) = 0;
    virtual Result<void> update_domain(const directory::Domain& domain) = 0;
    virtual Result<void> delete_domain(DomainId domain) = 0; // with its aliases of both kinds
    virtual Result<std::uint64_t> most_accounts(DomainId domain) = 0; // its limit; 0: none
    virtual Result<std::uint64_t> count_addresses(DomainId domain) = 0;
    virtual Result<void> insert_domain_alias(const std::string& name, DomainId domain) = 0;
    virtual Result<void> delete_domain_alias(const std::string& name) = 0;

    // Accounts that are not deleted.
    virtual Result<std::optional<directory::Account>> load_account(AccountId account) = 0;
    // Sorted by address, those behind `after`; of all domains without one.
    virtual Result<std::vector<directory::Account>> list_accounts(std::optional<DomainId> domain,
                                                                  const std::string& after,
                                                                  std::uint32_t limit) = 0;
    virtual Result<AccountId> insert_account(const directory::Account& account, DomainId domain,
                                             const std::string& localpart) = 0;
    virtual Result<void> update_account(const directory::Account& account) = 0; // not its addresses
    virtual Result<void> rename_account(const directory::Account& account, DomainId domain,
                                        const std::string& localpart) = 0; // to account.address
    virtual Result<void> delete_account(AccountId account,
                                        WallTime now) = 0; // its id is never given out again
    virtual Result<void> insert_address(AccountId account, DomainId domain,
                                        const std::string& localpart) = 0;
    virtual Result<void> delete_address(DomainId domain, const std::string& localpart) = 0;
    // Of its own address's domain.
    virtual Result<std::uint64_t> default_quota(AccountId account) = 0;
    virtual Result<ShardId> least_used_shard() = 0;

    virtual Result<Credential> load_credential(AccountId account) = 0;
    virtual Result<void> store_credential(AccountId account, const Credential& credential,
                                          WallTime now) = 0;
    // The same password in other forms: hash and keys of the version that it names, if that is
    // still the one in force.
    virtual Result<void> complete_credential(AccountId account, const Credential& credential) = 0;
    // By its name; empty: none was ever made.
    virtual Result<std::string> secret(const std::string& name) = 0;
    virtual Result<void> store_secret(const std::string& name, const std::string& bytes) = 0;

    virtual Result<std::vector<StoredAppPassword>>
    list_app_passwords(AccountId account) = 0; // sorted by name
    virtual Result<void> insert_app_password(AccountId account,
                                             const StoredAppPassword& added) = 0; // its id is new
    virtual Result<void> delete_app_password(std::int64_t id) = 0;
    // Of one that is gone by now: dropped.
    virtual Result<void> store_app_password_use(std::int64_t id, const LastLogin& use) = 0;

    virtual Result<std::vector<std::string>>
    list_hidden_capabilities(AccountId account) = 0; // sorted
    virtual Result<void> insert_hidden_capability(AccountId account, const std::string& name) = 0;
    virtual Result<void> delete_hidden_capability(AccountId account, const std::string& name) = 0;

    // Patterns are canonical localparts with '*'. A target is added at the end.
    virtual Result<void> insert_alias_target(DomainId domain, const std::string& localpart,
                                             const std::string& target) = 0;
    virtual Result<void>
    delete_alias_target(DomainId domain, const std::string& localpart,
                        const std::string& target) = 0; // the last one takes the alias along
    virtual Result<void> delete_alias(DomainId domain, const std::string& localpart) = 0;
    virtual Result<std::vector<Alias>> list_aliases(std::optional<DomainId> domain) = 0;

    virtual Result<void> set_postmaster(const std::string& address) = 0;

    virtual Result<std::vector<auth::Ban>> list_bans() = 0;
    virtual Result<void> store_ban(const auth::Ban& ban) = 0; // in place of the network's older one
    virtual Result<void> delete_ban(const net::Network& network) = 0;
    virtual Result<void> delete_bans_before(WallTime time) = 0; // that were over by then

    // The youngest first. What is noted for an account that is gone is dropped.
    virtual Result<std::vector<LastLogin>> list_logins(AccountId account) = 0;
    virtual Result<std::vector<std::pair<AccountId, LastLogin>>> all_logins() = 0;
    virtual Result<std::vector<LoginFailures>> list_login_failures(AccountId account) = 0;
    virtual Result<void> store_login(AccountId account, const LastLogin& login) = 0;
    // On top of the network's earlier ones; only kFailingNetworks stay.
    virtual Result<void> add_login_failures(AccountId account, const LoginFailures& failures) = 0;
    virtual Result<void> delete_login_failures(AccountId account, const std::string& network) = 0;

    virtual Result<std::vector<std::pair<AccountId, SentCounts::Count>>>
    list_sent_counts(SentCounts::Day day) = 0;
    // In place of the account's older one.
    virtual Result<void> store_sent_count(AccountId account, SentCounts::Day day,
                                          SentCounts::Count count) = 0;
    virtual Result<void> delete_sent_counts_before(SentCounts::Day day) = 0;

    // Of a name that signs, removed ones too, the oldest first; of all names if it is empty.
    virtual Result<std::vector<StoredDkimKey>> list_dkim_keys(const std::string& domain) = 0;
    // In place of the one with the same name and selector.
    virtual Result<void> store_dkim_key(const StoredDkimKey& key) = 0;
    // Of names that are neither a domain nor a domain alias any more.
    virtual Result<void> delete_stray_dkim_keys() = 0;
};

} // namespace maild::directory
