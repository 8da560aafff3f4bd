#pragma once
// Signing a message with DKIM (RFC 6376 §5). Pure: the key is behind a function, because where
// mail is signed the key may live in another process; dkim_private_key.hpp has one that is in this.
// Signing has two halves for the same reason: whoever has the message prepares it, whoever has keys
// signs what was prepared, with as many of them as he likes.

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

// All that a signature depends on of a message.
struct Prepared {
    std::vector<std::string> names; // h=, in lower case
    std::string fields;             // canonicalized, each with its CRLF, in the order of `names`
    std::string body_hash;          // SHA-256, 32 octets
};
inline constexpr std::size_t kMaxPreparedFields = 256 * 1024; // octets

// Of `options` that of the canonicalizations and fields is looked at. `header` is the header
// section, or ends with it; `body` is what stands below the empty line. invalid_argument as sign();
// too_large: more than kMaxPreparedFields, or more fields than a reader counts.
Result<Prepared> prepare(std::string_view header, std::string_view body,
                         const SigningOptions& options);
// The field as sign() makes it; of `options` everything but the fields is looked at.
Result<std::string> sign_prepared(const Prepared& prepared, const Signer& signer,
                                  const SigningOptions& options);

// What follows "from:" in what was prepared with relaxed header fields, for who has to answer for
// it without having seen the message: none unless there is one From, nobody can add another, and
// the text is what `names` says. Total, linear.
std::optional<std::string_view> author_of(const Prepared& prepared);

} // namespace maild::policy::dkim
