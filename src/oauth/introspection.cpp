#include "maild/oauth/introspection.hpp"

#include "maild/base/encoding.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <cmath>

namespace maild::oauth {
namespace json = boost::json;
namespace {

// application/x-www-form-urlencoded (RFC 6749 appendix B).
std::string form_encode(std::string_view text) { return percent_encode(text, "-._"); }

// RFC 6749 §2.3.1: both are form-encoded before they are joined.
std::string authorization(const ClientCredentials& client) {
    switch (client.authentication) {
    case ClientAuthentication::basic:
        return "Authorization: Basic " +
               base64_encode(form_encode(client.id) + ":" + form_encode(client.secret)) + "\r\n";
    case ClientAuthentication::bearer: return "Authorization: Bearer " + client.secret + "\r\n";
    case ClientAuthentication::post: break;
    }
    return {};
}

std::unexpected<Error> senseless(std::string what) {
    return fail(Errc::protocol_error, "the issuer's answer " + std::move(what));
}

Result<void> read_text(const json::object& answer, std::string_view name, std::string& out) {
    const auto* value = answer.if_contains(name);
    if (value == nullptr || value->is_null()) return {};
    const auto* text = value->if_string();
    if (text == nullptr || text->size() > kMaxClaim)
        return senseless("has a `" + std::string(name) + "` that is no text, or too long");
    out.assign(text->data(), text->size());
    return {};
}

// NumericDate (RFC 7519 §2), which may have a fraction.
Result<void> read_time(const json::object& answer, std::string_view name,
                       std::optional<std::int64_t>& out) {
    constexpr double kFarAway = 1e15;
    const auto* value = answer.if_contains(name);
    if (value == nullptr || value->is_null()) return {};
    boost::system::error_code not_a_number;
    const auto seconds = value->to_number<double>(not_a_number);
    if (not_a_number || !(std::abs(seconds) < kFarAway))
        return senseless("has an `" + std::string(name) + "` that is no time");
    out = static_cast<std::int64_t>(std::floor(seconds));
    return {};
}

// aud: a text, or an array of texts (RFC 7519 §4.1.3).
Result<void> read_audiences(const json::object& answer, std::vector<std::string>& out) {
    const auto* value = answer.if_contains("aud");
    const auto* all = value == nullptr ? nullptr : value->if_array();
    if (all == nullptr) {
        std::string one;
        auto read = read_text(answer, "aud", one);
        if (read && !one.empty()) out.push_back(std::move(one));
        return read;
    }
    if (all->size() > kMaxClaimValues) return senseless("has too many audiences");
    for (const auto& each : *all) {
        const auto* text = each.if_string();
        if (text == nullptr || text->size() > kMaxClaim)
            return senseless("has an audience that is no text, or too long");
        out.emplace_back(text->data(), text->size());
    }
    return {};
}

// scope: scope-tokens with a space between (RFC 6749 §3.3). Many of them are longer than one claim.
Result<void> read_scopes(const json::object& answer, std::vector<std::string>& out) {
    const auto* value = answer.if_contains("scope");
    if (value == nullptr || value->is_null()) return {};
    const auto* text = value->if_string();
    if (text == nullptr) return senseless("has a `scope` that is no text");
    std::string_view rest(text->data(), text->size());
    while (!rest.empty()) {
        const auto scope = rest.substr(0, rest.find(' '));
        rest.remove_prefix(std::min(rest.size(), scope.size() + 1));
        if (scope.empty()) continue;
        if (scope.size() > kMaxClaim || out.size() == kMaxClaimValues)
            return senseless("has too many scopes");
        out.emplace_back(scope);
    }
    return {};
}

// The first claim that is there decides, also when it is empty or leads to nobody: behind an
// address that the issuer vouches for may stand a name that people choose.
Result<void> read_name(const json::object& answer, std::span<const std::string> names,
                       auth::TokenClaims& out) {
    for (const auto& name : names) {
        const auto* value = answer.if_contains(name);
        if (value == nullptr || value->is_null()) continue;
        auto read = read_text(answer, name, out.name);
        if (!read) return read;
        const bool is_email = name == "email";
        out.is_free = !is_email && names.size() > 1;
        // OpenID Connect Core §5.1; some issuers write the boolean as a text.
        const auto* verified = is_email ? answer.if_contains("email_verified") : nullptr;
        out.is_unverified = verified != nullptr && *verified != json::value(true) &&
                            *verified != json::value("true");
        return {};
    }
    return {};
}

Result<auth::TokenClaims> read_claims(const json::object& answer,
                                      std::span<const std::string> names) {
    auth::TokenClaims claims;
    const auto* active = answer.if_contains("active");
    if (active == nullptr || !active->is_bool()) return senseless("has no boolean `active`");
    claims.active = active->get_bool();
    if (!claims.active) return claims; // and nothing else is to be believed
    auto read = read_time(answer, "exp", claims.expires);
    if (read) read = read_time(answer, "nbf", claims.not_before);
    if (read) read = read_text(answer, "iss", claims.issuer);
    if (read) read = read_audiences(answer, claims.audiences);
    if (read) read = read_scopes(answer, claims.scopes);
    if (read) read = read_name(answer, names, claims);
    if (!read) return std::unexpected(std::move(read.error()));
    return claims;
}

} // namespace

std::string format_request(const Url& endpoint, const ClientCredentials& client,
                           std::string_view token) {
    auto body = "token=" + form_encode(token) + "&token_type_hint=access_token";
    if (client.authentication == ClientAuthentication::post)
        body +=
            "&client_id=" + form_encode(client.id) + "&client_secret=" + form_encode(client.secret);
    return "POST " + endpoint.target + " HTTP/1.1\r\nHost: " + endpoint.authority() +
           "\r\nUser-Agent: Maild/" MAILD_VERSION "\r\nAccept: application/json\r\n" +
           authorization(client) +
           "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n\r\n" + body;
}

Result<auth::TokenClaims> parse_answer(std::string_view text, std::span<const std::string> names) {
    boost::system::error_code error;
    const auto value = json::parse(json::string_view(text.data(), text.size()), error);
    if (error) return senseless("is no JSON: " + error.message());
    const auto* answer = value.if_object();
    if (answer == nullptr) return senseless("is no JSON object");
    return read_claims(*answer, names);
}

} // namespace maild::oauth
