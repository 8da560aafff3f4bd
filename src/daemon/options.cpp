#include "daemon/options.hpp"

#include <array>
#include <charconv>
#include <climits>
#include <string_view>
#include <unistd.h>

namespace maild::daemon {
namespace {

std::optional<Role> parse_role(std::string_view name) {
    for (const auto role : {Role::worker, Role::auth, Role::oauth, Role::store, Role::control,
                            Role::resolver, Role::trace, Role::sender}) {
        if (name == name_of(role)) return role;
    }
    return std::nullopt;
}

std::optional<std::uint32_t> parse_index(std::string_view text) {
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

// --role NAME --index N, in this order: only we write it.
std::expected<Options, std::string> parse_role_options(std::span<const char* const> arguments) {
    const std::string_view index_flag = arguments.size() == 4 ? arguments[2] : "";
    const auto role = arguments.size() == 4 ? parse_role(arguments[1]) : std::nullopt;
    const auto index = arguments.size() == 4 ? parse_index(arguments[3]) : std::nullopt;
    if (index_flag != "--index" || !role || !index) {
        return std::unexpected("--role is for maild's own use");
    }
    Options options;
    options.role = RoleOption{*role, *index};
    return options;
}

} // namespace

const char* const kUsage =
    "usage: maild [--config FILE] [--check] [--foreground] [--no-listeners]\n"
    "       maild --rebuild-shard N|damaged [--config FILE]\n"
    "       maild --version | --help\n"
    "\n"
    "  --config FILE   configuration; else ../etc/maild.toml beside the binary where it exists,\n"
    "                  else /etc/maild/maild.toml\n"
    "  --check         say whether the configuration is good, and what is wrong with it\n"
    "  --foreground    do not detach (systemd, containers)\n"
    "  --no-listeners  the control socket alone: to set a host up that is to stay closed\n"
    "  --rebuild-shard what mailctl store rebuild runs: meta.db anew, from the packs\n"
    "\n"
    "signals: TERM stop after sessions had time to finish (twice: at once) · HUP reload\n"
    "configuration and certificates · USR1 open the log again\n"
    "exit codes: 0 runs, or check passed · 64 usage · 70 a role cannot start · 74 input/output\n"
    "75 runs already · 77 permission · 78 configuration\n";

std::expected<Options, std::string> parse_options(std::span<const char* const> arguments) {
    if (!arguments.empty() && std::string_view(arguments[0]) == "--role") {
        return parse_role_options(arguments);
    }
    Options options;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string_view argument(arguments[i]);
        if (argument == "--check")
            options.check = true;
        else if (argument == "--foreground")
            options.foreground = true;
        else if (argument == "--no-listeners")
            options.no_listeners = true;
        else if (argument == "--version")
            options.version = true;
        else if (argument == "--help" || argument == "-h")
            options.help = true;
        else if (argument == "--rebuild-shard" && i + 1 < arguments.size())
            options.rebuild = arguments[++i];
        else if (argument.starts_with("--config="))
            options.config = argument.substr(9);
        else if (argument == "--config" && i + 1 < arguments.size())
            options.config = arguments[++i];
        else if (argument == "--config")
            return std::unexpected("--config needs a file");
        else
            return std::unexpected("unknown argument: " + std::string(argument));
    }
    return options;
}

std::string default_config_file() {
    std::array<char, PATH_MAX> path{};
    const auto size = ::readlink("/proc/self/exe", path.data(), path.size());
    std::string binary(path.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
    for (int up = 0; up < 2; ++up) {
        const auto slash = binary.rfind('/');
        binary.resize(slash == binary.npos ? 0 : slash);
    }
    const auto beside = binary + "/etc/maild.toml";
    if (::access(beside.c_str(), F_OK) == 0) return beside;
    return "/etc/maild/maild.toml";
}

} // namespace maild::daemon
