#pragma once
// Waiting until a descriptor can be read or written, with a deadline and, if wanted, an event
// beside it. The reads and writes themselves belong to the caller, who tries them first and waits
// only on EAGAIN.
//
// One timer serves both directions, and it is lazy: it stays armed when a wait ends early and
// looks, when it fires, whether anyone is really late. So a busy connection never touches the timer
// queue. Waking one direction wakes the other too, which sees that nothing concerns it and waits
// on.

#include "net/await.hpp"

#include "maild/base/unique_fd.hpp"
#include "maild/net/task.hpp"
#include "maild/net/timer.hpp"

#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include <cstdint>
#include <memory>

namespace maild::net {

enum class Wake : std::uint8_t { ready, event, timed_out, closed };
enum class Direction : std::uint8_t { read, write };

class Readiness : public std::enable_shared_from_this<Readiness> {
public:
    using Deadline = std::chrono::steady_clock::time_point;

    Readiness(boost::asio::io_context& io, UniqueFd fd); // throws when epoll refuses the descriptor

    int fd() { return fd_; }
    // One wait for each direction at a time. An event goes with reading only.
    Task<Wake> wait(Direction direction, Deadline deadline, Event* event = nullptr);
    // Pending waits end with `closed`, and so does every later wait for reading.
    void cancel();
    void close();       // cancels, and closes the descriptor
    UniqueFd release(); // the descriptor, which nobody waits for; every later wait is `closed`

private:
    struct Slot final : Event::Waiter {
        explicit Slot(Readiness& owner_in) : owner(owner_in) {}
        void on_event() override { owner.descriptor_.cancel(); }
        Readiness& owner;
        Deadline deadline;
        bool is_waiting = false;
        bool is_cancelled = false;
    };
    Slot& slot(Direction direction) { return direction == Direction::read ? read_ : write_; }
    void arm(Deadline deadline);
    void on_timer();

    boost::asio::posix::basic_stream_descriptor<Executor> descriptor_;
    SteadyTimer timer_;
    Deadline armed_ = Deadline::max(); // max: not armed
    Slot read_{*this};
    Slot write_{*this};
    int fd_;
    bool is_closed_ = false;
};

} // namespace maild::net
