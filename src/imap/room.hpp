#pragma once
// Memory for what a command makes of what was sent, beside that: what CATENATE puts together, and
// messages whose binary parts become lines. Waits in turn; gives all back when the command is over.
// It has a lease of its own, so two commands may wait for what each other's literals hold: until
// one has no more patience.

#include "imap/respond.hpp"

#include "maild/net/memory_budget.hpp"

#include <chrono>
#include <cstdint>
#include <optional>

namespace maild::imap {

class Room {
public:
    // The budget outlives it, and so does `current`, which is where it can be found meanwhile.
    Room(net::MemoryBudget& budget, std::chrono::milliseconds patience, Room*& current)
        : budget_(budget), lease_(budget), patience_(patience), current_(current) {
        current_ = this;
    }
    Room(const Room&) = delete;
    Room& operator=(const Room&) = delete;
    ~Room() { current_ = nullptr; }

    // So many octets more, before they are made. Else why not: TOOBIG for what never fits beside
    // `sent` octets of the command, or UNAVAILABLE.
    net::Task<std::optional<Response>> take(std::uint64_t count, std::uint64_t sent);
    void give_back(std::uint64_t count);
    // Nor is there any, from now on, that has to be waited for.
    void stop_waiting() {
        patience_ = std::chrono::milliseconds(0);
        lease_.stop_waiting();
    }

private:
    net::MemoryBudget& budget_;
    net::MemoryBudget::Lease lease_;
    std::chrono::milliseconds patience_;
    Room*& current_;
    std::uint64_t size_ = 0;
};

} // namespace maild::imap
