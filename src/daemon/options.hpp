#pragma once
// maild's command line.

#include "daemon/messages.hpp"
#include "daemon/status.hpp"

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace maild::daemon {

struct RoleOption { // for the supervisor's own use
    Role role = Role::worker;
    std::uint32_t index = 0;
};

struct PickupOption { // likewise
    std::string maildrop;
    std::string socket;
    std::uint64_t most_octets = 0; // of a file
    LogOutput log;
};

struct Options {
    std::string config; // empty: default_config_file()
    bool check = false;
    bool foreground = false;
    bool no_listeners = false; // the control socket alone: for setting up
    std::string rebuild;       // a shard's number or "damaged"; empty: no rebuild
    bool version = false;
    bool help = false;
    std::optional<RoleOption> role;
    std::optional<PickupOption> pickup;
};

// The words behind "maild" that parse_options() makes this of again.
std::vector<std::string> format_pickup(const PickupOption& option);

// The error is one line that says what is wrong with which argument.
std::expected<Options, std::string> parse_options(std::span<const char* const> arguments);

// ../etc/maild.toml beside the running binary when it exists, else /etc/maild/maild.toml.
std::string default_config_file();

extern const char* const kUsage;

} // namespace maild::daemon
