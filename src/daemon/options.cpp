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

template <class Number> std::optional<Number> parse_number(std::string_view text) {
    Number value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

// --role NAME --index N, in this order: only we write it.
std::expected<Options, std::string> parse_role_options(std::span<const char* const> arguments) {
    const std::string_view index_flag = arguments.size() == 4 ? arguments[2] : "";
    const auto role = arguments.size() == 4 ? parse_role(arguments[1]) : std::nullopt;
    const auto index =
        arguments.size() == 4 ? parse_number<std::uint32_t>(arguments[3]) : std::nullopt;
    if (index_flag != "--index" || !role || !index) {
        return std::unexpected("--role is for maild's own use");
    }
    Options options;
    options.role = RoleOption{*role, *index};
    return options;
}

// As format_pickup() writes it.
std::expected<Options, std::string> parse_pickup(std::span<const char* const> arguments) {
    const bool is_whole = arguments.size() == 6;
    const auto most = parse_number<std::uint64_t>(is_whole ? arguments[3] : "");
    const auto target = parse_number<unsigned>(is_whole ? arguments[4] : "");
    const auto level = parse_number<unsigned>(is_whole ? arguments[5] : "");
    if (!most || !target || !level || *target > 2 || *level > 3)
        return std::unexpected("--pickup is for maild's own use");
    Options options;
    options.pickup = PickupOption{
        .maildrop = arguments[1],
        .socket = arguments[2],
        .most_octets = *most,
        .log = {static_cast<LogSettings::Target>(*target), static_cast<LogLevel>(*level)}};
    return options;
}

} // namespace

std::vector<std::string> format_pickup(const PickupOption& option) {
    return {"--pickup",
            option.maildrop,
            option.socket,
            std::to_string(option.most_octets),
            std::to_string(static_cast<unsigned>(option.log.target)),
            std::to_string(static_cast<unsigned>(option.log.level))};
}

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
    if (!arguments.empty() && std::string_view(arguments[0]) == "--pickup") {
        return parse_pickup(arguments);
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
