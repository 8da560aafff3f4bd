#include "maild/net/blocking.hpp"

#include "maild/net/spawn.hpp"

#include <boost/asio/executor_work_guard.hpp>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

namespace maild::net {

class BlockingPool::Impl {
public:
    Impl(boost::asio::io_context& io, std::size_t threads, std::size_t queue_limit)
        : io_(io), queue_limit_(queue_limit) {
        threads_.reserve(threads);
        for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
    }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;
    ~Impl() {
        {
            const std::lock_guard lock(mutex_);
            is_stopping_ = true;
        }
        wake_.notify_all();
    }

    bool submit(std::move_only_function<void()> job, std::move_only_function<void()> done) {
        {
            const std::lock_guard lock(mutex_);
            if (queue_.size() >= queue_limit_) return false;
            queue_.push_back({std::move(job), std::move(done), WorkGuard(io_.get_executor())});
        }
        wake_.notify_one();
        return true;
    }

    std::size_t waiting() const {
        const std::lock_guard lock(mutex_);
        return queue_.size();
    }

private:
    // io's run() goes on until `done` has run.
    using WorkGuard = boost::asio::executor_work_guard<Executor>;
    struct Entry {
        std::move_only_function<void()> job;
        std::move_only_function<void()> done;
        WorkGuard guard;
    };

    void work() {
        std::unique_lock lock(mutex_);
        for (;;) {
            wake_.wait(lock, [this] { return is_stopping_ || !queue_.empty(); });
            if (is_stopping_) return;
            auto entry = std::move(queue_.front());
            queue_.pop_front();
            lock.unlock();
            entry.job();
            entry.job = nullptr;
            post(io_, std::move(entry.done));
            entry.guard.reset();
            lock.lock();
        }
    }

    boost::asio::io_context& io_;
    const std::size_t queue_limit_;
    mutable std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<Entry> queue_;
    bool is_stopping_ = false;
    std::vector<std::jthread> threads_; // last: joined first
};

BlockingPool::BlockingPool(boost::asio::io_context& io, std::size_t threads,
                           std::size_t queue_limit)
    : impl_(std::make_unique<Impl>(io, threads, queue_limit)) {}
BlockingPool::~BlockingPool() = default;

bool BlockingPool::submit(std::move_only_function<void()> job,
                          std::move_only_function<void()> done) {
    return impl_->submit(std::move(job), std::move(done));
}

std::size_t BlockingPool::waiting() const { return impl_->waiting(); }

namespace detail {

Task<void> wait_until_done(Event& done) {
    for (bool is_done = false; !is_done;) {
        is_done = co_await done.wait(std::chrono::hours(1));
    }
}

} // namespace detail

} // namespace maild::net
