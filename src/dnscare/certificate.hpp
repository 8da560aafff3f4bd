#pragma once
// The host's certificate as others judge it: names, dates, and whether TLSA records (RFC 6698)
// agree with it. Pure.

#include "maild/base/clock.hpp"

#include <cstdint>
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

struct Tlsa {
    std::uint8_t usage = 0;
    std::uint8_t selector = 0;
    std::uint8_t matching = 0;
    std::string data;

    // For SMTP (RFC 7672 §3.1): usage 2 or 3, a selector and matching type that are known, and
    // data of that size.
    bool is_usable() const;
    bool fits(const Certificate& certificate) const;
    std::string text() const; // as a zone file has it: "3 1 1 0a0b…"
};
std::optional<Tlsa> parse_tlsa(std::string_view rdata);
Tlsa wanted_tlsa(const Certificate& certificate); // 3 1 1, RFC 7672 §3.1.1

// Which issuer's domain stands in CAA records (RFC 8659 §4.2); empty: not known here.
std::string_view caa_domain_of(std::string_view issuer);

std::string sha256(std::string_view bytes);

} // namespace maild::dnscare
