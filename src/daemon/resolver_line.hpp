#pragma once
// A worker's or `control`'s line to the role resolver, as a resolver.

#include "daemon/resolver_messages.hpp"

#include "maild/ipc/client.hpp"
#include "maild/net/resolver.hpp"

namespace maild::daemon {

class ResolverLine final : public net::Resolver {
public:
    explicit ResolverLine(boost::asio::io_context& io) : line_(io, "resolver") {}

    void attach(UniqueFd socket) { line_.attach(std::move(socket)); }

    net::Task<net::DnsAnswer> lookup(net::DnsQuestion question,
                                     std::chrono::milliseconds timeout) override {
        LookupRequest request{std::move(question), timeout};
        auto answer =
            co_await line_.call<net::DnsAnswer>(kLookup, std::move(request), timeout + kMargin);
        if (answer) co_return std::move(*answer);
        net::DnsAnswer none;
        none.problem = "the resolver's process: " + answer.error().internal;
        co_return none;
    }

private:
    static constexpr std::chrono::milliseconds kMargin{500}; // the answer's own way
    ipc::Client line_;
};

} // namespace maild::daemon
