#pragma once
// What the traces add up to since a time, asked of the role `trace` page by page.

#include "maild/ipc/client.hpp"
#include "maild/net/task.hpp"
#include "maild/trace/tally.hpp"

#include <chrono>
#include <memory>

namespace maild::daemon {

struct MailTally {
    std::unique_ptr<trace::Tally> tally;
    WallTime from{}; // counted back to here
    bool is_whole = true;
};

// Newest first, for as long as `patience` lasts: what is not reached by then is left out. `until`:
// records of then and later are passed over. Unavailable: the role `trace` does not answer.
net::Task<Result<MailTally>> tally_mail(ipc::Client& trace, trace::Tally::Choice choice,
                                        WallTime since, WallTime until,
                                        std::chrono::milliseconds patience);

} // namespace maild::daemon
