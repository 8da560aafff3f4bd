#pragma once
// Sections of the configuration file that are read in files of their own.

#include "daemon/config_table.hpp"

namespace maild::daemon {

void read_oauth(ConfigTable& table, OauthSettings& out);

} // namespace maild::daemon
