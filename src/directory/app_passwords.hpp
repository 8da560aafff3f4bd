#pragma once
// App passwords as they are stored, and what they are good for.

#include "directory/repository.hpp"

#include "maild/directory/app_password.hpp"
#include "maild/directory/directory.hpp"

#include <string>

namespace maild::directory {

// One sentence for the admin.
Result<void> check_new_app_password(const NewAppPassword& wanted, WallTime now);
// Why it is not good for this login, or null.
const char* check_scope(const AppScope& scope, const LoginAttempt& attempt, WallTime now);

// As rows keep them.
std::string format_protocols(const std::vector<AppProtocol>& protocols);
std::string format_networks(const std::vector<net::Network>& networks);
// Nothing for what nobody can have written: it must not come to mean "no limit".
std::optional<std::vector<AppProtocol>> parse_protocols(std::string_view text);
std::optional<std::vector<net::Network>> parse_networks(std::string_view text);

} // namespace maild::directory
