#include "daemon/worker_limits.hpp"

#include "maild/imap/read_aheads.hpp"
#include "maild/net/memory_budget.hpp"

#include <algorithm>
#include <limits>

namespace maild::daemon {
namespace {

// Of a worker's places, for each service: a quarter for the six together, so that with 256 MiB a
// thousand mail programs and a hundred deliveries find theirs. So many at least, even of few.
constexpr std::uint64_t kKeptPart = 24;
constexpr std::uint64_t kLeastKept = 8;

// In the configuration 0 is off; a session counts up to a limit that is never reached.
unsigned or_none(std::uint32_t limit) {
    return limit == 0 ? std::numeric_limits<unsigned>::max() : limit;
}

// Of each worker, if there is memory for them.
std::uint32_t asked_places(const Config& config) {
    return (config.limits.connections + config.workers - 1) / config.workers;
}

} // namespace

smtp::Limits smtp_limits(const Config& config) {
    const auto& limits = config.limits;
    smtp::Limits out;
    out.message_size = config.limits.message_bytes;
    out.recipients = limits.recipients;
    out.bad_commands = or_none(limits.bad_commands);
    out.idle_commands = or_none(limits.idle_commands);
    out.commands = or_none(limits.session_commands);
    out.rcpt_failures = or_none(limits.refused_recipients);
    out.auth_failures = or_none(limits.smtp_auth_failures);
    out.command_timeout = limits.smtp_idle;
    out.tls_timeout = limits.tls_handshake;
    out.greeting_pause = config.smtp.greeting_delay;
    out.hold_most = limits.future_release;
    return out;
}

imap::Limits imap_limits(const Config& config) {
    const auto& limits = config.limits;
    imap::Limits out;
    out.message_size = config.limits.message_bytes;
    out.login_timeout = limits.login_time;
    out.idle_timeout = limits.imap_idle;
    out.bad_commands = or_none(limits.imap_bad_commands);
    out.auth_failures = or_none(limits.imap_auth_failures);
    out.tls_timeout = limits.tls_handshake;
    return out;
}

pop3::Limits pop3_limits(const Limits& limits) {
    pop3::Limits out;
    out.login_timeout = limits.login_time;
    out.idle_timeout = limits.pop3_idle;
    out.bad_commands = or_none(limits.pop3_bad_commands);
    out.auth_failures = or_none(limits.pop3_auth_failures);
    out.tls_timeout = limits.tls_handshake;
    return out;
}

auth::ClientLimits client_limits(const Config& config) {
    auto limits = config.client_limits;
    limits.trusted = config.trusted;
    return limits;
}

net::GateLimits gate_limits(const Config& config) {
    const auto places = place_limits(config);
    return {.sessions = places.sessions,
            .sessions_per_peer = or_none(config.client_limits.connections),
            .newcomers = places.newcomers};
}

net::PlaceLimits place_limits(const Config& config) {
    const std::uint64_t share = std::min(asked_places(config), config.memory.connections);
    const auto newcomers = std::max<std::uint64_t>(share * config.limits.newcomers / 100, 1);
    return {.sessions = share,
            .newcomers = newcomers,
            .strangers = std::max<std::uint64_t>(newcomers / 2, 1),
            .kept = std::max(share / kKeptPart, kLeastKept)};
}

// Beside what there is for mail, and an eighth of it where that is little; but one may at least.
std::size_t read_aheads(const Config& config) {
    constexpr std::size_t kEach = imap::ReadAheads::kEach;
    return std::clamp<std::size_t>(config.memory.mail_bytes / 8 / kEach, 1,
                                   imap::ReadAheads::kMost);
}

ShortageLog::Remedies remedies_for(const Config& config) {
    const bool has_all_mail =
        config.memory.mail_bytes >= mail_of_worker(config.limits.worker_memory_bytes);
    const bool has_all_places = config.memory.connections >= asked_places(config);
    return {.mail = has_all_mail ? "limits.worker_memory" : "limits.memory",
            .connections = has_all_places ? "limits.connections" : "limits.memory"};
}

} // namespace maild::daemon
