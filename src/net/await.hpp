#pragma once
// How Asio's operations are awaited inside `net`: errors come back as values.

#include "maild/net/task.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <chrono>

namespace maild::net {

inline constexpr auto kAwait = boost::asio::as_tuple_t<boost::asio::use_awaitable_t<Executor>>(
    boost::asio::use_awaitable_t<Executor>{});

using SteadyTimer = boost::asio::basic_waitable_timer<
    std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>, Executor>;

// From now, without overflow for "never" (a year).
inline std::chrono::steady_clock::time_point deadline_after(std::chrono::milliseconds timeout) {
    constexpr std::chrono::milliseconds kNever = std::chrono::hours(24 * 365);
    return std::chrono::steady_clock::now() + (timeout < kNever ? timeout : kNever);
}

// Until then; 0 when it is over.
inline std::chrono::milliseconds time_left(std::chrono::steady_clock::time_point deadline) {
    return std::max(
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()),
        std::chrono::milliseconds(0));
}

} // namespace maild::net
