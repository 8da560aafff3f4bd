#pragma once
// One submission to the daemon, and what became of it.

#include "sendmail/daemon_line.hpp"
#include "sendmail/submission.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace maild::sendmail {

struct Outcome {
    enum class Kind : std::uint8_t {
        accepted,    // for somebody at least
        refused,     // for good, or for today; trying again does not help
        later,       // the daemon cannot now
        unreachable, // there is nobody
    };
    struct Refused {
        std::string recipient;
        std::string words; // the daemon's
    };
    Kind kind = Kind::later;
    int exit = 0;                     // of sysexits.h
    std::string why;                  // of what was not accepted as a whole
    std::vector<Refused> refused;     // for good, whatever became of the others
    std::vector<std::string> waiting; // recipients that the daemon cannot take now
    std::string user;                 // as the daemon names us; empty where it was not asked
    std::string domain;
};

Outcome submit(const Submission& submission, const std::string& socket);

// For a sender whom nobody else tells, RFC 5321 §6.1: what was refused, and the message itself.
// Its reverse-path is null. `outcome` is of `submission`.
Submission notice_of(const Submission& submission, const Outcome& outcome);

// A name for EHLO and message ids: this host's, or "localhost".
std::string own_hostname();

// sysexits.h for what is refused: 5.1.x no such user, 5.3.4 and 5.6.x the message, 5.7.x not
// allowed.
int exit_for(const Reply& reply);

} // namespace maild::sendmail
