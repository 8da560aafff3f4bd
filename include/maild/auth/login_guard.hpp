#pragma once
// Makes guessing passwords slow and then impossible (HARDENING 40), in `auth`, where all workers'
// logins come together. It counts failures by network (an IPv4 address or an IPv6 /64) and by
// account, and decides before a password is hashed:
//   - a network has a few turns at once; what is beyond waits, so that a flood of guesses from one
//     network leaves the hashing threads to the others;
//   - after failures_allowed failures each answer is held back, one second and then twice as long
//     each time, and the network has one turn at a time;
//   - after ban_after it is banned: its logins are turned away unseen, for ban_time and longer each
//     time;
//   - an account that many networks guess at is tried only now and then, but always from where its
//     owner has logged in before.
// A name that is no account is counted like one, so that nothing tells them apart. A value machine:
// no I/O, the time is given. One thread; outlives its turns.

#include "maild/auth/ban_list.hpp"
#include "maild/auth/login_limits.hpp"
#include "maild/auth/recent_counts.hpp"
#include "maild/base/clock.hpp"
#include "maild/base/error.hpp"

#include <chrono>
#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace maild::auth {

class LoginGuard {
public:
    static constexpr std::uint32_t kNetworks = 1'000'000;
    static constexpr std::uint32_t kAccounts = 200'000;
    static constexpr std::uint32_t kTurns = 4; // of a network or an account at once
    // For so long an address counts as its owner's.
    static constexpr std::chrono::seconds kOwnersWindow = std::chrono::days(30);

    LoginGuard(const Clock& clock, Random& random, LoginLimits limits);
    LoginGuard(const LoginGuard&) = delete;
    LoginGuard& operator=(const LoginGuard&) = delete;
    ~LoginGuard() = default;

    void set_limits(LoginLimits limits);
    const LoginLimits& limits() const { return limits_; }
    BanList& bans() { return bans_; }

    // Who tries to be whom. `account`: the account's number, or the name where there is no account.
    // Without an address (a Unix socket) nothing is counted.
    struct Attempt {
        std::optional<net::IpAddress> from;
        std::string account;
    };

    enum class Denial : std::uint8_t {
        wait,        // for the end of another turn, then ask again
        later,       // the account is being guessed at: try again shortly
        turned_away, // the network is banned
    };
    struct Failure {
        std::uint32_t failures = 0; // of the network, within the window
        std::chrono::milliseconds delay{};
        std::optional<Ban> ban; // that this failure brought
    };

    // One password that is being compared. Says what came of it; if it does not, nothing did.
    class Turn {
    public:
        Turn(Turn&& other) noexcept;
        Turn& operator=(Turn&&) = delete;
        Turn(const Turn&) = delete;
        Turn& operator=(const Turn&) = delete;
        ~Turn();
        Failure failed();

    private:
        friend class LoginGuard;
        Turn(LoginGuard& guard, const Attempt& attempt);
        LoginGuard* guard_; // null: not counted, or over
        RecentCounts::Key network_{};
        RecentCounts::Key account_{};
        net::IpAddress from_;
    };

    // Networks that failed within the window and are not banned, the newest first.
    struct Suspect {
        net::Network network;
        std::uint32_t failures = 0;
        WallTime last;
    };
    std::vector<Suspect> suspects(std::size_t limit) const;

    // A ban that is found turns the attempt away, and is counted.
    const Ban* find_ban(const Attempt& attempt);
    // From where its owner has logged in before, or from where nothing is counted.
    bool is_at_home(const Attempt& attempt) const;
    Result<Turn, Denial> admit(const Attempt& attempt);
    // From here its owner has logged in.
    void remember(const Attempt& attempt);

    // As if nothing had failed there; false if nothing had.
    bool forget_network(const net::IpAddress& from);
    bool forget_account(const std::string& account); // as in Attempt

    // Since the start: failures whose answer was held back, attempts of banned networks.
    std::uint64_t delayed() const { return delayed_; }
    std::uint64_t turned_away() const { return turned_away_; }

private:
    using Turns = std::map<RecentCounts::Key, std::uint32_t>;
    bool is_counted(const Attempt& attempt) const;
    RecentCounts::Key digest(std::string_view kind, std::string_view text) const;
    RecentCounts::Key place_of(const Attempt& attempt) const; // account and network
    bool has_turn(const Turns& turns, const RecentCounts::Key& key, std::uint32_t failures) const;
    std::chrono::milliseconds delay_after(std::uint32_t failures) const;
    Failure count_failure(const Turn& turn);
    void end(const Turn& turn);

    const Clock& clock_;
    LoginLimits limits_;
    std::string secret_;
    RecentCounts networks_; // failures
    RecentCounts accounts_; // failures
    RecentCounts owners_;   // successes, by account and network
    Turns network_turns_;
    Turns account_turns_;
    BanList bans_;
    std::uint64_t delayed_ = 0;
    std::uint64_t turned_away_ = 0;
};

template <class Codec> void describe(Codec& codec, LoginGuard::Suspect& suspect) {
    codec(suspect.network, suspect.failures, suspect.last);
}

} // namespace maild::auth
