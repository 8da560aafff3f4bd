#pragma once
// A submission from beginning to end: what the daemon does not take now waits in the maildrop, and
// what it refuses its sender hears of.

#include "sendmail/submit.hpp"

#include <string>

namespace maild::sendmail {

struct Places {
    std::string socket;
    std::string maildrop;
    std::string mailctl;
};

// Those of the host that this program is installed for: beside a trial's etc/maild.toml, or the
// system's.
Places places_of(const std::string& program);

// The sender is told by mail what of it was refused. False: he cannot be, or it cannot be said now.
bool tell_sender(const Submission& submission, const Outcome& outcome, const Places& places);

// Leaves what has to wait: all of it, or some recipients' part.
Result<void> leave_rest(const Submission& submission, const Outcome& outcome, const Places& places);

} // namespace maild::sendmail
