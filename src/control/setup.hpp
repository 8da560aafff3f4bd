#pragma once
// `mailctl setup init`: from an installed program to a host with a domain and an account. Pure
// parts here, so that they can be tested; the steps are in setup.cpp.

#include <cstdint>
#include <string>
#include <vector>

namespace maild::control {

struct SetupPlan {
    std::string domain = "example.org";
    std::string hostname{};           // default: mail.<domain>
    std::string admin = "postmaster"; // local part
    std::string root{};               // empty: system-wide
    std::string log_file{};           // empty: syslog
    std::uint16_t port_base = 0;      // added to every standard port

    std::string account() const { return admin + "@" + domain; }
    std::string config_path() const {
        return root.empty() ? "/etc/maild/maild.toml" : root + "/etc/maild.toml";
    }
    std::string socket_path() const {
        return (root.empty() ? std::string("/run/maild") : root + "/run") + "/control.sock";
    }
    std::uint16_t port(std::uint16_t standard) const {
        return static_cast<std::uint16_t>(port_base + standard);
    }
};

// The first configuration of a host: system-wide on the standard ports, or a trial under plan.root
// on loopback.
std::string initial_config(const SetupPlan& plan);
// What stands where, and what to do next; for people.
std::string setup_summary(const SetupPlan& plan, const std::string& password,
                          const std::string& zone);

} // namespace maild::control
