#pragma once
// SASL mechanisms as the server sees them (RFC 4422), as machines of values: no socket, no clock,
// no directory. A protocol hands in what the client sent and sends back what it is told; what
// comes out in between goes to `auth` (see SaslLogin, which does both). Offered: SCRAM-SHA-256 and
// SCRAM-SHA-1 with their -PLUS forms (RFC 5802, RFC 7677), PLAIN (RFC 4616) and LOGIN
// (draft-murchison-sasl-login), and EXTERNAL (RFC 4422 appendix A) where the client has shown a TLS
// certificate that we trust, and OAUTHBEARER (RFC 7628) and XOAUTH2 where an issuer of tokens is
// configured; all only where a password may cross (plaintext.hpp): SCRAM sends
// none, but whoever listens could guess it at leisure, and reads the mail that follows. SASLprep
// (RFC 4013) is not applied to names and to the passwords of PLAIN and LOGIN: they are compared as
// bytes. Nothing here logs, and nothing keeps a password after it was handed out.

#include "maild/auth/bearer.hpp"
#include "maild/auth/identity.hpp"
#include "maild/auth/scram.hpp"
#include "maild/base/cursor.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace maild::auth {

// Octets of base64, RFC 4954 §4; more is malformed.
inline constexpr std::size_t kMaxSaslLine = 12'288;
inline constexpr std::size_t kMaxAuthcid = 1'024; // octets of an authcid or authzid
// Octets; a longer one fails without being hashed.
inline constexpr std::size_t kMaxPassword = 1'024;

enum class Mechanism : std::uint8_t {
    external,
    scram_sha_256_plus,
    scram_sha_256,
    scram_sha_1_plus,
    scram_sha_1,
    oauthbearer,
    xoauth2,
    plain,
    login,
};

// What is offered beside PLAIN and LOGIN.
struct SaslOffer {
    bool scram = true;            // `auth.scram` of the configuration
    bool is_bound = false;        // the connection has a net::TlsBinding, so -PLUS is possible
    bool has_certificate = false; // of the client: net::TlsBinding::client_chain
    std::shared_ptr<const BearerOffer> bearer{}; // `[oauth]`; null: tokens are of no use here
};

// The same of this connection.
SaslOffer offer_on(SaslOffer offer, const net::TlsBinding& binding);

// Names in the order in which they are advertised: the strongest first.
std::vector<std::string_view> sasl_mechanisms(const SaslOffer& offer);
// Without ASCII case; nothing for one that is not offered.
std::optional<Mechanism> parse_mechanism(std::string_view name, const SaslOffer& offer);

// RFC 4616 §2: [authzid] NUL authcid NUL passwd, UTF-8, already decoded from base64. A password
// that is empty or too long is no syntax error: login() refuses it like any wrong one.
Result<Credentials, SyntaxError> parse_plain(std::string_view message);

enum class SaslError : std::uint8_t {
    malformed, // bad base64 or a message that breaks the mechanism's grammar: 501 5.5.2, IMAP BAD
    cancelled, // "*", RFC 4954 §4, RFC 9051 §6.2.2: 501, IMAP BAD
};

// Send this (base64, possibly empty) behind "334 " or "+ ", and give the client's next line to
// step().
struct SaslChallenge {
    std::string text;
};
// Credentials, an ExternalLogin, a BearerLogin and a ScramMessage are for `auth`; the answer to a
// ScramMessage comes back by on_answer(). An Identity ends an exchange whose last word the client
// has heard.
using SaslStep = std::variant<SaslChallenge, Credentials, ExternalLogin, BearerLogin, ScramMessage,
                              Identity, SaslError>;

// One authentication exchange. After credentials, an identity or an error it is over, and every
// further step is malformed.
class SaslExchange {
public:
    explicit SaslExchange(Mechanism mechanism, net::TlsBinding binding = {})
        : mechanism_(mechanism), binding_(std::move(binding)) {}

    // `initial_response` as it stood in the command: base64, or "=" for an empty one (RFC 4954 §4,
    // RFC 9051 §6.2.2).
    SaslStep start(std::optional<std::string_view> initial_response);
    // The client's next line without CRLF.
    SaslStep step(std::string_view line);
    SaslStep on_answer(ScramAnswer answer);

private:
    enum class Wants : std::uint8_t {
        start,
        message,
        authzid, // EXTERNAL's only message
        token,   // OAUTHBEARER's and XOAUTH2's
        name,
        password,
        scram,  // one of the client's two messages
        answer, // of `auth`
        assent, // the empty line behind the server's last word
        nothing
    };
    Wants first_want() const;
    SaslStep on_message(std::string message);
    SaslStep on_scram(std::string message);
    SaslStep end(SaslStep result);

    Mechanism mechanism_;
    net::TlsBinding binding_;
    Wants wants_ = Wants::start;
    std::string authcid_;              // LOGIN, between its two steps
    std::string state_;                // SCRAM, between its two messages
    std::optional<Identity> identity_; // SCRAM, until the client has heard the last word
};

} // namespace maild::auth
