// What a session may get wrong, and what an account may send.
#include "daemon/config_sections.hpp"

namespace maild::daemon {

// 0 is off, each time.
void read_session_limits(ConfigTable& table, Limits& out) {
    constexpr std::uint32_t kMost = 1'000'000;
    table.number<std::uint32_t>("bad_commands", out.bad_commands, 0, kMost);
    table.number<std::uint32_t>("idle_commands", out.idle_commands, 0, kMost);
    table.number<std::uint32_t>("refused_recipients", out.refused_recipients, 0, kMost);
    table.number<std::uint32_t>("smtp_auth_failures", out.smtp_auth_failures, 0, kMost);
    table.number<std::uint32_t>("imap_auth_failures", out.imap_auth_failures, 0, kMost);
    table.number<std::uint32_t>("pop3_auth_failures", out.pop3_auth_failures, 0, kMost);
}

void read_send_limits(ConfigTable& table, directory::SendLimits& out) {
    constexpr std::uint32_t kMost = 1'000'000'000;
    table.number<std::uint32_t>("messages_per_day", out.messages_per_day, 0, kMost);
    table.number<std::uint32_t>("recipients_per_day", out.recipients_per_day, 0, kMost);
}

} // namespace maild::daemon
