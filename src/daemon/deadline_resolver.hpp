#pragma once
// A DNS that answers up to a time and then no more: for who asks much of it, of servers that are
// strangers', and has others waiting. Borrows the resolver and the clock; asked within one task.

#include "maild/base/clock.hpp"
#include "maild/net/resolver.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace maild::daemon {

class DeadlineResolver final : public net::Resolver {
public:
    DeadlineResolver(net::Resolver& resolver, const Clock& clock, std::chrono::milliseconds all)
        : resolver_(resolver), clock_(clock), end_(clock.steady_now() + all) {}

    net::Task<net::DnsAnswer> lookup(net::DnsQuestion question,
                                     std::chrono::milliseconds timeout) override {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(end_ - clock_.steady_now());
        if (left <= std::chrono::milliseconds::zero()) {
            net::DnsAnswer none;
            none.problem = "no time is left";
            co_return none;
        }
        const auto time = std::min(left, timeout);
        auto answer = co_await resolver_.lookup(std::move(question), time);
        co_return answer;
    }

private:
    net::Resolver& resolver_;
    const Clock& clock_;
    SteadyTime end_;
};

} // namespace maild::daemon
