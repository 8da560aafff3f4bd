#pragma once
// Runs a coroutine to its end on an io_context of its own, or on the test's.

#include "maild/net/task.hpp"

#include <boost/asio/co_spawn.hpp>

#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

namespace maild::test {

template <class T> T run_task(boost::asio::io_context& io, net::Task<T> task) {
    std::exception_ptr failure;
    io.restart();
    if constexpr (std::is_void_v<T>) {
        boost::asio::co_spawn(
            io.get_executor(), std::move(task),
            [&failure](std::exception_ptr thrown) { failure = std::move(thrown); });
        io.run();
        if (failure) std::rethrow_exception(failure);
    } else {
        std::optional<T> result;
        boost::asio::co_spawn(io.get_executor(), std::move(task),
                              [&](std::exception_ptr thrown, T value) {
                                  failure = std::move(thrown);
                                  if (!failure) result.emplace(std::move(value));
                              });
        io.run();
        if (failure) std::rethrow_exception(failure);
        return std::move(*result);
    }
}

template <class T> T run_task(net::Task<T> task) {
    boost::asio::io_context io(1);
    return run_task(io, std::move(task));
}

} // namespace maild::test
