#include "maild/relay/route.hpp"

#include "maild/base/ascii.hpp"
#include "maild/base/cursor.hpp"
#include "maild/net/resolver.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace maild::relay {
namespace {

std::unexpected<Error> wrong(std::string how) {
    return fail(Errc::invalid_argument, std::move(how));
}

bool is_host_name(std::string_view text) {
    return net::is_dns_name(text) && !text.ends_with('.') && std::ranges::all_of(text, [](char c) {
               return ascii::is_alnum(c) || c == '-' || c == '.' || c == '_';
           });
}

// How narrowly a pattern fits: octets that it names, one more for a whole domain; none: not at all.
// Longer patterns that fit the same domain are narrower.
std::optional<std::size_t> rank_of(std::string_view pattern, std::string_view domain) {
    if (pattern == "*") return 0;
    if (pattern == domain) return domain.size() + 1;
    if (!pattern.starts_with("*.")) return std::nullopt;
    const auto suffix = pattern.substr(1);
    const bool fits = domain.size() > suffix.size() && domain.ends_with(suffix);
    return fits ? std::optional(suffix.size()) : std::nullopt;
}

struct Scheme {
    std::string_view name;
    Protocol protocol;
    bool wraps_tls;
    std::uint16_t port;
};
constexpr Scheme kSchemes[] = {{"smtp:", Protocol::smtp, false, 25},
                               {"smtps:", Protocol::smtp, true, 465},
                               {"lmtp:", Protocol::lmtp, false, 24}};

const Scheme* take_scheme(Cursor& in) {
    for (const auto& scheme : kSchemes)
        if (in.take_icase(scheme.name)) return &scheme;
    return nullptr;
}

// "[" host "]", which is the host itself, or a domain with MX records.
Result<void> take_host(Cursor& in, NextHop& hop) {
    const bool is_host = in.take('[');
    const auto text = is_host ? in.take_while([](char c) { return c != ']'; })
                              : in.take_while([](char c) { return c != ':'; });
    if (is_host && !in.take(']')) return wrong("has no ] behind its host");
    const auto address = net::parse_ip(text);
    if (address && !is_host) return wrong("has an address without [ ]");
    if (!address && !is_host_name(text)) return wrong("has no host");
    hop.host = address ? net::format_ip(*address) : ascii::to_lower(text);
    hop.uses_mx = !is_host;
    return {};
}

} // namespace

Result<NextHop> parse_next_hop(std::string_view text) {
    if (text == "mx") return NextHop{};
    Cursor in(text);
    const auto* scheme = take_scheme(in);
    if (scheme == nullptr) return wrong("is neither \"mx\" nor smtp:…, smtps:… or lmtp:…");
    NextHop hop;
    hop.protocol = scheme->protocol;
    hop.wraps_tls = scheme->wraps_tls;
    hop.port = scheme->port;
    if (auto host = take_host(in, hop); !host) return std::unexpected(std::move(host.error()));
    if (hop.uses_mx && hop.protocol == Protocol::lmtp)
        return wrong("is LMTP, which knows no MX: write its host in [ ]");
    if (in.at_end()) return hop;
    if (!in.take(':')) return wrong("has something behind its host that is no port");
    const auto port = in.take_number(65'535);
    if (!port || *port == 0 || !in.at_end()) return wrong("has no port from 1 to 65535 at its end");
    hop.port = static_cast<std::uint16_t>(*port);
    return hop;
}

std::string format_next_hop(const NextHop& hop) {
    if (hop.host.empty()) return "mx";
    const auto* scheme = std::ranges::find_if(kSchemes, [&hop](const Scheme& known) {
        return known.protocol == hop.protocol && known.wraps_tls == hop.wraps_tls;
    });
    std::string out(scheme->name);
    out += hop.uses_mx ? hop.host : "[" + hop.host + "]";
    if (hop.port != scheme->port) out += ":" + std::to_string(hop.port);
    return out;
}

Result<Proxy> parse_proxy(std::string_view text) {
    Cursor in(text);
    if (!in.take_icase("socks5://")) return wrong("does not begin with socks5://");
    const bool is_bracketed = in.take('[');
    const auto host = in.take_while([=](char c) { return c != (is_bracketed ? ']' : ':'); });
    if (is_bracketed && !in.take(']')) return wrong("has no ] behind its address");
    const auto address = net::parse_ip(host);
    if (is_bracketed ? !address || address->is_v4() : !address && !is_host_name(host))
        return wrong("has no host");
    Proxy proxy{.host = address ? net::format_ip(*address) : ascii::to_lower(host)};
    if (in.at_end()) return proxy;
    if (!in.take(':')) return wrong("has something behind its host that is no port");
    const auto port = in.take_number(65'535);
    if (!port || *port == 0 || !in.at_end()) return wrong("has no port from 1 to 65535 at its end");
    proxy.port = static_cast<std::uint16_t>(*port);
    return proxy;
}

bool is_route_pattern(std::string_view text) {
    if (text == "*" || text == "<>") return true;
    if (text.starts_with("*.")) text.remove_prefix(2);
    return is_host_name(text) && std::ranges::none_of(text, ascii::is_upper);
}

Result<Routes> Routes::create(std::vector<RouteRule> rules) {
    for (const auto& rule : rules) {
        if (!is_route_pattern(rule.recipients) || rule.recipients == "<>")
            return wrong("route " + rule.name + ": " + rule.recipients +
                         " is no domain, no \"*.\" before one and no \"*\"");
        if (!is_route_pattern(rule.senders))
            return wrong("route " + rule.name + ": " + rule.senders +
                         " is no domain, no \"*.\" before one, no \"*\" and no \"<>\"");
    }
    Routes out;
    out.rules_ = std::move(rules);
    return out;
}

RouteFound Routes::find(std::string_view recipient, std::string_view sender) const {
    if (sender.empty()) sender = "<>";
    const RouteRule* best = nullptr;
    std::pair<std::size_t, std::size_t> best_rank;
    for (const auto& rule : rules_) {
        const auto to = rank_of(rule.recipients, recipient);
        const auto from = rank_of(rule.senders, sender);
        if (!to || !from) continue;
        const std::pair rank(*to, *from);
        if (best != nullptr && rank <= best_rank) continue;
        best = &rule;
        best_rank = rank;
    }
    return best == nullptr ? RouteFound{} : RouteFound{best, best->route};
}

} // namespace maild::relay
