#pragma once
// Policies of MTA-STS over HTTPS (RFC 8461 §3.3): a certificate for mta-sts.DOMAIN that one of the
// authorities vouches for, no redirects, 64 KiB, a minute. Resolver and io outlive it.

#include "maild/net/client_tls.hpp"
#include "maild/net/stream.hpp"
#include "maild/relay/mta_sts.hpp"

#include <memory>
#include <string>

namespace maild::relay {

class HttpsStsFetcher final : public StsFetcher {
public:
    static constexpr std::chrono::seconds kTimeout{60};

    struct Options {
        std::uint16_t port = 443;
        bool allows_loopback = false; // for trials on one host
        std::chrono::milliseconds timeout = kTimeout;
    };

    HttpsStsFetcher(boost::asio::io_context& io, net::Resolver& resolver,
                    std::shared_ptr<const net::ClientTls> tls, Options options)
        : io_(io), resolver_(resolver), tls_(std::move(tls)), options_(options) {}

    net::Task<std::expected<std::string, StsFault>> fetch(std::string domain) override;

private:
    using Deadline = std::chrono::steady_clock::time_point;
    net::Task<std::expected<net::Stream, StsFault>> connect(std::string host, Deadline deadline);
    net::Task<std::expected<std::string, StsFault>> ask(net::Stream stream, std::string host,
                                                        Deadline deadline);

    boost::asio::io_context& io_;
    net::Resolver& resolver_;
    std::shared_ptr<const net::ClientTls> tls_;
    Options options_;
};

} // namespace maild::relay
