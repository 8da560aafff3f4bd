#pragma once
// Help, manual pages (mdoc) and completion, all from the command table.

#include "maild/control/command_table.hpp"

#include <string>
#include <string_view>

namespace maild::control {

std::string overview(std::string_view noun); // all commands, or those of one noun
std::string help_for(const Command& command);
std::string synopsis(const Command& command);   // "domain add DOMAIN [--catch-all ADDRESS] …"
std::string manual_for(const Command& command); // a page of its own
std::string manual_of_all();                    // mailctl(8)
std::string bash_completion();

} // namespace maild::control
