#pragma once
// The directory's behaviour over rows that are kept somewhere: the common base of LocalDirectory
// and MemoryDirectory, which choose where. Lookups run at once on the io_context's thread;
// passwords are hashed by the Hasher, so that a login suspends; an admin's change is one
// transaction and may block for the disk. One thread. Users know it only as Directory and
// DirectoryAdmin.

#include "maild/auth/bearer_cache.hpp"
#include "maild/auth/bearer_token.hpp"
#include "maild/auth/login_cache.hpp"
#include "maild/auth/login_guard.hpp"
#include "maild/auth/login_secret.hpp"
#include "maild/auth/password.hpp"
#include "maild/auth/scram.hpp"
#include "maild/directory/admin.hpp"
#include "maild/directory/directory.hpp"
#include "maild/mail/address.hpp"
#include "maild/net/client_trust.hpp"
#include "maild/net/timer.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace maild::directory {

class Hasher;
class DkimKeyring;
class LoginRecords;
class NetworkPlaces;
class Repository;
class SentCounts;
struct PasswordJob;

struct Settings {
    std::uint32_t shards = 4; // new accounts go to shards 0 … shards-1, the least used first
    std::chrono::milliseconds access_time =
        std::chrono::seconds(60); // of a login's token: needed only to open
    std::chrono::milliseconds delivery_time =
        std::chrono::minutes(10);      // of a grant: the longest DATA or BDAT
    std::size_t login_cache = 10'000;  // accounts
    std::size_t bearer_cache = 20'000; // tokens, good and bad ones
    auth::PasswordCost password_cost;
    std::size_t hash_threads = 2;
    std::size_t hash_queue = 128; // logins that may wait to be hashed; then Errc::busy
    auth::LoginLimits login_limits;
    SendLimits send_limits;
    std::chrono::seconds signature_lifetime{0}; // x= of DKIM; 0: none
    // Between each message of SCRAM and its answer: more than any lookup takes.
    std::chrono::milliseconds scram_pace{5};
};

class Registry : public Directory, public DirectoryAdmin {
public:
    ~Registry() override;
    Registry(const Registry&) = delete;
    Registry& operator=(const Registry&) = delete;

    void set_login_limits(auth::LoginLimits limits);            // after a reload
    void set_send_limits(const SendLimits& limits);             // likewise
    void set_local_rules(LocalRules rules);                     // likewise
    void set_signature_lifetime(std::chrono::seconds lifetime); // x= of DKIM; 0: none
    // Whose client certificates name accounts; null: nobody's.
    void set_client_trust(std::shared_ptr<const net::ClientTrust> trust);
    // Who knows whose a bearer token is, and what is asked of its answer; null: no token is good.
    // Also to be called when it is still this one, but may know others: what it has said before is
    // forgotten, and what it is saying just now is not believed. Outlives the registry, or the next
    // call of this.
    void set_issuer(auth::Introspector* issuer, auth::BearerRules rules);
    // An account's address; empty: none.
    void set_report_mailbox(std::string address);
    // Writes what logins and submissions left since the last time, in one transaction: every half
    // minute or so, and before the end.
    Result<void> keep_logins();

