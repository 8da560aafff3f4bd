// The messages of SCRAM, RFC 5802 §7.
#include "auth/gs2.hpp"

#include "maild/auth/scram.hpp"
#include "maild/base/ascii.hpp"
#include "maild/base/encoding.hpp"
#include "maild/base/utf8.hpp"

#include <algorithm>

namespace maild::auth {
namespace {

bool is_not_comma(char c) { return c != ','; }
bool is_nonce_char(char c) { return c >= '!' && c <= '~' && c != ','; } // printable

// attr-val of an extension that need not be understood: ALPHA "=" value
bool take_extensions(Cursor& in) {
    while (in.take(',')) {
        const auto extension = in.take_while(is_not_comma);
        // §5.1: "m=" must be understood, and is not.
        if (extension.size() < 3 || !ascii::is_alpha(extension[0]) || extension[0] == 'm' ||
            extension[1] != '=' || extension.contains('\0') || !is_utf8(extension))
            return false;
    }
    return in.at_end();
}

} // namespace

// client-first-message-bare = [reserved-mext ","] username "," nonce ["," extensions]
Result<ScramFirst, SyntaxError> parse_scram_first(std::string_view message) {
    ScramFirst first;
    Cursor in(message);
    auto header = parse_gs2_header(in);
    if (!header) return std::unexpected(header.error());
    first.flag = header->flag;
    first.binding_name = std::move(header->binding_name);
    first.authzid = std::move(header->authzid);
    first.gs2_header = message.substr(0, in.offset());
    first.bare = in.rest();
    // §5.1: "m=" is an extension that must be understood, and none is known.
    if (!in.take("n=")) return in.expected("username");
    auto authcid = decode_saslname(in.take_while(is_not_comma));
    if (!authcid) return in.expected("username");
    first.authcid = std::move(*authcid);
    if (!in.take(",r=")) return in.expected("nonce");
    first.nonce = in.take_while(is_nonce_char);
    if (first.nonce.empty() || first.nonce.size() > kMaxScramNonce) return in.expected("nonce");
    if (!take_extensions(in)) return in.expected("extensions");
    return first;
}

// client-final-message = channel-binding "," nonce ["," extensions] "," proof
Result<ScramFinal, SyntaxError> parse_scram_final(std::string_view message) {
    ScramFinal final;
    Cursor in(message);
    if (!in.take("c=")) return in.expected("channel-binding");
    auto binding = base64_decode(in.take_while(is_not_comma));
    if (!binding) return in.expected("channel-binding");
    final.binding = std::move(*binding);
    if (!in.take(",r=")) return in.expected("nonce");
    final.nonce = in.take_while(is_nonce_char);
    const auto end = message.rfind(",p=");
    if (final.nonce.empty() || end == message.npos || end < in.offset())
        return in.expected("nonce, then proof");
    Cursor extensions(message.substr(in.offset(), end - in.offset()));
    if (!take_extensions(extensions)) return in.expected("extensions");
    final.without_proof = message.substr(0, end);
    auto proof = base64_decode(message.substr(end + 3));
    if (!proof || proof->empty()) return in.expected("proof");
    final.proof = std::move(*proof);
    return final;
}

std::string format_scram_challenge(std::string_view nonce, const ScramKeys& keys) {
    return "r=" + std::string(nonce) + ",s=" + base64_encode(keys.salt) +
           ",i=" + std::to_string(keys.iterations);
}

} // namespace maild::auth
