#pragma once
// The daily summary, and alerts, as plain text for an admin. Pure. Words of other hosts are made
// printable here.

#include "daemon/host_facts.hpp"
#include "daemon/mail_tally.hpp"

#include <string>
#include <vector>

namespace maild::daemon {

struct Summary {
    WallTime begin{}; // of the time that is told of
    WallTime end{};
    HostFacts facts{};
    MailTally mail{};
    std::vector<Matter> matters{};
    ToldMatters told{}; // by the summary before; what is in none of `matters` has settled
};

struct Notice {
    std::string subject; // ASCII, one line
    std::string text;    // UTF-8, lines end with LF and are no longer than 900 octets
};
Notice summary_notice(const Summary& summary);
Notice alert_notice(const HostFacts& facts, const std::vector<Matter>& matters);

// Something is there that the summary before did not tell, or is not there any more; or mail has
// failed, or records were lost.
bool has_news(const Summary& summary);

} // namespace maild::daemon