    net::Task<auth::LoginResult> login(LoginAttempt attempt) override;
    net::Task<auth::ScramResult> scram(ScramAttempt attempt) override;
    net::Task<auth::LoginResult> external(ExternalAttempt attempt) override;
    net::Task<auth::LoginResult> bearer(BearerAttempt attempt) override;
    net::Task<Result<Resolution>> resolve(std::string address) override;
    net::Task<Result<bool>> may_send_as(AccountId account, std::string address) override;
    net::Task<Result<SubmissionVerdict>> submit(Submission submission) override;
    net::Task<Result<DkimFields>> sign(DkimRequest request) override;
    net::Task<Result<std::string>> forward_sender(std::string sender, std::string via) override;
    net::Task<Result<Referral>> refer(std::string address) override;
    net::Task<Result<std::vector<Referral>>> refer_all(std::vector<AccountId> accounts) override;

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
    net::Task<Result<std::vector<auth::Ban>>> list_bans() override;
    net::Task<Result<Changed>> add_ban(auth::Ban ban) override;
    net::Task<Result<Changed>> remove_ban(net::Network network) override;
    net::Task<Result<std::vector<auth::LoginGuard::Suspect>>> list_suspects() override;
    net::Task<Result<AccountLogins>> account_logins(std::string address) override;
    net::Task<Result<std::string>> add_app_password(NewAppPassword wanted) override;
    net::Task<Result<std::vector<AppPassword>>> list_app_passwords(std::string address) override;
    net::Task<Result<Changed>> remove_app_password(std::string address, std::string name) override;
    net::Task<Result<Changed>> hide_capability(std::string address, std::string name) override;
    net::Task<Result<std::vector<std::string>>>
    list_hidden_capabilities(std::string address) override;
    net::Task<Result<Changed>> unhide_capability(std::string address, std::string name) override;
    net::Task<Result<std::vector<SentToday>>> list_sent() override;
    net::Task<Result<Changed>> forget_sent(std::string address) override;
    net::Task<Result<Changed>> forget_failures(net::Network network) override;
    net::Task<Result<LimitTally>> limit_tally() override;
    net::Task<Result<std::vector<DkimKey>>> add_dkim_keys(std::string domain,
                                                          std::vector<NewDkimKey> wanted) override;
    net::Task<Result<std::vector<DkimKey>>> list_dkim_keys(std::string domain) override;
    net::Task<Result<Changed>> move_dkim_keys(std::string domain,
                                              std::vector<DkimMove> moves) override;
    net::Task<Result<auth::Token>> reports_grant() override;

protected:
    // Clock and random outlive the registry.
    Registry(std::unique_ptr<Repository> rows, std::unique_ptr<Hasher> hasher,
             const auth::TokenKey& key, const Clock& clock, Random& random,
             const Settings& settings);
    // The secret, bans, and where owners come from; once, before the first login.
    Result<void> recall_logins();
    const Hasher& hasher() const { return *hasher_; }
    Repository& rows() { return *rows_; }

private:
    struct Login;
    struct Addition;
    struct Exchange;
    using Guard = auth::LoginGuard;
    Result<Login> find_login(const auth::Credentials& credentials);
    bool is_cached(const Login& login, const std::string& password);
    bool is_known(const Login& login) const;
    void count_unseen(const LoginAttempt& attempt, Guard::Turn& turn);
    Result<auth::Identity> admit(const LoginAttempt& attempt, const Login& login,
                                 const Guard::Attempt& who,
                                 std::optional<WallTime> until = std::nullopt);
    std::unexpected<auth::LoginRefusal> refuse(const LoginAttempt& attempt, const Login& login,
                                               Guard::Turn& turn, std::string_view reason);
    struct AppMatch {
        std::int64_t id = 0;
        const char* refusal = nullptr; // what it is not good for
        std::optional<WallTime> until{};
    };
    std::optional<AppMatch> find_app_password(const Login& login,
                                              const LoginAttempt& attempt) const;
    Result<Changed> insert_app_password(const NewAppPassword& wanted, const PasswordJob& job);
    void complete(const Login& login, const PasswordJob& job);
    std::string salt_of(const Login& login) const;
    auth::ScramKeys shown_keys(const Login& login, auth::ScramHash hash) const;
    struct ScramProof;
    ScramProof prove(const Login& login, const Exchange& exchange,
                     const auth::ScramMessage& message) const;
    auth::ScramResult begin_scram(const ScramAttempt& attempt);
    net::Task<auth::ScramResult> finish_scram(const ScramAttempt& attempt);
    auth::ScramResult verify_scram(const Exchange& exchange, const auth::ScramMessage& message,
                                   Guard::Turn turn);
    Result<auth::Credentials> claim_of(const auth::ExternalLogin& login);
    net::Task<auth::LoginResult> conclude(const LoginAttempt& by, const Login& login,
                                          const char* refusal, const Guard::Attempt& who);
    auth::LoginResult refuse_after(const LoginAttempt& by, const Login& login, const char* refusal,
                                   Guard::Turn turn);
    Result<std::optional<auth::BearerVerdict>> recall(const std::string& token);
    Result<auth::BearerVerdict> judge(const std::string& token, const auth::TokenClaims& claims);
    net::Task<Result<auth::BearerVerdict>> ask_issuer(const std::string& token,
                                                      const Guard::Attempt& who);
    Result<void> recall_secret();
    Result<void> recall_srs_secret();
    Result<std::optional<std::string>> sender_behind(const std::string& address);
    void keep_ban(const auth::Ban& ban);
    net::Task<Result<Guard::Turn, Guard::Denial>> wait_for_turn(const Guard::Attempt& who);
    net::Task<auth::LoginResult> verify(const LoginAttempt& attempt, const Guard::Attempt& who,
                                        Guard::Turn turn, const char* wrong);
    Result<auth::Token> grant(const Account& account, auth::Right right);
    Result<Referral> refer_to(const Account& account);
    void issue(auth::Token& token) const;
    Result<Resolution> resolve_now(const std::string& address);
    Result<Resolution> read_resolution(const std::string& address,
                                       const std::optional<std::string>& returned);
    Result<bool> leads_to(AccountId account, const std::string& address);
    Result<SubmissionVerdict> judge_claims(const Submission& submission);
    Result<SubmissionVerdict> submit_locally(const Submission& submission);
    Result<bool> is_local_senders(const LocalSender& sender, const std::string& address);
    bool is_signed_locally(const mail::Address& author) const;
    void judge_amount(const Submission& submission, const SendSettings& settings,
                      SubmissionVerdict& verdict);
    Result<bool> may_sign_as(const DkimRequest& request, const std::vector<mail::Address>& authors);
    Result<AccountId> account_behind(const auth::Token& login);
    Result<void> recall_sent();
    Result<void> write_sent();
    Result<void> write(const std::function<Result<void>()>& action); // one transaction
    using Action = std::function<Result<Changed>()>;
    Result<Changed> change(const char* what, const std::string& whom, const Action& action);
    Result<std::string> salt_for(const std::string& account);
    Result<void> store_password(AccountId account, const PasswordJob& job);
    Result<Addition> plan_addition(const NewAccount& account);
    Result<void> plan_existing(Addition& addition, AccountId id, const NewAccount& account);
    Result<Changed> add(const Addition& addition, const NewAccount& account);
    ImportResult plan_import(const std::vector<ImportRow>& rows, std::vector<Addition>& additions);
    Result<ImportResult> carry_out(const std::vector<ImportRow>& rows,
                                   const std::vector<Addition>& additions);

