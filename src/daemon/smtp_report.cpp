// Reports of success (RFC 3461 §5.2.3, §5.2.7) to who has sent a message that has just been taken
// over. They go the way of any mail, but never change what the peer is answered.
#include "daemon/smtp_backend.hpp"

#include "maild/base/log.hpp"
#include "maild/delivery/report.hpp"

#include <algorithm>
#include <utility>

#pragma GCC diagnostic ignored "-Wmismatched-new-delete" // as in smtp_backend.cpp

namespace maild::daemon {
namespace {

delivery::Dsn dsn_for(const smtp::Envelope& envelope, std::string_view header) {
    delivery::Dsn dsn;
    dsn.id = envelope.id;
    dsn.to = envelope.mail.reverse_path.format();
    dsn.envelope_id = envelope.mail.envelope_id;
    dsn.arrival = envelope.begun;
    if (const auto& by = envelope.mail.deliver_by) dsn.deliver_by = envelope.begun + by->time;
    dsn.content = header; // of success, no more than that is returned, RFC 3461 §4.3
    return dsn;
}

void log_report(const delivery::Dsn& dsn, const Result<void>& result) {
    if (result)
        return log::info("dsn_sent",
                         {{"id", dsn.id}, {"to", dsn.to}, {"recipients", dsn.recipients.size()}});
    log::warning("dsn_lost", {{"id", dsn.id},
                              {"to", dsn.to},
                              {"error", name_of(result.error().code)},
                              {"reason", result.error().internal}});
}

} // namespace

// A stranger on port 25 may name anybody as the sender, who would get a report that he has not
// asked for. So one goes only where the message is known to come from; RFC 3461 has no word for it.
bool SmtpBackend::may_report(const smtp::Client& client, const smtp::Envelope& envelope,
                             const SenderChecks* checks) const {
    if (client.service != smtp::Service::relay_in || client.identity) return true;
    if (Reception::exempts(client, *config_)) return true;
    return checks != nullptr && checks->proves(envelope.mail.reverse_path);
}

net::Task<void> SmtpBackend::report(const smtp::Client& client, const smtp::Envelope& envelope,
                                    std::string_view header,
                                    std::vector<delivery::DsnRecipient> successes) {
    if (successes.empty()) co_return;
    auto dsn = dsn_for(envelope, header);
    dsn.reporting_mta = config_->hostname;
    dsn.recipients = std::move(successes);
    dsn.now = clock_.now();
    auto resolution = co_await directory_.resolve(dsn.to);
    if (!resolution) {
        log_report(dsn, std::unexpected(resolution.error()));
        co_return;
    }
    if (!delivery::can_be_told(*resolution)) {
        log_report(dsn, fail(Errc::no_such_account, "the reverse-path is nobody's"));
        co_return;
    }
    const auto bytes = delivery::format_dsn(dsn);
    auto transaction = delivery::report_transaction(dsn, bytes, std::move(*resolution));
    transaction.envelope.handling.requires_tls = envelope.mail.requiretls; // RFC 8689 §5
    if (config_->dkim.signs) {
        std::optional<auth::Token> nobody;
        const auto fields = co_await signer_.sign(std::move(nobody), "", bytes);
        if (fields)
            transaction.received.insert(0, *fields);
        else
            log::warning("dkim_not_signed", {{"id", dsn.id}, {"reason", fields.error().internal}});
    }
    const smtp::Content content_of_report{.bytes = bytes};
    const auto delivered = co_await carry_out(client, std::move(transaction), content_of_report);
    log_report(dsn, delivered.results.front());
}

} // namespace maild::daemon
