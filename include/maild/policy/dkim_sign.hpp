#pragma once
// Signing a message with DKIM (RFC 6376 §5). Pure: the key is behind a function, because where
// mail is signed the key may live in another process; KeyFile is one that is in this.

#include "maild/base/error.hpp"
#include "maild/policy/dkim_body.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace maild::policy::dkim {

struct Signer {
    std::string algorithm; // "rsa-sha256" or "ed25519-sha256"
    // The signature over a SHA-256 hash of 32 octets.
    std::function<Result<std::string>(std::string_view digest)> sign;
};

// A private key from an unencrypted PEM: RSA of at least 1024 bits (RFC 8301 §3.2) or Ed25519.
Result<Signer> signer_from_pem(std::string_view pem);

struct SigningOptions {
    std::string domain;     // d=
    std::string selector;   // s=
    std::string identity{}; // i=, if not empty: "ada@example.org", in the domain or below it
    Canonicalization header_canonicalization = Canonicalization::relaxed;
    Canonicalization body_canonicalization = Canonicalization::relaxed;
    std::optional<std::uint64_t> time{};    // t=, seconds since 1970
    std::optional<std::uint64_t> expires{}; // x=
    // Names for h=; empty: what RFC 6376 §5.4.1 advises. A name stands there as often as the field
    // is there.
    std::vector<std::string> fields{};
    // Signed once more than they are there, so that nobody can add one; empty: From, Reply-To, To,
    // Cc, Subject, Date.
    std::vector<std::string> oversigned{};
};

// The field DKIM-Signature with its folds and CRLF, to be put before `content`, whose lines end
// with CRLF. invalid_argument: no From, names or lists that cannot be written.
Result<std::string> sign(std::string_view content, const Signer& signer,
                         const SigningOptions& options);

} // namespace maild::policy::dkim
