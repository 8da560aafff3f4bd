#include "daemon/worker_limits.hpp"

#include "maild/net/memory_budget.hpp"

#include <algorithm>
#include <limits>

namespace maild::daemon {
namespace {

// In the configuration 0 is off; a session counts up to a limit that is never reached.
unsigned or_none(std::uint32_t limit) {
    return limit == 0 ? std::numeric_limits<unsigned>::max() : limit;
}

// A reload may ask for more than there was memory for at the start.
std::uint64_t message_size(const Config& config) {
    return std::min(config.limits.message_bytes,
                    net::MemoryBudget(config.memory.mail_bytes).largest());
}

} // namespace

smtp::Limits smtp_limits(const Config& config) {
    const auto& limits = config.limits;
    smtp::Limits out;
    out.message_size = message_size(config);
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
    out.message_size = message_size(config);
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
    const auto share = std::min((config.limits.connections + config.workers - 1) / config.workers,
                                config.memory.connections);
    const auto newcomers = std::uint64_t{share} * config.limits.newcomers / 100;
    return {.sessions = share,
            .sessions_per_peer = or_none(config.client_limits.connections),
            .newcomers = std::max<std::uint64_t>(newcomers, 1)};
}

} // namespace maild::daemon