    std::unique_ptr<Repository> rows_;
    std::unordered_map<std::string, Resolution> resolved_; // by what was asked for
    std::optional<std::uint64_t> resolved_version_;        // of the rows that it was read from
    std::unique_ptr<Hasher> hasher_;
    auth::TokenKey key_;
    const Clock& clock_;
    Settings settings_;
    auth::LoginSecret secret_;
    auth::ScramStates scram_states_;
    auth::LoginCache cache_;
    auth::LoginGuard guard_;
    std::shared_ptr<const net::ClientTrust> client_trust_;
    net::Event turn_ended_;
    std::unique_ptr<NetworkPlaces> waiting_; // for a turn
    std::unique_ptr<NetworkPlaces> asking_;  // an issuer
    auth::Introspector* issuer_ = nullptr;
    std::uint64_t issuer_changes_ = 0;
    std::string report_mailbox_;
    auth::BearerRules bearer_rules_;
    auth::BearerCache bearer_cache_;
    std::unique_ptr<LoginRecords> records_;
    SendLimits send_limits_;
    LimitTally tally_;
    std::unique_ptr<SentCounts> sent_;
    LocalRules local_rules_;
    std::unique_ptr<SentCounts> sent_locally_; // by uid, in memory alone
    std::unique_ptr<DkimKeyring> keyring_;
    std::string srs_secret_;
    std::string
        nobodys_hash_; // what the password of an account that does not exist is compared with
};

} // namespace maild::directory
