#include "maild/net/timer.hpp"

#include "net/await.hpp"

#include <algorithm>

namespace maild::net {
namespace {

// The coroutine waits for the timer; an event ends that early.
class TimerWaiter final : public Event::Waiter {
public:
    TimerWaiter(const Executor& executor, std::chrono::milliseconds timeout)
        : timer(executor, deadline_after(timeout)) {}
    SteadyTimer timer;

private:
    void on_event() override { timer.cancel(); }
};

} // namespace

Task<void> sleep_for(std::chrono::milliseconds span) {
    const auto executor = co_await boost::asio::this_coro::executor;
    SteadyTimer timer(executor, deadline_after(span));
    const auto result = co_await timer.async_wait(kAwait);
    static_cast<void>(result);
}

Task<void> sleep_until(SteadyTime time) {
    const auto executor = co_await boost::asio::this_coro::executor;
    SteadyTimer timer(executor, time);
    const auto result = co_await timer.async_wait(kAwait);
    static_cast<void>(result);
}

Event::~Event() {
    for (auto* waiter : waiters_) {
        waiter->event_ = nullptr;
        waiter->notified_ = true;
        waiter->on_event();
    }
}

void Event::notify() {
    if (waiters_.empty()) {
        pending_ = true;
        return;
    }
    for (auto* waiter : waiters_) {
        if (std::exchange(waiter->notified_, true)) continue;
        waiter->on_event();
    }
}

bool Event::take() { return std::exchange(pending_, false); }

Task<bool> Event::wait(std::chrono::milliseconds timeout) {
    if (take()) co_return true;
    const auto executor = co_await boost::asio::this_coro::executor;
    TimerWaiter waiter(executor, timeout);
    waiter.link(this);
    const auto result = co_await waiter.timer.async_wait(kAwait);
    static_cast<void>(result);
    co_return waiter.unlink(true);
}

void Event::Waiter::link(Event* event) {
    unlink(false);
    event_ = event;
    if (event_ != nullptr) event_->waiters_.push_back(this);
}

bool Event::Waiter::unlink(bool consume) {
    const bool was_notified = std::exchange(notified_, false);
    if (auto* event = std::exchange(event_, nullptr)) {
        std::erase(event->waiters_, this);
        if (was_notified && !consume) event->pending_ = true;
    }
    return was_notified;
}

} // namespace maild::net
