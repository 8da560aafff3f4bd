#pragma once
// SCRAM (RFC 5802, RFC 7677), the server's half: keys, messages and proofs, as values. A worker
// carries the client's messages and the connection's bindings to `auth`, which alone has keys; the
// exchange's state comes back sealed (ScramStates), so that `auth` keeps nothing for clients that
// begin and leave. Names are compared as the directory compares addresses; passwords are prepared
// with SASLprep (RFC 4013) when keys are made, as clients do.

#include "maild/auth/login_refusal.hpp"
#include "maild/base/clock.hpp"
#include "maild/base/cursor.hpp"
#include "maild/net/tls_binding.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>

namespace maild::auth {

enum class ScramHash : std::uint8_t { sha1, sha256 };

inline constexpr std::uint32_t kScramIterations = 4'096; // the least that RFC 7677 §4 allows
inline constexpr std::size_t kScramSalt = 16;            // octets
inline constexpr std::size_t kMaxScramNonce = 256;       // octets, the client's part

struct ScramKeys {
    ScramHash hash = ScramHash::sha256;
    std::string salt;
    std::uint32_t iterations = kScramIterations;
    std::string stored_key;
    std::string server_key;
};
// Takes milliseconds: call it on a pool, like hash_password().
ScramKeys make_scram_keys(ScramHash hash, std::string_view password, std::string salt);
// As RFC 5803 §2 stores them: SCRAM-SHA-256$4096:salt$StoredKey:ServerKey
std::string format_scram_keys(const ScramKeys& keys);
std::optional<ScramKeys> parse_scram_keys(std::string_view text);

// What a client sent, on its way to `auth`.
struct ScramMessage {
    ScramHash hash = ScramHash::sha256;
    bool is_plus = false; // the mechanism's name ended with -PLUS
    std::string text{};   // decoded from base64
    std::string state{};  // of the answer before; empty with client-first-message
    net::TlsBinding binding{};
};
// What the server says next; with an identity it is the last word, which proves the server.
struct ScramAnswer {
    std::string text{};
    std::string state{};
    std::optional<Identity> identity{};
};
// protocol_error: no message of this mechanism. What else goes wrong is a refusal like any other.
using ScramResult = Result<ScramAnswer, LoginRefusal>;

template <class Codec> void describe(Codec& codec, ScramMessage& m) {
    codec(m.hash, m.is_plus, m.text, m.state, m.binding);
}
template <class Codec> void describe(Codec& codec, ScramAnswer& a) {
    codec(a.text, a.state, a.identity);
}

// client-first-message, RFC 5802 §7
struct ScramFirst {
    char flag = 'n';          // of gs2-cbind-flag
    std::string binding_name; // behind "p="
    std::string authzid;
    std::string authcid;
    std::string nonce;
    std::string gs2_header; // as it stood
    std::string bare;       // client-first-message-bare, as it stood
};
Result<ScramFirst, SyntaxError> parse_scram_first(std::string_view message);

// client-final-message
struct ScramFinal {
    std::string binding; // of "c=", decoded
    std::string nonce;
    std::string proof; // decoded
    std::string without_proof;
};
Result<ScramFinal, SyntaxError> parse_scram_final(std::string_view message);

// server-first-message: the whole nonce, salt and iteration count
std::string format_scram_challenge(std::string_view nonce, const ScramKeys& keys);

// What is wrong with how the client bound the exchange to its connection, or null: the name of the
// mechanism and the flag contradict each other, the server's offer of -PLUS was hidden from the
// client, or "c=" is not of this connection (RFC 5802 §6).
const char* check_scram_binding(const ScramFirst& first, const ScramFinal& final,
                                const ScramMessage& message);

// The server's last message if the proof is right, "v=" and its signature.
std::optional<std::string> verify_scram(const ScramKeys& keys, const ScramFirst& first,
                                        std::string_view challenge, const ScramFinal& final);

// Exchanges between their two messages. What is sealed can be opened within kLifetime by the
// object that sealed it, and `spend` says of each server's part of a nonce only once that it is
// new: a worker that was taken over cannot repeat a login that it has seen.
class ScramStates {
public:
    static constexpr std::chrono::seconds kLifetime{60};
    // Spent nonces: a state may be opened at its last moment, and then wait for its turn.
    static constexpr std::chrono::seconds kRemembered = kLifetime + std::chrono::seconds(20);
    static constexpr std::size_t kMostSpent = 200'000; // logins within that time

    struct State {
        ScramHash hash = ScramHash::sha256;
        bool is_plus = false;
        std::string first;     // client-first-message
        std::string challenge; // server-first-message
    };

    ScramStates(const Clock& clock, Random& random);
    std::string make_nonce(); // the server's part
    std::string seal(const State& state) const;
    std::optional<State> open(std::string_view sealed) const;
    enum class Spent : std::uint8_t { now, before, no_room };
    Spent spend(std::string nonce);

private:
    const Clock& clock_;
    Random& random_;
    std::string key_;
    std::deque<std::pair<SteadyTime, std::string>> spent_; // the oldest first
    std::unordered_set<std::string> spent_nonces_;
};

} // namespace maild::auth
