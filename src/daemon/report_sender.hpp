#pragma once
// Gets one report out, in a worker, because a worker has the DNS and may put mail into the queue:
// asks the DNS whom the domain wants it sent to now (RFC 8460 §3), and of an aggregate report
// whether they agree (RFC 9990 §4), makes the mail for each, signs it, and puts it into the queue,
// but for whom control knows to have it. What the report says it does not see: it is packed. One
// for a worker; what is passed by reference outlives it and its tasks.

#include "daemon/config.hpp"
#include "daemon/own_mail_signer.hpp"
#include "daemon/report_messages.hpp"

#include "maild/base/clock.hpp"
#include "maild/delivery/local.hpp"
#include "maild/directory/directory.hpp"
#include "maild/net/resolver.hpp"
#include "maild/store/message_store.hpp"

#include <string>

namespace maild::daemon {

class ReportSender {
public:
    ReportSender(directory::Directory& directory, store::MessageStore& store,
                 net::Resolver& resolver, MailSigner& signer, const Clock& clock)
        : directory_(directory),
          store_(store),
          resolver_(resolver),
          signer_(signer),
          clock_(clock) {}

    // An error: what is wrong is so for all reports, like a signature that cannot be had.
    net::Task<Result<ReportFate>> send(SendReport request, const Config& config);

private:
    struct Job;
    struct Wanted;
    net::Task<Wanted> who_wants(const Job& job);
    net::Task<Wanted> who_wants_dmarc(net::Resolver& dns, std::string domain);
    net::Task<Wanted> who_wants_tls(net::Resolver& dns, std::string domain);
    net::Task<Result<void>> send_to(const Job& job, const report::Destination& destination,
                                    ReportCopy& copy);
    net::Task<void> store_copy(const Job& job, const std::string& mail, ReportCopy& copy);
    delivery::Transaction transaction_for(const Job& job, const std::string& to,
                                          directory::Resolution resolution) const;
    net::Task<Result<auth::Token>> queue_grant(std::string sender);

    directory::Directory& directory_;
    store::MessageStore& store_;
    net::Resolver& resolver_;
    MailSigner& signer_;
    const Clock& clock_;
};

} // namespace maild::daemon
