#include "maild/control/command_table.hpp"

#include "control/table.hpp"

#include <algorithm>
#include <vector>

namespace maild::control {
namespace {

constexpr Option kGlobalOptions[] = {
    {"json", "", "one stable JSON document (schema mailctl/1) instead of text"},
    {"tsv", "", "rows with tabs between the fields, no headings"},
    {"quiet", "", "nothing on success"},
    {"socket", "PATH", "the daemon's control socket"},
    {"yes", "", "do not ask before something is destroyed"},
    {"help", "", "help for a command"},
};

std::vector<Command> all_commands() {
    std::vector<Command> all;
    for (const auto rows :
         {setup_commands(),     server_commands(),       domain_commands(),     dkim_commands(),
          account_commands(),   app_password_commands(), capability_commands(), alias_commands(),
          address_commands(),   mailbox_commands(),      acl_commands(),        message_commands(),
          report_commands(),    queue_commands(),        route_commands(),      ban_commands(),
          ratelimit_commands(), tls_commands(),          fsck_commands(),       store_commands(),
          mailctl_commands()}) {
        all.insert(all.end(), rows.begin(), rows.end());
    }
    return all;
}

} // namespace

std::span<const Command> commands() {
    static const auto all = all_commands();
    return all;
}

const Command* find_command(std::string_view name) {
    const auto all = commands();
    const auto found = std::ranges::find(all, name, &Command::name);
    return found == all.end() ? nullptr : &*found;
}

std::span<const Option> global_options() { return kGlobalOptions; }

} // namespace maild::control
