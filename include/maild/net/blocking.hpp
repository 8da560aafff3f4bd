#pragma once
// Work that blocks (hashing, files, SQLite reads) beside an io_context: a few threads, a bounded
// queue. The coroutine waits, its thread does not. Jobs are values in, value out: they must not
// touch what the io_context's thread uses.

#include "maild/base/error.hpp"
#include "maild/net/task.hpp"
#include "maild/net/timer.hpp"

#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace maild::net {

class BlockingPool {
public:
    // At most `queue_limit` jobs wait; more are refused.
    BlockingPool(boost::asio::io_context& io, std::size_t threads, std::size_t queue_limit);
    ~BlockingPool(); // finishes what runs, drops what waits, joins
    BlockingPool(const BlockingPool&) = delete;
    BlockingPool& operator=(const BlockingPool&) = delete;

    // False when the queue is full. `job` runs on a pool thread, then `done` on the io_context's
    // thread.
    bool submit(std::move_only_function<void()> job, std::move_only_function<void()> done);
    std::size_t waiting() const;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

namespace detail {
template <class T> struct BlockingState {
    std::optional<T> value;
    std::exception_ptr exception;
    Event done;
};
Task<void> wait_until_done(Event& done);
} // namespace detail

// What `job()` returns, which must not be void or a Result; Errc::busy when the queue is full. An
// exception of the job continues here. Not cancellable: the job's values live until it has run.
template <class Job>
Task<Result<std::invoke_result_t<Job>>> run_blocking(BlockingPool& pool, Job job) {
    using Value = std::invoke_result_t<Job>;
    auto state = std::make_shared<detail::BlockingState<Value>>();
    auto work = [state, job = std::move(job)]() mutable {
        try {
            state->value.emplace(job());
        } catch (...) {
            state->exception = std::current_exception();
        }
    };
    if (!pool.submit(std::move(work), [state] { state->done.notify(); })) {
        co_return fail(Errc::busy, "blocking pool: queue is full");
    }
    co_await detail::wait_until_done(state->done);
    if (state->exception) std::rethrow_exception(state->exception);
    co_return std::move(*state->value);
}

} // namespace maild::net
