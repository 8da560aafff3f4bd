#pragma once
// All limits on what clients, sessions and accounts may do, as one table for people and programs:
// what each is worth, where it is set, what is answered beyond it, and how things stand. Pure.

#include "daemon/config.hpp"
#include "daemon/rate_messages.hpp"

#include "maild/auth/login_guard.hpp"
#include "maild/directory/submission.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace maild::daemon {

// What is counted just now.
struct LimitFacts {
    std::vector<auth::ClientRates::Counter> counters;
    std::vector<auth::LoginGuard::Suspect> suspects;
    std::vector<directory::SentToday> sent;
    directory::LimitTally tally;
    std::uint64_t sessions = 0; // of all workers
};

struct LimitRow {
    struct Top {
        std::string who;
        std::uint64_t count = 0;
    };
    std::string_view name; // its key in the configuration
    std::string_view section;
    std::string_view scope; // whose it is: "address", "network", "account", "session", "host" …
    std::string_view unit;
    std::string_view reply;                  // what is answered beyond it
    std::uint32_t limit = 0;                 // 0: off
    bool can_be_off = true;                  // those that keep memory bounded cannot
    std::optional<std::uint64_t> counted{};  // how many addresses, networks or accounts
    std::optional<std::uint64_t> at_limit{}; // of these
    std::optional<std::uint64_t> refused{};  // how often it was passed, since `auth` started
    std::vector<Top> top{};                  // the nearest to it, the nearest first
};

std::vector<LimitRow> limit_rows(const Config& config, const LimitFacts& facts);

} // namespace maild::daemon
