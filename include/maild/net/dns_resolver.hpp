#pragma once
// The resolver over libunbound: it caches, follows CNAMEs, repeats over TCP what was truncated (RFC
// 7766), and validates (RFC 4035) when it has a trust anchor. A thread of libunbound does the work;
// answers arrive on the io_context's thread. Lookups that are pending when this is destroyed hear
// nothing more, and end when their time is over.

#include "maild/base/error.hpp"
#include "maild/net/resolver.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace maild::net {

// Debian's package dns-root-data: the root's key.
inline constexpr const char* kRootTrustAnchor = "/usr/share/dns/root.key";

// A server as admins write it: "192.0.2.53", "192.0.2.53:5353", "[2001:db8::53]:53".
struct DnsServer {
    IpAddress address;
    std::optional<std::uint16_t> port{}; // none: 53
};
std::optional<DnsServer> parse_dns_server(std::string_view text);

struct DnsOptions {
    // Resolvers to ask, as parse_dns_server() reads them. Without any, those of
    // the file resolv_conf; without that too, the authorities themselves, from the root on.
    std::vector<std::string> servers{};
    std::string resolv_conf{};
    // A file with DS or DNSKEY records; the root's is /usr/share/dns/root.key (dns-root-data).
    // Empty: nothing is validated.
    std::string trust_anchor{};
    // More questions at once fail. One counts until the DNS has answered it or is given up by
    // libunbound, which may be long after nobody waits for it.
    // Of one zone (zone_of) it may be a sixteenth.
    std::size_t max_pending = 512;
};

class DnsResolver final : public Resolver {
public:
    // invalid_argument names the server or file that cannot be used.
    // The same without making one: whether a trust anchor can be read, say.
    static Result<void> check(const DnsOptions& options);
    static Result<std::unique_ptr<DnsResolver>> create(boost::asio::io_context& io,
                                                       const DnsOptions& options);
    ~DnsResolver() override;
    DnsResolver(const DnsResolver&) = delete;
    DnsResolver& operator=(const DnsResolver&) = delete;

    Task<DnsAnswer> lookup(DnsQuestion question, std::chrono::milliseconds timeout) override;
    // libunbound's thread is gone: every lookup fails from now on. Make another resolver.
    bool has_failed() const;

private:
    class Impl;
    explicit DnsResolver(std::shared_ptr<Impl> impl);
    std::shared_ptr<Impl> impl_;
};

} // namespace maild::net
