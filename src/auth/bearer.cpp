#include "maild/auth/bearer.hpp"

#include "auth/gs2.hpp"

#include "maild/auth/sasl.hpp"
#include "maild/base/ascii.hpp"
#include "maild/base/utf8.hpp"

#include <optional>

namespace maild::auth {
namespace {

constexpr char kSeparator = '\x01'; // kvsep

// value = *(VCHAR / SP / HTAB / CR / LF)
bool is_value_char(char c) {
    return (!ascii::is_control(c) && !ascii::is_8bit(c)) || c == '\t' || c == '\r' || c == '\n';
}
// XOAUTH2's user may be an internationalised address.
bool is_user_char(char c) { return !ascii::is_control(c); }

// b64token of RFC 6750 §2.1, whose "=" stand at the end.
bool is_token_char(char c) { return ascii::is_alnum(c) || std::string_view("-._~+/").contains(c); }

struct Pairs {
    std::optional<std::string_view> auth;
    std::optional<std::string_view> user;
};

// *kvpair kvsep, and nothing behind. Keys that nobody knows are ignored (RFC 7628 §3.1); one that
// comes twice could mean two things.
Result<Pairs, SyntaxError> parse_pairs(Cursor& in) {
    Pairs pairs;
    while (!in.take(kSeparator)) {
        const auto key = in.take_while(ascii::is_alpha);
        if (key.empty() || !in.take('=')) return in.expected("key");
        const auto value = in.take_while(key == "user" ? is_user_char : is_value_char);
        if (!in.take(kSeparator)) return in.expected("kvsep");
        auto* known = key == "auth" ? &pairs.auth : key == "user" ? &pairs.user : nullptr;
        if (known == nullptr) continue;
        if (*known) return in.expected("each key once");
        *known = value;
    }
    if (!in.at_end()) return in.expected("end");
    return pairs;
}

// credentials = "Bearer" 1*SP b64token, RFC 6750 §2.1; the scheme in any case (RFC 7628 §4).
Result<std::string, SyntaxError> parse_credentials(std::string_view value) {
    Cursor in(value);
    if (in.at_end()) return std::string();
    if (!in.take_icase("Bearer")) return in.expected("Bearer");
    const auto spaces = in.take_while([](char c) { return c == ' '; });
    const auto token = in.rest();
    in.take_while(is_token_char);
    in.take_while([](char c) { return c == '='; });
    if (!in.at_end() || (!token.empty() && spaces.empty())) return in.expected("b64token");
    if (token.starts_with('=') || token.size() > kMaxBearerToken) return in.expected("b64token");
    return std::string(token);
}

Result<BearerLogin, SyntaxError> login_of(Cursor& in, std::string authzid) {
    auto pairs = parse_pairs(in);
    if (!pairs) return std::unexpected(pairs.error());
    if (!pairs->auth) return in.expected("auth");
    auto token = parse_credentials(*pairs->auth);
    if (!token) return std::unexpected(token.error());
    return BearerLogin{std::move(authzid), std::move(*token)};
}

// Nothing in the values needs escaping: scope-token (RFC 6749 §3.3) and URIs have neither quotes
// nor backslashes, and the configuration is refused otherwise.
void append_member(std::string& json, std::string_view name, std::string_view value) {
    if (value.empty()) return;
    json.append(json.ends_with('{') ? "\"" : ",\"").append(name).append("\":\"");
    json.append(value).append("\"");
}

} // namespace

Result<BearerLogin, SyntaxError> parse_oauthbearer(std::string_view message) {
    Cursor in(message);
    auto header = parse_gs2_header(in);
    if (!header) return std::unexpected(header.error());
    if (header->flag == 'p') return in.expected("no channel binding");
    if (!in.take(kSeparator)) return in.expected("kvsep");
    return login_of(in, std::move(header->authzid));
}

Result<BearerLogin, SyntaxError> parse_xoauth2(std::string_view message) {
    Cursor in(message);
    Cursor ahead(message);
    const auto pairs = parse_pairs(ahead);
    if (!pairs) return std::unexpected(pairs.error());
    const auto user = pairs->user.value_or(std::string_view());
    if (user.size() > kMaxAuthcid || !is_utf8(user)) return in.expected("user");
    return login_of(in, std::string(user));
}

std::string format_oauthbearer_error(const BearerOffer& offer) {
    std::string json = "{";
    append_member(json, "status", "invalid_token"); // RFC 6750 §3.1
    append_member(json, "scope", offer.scope);
    append_member(json, "openid-configuration", offer.openid_configuration);
    return json + "}";
}

std::string format_xoauth2_error(const BearerOffer& offer) {
    std::string json = "{";
    append_member(json, "status", "401");
    append_member(json, "schemes", "bearer");
    append_member(json, "scope", offer.scope);
    return json + "}";
}

} // namespace maild::auth
