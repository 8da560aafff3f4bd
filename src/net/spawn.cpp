#include "maild/net/spawn.hpp"

#include "maild/base/log.hpp"
#include "maild/net/timer.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <exception>
#include <memory>
#include <utility>

namespace maild::net {
namespace {

void report(const std::string& name, const std::exception_ptr& exception) {
    try {
        std::rethrow_exception(exception);
    } catch (const std::exception& error) {
        log::error("task_failed", {{"task", name}, {"error", error.what()}});
    } catch (...) {
        log::error("task_failed", {{"task", name}, {"error", "unknown exception"}});
    }
}

} // namespace

void spawn(boost::asio::io_context& io, Task<void> task, std::string name) {
    boost::asio::co_spawn(io.get_executor(), std::move(task),
                          [name = std::move(name)](const std::exception_ptr& exception) {
                              if (exception) report(name, exception);
                          });
}

Task<void> all(std::vector<Task<void>> tasks) {
    struct Join {
        std::size_t running = 0;
        std::exception_ptr exception;
        Event changed;
    };
    const auto executor = co_await boost::asio::this_coro::executor;
    const auto join = std::make_shared<Join>();
    const auto is_done = [join](const std::exception_ptr& exception) {
        if (!join->exception) join->exception = exception;
        if (--join->running == 0) join->changed.notify();
    };
    for (auto& task : tasks) {
        ++join->running;
        try {
            boost::asio::co_spawn(executor, std::move(task), is_done);
        } catch (...) { // those before it refer to what is the caller's: they are waited for
            --join->running;
            join->exception = std::current_exception();
            break;
        }
    }
    constexpr std::chrono::milliseconds kLook = std::chrono::hours(1);
    while (join->running > 0) {
        const auto changed = co_await join->changed.wait(kLook);
        (void)changed;
    }
    if (join->exception) std::rethrow_exception(join->exception);
}

Task<void> yield() {
    const auto executor = co_await boost::asio::this_coro::executor;
    co_await boost::asio::post(executor, boost::asio::use_awaitable_t<Executor>{});
}

void post(boost::asio::io_context& io, std::move_only_function<void()> job) {
    boost::asio::post(io.get_executor(), std::move(job));
}

} // namespace maild::net
