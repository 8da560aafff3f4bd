#pragma once
// The host's certificate as others judge it: names, dates, and whether TLSA records (RFC 6698)
// agree with it. Pure.

#include "maild/base/clock.hpp"
#include "maild/net/tlsa.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace maild::dnscare {

struct Certificate {
    struct Link {
        std::string der;
        std::string public_key; // SubjectPublicKeyInfo, DER
    };
    std::vector<Link> chain; // the host's own first; at most kMaxLinks
    std::vector<std::string> names;
    std::string issuer; // for people
    WallTime not_before{};
    WallTime not_after{};
    bool is_self_signed = false;

    static constexpr std::size_t kMaxLinks = 10;

    bool has_name(std::string_view host) const; // RFC 9525 §6.3
    // "2026-03-01".
    static std::string date_of(WallTime time);
};
std::optional<Certificate> read_certificate(const std::string& pem);

// A record that is usable for mail, and that this certificate satisfies (RFC 7672 §3.1).
bool fits(const net::TlsaRecord& record, const Certificate& certificate);
net::TlsaRecord wanted_tlsa(const Certificate& certificate); // 3 1 1, RFC 7672 §3.1.1

// Which issuer's domain stands in CAA records (RFC 8659 §4.2); empty: not known here.
std::string_view caa_domain_of(std::string_view issuer);

// A name with "*." in front stands for any one label there (RFC 9525 §6.3, RFC 8461 §4.1).
bool covers(std::string_view pattern, std::string_view host);

std::string sha256(std::string_view bytes);

} // namespace maild::dnscare
