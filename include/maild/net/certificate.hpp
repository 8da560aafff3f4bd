#pragma once
// Certificates and keys as PEM text: made at first start, looked at by checks and before a reload.

#include "maild/base/clock.hpp"
#include "maild/base/error.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace maild::net {

struct CertificateAndKey {
    std::string certificate; // PEM
    std::string key;         // PEM, PKCS #8; secret
};

// ECDSA P-256, valid from yesterday for `days`, the host names as subject alternative names (RFC
// 6125 §6.4); the first is the common name too. Names are checked: letters, digits, hyphens, dots,
// a leading "*.".
Result<CertificateAndKey> make_self_signed(const std::vector<std::string>& hostnames, int days,
                                           WallTime now);

struct CertificateSummary {
    // Subject alternative names of kind DNS, or the common name without any.
    std::vector<std::string> names;
    std::string issuer;
    WallTime not_before;
    WallTime not_after;
    bool is_self_signed = false;
    std::size_t chain_length = 0; // certificates in the file
    std::string key_type;         // "EC P-256", "RSA 2048", …
    std::string fingerprint;      // SHA-256 of the leaf, hexadecimal
};

// The first certificate is the leaf. Errors say what is wrong with the text.
Result<CertificateSummary> describe_certificate(std::string_view pem);

bool is_valid_at(const CertificateSummary& summary, WallTime now);

// What an admin must know of its dates, in a few words that can stand behind its name: "expired on
// 2026-03-01", also for one that is not valid yet or ends within two weeks. Empty: all is well.
std::string expiry_warning(const CertificateSummary& summary, WallTime now);

// Whether the private key belongs to the leaf; an error names what cannot be read or does not fit.
Result<void> check_key(std::string_view certificate_pem, std::string_view key_pem);

} // namespace maild::net
