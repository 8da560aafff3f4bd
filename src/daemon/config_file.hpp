#pragma once
// Reading the configuration file: all of its faults at once, each with its place, what is wrong and
// what to write instead. Two stages: what the text says, then whether this host can do it.

#include "daemon/config.hpp"

#include "maild/base/clock.hpp"

#include <cstdint>
#include <expected>
#include <istream>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace maild::daemon {

inline constexpr std::size_t kMaxConfigBytes = 64 * 1024;
inline constexpr std::size_t kMaxListeners = 64;
inline constexpr std::size_t kMaxNetworks = 1024;
inline constexpr std::size_t kMaxNamedCertificates = 100;

struct Position { // from 1; 0 when the file does not say it
    std::uint32_t line = 0;
    std::uint32_t column = 0;
};

struct ConfigFault {
    Position position;
    std::string what;   // "limits.message_size is \"50 XB\", which is no size"
    std::string remedy; // "write bytes, or a number with KiB, MiB or GiB: \"50 MiB\""
};
using ConfigFaults = std::vector<ConfigFault>;

struct ParsedConfig {
    Config config;
    std::map<std::string, Position> positions; // of each key that the file has: "users.worker"
    ConfigFaults faults;                       // empty: config is good as far as text can tell

    Position position_of(const std::string& key) const {
        const auto found = positions.find(key);
        return found == positions.end() ? Position{} : found->second;
    }
};

// What the file leaves out and the host decides.
struct HostDefaults {
    std::string hostname; // fully qualified, or empty
    std::uint32_t cores = 1;
    // What all processes may take together if nobody says; none: nothing is known.
    std::optional<std::uint64_t> memory = std::nullopt;
};
HostDefaults host_defaults();
// Half of the memory that there is, or most of what the control group may have.
std::optional<std::uint64_t> memory_of_host();
// The least that a group of /proc/PID/cgroup, or one above it, is held to; of cgroups version 2 or
// 1, whose files stand below `root`. None: no limit.
std::optional<std::uint64_t> memory_of_group(std::istream& groups, const std::string& root);

ParsedConfig parse_config(std::string_view text, const std::string& file, const HostDefaults& host);
// Users exist, paths can be used and are not open to others, certificate files can be read, and
// each certificate is valid now, has its key, and bears the names that it is for.
ConfigFaults check_host(const ParsedConfig& parsed, WallTime now);
// Both, from a file.
std::expected<Config, ConfigFaults> load_config(const std::string& file);

// What the keys of [[tls.certificates]] stand under in `positions`: "tls.certificates[0]".
std::string name_of_certificate(std::size_t index);

// "/etc/maild/maild.toml:12:5: what\n    remedy\n" for each, in the order of the file.
std::string format_faults(const std::string& file, ConfigFaults faults);
// Some lines that say what runs where, for --check.
std::string summary(const Config& config);
// One more for each configured certificate: its names, and what is wrong with its dates. Empty
// without any.
std::string certificate_summary(const Config& config, WallTime now);

} // namespace maild::daemon
