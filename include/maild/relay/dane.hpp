#pragma once
// DANE for SMTP (RFC 7672): what the TLSA records of a host ask of its certificate. They count only
// where DNSSEC vouches for the whole way: MX records, addresses, and themselves. Known limit: a
// host whose name is an alias is asked for under that name alone (§2.1.3 would try its target
// first).

#include "maild/net/client_tls.hpp"
#include "maild/net/resolver.hpp"
#include "maild/relay/destination.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace maild::relay {

inline constexpr std::size_t kMaxTlsaRecords = 32; // of a host; more are left out

enum class DaneState : std::uint8_t {
    none,     // it does not apply: TLS as everywhere
    usable,   // one of the records has to fit
    unusable, // there are records, none of which we can use: TLS is a must, with any certificate
    unknown,  // the DNS does not tell: this host must not be used now (§2.1.1)
};

struct Dane {
    DaneState state = DaneState::none;
    std::vector<net::TlsaRecord> records{};
    std::string words{}; // why, for people
};

// `is_mx_secure`: of the destination. The resolver validates. All outlive the task.
net::Task<Dane> find_dane(net::Resolver& resolver, const Host& host, std::uint16_t port,
                          bool is_mx_secure, std::chrono::milliseconds timeout);

} // namespace maild::relay
