#include "maild/dnscare/facts.hpp"

#include "maild/base/ascii.hpp"
#include "maild/net/resolver.hpp"
#include "maild/net/server_names.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <array>
#include <limits>
#include <optional>

namespace maild::dnscare {
namespace json = boost::json;
namespace {

constexpr std::array<std::string_view, 3> kUses = {"waiting", "signing", "retired"};
constexpr std::array<std::string_view, 4> kFaults = {"", "fetch", "certificate", "text"};
constexpr std::array<std::string_view, 3> kModes = {"enforce", "testing", "none"};

std::unexpected<Error> bad(std::string_view what) {
    return fail(Errc::invalid_argument, "the daemon's facts have no good " + std::string(what));
}

std::optional<std::string> text_at(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    if (value == nullptr || !value->is_string()) return std::nullopt;
    return std::string(value->as_string());
}

// A name that can be asked for.
std::optional<std::string> name_at(const json::object& object, std::string_view name) {
    auto text = text_at(object, name);
    if (!text || !net::is_dns_name(*text) || text->ends_with('.')) return std::nullopt;
    return ascii::to_lower(*text);
}

std::optional<std::uint64_t> number_at(const json::object& object, std::string_view name,
                                       std::uint64_t most) {
    const auto* value = object.if_contains(name);
    if (value == nullptr || !value->is_int64() || value->as_int64() < 0) return std::nullopt;
    const auto number = static_cast<std::uint64_t>(value->as_int64());
    return number <= most ? std::optional(number) : std::nullopt;
}

std::optional<DkimKey> key_of(const json::value& value) {
    if (!value.is_object()) return std::nullopt;
    const auto& object = value.as_object();
    auto name = name_at(object, "name");
    auto key = text_at(object, "key");
    const auto algorithm = text_at(object, "algorithm");
    const auto use = text_at(object, "use");
    if (!name || !key || !algorithm || !use) return std::nullopt;
    const auto kind = policy::dkim::parse_algorithm(*algorithm);
    const auto found = std::ranges::find(kUses, std::string_view(*use));
    if (!kind || found == kUses.end()) return std::nullopt;
    return DkimKey{std::move(*name), *kind, std::move(*key),
                   static_cast<KeyUse>(found - kUses.begin())};
}

std::optional<Service> service_of(const json::value& value) {
    if (!value.is_object()) return std::nullopt;
    auto name = text_at(value.as_object(), "name");
    const auto port =
        number_at(value.as_object(), "port", std::numeric_limits<std::uint16_t>::max());
    const bool is_good = name && !name->empty() && name->size() <= 15 && // RFC 6335 §5.1
                         std::ranges::all_of(*name, [](char c) {
                             return ascii::is_lower(c) || ascii::is_digit(c) || c == '-';
                         });
    if (!is_good || !port || *port == 0) return std::nullopt;
    return Service{std::move(*name), static_cast<std::uint16_t>(*port)};
}

// A host name, or "*." and one.
std::optional<std::string> host_pattern_of(const json::value& value) {
    if (!value.is_string() || !net::is_certificate_name(value.as_string())) return std::nullopt;
    return std::string(value.as_string());
}

std::optional<net::IpAddress> address_of(const json::value& value) {
    if (!value.is_string()) return std::nullopt;
    return net::parse_ip(value.as_string());
}

// All of a list, or nothing.
template <class T>
bool read_list(const json::object& object, std::string_view name, std::vector<T>& out,
               std::optional<T> (*read)(const json::value& value)) {
    const auto* value = object.if_contains(name);
    if (value == nullptr || !value->is_array() || value->as_array().size() > kMaxFacts)
        return false;
    for (const auto& item : value->as_array()) {
        auto one = read(item);
        if (!one) return false;
        out.push_back(std::move(*one));
    }
    return true;
}

std::optional<NamedCertificate> certificate_of(const json::value& value) {
    if (!value.is_object()) return std::nullopt;
    NamedCertificate out;
    auto chain = text_at(value.as_object(), "chain");
    if (!chain || !read_list(value.as_object(), "names", out.names, host_pattern_of))
        return std::nullopt;
    out.chain = std::move(*chain);
    return out;
}

std::optional<ServedPolicy> policy_of(const json::value& value) {
    if (!value.is_object()) return std::nullopt;
    const auto& object = value.as_object();
    auto fault = text_at(object, "fault");
    auto words = text_at(object, "words");
    auto mode = text_at(object, "mode");
    const auto age = number_at(object, "max_age", std::numeric_limits<std::int64_t>::max());
    if (!fault || !words || !mode || !age) return std::nullopt;
    const auto is_one_of = [](const auto& all, std::string_view word) {
        return std::ranges::find(all, word) != all.end();
    };
    if (!is_one_of(kFaults, *fault) || (fault->empty() && !is_one_of(kModes, *mode)))
        return std::nullopt;
    ServedPolicy out{std::move(*fault), std::move(*words), std::move(*mode), *age};
    if (!read_list(object, "mx", out.mx, host_pattern_of)) return std::nullopt;
    return out;
}

json::object to_json(const ServedPolicy& policy) {
    return {{"fault", policy.fault},
            {"words", policy.words},
            {"mode", policy.mode},
            {"max_age", static_cast<std::int64_t>(policy.max_age)},
            {"mx", json::array(policy.mx.begin(), policy.mx.end())}};
}

} // namespace

const NamedCertificate* DomainFacts::named_certificate(std::string_view name) const {
    const auto lower = ascii::to_lower(name);
    const auto find = [&](std::string_view wanted) -> const NamedCertificate* {
        const auto has_it = [&](const NamedCertificate& each) {
            return std::ranges::find(each.names, wanted) != each.names.end();
        };
        const auto found = std::ranges::find_if(certificates, has_it);
        return found == certificates.end() ? nullptr : &*found;
    };
    if (const auto* exact = find(lower)) return exact;
    const auto dot = lower.find('.');
    return dot == lower.npos ? nullptr : find("*" + lower.substr(dot));
}

const std::string& DomainFacts::certificate_for(std::string_view name) const {
    const auto* named = named_certificate(name);
    return named == nullptr ? certificate : named->chain;
}

bool is_public(const net::IpAddress& address) {
    constexpr std::string_view kPrivate[] = {
        "0.0.0.0/8",   "10.0.0.0/8",     "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10",
        "127.0.0.0/8", "169.254.0.0/16", "fc00::/7",      "fe80::/10",      "::/127"};
    return std::ranges::none_of(kPrivate, [&](std::string_view text) {
        const auto network = net::parse_network(text);
        return network && net::in_network(address, *network);
    });
}

json::object to_json(const DomainFacts& facts) {
    json::array addresses, keys, services, certificates;
    for (const auto& address : facts.addresses) addresses.emplace_back(net::format_ip(address));
    for (const auto& key : facts.keys)
        keys.push_back(json::object{{"name", key.name},
                                    {"algorithm", policy::dkim::name_of(key.algorithm)},
                                    {"key", key.public_key},
                                    {"use", kUses[static_cast<std::size_t>(key.use)]}});
    for (const auto& service : facts.services)
        services.push_back(
            json::object{{"name", service.name}, {"port", std::int64_t{service.port}}});
    for (const auto& each : facts.certificates)
        certificates.push_back(json::object{
            {"names", json::array(each.names.begin(), each.names.end())}, {"chain", each.chain}});
    return {{"domain", facts.domain},
            {"host", facts.host},
            {"accounts", static_cast<std::int64_t>(facts.accounts)},
            {"addresses", std::move(addresses)},
            {"keys", std::move(keys)},
            {"services", std::move(services)},
            {"certificate", facts.certificate},
            {"certificates", std::move(certificates)},
            {"policy", facts.policy ? json::value(to_json(*facts.policy)) : json::value()}};
}

Result<DomainFacts> facts_from_json(const json::value& value) {
    if (!value.is_object()) return bad("form");
    const auto& object = value.as_object();
    auto domain = name_at(object, "domain");
    auto host = name_at(object, "host");
    if (!domain || !host) return bad("name");
    const auto accounts = number_at(object, "accounts", std::numeric_limits<std::int64_t>::max());
    if (!accounts) return bad("number of accounts");
    DomainFacts out{std::move(*domain), std::move(*host), *accounts};
    if (!read_list(object, "addresses", out.addresses, address_of)) return bad("addresses");
    if (!read_list(object, "keys", out.keys, key_of)) return bad("keys");
    if (!read_list(object, "services", out.services, service_of)) return bad("services");
    if (!read_list(object, "certificates", out.certificates, certificate_of))
        return bad("certificates");
    if (const auto* policy = object.if_contains("policy");
        policy != nullptr && !policy->is_null()) {
        out.policy = policy_of(*policy);
        if (!out.policy) return bad("policy");
    }
    out.certificate = text_at(object, "certificate").value_or("");
    return out;
}

} // namespace maild::dnscare
