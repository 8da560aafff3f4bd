// What is special about mail from programs of this host, of whom the kernel says whose they are.
#include "daemon/smtp_backend.hpp"

#include <utility>

#pragma GCC diagnostic ignored "-Wmismatched-new-delete" // as in smtp_backend.cpp

namespace maild::daemon {

// "<>" is anybody's here, too.
net::Task<Result<void, smtp::Refusal>> SmtpBackend::verify_local_sender(const smtp::Client& client,
                                                                        const smtp::Mail& mail) {
    if (!client.local)
        co_return std::unexpected(
            smtp::Refusal(Error{Errc::not_permitted, "the kernel does not say who it is"}));
    if (mail.reverse_path.is_null()) co_return Result<void, smtp::Refusal>{};
    directory::Submission question{
        .account = {},
        .claimed = {mail.reverse_path.format()},
        .recipients = 0,
        .local = directory::LocalSender{client.local->uid, client.local->name}};
    const auto verdict = co_await directory_.submit(std::move(question));
    if (!verdict) co_return std::unexpected(smtp::Refusal(verdict.error()));
    if (verdict->refusal == directory::SubmissionVerdict::Refusal::none)
        co_return Result<void, smtp::Refusal>{};
    co_return std::unexpected(not_a_local_sender());
}

// Mail for a user of this host who has no address here is root's. That is for programs of this host
// alone: nobody else is to learn who its users are.
net::Task<Result<directory::Resolution>> SmtpBackend::resolve(const smtp::Client& client,
                                                              const smtp::Rcpt& rcpt) {
    const auto& path = rcpt.forward_path;
    const bool is_bare_postmaster = path.domain.empty(); // RFC 5321 §4.5.1
    auto address = is_bare_postmaster ? std::string("postmaster") : path.format();
    auto resolution = co_await directory_.resolve(std::move(address));
    const bool is_missing = resolution && resolution->verdict == directory::Verdict::no_such_user;
    const bool is_users = is_missing && client.local && host_users_ != nullptr &&
                          path.domain.ascii() == client.local->domain &&
                          host_users_->has(path.localpart);
    if (!is_users) co_return resolution;
    const auto root = "root@" + client.local->domain;
    auto of_root = co_await directory_.resolve(root);
    if (of_root) of_root->steps.insert(of_root->steps.begin(), {"host-user", path.format(), root});
    co_return of_root;
}

} // namespace maild::daemon
