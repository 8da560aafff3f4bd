#pragma once
// Passwords that an account has beside its own, each for one program or device: made here and shown
// once, good for some protocols, from some networks, until some day, and taken back alone.

#include "maild/base/clock.hpp"
#include "maild/net/ip.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace maild::directory {

// The protocols that one can be good for, as `mailctl` names them.
enum class AppProtocol : std::uint8_t { imap, pop3, smtp, sieve };
std::string_view name_of(AppProtocol protocol);
std::optional<AppProtocol> parse_app_protocol(std::string_view name);

inline constexpr std::size_t kMaxAppPasswords = 50;        // of one account
inline constexpr std::size_t kMaxAppPasswordName = 64;     // octets
inline constexpr std::size_t kMaxAppPasswordNetworks = 32; // of one app password

struct AppScope {
    std::vector<AppProtocol> protocols; // empty: all
    std::vector<net::Network> networks; // empty: from anywhere
    std::optional<WallTime> expires;
};

struct NewAppPassword {
    std::string account; // an address of it
    std::string name;    // what the user calls the program or device; of no two alike
    AppScope scope;
};

struct AppPassword {
    std::string name;
    AppScope scope;
    WallTime created;
    std::optional<WallTime> last_used;
    std::string last_address; // of the peer, then
    std::string last_service;
};

template <class Codec> void describe(Codec& c, AppScope& s) {
    c(s.protocols, s.networks, s.expires);
}
template <class Codec> void describe(Codec& c, NewAppPassword& p) { c(p.account, p.name, p.scope); }
template <class Codec> void describe(Codec& c, AppPassword& p) {
    c(p.name, p.scope, p.created, p.last_used, p.last_address, p.last_service);
}

} // namespace maild::directory
