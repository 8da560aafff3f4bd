// What a session may get wrong, what a client may bring, and what an account may send. 0 and false
// are off, each time.
#include "daemon/config_sections.hpp"

namespace maild::daemon {

void read_session_limits(ConfigTable& table, Limits& out) {
    constexpr std::uint32_t kMost = 1'000'000'000;
    table.limit("bad_commands", out.bad_commands, kMost);
    table.limit("idle_commands", out.idle_commands, kMost);
    table.limit("session_commands", out.session_commands, kMost);
    table.limit("imap_bad_commands", out.imap_bad_commands, kMost);
    table.limit("pop3_bad_commands", out.pop3_bad_commands, kMost);
    table.limit("refused_recipients", out.refused_recipients, kMost);
    table.limit("smtp_auth_failures", out.smtp_auth_failures, kMost);
    table.limit("imap_auth_failures", out.imap_auth_failures, kMost);
    table.limit("pop3_auth_failures", out.pop3_auth_failures, kMost);
}

void read_client_limits(ConfigTable& table, auth::ClientLimits& out) {
    using auth::kMostRate;
    using auth::Rate;
    table.limit("connections_per_address", out.connections, 1'000'000);
    table.limit("connections_per_minute", out.of(Rate::connections).address, kMostRate);
    table.limit("messages_per_hour", out.of(Rate::messages).address, kMostRate);
    table.limit("recipients_per_hour", out.of(Rate::recipients).address, kMostRate);
    table.limit("refused_per_hour", out.of(Rate::refused).address, kMostRate);
    table.limit("network_connections_per_minute", out.of(Rate::connections).network, kMostRate);
    table.limit("network_messages_per_hour", out.of(Rate::messages).network, kMostRate);
    table.limit("network_recipients_per_hour", out.of(Rate::recipients).network, kMostRate);
    table.limit("network_refused_per_hour", out.of(Rate::refused).network, kMostRate);
}

void read_send_limits(ConfigTable& table, directory::SendLimits& out) {
    constexpr std::uint32_t kMost = 1'000'000'000;
    table.limit("messages_per_day", out.messages_per_day, kMost);
    table.limit("recipients_per_day", out.recipients_per_day, kMost);
}

} // namespace maild::daemon
