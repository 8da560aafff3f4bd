// Authentication-Results against a public suite. Its mode `relaxed` is one add-on's own lenience
// and no RFC's, so those calls are not compared.
#include "support/conformance.hpp"
#include "support/json.hpp"

#include "maild/policy/authres.hpp"

#include <gtest/gtest.h>

namespace maild::policy {
namespace {

using maild::test::Json;

std::optional<std::string> value_in(const MethodResult& result, std::string_view path) {
    if (path == "method") return result.method;
    if (path == "method_version") return std::to_string(result.version);
    if (path == "result") return result.result;
    if (path == "reason") return result.reason;
    constexpr std::string_view kProperties = "properties.";
    if (!path.starts_with(kProperties)) return std::nullopt;
    path.remove_prefix(kProperties.size());
    for (const auto& property : result.properties) {
        if (path == property.type + "." + property.name) return property.value;
    }
    return "missing";
}

std::optional<std::string> value_at(const AuthenticationResults& results, std::string_view path) {
    if (path == "authserv_id") return results.authserv_id;
    if (path == "authres_version") return std::to_string(results.version);
    if (path == "resinfo.length") return std::to_string(results.results.size());
    constexpr std::string_view kPrefix = "resinfo.0.";
    if (!path.starts_with("resinfo.") || path.size() <= kPrefix.size()) return std::nullopt;
    const auto index = static_cast<std::size_t>(path[kPrefix.size() - 2] - '0');
    if (index >= results.results.size()) return "missing";
    return value_in(results.results[index], path.substr(kPrefix.size()));
}

std::string wanted(const Json& expectation) {
    const auto& value = expectation["value"];
    if (std::holds_alternative<double>(value.value)) return std::to_string(value.number());
    return value.is_null() ? std::string() : value.text();
}

TEST(AuthenticationResultsConformance, Verifier) {
    MAILD_NEEDS_SUITE("authres-rfc8601");
    maild::test::Score score("authres-rfc8601");
    const auto cases = maild::test::JsonReader::read(
        maild::test::read_whole(maild::test::conformance_suite("authres-rfc8601") / "cases.json"));
    for (const auto& c : cases.array()) {
        for (const auto& expectation : c["expect"].array()) {
            const auto& call = c["calls"].array()[expectation["call"].number()];
            if (call["relaxed"].boolean()) continue;
            const auto header = call["header"].text();
            const auto utf8 =
                call["internationalized"].boolean() ? mail::Utf8::allowed : mail::Utf8::refused;
            const auto results =
                parse_authentication_results(header.substr(header.find(':') + 1), utf8);
            const auto what = c["id"].text() + ": " + header;
            if (expectation["op"].text() == "error") {
                score.add(!results, what);
                continue;
            }
            const auto got = results ? value_at(*results, expectation["path"].text())
                                     : std::optional<std::string>("refused");
            if (got) score.add(*got == wanted(expectation), what + " has " + *got);
        }
    }
}

} // namespace
} // namespace maild::policy
