#pragma once
// Memory that all messages on their way in share: with N sessions × message_size a worker could
// hold any amount. Whoever reads one has a Lease, which counts what it holds and, above kSmall, has
// first been admitted with a claim: the most that it may come to hold.
//
// Claims of those who are admitted fit the budget together, so whoever has begun can finish, and
// who must wait does so before he has begun, in the order of arrival. A claim whose holder got
// nothing for kStall counts no longer, only what it holds does, so that peers who announce much and
// send nothing keep nobody out; to grow again it is admitted again, and waits ahead of those who
// hold nothing. Each who is admitted fits beside what all others hold, and these do not grow
// meanwhile unless they are admitted later; so the one who was admitted last can always finish, and
// nobody waits for ever for somebody who waits.
//
// Small mail has a sixteenth for itself and never waits behind large mail. One thread.

#include "maild/base/clock.hpp"
#include "maild/net/task.hpp"
#include "maild/net/timer.hpp"

#include <chrono>
#include <cstddef>
#include <list>
#include <optional>

namespace maild::net {

class MemoryBudget {
public:
    static constexpr std::size_t kSmall = 64 * 1024;
    static constexpr std::size_t kSmallPart = 16; // of the budget, one of so many
    static constexpr std::chrono::seconds kStall{5};

    class Lease;

    explicit MemoryBudget(std::size_t limit);
    MemoryBudget(std::size_t limit, const Clock& clock); // which outlives it
    ~MemoryBudget() = default;
    MemoryBudget(const MemoryBudget&) = delete;
    MemoryBudget& operator=(const MemoryBudget&) = delete;

    std::size_t used() const { return small_used_ + large_used_; }
    std::size_t limit() const { return small_limit_ + large_limit_; }
    std::size_t largest() const { return large_limit_; } // more no message can ever get
    // So much may be had now, or in turn.
    bool may_come(std::size_t size) const;
    std::size_t waiting() const { return waiting_.size(); }

private:
    struct Share { // of a lease above kSmall
        std::size_t held = 0;
        std::size_t claim = 0;
        SteadyTime grown;
        bool is_stalled = false;
    };
    using Shares = std::list<Share>;
    struct Waiter;

    bool admit(Lease& lease, std::size_t size, std::size_t most);
    bool fits(const Share* own, std::size_t claim);
    void serve();

    const Clock& clock_;
    std::size_t small_limit_;
    std::size_t large_limit_;
    std::size_t small_used_ = 0;
    std::size_t large_used_ = 0;
    Shares shares_;
    std::list<Waiter*> waiting_;
};

// A share of the budget, which outlives it. Gives everything back when it goes.
class MemoryBudget::Lease {
public:
    explicit Lease(MemoryBudget& budget) : budget_(&budget) {}
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    Lease(Lease&& other) noexcept;
    Lease& operator=(Lease&&) = delete;
    ~Lease() { shrink_to(0); }

    // At once or not at all: false, and nothing changes, when that is not left, or others have
    // waited longer. Always true within a claim that still counts.
    bool grow_to(std::size_t size);
    // Only within a claim that counts, or as small mail.
    bool grow_promised(std::size_t size) { return grow_small(size) || grow_within_claim(size); }
    // The same in turn; false when `patience` is over. `most`: what it may come to need, a claim
    // that is kept until it shrinks; of no meaning within one that is there already.
    Task<bool> wait_for(std::size_t size, std::size_t most, std::chrono::milliseconds patience);
    void shrink_to(std::size_t size); // ends the claim

    std::size_t size() const { return share_ ? (*share_)->held : small_; }

private:
    friend class MemoryBudget;
    bool grow_small(std::size_t size);
    bool grow_within_claim(std::size_t size);

    MemoryBudget* budget_;
    std::size_t small_ = 0;
    std::optional<Shares::iterator> share_;
};

} // namespace maild::net
