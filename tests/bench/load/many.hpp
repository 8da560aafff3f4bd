#pragma once
// Coroutines that work at once on one thread.

#include "maild/net/spawn.hpp"
#include "maild/net/timer.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <utility>

namespace maild::bench {

struct Pending {
    std::size_t left = 0;
    net::Event all_done;
};

inline net::Task<void> counted(net::Task<void> task, std::shared_ptr<Pending> pending) {
    co_await std::move(task);
    if (--pending->left == 0) pending->all_done.notify();
}

// `start(i)` makes the i-th; it must not be a coroutine itself. Returns when all have ended.
template <class Start>
net::Task<void> at_once(boost::asio::io_context& io, std::size_t count, Start start) {
    const auto pending = std::make_shared<Pending>();
    pending->left = count;
    for (std::size_t i = 0; i < count; ++i) net::spawn(io, counted(start(i), pending), "load");
    while (pending->left > 0) {
        const auto notified = co_await pending->all_done.wait(std::chrono::hours(1));
        static_cast<void>(notified);
    }
}

} // namespace maild::bench
