#pragma once
// The directory's behaviour over rows that are kept somewhere: the common base of LocalDirectory
// and MemoryDirectory, which choose where. Lookups run at once on the io_context's thread;
// passwords are hashed by the Hasher, so that a login suspends; an admin's change is one
// transaction and may block for the disk. One thread. Users know it only as Directory and
// DirectoryAdmin.

#include "maild/auth/login_cache.hpp"
#include "maild/auth/password.hpp"
#include "maild/directory/admin.hpp"
#include "maild/directory/directory.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

namespace maild::directory {

class Hasher;
class Repository;
struct PasswordJob;

struct Settings {
    std::uint32_t shards = 4; // new accounts go to shards 0 … shards-1, the least used first
    std::chrono::milliseconds access_time =
        std::chrono::seconds(60); // of a login's token: needed only to open
    std::chrono::milliseconds delivery_time =
        std::chrono::minutes(10);     // of a grant: the longest DATA or BDAT
    std::size_t login_cache = 10'000; // accounts
    auth::PasswordCost password_cost;
    std::size_t hash_threads = 2;
    std::size_t hash_queue = 128; // logins that may wait to be hashed; then Errc::busy
};

class Registry : public Directory, public DirectoryAdmin {
public:
    ~Registry() override;
    Registry(const Registry&) = delete;
    Registry& operator=(const Registry&) = delete;

    net::Task<Result<auth::Identity>> login(LoginAttempt attempt) override;
    net::Task<Result<Resolution>> resolve(std::string address) override;
    net::Task<Result<bool>> may_send_as(AccountId account, std::string address) override;

    net::Task<Result<Changed>> add_domain(std::string name) override;
    net::Task<Result<std::vector<Domain>>> list_domains() override;
    net::Task<Result<Domain>> show_domain(std::string name) override;
    net::Task<Result<Changed>> change_domain(std::string name, DomainChange change) override;
    net::Task<Result<Changed>> remove_domain(std::string name) override;
    net::Task<Result<Changed>> add_domain_alias(std::string alias, std::string domain) override;
    net::Task<Result<Changed>> remove_domain_alias(std::string alias) override;
    net::Task<Result<Changed>> add_account(NewAccount account) override;
    net::Task<Result<std::vector<Account>>> list_accounts(std::string domain, std::string after,
                                                          std::uint32_t limit) override;
    net::Task<Result<Account>> show_account(std::string address) override;
    net::Task<Result<Changed>> change_account(std::string address, AccountChange change) override;
    net::Task<Result<Changed>> remove_account(std::string address) override;
    net::Task<Result<ImportResult>> import_accounts(std::vector<ImportRow> rows) override;
    net::Task<Result<Changed>> add_address(std::string address, std::string account) override;
    net::Task<Result<Changed>> remove_address(std::string address) override;
    net::Task<Result<Changed>> add_alias(Alias alias) override;
    net::Task<Result<std::vector<Alias>>> list_aliases(std::string domain) override;
    net::Task<Result<Changed>> remove_alias(Alias alias) override;
    net::Task<Result<Changed>> set_postmaster(std::string address) override;

protected:
    // Clock and random outlive the registry.
    Registry(std::unique_ptr<Repository> rows, std::unique_ptr<Hasher> hasher,
             const auth::TokenKey& key, const Clock& clock, Random& random,
             const Settings& settings);
    const Hasher& hasher() const { return *hasher_; }
    Repository& rows() { return *rows_; }

private:
    struct Login;
    struct Addition;
    Result<Login> find_login(const auth::Credentials& credentials);
    Result<auth::Identity> admit(const Login& login);
    Result<auth::Token> grant(const Account& account, auth::Right right);
    Result<Resolution> resolve_now(const std::string& address);
    using Action = std::function<Result<Changed>()>;
    Result<Changed> change(const char* what, const std::string& whom, const Action& action);
    Result<void> store_password(AccountId account, const PasswordJob& job);
    Result<Addition> plan_addition(const NewAccount& account);
    Result<void> plan_existing(Addition& addition, AccountId id, const NewAccount& account);
    Result<Changed> add(const Addition& addition, const NewAccount& account);
    ImportResult plan_import(const std::vector<ImportRow>& rows, std::vector<Addition>& additions);
    Result<ImportResult> carry_out(const std::vector<ImportRow>& rows,
                                   const std::vector<Addition>& additions);

    std::unique_ptr<Repository> rows_;
    std::unique_ptr<Hasher> hasher_;
    auth::TokenKey key_;
    const Clock& clock_;
    Settings settings_;
    auth::LoginCache cache_;
    std::string
        nobodys_hash_; // what the password of an account that does not exist is compared with
};

} // namespace maild::directory
