#include "maild/delivery/report.hpp"

#include "maild/base/ascii.hpp"
#include "maild/mail/date.hpp"

#include <algorithm>
#include <utility>

namespace maild::delivery {

bool can_be_told(const directory::Resolution& reverse_path) {
    return reverse_path.verdict == directory::Verdict::accepted ||
           reverse_path.verdict == directory::Verdict::not_local;
}

Transaction report_transaction(const Dsn& dsn, std::string_view bytes,
                               directory::Resolution reverse_path) {
    Transaction transaction;
    transaction.envelope.is_8bit = ascii::has_8bit(bytes);
    transaction.envelope.is_smtputf8 = needs_smtputf8(dsn);
    transaction.received = "Received: by " + dsn.reporting_mta + "\r\n\tid dsn." + dsn.id +
                           ";\r\n\t" + mail::format_date_time(dsn.now) + "\r\n";
    transaction.now = dsn.now;
    Recipient recipient;
    recipient.forward_path = dsn.to;
    recipient.resolution = std::move(reverse_path);
    recipient.notify = "NEVER";
    transaction.recipients.push_back(std::move(recipient));
    return transaction;
}

std::optional<auth::Token> first_grant(const directory::Resolution& resolution) {
    for (const auto& target : resolution.targets) {
        if (const auto* local = std::get_if<directory::LocalTarget>(&target)) return local->grant;
    }
    return std::nullopt;
}

} // namespace maild::delivery
