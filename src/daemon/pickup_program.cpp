#include "daemon/pickup_program.hpp"

#include "daemon/log_output.hpp"
#include "daemon/privileges.hpp"
#include "daemon/role_process.hpp"

#include "maild/base/log.hpp"
#include "maild/sendmail/pickup.hpp"

#include <csignal>
#include <sysexits.h>

namespace maild::daemon {
namespace {

using sendmail::PickedUp;

constexpr unsigned kMostTold = 20; // of one turn's files that wait

// Blocked, so that it waits until the file at hand is done with.
void hold_terminate() {
    sigset_t terminate;
    ::sigemptyset(&terminate);
    ::sigaddset(&terminate, SIGTERM);
    ::sigprocmask(SIG_BLOCK, &terminate, nullptr);
}

bool is_told_to_stop() {
    sigset_t pending;
    return ::sigpending(&pending) == 0 && ::sigismember(&pending, SIGTERM) == 1;
}

// `waiting`: how many of those were told.
void report(const PickedUp& file, unsigned& waiting) {
    switch (file.fate) {
    case PickedUp::Fate::submitted:
        return log::info("maildrop_submitted", {{"file", file.file}, {"uid", file.uid}});
    case PickedUp::Fate::later:
        // Somebody's thousands that wait for tomorrow are not told every minute.
        return log::write(waiting++ < kMostTold ? log::Level::info : log::Level::debug,
                          "maildrop_waits",
                          {{"file", file.file}, {"uid", file.uid}, {"reason", file.why}});
    case PickedUp::Fate::refused:
        return log::warning("maildrop_refused",
                            {{"file", file.file}, {"uid", file.uid}, {"reason", file.why}});
    }
}

int exit_for(const Result<sendmail::PickupCount>& done) {
    if (done) return done->left == 0 ? EX_OK : EX_TEMPFAIL;
    switch (done.error().code) {
    case Errc::busy: return EX_TEMPFAIL;
    case Errc::unavailable: return EX_UNAVAILABLE;
    default: log::error("pickup_failed", {{"reason", done.error().internal}}); return EX_OSERR;
    }
}

} // namespace

int run_pickup(const PickupOption& option) {
    use_log(option.log, kChannelDescriptor);
    log::set_process("pickup");
    hold_terminate();
    ::signal(SIGPIPE, SIG_IGN);
    if (const auto hidden = hide_memory(); !hidden)
        log::warning("memory_not_hidden", {{"detail", hidden.error().internal}});
    unsigned waiting = 0;
    const auto done =
        sendmail::pick_up({.maildrop = option.maildrop,
                           .socket = option.socket,
                           .most_octets = option.most_octets,
                           .report = [&waiting](const PickedUp& file) { report(file, waiting); },
                           .is_stopping = is_told_to_stop});
    if (done && done->left > kMostTold) log::info("maildrop_left", {{"files", done->left}});
    const int code = exit_for(done);
    log::flush();
    return code;
}

} // namespace maild::daemon
