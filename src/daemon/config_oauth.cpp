// [oauth]: logins by access token.
#include "daemon/config_sections.hpp"

#include "maild/base/log.hpp"
#include "maild/directory/resolve.hpp"

#include <algorithm>

namespace maild::daemon {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMaxClaims = 8;

// scope-token = 1*( %x21 / %x23-5B / %x5D-7E ), RFC 6749 §3.3
bool is_scope_char(char c) { return c > ' ' && c <= '~' && c != '"' && c != '\\'; }

void read_endpoint(ConfigTable& table, oauth::Url& out) {
    std::string text;
    constexpr auto kRemedy =
        "write introspection = \"https://…\", which the issuer's documentation, or "
        "its /.well-known/openid-configuration, calls introspection_endpoint";
    if (!table.text("introspection", text)) {
        const bool is_used = table.has("client_id") || table.has("client_secret_file");
        if (is_used && !table.has("introspection"))
            table.fault("introspection", "is missing", kRemedy);
        return;
    }
    auto url = oauth::parse_url(text);
    if (!url)
        table.fault("introspection", "is " + log::escaped(text) + ", which " + url.error().internal,
                    kRemedy);
    else if (!url->is_https && !oauth::is_loopback(*url))
        table.fault(
            "introspection", "would send tokens and the secret in the clear",
            "write https://; http:// is for an issuer on this host: localhost, 127.0.0.1, [::1]");
    else
        out = std::move(*url);
}

void read_client(ConfigTable& table, OauthSettings& out) {
    using Kind = oauth::ClientAuthentication;
    table.choice<Kind>("authentication", out.authentication,
                       {{"basic", Kind::basic}, {"post", Kind::post}, {"bearer", Kind::bearer}});
    table.text("client_id", out.client_id);
    table.absolute_path("client_secret_file", out.secret_file);
    if (!out.is_enabled()) return;
    if (out.client_id.empty() && out.authentication != Kind::bearer)
        table.fault("client_id", "is missing",
                    "write the name under which the issuer knows this host");
    if (!table.has("client_secret_file"))
        table.fault("client_secret_file", "is missing",
                    "write the secret into a file that only root can read, and its path here");
}

void read_scopes(ConfigTable& table, std::vector<std::string>& out) {
    std::string text;
    table.text("scope", text);
    std::string_view rest(text);
    while (!rest.empty()) {
        const auto scope = rest.substr(0, rest.find(' '));
        rest.remove_prefix(std::min(rest.size(), scope.size() + 1));
        if (scope.empty()) continue;
        if (!std::ranges::all_of(scope, is_scope_char))
            return table.fault("scope", "holds " + log::escaped(scope) + ", which is no scope",
                               "write ASCII without quotes and backslashes: \"mail\"");
        out.emplace_back(scope);
    }
}

void read_claims(ConfigTable& table, std::vector<std::string>& out) {
    const auto* claims = table.array("claims");
    if (claims == nullptr) return;
    out.clear();
    for (const auto& node : *claims) {
        auto claim = node.value_exact<std::string>();
        if (claim && !claim->empty() && out.size() < kMaxClaims) {
            out.push_back(std::move(*claim));
            continue;
        }
        return table.fault("claims", "holds something that is no claim's name, or too much",
                           "write up to eight names: [\"email\", \"username\"]");
    }
    if (out.empty())
        table.fault("claims", "is empty", "write which claims name the account: [\"email\"]");
}

void read_domain(ConfigTable& table, std::string& out) {
    table.text("domain", out);
    if (!out.empty() && !directory::canonical_address("x@" + out))
        table.fault("domain", "is " + log::escaped(out) + ", which is no domain",
                    "write the domain of users whom the issuer names without one");
}

void read_discovery(ConfigTable& table, std::string& out) {
    table.text("openid_configuration", out);
    const auto url = oauth::parse_url(out);
    if (!out.empty() && (!url || !url->is_https)) // RFC 7628 §3.2.2
        table.fault("openid_configuration", "is " + log::escaped(out) + ", which is no https URL",
                    "write \"https://id.example.org/.well-known/openid-configuration\"");
}

} // namespace

void read_oauth(ConfigTable& table, OauthSettings& out) {
    read_endpoint(table, out.introspection);
    read_client(table, out);
    table.absolute_path("ca", out.ca);
    table.span("timeout", out.timeout, 1s, 15s);
    table.span("cache", out.rules.cache, 0s, 24h);
    table.text("issuer", out.rules.issuer);
    table.text("audience", out.rules.audience);
    read_scopes(table, out.rules.scopes);
    read_claims(table, out.claims);
    read_domain(table, out.rules.domain);
    read_discovery(table, out.openid_configuration);
}

} // namespace maild::daemon
