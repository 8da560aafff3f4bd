#include "net/readiness.hpp"

#include <algorithm>
#include <utility>

namespace maild::net {

Readiness::Readiness(boost::asio::io_context& io, UniqueFd fd)
    : descriptor_(io, fd.get()), timer_(io), fd_(fd.release()) {}

Task<Wake> Readiness::wait(Direction direction, Deadline deadline, Event* event) {
    using Descriptor = boost::asio::posix::descriptor_base;
    const auto self = shared_from_this(); // a stream may be dropped while a coroutine waits on it
    auto& mine = slot(direction);
    mine.deadline = deadline;
    mine.is_cancelled = is_closed_ || (direction == Direction::read && read_.is_cancelled);
    if (mine.is_cancelled) co_return Wake::closed;
    if (event != nullptr && event->take()) co_return Wake::event;
    if (deadline <= std::chrono::steady_clock::now()) co_return Wake::timed_out;

    const auto type = direction == Direction::read ? Descriptor::wait_read : Descriptor::wait_write;
    mine.link(event);
    mine.is_waiting = true;
    arm(deadline);
    auto wake = Wake::ready;
    for (;;) {
        const auto result = co_await descriptor_.async_wait(type, kAwait);
        const bool is_ready = !std::get<0>(result);
        if (mine.is_cancelled)
            wake = Wake::closed;
        else if (is_ready)
            wake = Wake::ready;
        else if (mine.notified())
            wake = Wake::event;
        else if (deadline <= std::chrono::steady_clock::now())
            wake = Wake::timed_out;
        else
            continue; // the other direction was meant
        break;
    }
    mine.is_waiting = false;
    mine.unlink(wake == Wake::event);
    co_return wake;
}

void Readiness::cancel() {
    read_.is_cancelled = true;
    write_.is_cancelled = true; // the pending one; the next wait starts anew
    if (!is_closed_) descriptor_.cancel();
}

void Readiness::close() {
    if (is_closed_) return;
    cancel();
    is_closed_ = true;
    timer_.cancel();
    boost::system::error_code ignored;
    descriptor_.close(ignored);
    fd_ = -1;
}

UniqueFd Readiness::release() {
    cancel();
    is_closed_ = true;
    timer_.cancel();
    descriptor_.release();
    return UniqueFd(std::exchange(fd_, -1));
}

void Readiness::arm(Deadline deadline) {
    if (armed_ <= deadline) return;
    armed_ = deadline;
    timer_.expires_at(deadline); // ends a later wait
    timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
        if (!error) self->on_timer();
    });
}

void Readiness::on_timer() {
    armed_ = Deadline::max();
    if (is_closed_) return;
    const auto now = std::chrono::steady_clock::now();
    auto next = Deadline::max();
    bool is_late = false;
    for (const auto* slot : {&read_, &write_}) {
        if (!slot->is_waiting) continue;
        if (slot->deadline <= now)
            is_late = true;
        else
            next = std::min(next, slot->deadline);
    }
    if (is_late) descriptor_.cancel();
    if (next != Deadline::max()) arm(next);
}

} // namespace maild::net
