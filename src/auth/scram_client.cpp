#include "maild/auth/scram_client.hpp"

#include "auth/digest.hpp"
#include "auth/sasl_prep.hpp"

#include "maild/base/encoding.hpp"

#include <optional>
#include <utility>

namespace maild::auth {
namespace {

constexpr std::string_view kGs2Header = "n,,"; // no channel binding, no authzid
constexpr std::size_t kMaxSalt = 1024;

// saslname, RFC 5802 §5.1
std::string encode_saslname(std::string_view name) {
    std::string out;
    for (const char c : name) {
        if (c == ',')
            out += "=2C";
        else if (c == '=')
            out += "=3D";
        else
            out += c;
    }
    return out;
}

struct Challenge {
    std::string_view nonce;
    std::string salt;
    std::uint32_t iterations = 0;
};

// server-first-message = nonce "," salt "," iteration-count ["," extensions]; "m=" in front of it
// would have to be understood.
std::optional<Challenge> parse_challenge(std::string_view message) {
    const auto is_value = [](char c) { return c != ','; };
    Cursor in(message);
    Challenge out;
    if (!in.take("r=")) return std::nullopt;
    out.nonce = in.take_while(is_value);
    if (!in.take(",s=")) return std::nullopt;
    const auto salt = base64_decode(in.take_while(is_value));
    if (!salt || salt->empty() || salt->size() > kMaxSalt || !in.take(",i=")) return std::nullopt;
    const auto iterations = in.take_number(kMostScramIterations);
    if (!iterations || *iterations == 0 || (!in.at_end() && !in.next_is(','))) return std::nullopt;
    out.salt = *salt;
    out.iterations = static_cast<std::uint32_t>(*iterations);
    return out;
}

} // namespace

ScramClient::ScramClient(ScramHash hash, std::string_view name, std::string password,
                         std::string nonce)
    : hash_(hash),
      bare_("n=" + encode_saslname(name) + ",r=" + nonce),
      password_(std::move(password)),
      nonce_(std::move(nonce)) {}

std::string ScramClient::first() const { return std::string(kGs2Header) + bare_; }

Result<std::string> ScramClient::final(std::string_view message) {
    const auto challenge = parse_challenge(message);
    if (!challenge) return fail(Errc::protocol_error, "SCRAM: the challenge cannot be read");
    // §5.1: it begins with ours, and the server has added something.
    if (!challenge->nonce.starts_with(nonce_) || challenge->nonce.size() == nonce_.size())
        return fail(Errc::protocol_error, "SCRAM: the challenge is not of this exchange");
    const auto digest = hash_ == ScramHash::sha1 ? Digest::sha1 : Digest::sha256;
    const auto salted =
        pbkdf2_of(digest, sasl_prep(password_), challenge->salt, challenge->iterations);
    const auto without_proof =
        "c=" + base64_encode(kGs2Header) + ",r=" + std::string(challenge->nonce);
    const auto text = bare_ + "," + std::string(message) + "," + without_proof;
    auto proof = hmac_of(digest, salted, "Client Key");
    const auto signature = hmac_of(digest, digest_of(digest, proof), text);
    for (std::size_t i = 0; i < proof.size(); ++i)
        proof[i] = static_cast<char>(proof[i] ^ signature[i]);
    proof_of_server_ =
        "v=" + base64_encode(hmac_of(digest, hmac_of(digest, salted, "Server Key"), text));
    return without_proof + ",p=" + base64_encode(proof);
}

bool ScramClient::is_proven_by(std::string_view last_message) const {
    const auto end = std::min(last_message.find(','), last_message.size()); // extensions
    return !proof_of_server_.empty() &&
           equal_in_constant_time(last_message.substr(0, end), proof_of_server_);
}

} // namespace maild::auth
