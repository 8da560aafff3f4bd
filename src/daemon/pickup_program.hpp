#pragma once
// What `maild --pickup` does: one turn over the maildrop, see maild/sendmail/pickup.hpp.
//
// Runs as: root, where maild was started by root. May touch: the maildrop and who owns what is in
// it. Never touches: the contents of these files, which a process reads that has become their
// owner; the network; any other file.

#include "daemon/options.hpp"

namespace maild::daemon {

// The log is descriptor 3. Exit codes: 0 nothing is left, 75 something has to wait, 69 the daemon
// does not answer.
int run_pickup(const PickupOption& option);

} // namespace maild::daemon
