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
    // The budget outlives it.
    Room(net::MemoryBudget& budget, std::chrono::milliseconds patience)
        : budget_(budget), lease_(budget), patience_(patience) {}

    // So many octets more, before they are made. Else why not: TOOBIG for what never fits beside
    // `sent` octets of the command, or UNAVAILABLE.
    net::Task<std::optional<Response>> take(std::uint64_t count, std::uint64_t sent);
    void give_back(std::uint64_t count);

private:
    net::MemoryBudget& budget_;
    net::MemoryBudget::Lease lease_;
    std::chrono::milliseconds patience_;
    std::uint64_t size_ = 0;
};

} // namespace maild::imap
