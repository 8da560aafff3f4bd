// The mailbox that reports come to: the only one that an admin's commands may read.
#include "directory/repository.hpp"
#include "directory/rules.hpp"

#include "maild/directory/registry.hpp"

#include <utility>

namespace maild::directory {

void Registry::set_report_mailbox(std::string address) { report_mailbox_ = std::move(address); }

net::Task<Result<auth::Token>> Registry::reports_grant() {
    if (report_mailbox_.empty())
        co_return fail(Errc::not_found,
                       "no mailbox of reports is configured: reports.mailbox in maild.toml.");
    const auto account = rules::find_account(*rows_, report_mailbox_);
    if (!account)
        co_return fail(account.error().code, "reports.mailbox: " + account.error().internal + ".");
    co_return grant(*account, auth::Right::access);
}

} // namespace maild::directory
