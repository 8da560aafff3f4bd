#pragma once
// The directory as the other processes see it: each call is one message to `auth` (see
// service.hpp). Errors of the line come as unavailable, timed_out or busy, which a protocol answers
// with "try again"; a change may then have been carried out nevertheless, and repeating it is
// harmless.

#include "maild/directory/admin.hpp"
#include "maild/directory/directory.hpp"
#include "maild/ipc/client.hpp"

#include <cstddef>
#include <memory>

namespace maild::directory {

class LoginLane;

class RemoteDirectory final : public Directory, public DirectoryAdmin {
public:
    explicit RemoteDirectory(ipc::Client& client); // outlives this
    ~RemoteDirectory() override;
    RemoteDirectory(const RemoteDirectory&) = delete;
    RemoteDirectory& operator=(const RemoteDirectory&) = delete;

    // Logins have half of the line, and those by access token a quarter (login_lane.hpp); busy when
    // too many wait for it.
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

private:
    ipc::Client& client_;
    std::unique_ptr<LoginLane> lane_;
    std::shared_ptr<std::size_t> bearers_; // that wait for an answer; may outlive this
};

} // namespace maild::directory
