#pragma once
// Waiting: for a time, or for something that another coroutine of the same thread brings about.
// Neither needs a descriptor. For "input, or an event, or a deadline" (IMAP IDLE) see
// Stream::wait_readable(). Everything here belongs to one thread; from another one use post() in
// spawn.hpp first.

#include "maild/base/clock.hpp"
#include "maild/net/task.hpp"

#include <chrono>
#include <vector>

namespace maild::net {

Task<void> sleep_for(std::chrono::milliseconds span);
Task<void> sleep_until(SteadyTime time); // not at all when it is over

// Something has changed: come and look. notify() wakes everyone who waits; with nobody waiting it
// is remembered, once, for the next one who does, so that a change between "look" and "wait" is
// never missed. It carries no value: whoever wakes looks for himself.
class Event {
public:
    Event() = default;
    Event(const Event&) = delete;
    Event& operator=(const Event&) = delete;
    ~Event(); // wakes who still waits

    void notify();
    // True when notified, false when the time is over.
    Task<bool> wait(std::chrono::milliseconds timeout);
    // What wait() would find at once; forgets it.
    bool take();

    // For those who wait for an event among other things. Linked while it waits, told at most once
    // per link().
    class Waiter {
    public:
        Waiter() = default;
        Waiter(const Waiter&) = delete;
        Waiter& operator=(const Waiter&) = delete;
        void link(Event* event); // null: waits for none
        // Ends the waiting. What came meanwhile is true with `consume`, and is left for the next
        // one without.
        bool unlink(bool consume);
        bool notified() const { return notified_; }

    protected:
        ~Waiter() { unlink(false); }

    private:
        friend class Event;
        virtual void on_event() = 0; // must not resume anything at once
        Event* event_ = nullptr;
        bool notified_ = false;
    };

private:
    std::vector<Waiter*> waiters_;
    bool pending_ = false;
};

} // namespace maild::net
