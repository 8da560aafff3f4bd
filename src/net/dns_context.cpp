#include "net/dns_context.hpp"

#include "maild/base/cursor.hpp"

#include <filesystem>
#include <optional>
#include <utility>

namespace maild::net {
namespace {

struct Setting {
    const char* name;
    const char* value;
};

// The library's own numbers are for a program with one question at a time.
constexpr Setting kSettings[] = {
    {"outgoing-range:", "256"},        {"num-queries-per-thread:", "1024"},
    {"outgoing-num-tcp:", "32"},       {"msg-cache-size:", "8m"},
    {"rrset-cache-size:", "16m"},      {"rrset-roundrobin:", "no"}, // the order of a domain's owner
    {"trust-anchor-signaling:", "no"},                              // no questions of its own
    {"hide-identity:", "yes"},
};

// For questions to resolvers: these may be on this host, and know private networks (RFC 1918). What
// was measured of a server is forgotten at once: libunbound would take one that is silent about a
// stranger's names for down, and then ask it nothing more for minutes. It has a second for an
// answer before it is asked again.
constexpr Setting kForwardSettings[] = {
    {"do-not-query-localhost:", "no"}, {"unblock-lan-zones:", "yes"},
    {"insecure-lan-zones:", "yes"},    {"infra-host-ttl:", "0"},
    {"infra-cache-min-rtt:", "1000"},
};

std::unexpected<Error> refuse(const std::string& what, int error) {
    return fail(Errc::invalid_argument, what + ": " + ub_strerror(error));
}

template <std::size_t n> Result<void> set(ub_ctx* context, const Setting (&settings)[n]) {
    for (const auto& [name, value] : settings) {
        if (const int error = ub_ctx_set_option(context, name, value); error != 0)
            return refuse(std::string("libunbound's option ") + name, error);
    }
    return {};
}

std::string as_libunbound_writes(const DnsServer& server) {
    const auto address = format_ip(server.address);
    return server.port ? address + "@" + std::to_string(*server.port) : address;
}

Result<void> forward(ub_ctx* context, const DnsOptions& options) {
    if (options.servers.empty() && options.resolv_conf.empty()) return {};
    if (auto done = set(context, kForwardSettings); !done) return done;
    for (const auto& server : options.servers) {
        const auto parsed = parse_dns_server(server);
        if (!parsed)
            return fail(Errc::invalid_argument, "'" + server + "' is not an address as ADDR:PORT");
        if (const int error = ub_ctx_set_fwd(context, as_libunbound_writes(*parsed).c_str());
            error != 0)
            return refuse(server, error);
    }
    if (!options.servers.empty()) return {};
    const int error = ub_ctx_resolvconf(context, options.resolv_conf.c_str());
    if (error != 0) return refuse(options.resolv_conf, error);
    return {};
}

} // namespace

std::optional<DnsServer> parse_dns_server(std::string_view text) {
    auto address = text;
    std::optional<std::string_view> port;
    if (text.starts_with('[')) {
        const auto end = text.find(']');
        if (end == text.npos) return std::nullopt;
        address = text.substr(1, end - 1);
        if (!address.contains(':')) return std::nullopt;
        if (end + 1 < text.size()) {
            if (text[end + 1] != ':') return std::nullopt;
            port = text.substr(end + 2);
        }
    } else if (const auto colon = text.find(':'); colon == text.rfind(':') && colon != text.npos) {
        address = text.substr(0, colon);
        port = text.substr(colon + 1);
    }
    const auto ip = parse_ip(address);
    if (!ip) return std::nullopt;
    if (!port) return DnsServer{*ip};
    Cursor digits(*port);
    const auto number = digits.take_number(65535);
    if (!number || !digits.at_end() || *number == 0) return std::nullopt;
    return DnsServer{*ip, static_cast<std::uint16_t>(*number)};
}

Result<DnsContext> make_dns_context(const DnsOptions& options) {
    DnsContext context(ub_ctx_create());
    if (!context) return fail(Errc::internal, "libunbound has no context");
    ub_ctx_debugout(context.get(), nullptr);
    ub_ctx_async(context.get(), 1); // a thread, not a process
    if (auto done = set(context.get(), kSettings); !done) return std::unexpected(done.error());
    if (auto done = forward(context.get(), options); !done) return std::unexpected(done.error());
    if (!options.trust_anchor.empty()) {
        std::error_code ignored;
        if (!std::filesystem::is_regular_file(options.trust_anchor, ignored))
            return fail(Errc::invalid_argument, options.trust_anchor + ": no such file");
        const int error = ub_ctx_add_ta_file(context.get(), options.trust_anchor.c_str());
        if (error != 0) return refuse(options.trust_anchor, error);
    }
    if (options.servers.empty() && options.resolv_conf.empty()) return context;
    // Whoever asks a resolver leaves it to that to know names below "test" (RFC 6761 §6.2, 3);
    // libunbound would say that there are none. Behind this no option can be set any more.
    if (const int error = ub_ctx_zone_remove(context.get(), "test."); error != 0)
        return refuse("test.", error);
    return context;
}

} // namespace maild::net
