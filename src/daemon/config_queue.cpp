// [queue]: mail to other hosts, and the routes that some of it takes.
#include "daemon/config_sections.hpp"

#include "maild/base/ascii.hpp"
#include "maild/base/log.hpp"
#include "maild/mail/address.hpp"
#include "maild/relay/route.hpp"

namespace maild::daemon {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMaxRoutes = 1'000;

void read_pattern(ConfigTable& table, std::string_view key, std::string& out) {
    std::string text;
    if (!table.text(key, text)) return;
    out = ascii::to_lower(text);
    if (!relay::is_route_pattern(out))
        table.fault(key, "is " + log::escaped(text) + ", which is no domain",
                    "write \"example.net\", \"*.example.net\" or \"*\"");
}

void read_sources(ConfigTable& table, std::vector<std::string>& out) {
    const auto* sources = table.array("source");
    if (sources == nullptr) return;
    for (const auto& node : *sources) {
        const auto text = node.value_exact<std::string>();
        if (!text || !net::parse_ip(*text) || out.size() == 2)
            return table.fault("source", "is no list of an IPv4 and an IPv6 address of this host",
                               "write [\"192.0.2.1\", \"2001:db8::1\"]");
        out.push_back(*text);
    }
}

void read_login(ConfigTable& table, RouteSettings& out) {
    table.text("user", out.user);
    table.absolute_path("password_file", out.password_file);
    if (out.user.empty() == out.password_file.empty()) return;
    table.fault(out.user.empty() ? "user" : "password_file", "is missing",
                "write both: who logs in at the next host, and a file with the password");
}

void read_route(ConfigTable& table, RouteSettings& out) {
    read_pattern(table, "to", out.to);
    read_pattern(table, "from", out.from);
    if (table.text("via", out.via)) {
        if (const auto hop = relay::parse_next_hop(out.via); !hop)
            table.fault("via", "is " + log::escaped(out.via) + ": " + hop.error().internal,
                        "write \"mx\", \"smtp:[smtp.example.net]:587\" or \"lmtp:[192.0.2.1]:24\"");
    }
    if (table.text("tls", out.tls) && !relay::parse_tls_demand(out.tls))
        table.fault("tls", "is " + log::escaped(out.tls) + ", which is not known",
                    "write one of \"off\", \"opportunistic\", \"encrypted\", \"verified\"");
    table.text("hello", out.hello);
    if (!out.hello.empty() && !mail::Domain::parse(out.hello))
        table.fault("hello", "is " + log::escaped(out.hello) + ", which is no host name",
                    "write a name that this host has in the DNS");
    if (table.text("proxy", out.proxy) && !relay::parse_proxy(out.proxy))
        table.fault("proxy", "is " + log::escaped(out.proxy) + ", which is no SOCKS proxy",
                    "write \"socks5://proxy.example.net:1080\"");
    read_sources(table, out.source);
    read_login(table, out);
}

void read_routes(ConfigTable& queue, std::vector<RouteSettings>& out, ParsedConfig& parsed) {
    const auto* routes = queue.array("routes");
    if (routes == nullptr) return;
    if (routes->size() > kMaxRoutes)
        return queue.fault("routes", "is there more than 1000 times", "use patterns");
    for (const auto& node : *routes) {
        const auto* entry = node.as_table();
        if (entry == nullptr)
            return queue.fault("routes", "holds something that is no table",
                               "write [[queue.routes]]");
        ConfigTable table(*entry, "queue.routes[" + std::to_string(out.size()) + "]", parsed);
        read_route(table, out.emplace_back());
        table.report_unknown_keys();
    }
}

} // namespace

void read_queue(ConfigTable& table, QueueSettings& out, ParsedConfig& parsed) {
    table.choice("sending", out.is_sending, {{"on", true}, {"off", false}});
    table.span("retry_first", out.retry_first, 10s, 24h);
    table.span("retry_most", out.retry_most, 1min, 24h);
    table.span("lifetime", out.lifetime, 1h, 24h * 30);
    table.span("delay_notice", out.delay_notice, 10min, 24h * 30);
    table.number<std::uint32_t>("connections", out.connections, 1, 4'000);
    table.number<std::uint32_t>("connections_per_destination", out.connections_per_destination, 1,
                                1'000);
    table.number<std::uint16_t>("port", out.port, 1, 65'535);
    table.choice("loopback", out.allows_loopback, {{"refused", false}, {"allowed", true}});
    table.absolute_path("authorities", out.authorities);
    table.choice("mta_sts", out.asks_sts, {{"on", true}, {"off", false}});
    read_routes(table, out.routes, parsed);
    if (out.retry_most < out.retry_first)
        table.fault("retry_most", "is less than queue.retry_first", "write the same or more");
}

} // namespace maild::daemon
