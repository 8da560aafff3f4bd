#include "policy/lookups.hpp"

#include "maild/net/timer.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <exception>
#include <memory>
#include <utility>

namespace maild::policy {
namespace {

struct Round {
    net::Resolver& resolver;
    std::vector<net::DnsQuestion> questions;
    LookupLimits limits;
    SteadyTime deadline = std::chrono::steady_clock::now() + limits.all;
    std::vector<net::DnsAnswer> answers = std::vector<net::DnsAnswer>(questions.size());
    std::size_t next = 0;
    std::size_t running = 0;
    net::Event done{};
};

// One after the other, until there are none left or no time.
net::Task<void> ask_some(std::shared_ptr<Round> round) {
    while (round->next < round->questions.size()) {
        const auto index = round->next++;
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            round->deadline - std::chrono::steady_clock::now());
        if (left <= std::chrono::milliseconds::zero()) co_return;
        const auto timeout = std::min(left, round->limits.each);
        auto question = std::move(round->questions[index]);
        auto answer = co_await round->resolver.lookup(std::move(question), timeout);
        round->answers[index] = std::move(answer);
    }
}

} // namespace

net::Task<std::vector<net::DnsAnswer>>
ask_all(net::Resolver& resolver, std::vector<net::DnsQuestion> questions, LookupLimits limits) {
    const auto round = std::make_shared<Round>(resolver, std::move(questions), limits);
    const auto lanes = std::min(kMaxQuestionsAtOnce, round->questions.size());
    if (lanes == 1) {
        co_await ask_some(round);
        co_return std::move(round->answers);
    }
    const auto executor = co_await boost::asio::this_coro::executor;
    round->running = lanes;
    for (std::size_t i = 0; i < lanes; ++i) {
        boost::asio::co_spawn(executor, ask_some(round), [round](const std::exception_ptr&) {
            if (--round->running == 0) round->done.notify();
        });
    }
    // They end by themselves in time, and use what is the caller's: never leave before them.
    while (round->running > 0) {
        const bool is_done = co_await round->done.wait(limits.all);
        static_cast<void>(is_done);
    }
    co_return std::move(round->answers);
}

} // namespace maild::policy
