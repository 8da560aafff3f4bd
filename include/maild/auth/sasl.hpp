#pragma once
// SASL mechanisms as the server sees them (RFC 4422), as machines of values: no socket, no clock,
// no directory. A protocol hands in what the client sent and sends back what it is told; the
// credentials that come out at the end go to directory::Directory::login(). Offered: PLAIN (RFC
// 4616) and LOGIN (draft-murchison-sasl-login), both only under TLS, which is the protocol's to
// enforce. SASLprep (RFC 4013) is not applied: names and passwords are compared as bytes. Nothing
// here logs, and nothing keeps a password after it was handed out.

#include "maild/auth/identity.hpp"
#include "maild/base/cursor.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace maild::auth {

// Octets of base64, RFC 4954 §4; more is malformed.
inline constexpr std::size_t kMaxSaslLine = 12'288;
inline constexpr std::size_t kMaxAuthcid = 1'024; // octets of an authcid or authzid
// Octets; a longer one fails without being hashed.
inline constexpr std::size_t kMaxPassword = 1'024;

enum class Mechanism : std::uint8_t { plain, login };

// Names in the order in which they are advertised.
std::span<const std::string_view> sasl_mechanisms();
std::optional<Mechanism> parse_mechanism(std::string_view name); // without ASCII case

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
using SaslStep = std::variant<SaslChallenge, Credentials, SaslError>;

// One authentication exchange. After credentials or an error it is over, and every further step is
// malformed.
class SaslExchange {
public:
    explicit SaslExchange(Mechanism mechanism) : mechanism_(mechanism) {}

    // `initial_response` as it stood in the command: base64, or "=" for an empty one (RFC 4954 §4,
    // RFC 9051 §6.2.2).
    SaslStep start(std::optional<std::string_view> initial_response);
    // The client's next line without CRLF.
    SaslStep step(std::string_view line);

private:
    enum class Wants : std::uint8_t { start, message, name, password, nothing };
    SaslStep on_message(std::string_view message);
    SaslStep end(SaslStep result);

    Mechanism mechanism_;
    Wants wants_ = Wants::start;
    std::string authcid_; // LOGIN, between its two steps
};

} // namespace maild::auth
