#pragma once
// The rows of the command table, a file for each noun (table_server.cpp, table_domain.cpp, …),
// which command_table.cpp joins in the order of these declarations. What the rows of more than one
// noun name stands here; everything else is in its noun's file.

#include "maild/control/command_table.hpp"

namespace maild::control {

inline constexpr Parameter kOptionalDomain[] = {{"domain", "only of this domain", Count::optional}};
inline constexpr Parameter kAddress[] = {{"address", "the account's address"}};
inline constexpr Parameter kAnyAddress[] = {{"address", "any address"}};

inline constexpr Option kReason[] = {
    {"reason", "TEXT", "why, in words, for the next admin who looks"}};
inline constexpr Option kPaging[] = {
    {"limit", "N", "at most so many rows; without: all"},
    {"after", "CURSOR", "go on behind this row"},
};

std::span<const Command> setup_commands();
std::span<const Command> server_commands();
std::span<const Command> domain_commands();
std::span<const Command> dkim_commands();
std::span<const Command> account_commands();
std::span<const Command> app_password_commands();
std::span<const Command> capability_commands();
std::span<const Command> alias_commands();
std::span<const Command> address_commands();
std::span<const Command> mailbox_commands();
std::span<const Command> acl_commands();
std::span<const Command> message_commands();
std::span<const Command> report_commands();
std::span<const Command> queue_commands();
std::span<const Command> route_commands();
std::span<const Command> ban_commands();
std::span<const Command> ratelimit_commands();
std::span<const Command> tls_commands();
std::span<const Command> fsck_commands();
std::span<const Command> store_commands();
std::span<const Command> mailctl_commands(); // about mailctl itself: no noun

} // namespace maild::control
