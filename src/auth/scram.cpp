// Keys and proofs of SCRAM, RFC 5802 §3.
#include "maild/auth/scram.hpp"

#include "auth/digest.hpp"
#include "auth/sasl_prep.hpp"

#include "maild/base/encoding.hpp"

#include <algorithm>
#include <array>

namespace maild::auth {
namespace {

struct Known {
    ScramHash hash;
    Digest digest;
    std::string_view name;
};
constexpr std::array kKnown = {Known{ScramHash::sha1, Digest::sha1, "SCRAM-SHA-1"},
                               Known{ScramHash::sha256, Digest::sha256, "SCRAM-SHA-256"}};

const Known& known(ScramHash hash) { return hash == ScramHash::sha1 ? kKnown[0] : kKnown[1]; }

// Of the same size; clients' proofs of another size are refused before.
std::string exclusive_or(std::string a, std::string_view b) {
    for (std::size_t i = 0; i < a.size(); ++i)
        a[i] =
            static_cast<char>(static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]));
    return a;
}

// The data of the connection that a client names, or nothing.
const std::string* find_binding(const net::TlsBinding& binding, std::string_view name) {
    const std::string* data = nullptr;
    if (name == "tls-exporter") data = &binding.exporter;
    if (name == "tls-server-end-point") data = &binding.end_point;
    return data == nullptr || data->empty() ? nullptr : data;
}

} // namespace

ScramKeys make_scram_keys(ScramHash hash, std::string_view password, std::string salt) {
    const auto digest = known(hash).digest;
    const auto salted = pbkdf2_of(digest, sasl_prep(password), salt, kScramIterations);
    return {.hash = hash,
            .salt = std::move(salt),
            .iterations = kScramIterations,
            .stored_key = digest_of(digest, hmac_of(digest, salted, "Client Key")),
            .server_key = hmac_of(digest, salted, "Server Key")};
}

std::string format_scram_keys(const ScramKeys& keys) {
    return std::string(known(keys.hash).name) + "$" + std::to_string(keys.iterations) + ":" +
           base64_encode(keys.salt) + "$" + base64_encode(keys.stored_key) + ":" +
           base64_encode(keys.server_key);
}

std::optional<ScramKeys> parse_scram_keys(std::string_view text) {
    Cursor in(text);
    const auto name = in.take_while([](char c) { return c != '$'; });
    const auto* found = std::ranges::find(kKnown, name, &Known::name);
    if (found == kKnown.end() || !in.take('$')) return std::nullopt;
    const auto iterations = in.take_number(UINT32_MAX);
    if (!iterations || *iterations == 0 || !in.take(':')) return std::nullopt;
    const auto salt = base64_decode(in.take_while([](char c) { return c != '$'; }));
    if (!salt || salt->empty() || !in.take('$')) return std::nullopt;
    const auto stored = base64_decode(in.take_while([](char c) { return c != ':'; }));
    if (!stored || !in.take(':')) return std::nullopt;
    const auto server = base64_decode(in.rest());
    const auto size = size_of(found->digest);
    if (!server || stored->size() != size || server->size() != size) return std::nullopt;
    return ScramKeys{.hash = found->hash,
                     .salt = *salt,
                     .iterations = static_cast<std::uint32_t>(*iterations),
                     .stored_key = *stored,
                     .server_key = *server};
}

const char* check_scram_binding(const ScramFirst& first, const ScramFinal& final,
                                const ScramMessage& message) {
    std::string want = first.gs2_header;
    if ((first.flag == 'p') != message.is_plus)
        return "channel binding and the mechanism's name do not agree";
    // The client can bind and believes that we cannot: somebody changed what we offered.
    if (first.flag == 'y' && !message.binding.empty())
        return "the offer of channel binding was hidden from the client";
    if (first.flag == 'p') {
        const auto* data = find_binding(message.binding, first.binding_name);
        if (data == nullptr) return "unknown channel binding";
        want += *data;
    }
    return equal_in_constant_time(final.binding, want) ? nullptr
                                                       : "channel binding of another connection";
}

std::optional<std::string> verify_scram(const ScramKeys& keys, const ScramFirst& first,
                                        std::string_view challenge, const ScramFinal& final) {
    const auto digest = known(keys.hash).digest;
    const auto text =
        first.bare + "," + std::string(challenge) + "," + final.without_proof; // AuthMessage
    const auto signature = hmac_of(digest, keys.stored_key, text);
    if (final.proof.size() != signature.size()) return std::nullopt;
    const auto client_key = exclusive_or(signature, final.proof);
    if (!equal_in_constant_time(digest_of(digest, client_key), keys.stored_key))
        return std::nullopt;
    return "v=" + base64_encode(hmac_of(digest, keys.server_key, text));
}

} // namespace maild::auth
