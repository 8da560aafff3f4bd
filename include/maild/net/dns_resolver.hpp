#pragma once
// The resolver over libunbound: it caches, follows CNAMEs, repeats over TCP what was truncated (RFC
// 7766), and validates (RFC 4035) when it has a trust anchor. A thread of libunbound does the work;
// answers arrive on the io_context's thread. Lookups that are pending when this is destroyed hear
// nothing more, and end when their time is over.

#include "maild/base/error.hpp"
#include "maild/net/resolver.hpp"

#include <memory>
#include <string>
#include <vector>

namespace maild::net {

// Debian's package dns-root-data: the root's key.
inline constexpr const char* kRootTrustAnchor = "/usr/share/dns/root.key";

struct DnsOptions {
    // Resolvers to ask: "192.0.2.53", "192.0.2.53:5353", "[2001:db8::53]:53". Without any, those of
    // the file resolv_conf; without that too, the authorities themselves, from the root on.
    std::vector<std::string> servers{};
    std::string resolv_conf{};
    // A file with DS or DNSKEY records; the root's is /usr/share/dns/root.key (dns-root-data).
    // Empty: nothing is validated.
    std::string trust_anchor{};
    std::size_t max_pending = 512; // more lookups at once fail
};

class DnsResolver final : public Resolver {
public:
    // invalid_argument names the server or file that cannot be used.
    static Result<std::unique_ptr<DnsResolver>> create(boost::asio::io_context& io,
                                                       const DnsOptions& options);
    ~DnsResolver() override;
    DnsResolver(const DnsResolver&) = delete;
    DnsResolver& operator=(const DnsResolver&) = delete;

    Task<DnsAnswer> lookup(DnsQuestion question, std::chrono::milliseconds timeout) override;

private:
    class Impl;
    explicit DnsResolver(std::shared_ptr<Impl> impl);
    std::shared_ptr<Impl> impl_;
};

} // namespace maild::net
