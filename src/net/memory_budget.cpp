#include "maild/net/memory_budget.hpp"

#include <algorithm>
#include <utility>

namespace maild::net {
namespace {

// Nothing tells that a claim has stalled: whoever waits looks.
constexpr std::chrono::milliseconds kLook{500};

const Clock& system_clock() {
    static const SystemClock clock;
    return clock;
}

} // namespace

// In a coroutine that waits; out of the list when granted, or when the coroutine goes.
struct MemoryBudget::Waiter {
    Waiter(Lease& its_lease, std::size_t its_size, std::size_t its_most)
        : budget(*its_lease.budget_), lease(its_lease), size(its_size), most(its_most) {
        budget.waiting_.push_back(this);
    }
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    ~Waiter() {
        if (!is_granted) budget.waiting_.remove(this);
    }

    MemoryBudget& budget;
    Lease& lease;
    std::size_t size;
    std::size_t most;
    bool is_granted = false;
    Event granted;
};

MemoryBudget::MemoryBudget(std::size_t limit) : MemoryBudget(limit, system_clock()) {}

MemoryBudget::MemoryBudget(std::size_t limit, const Clock& clock)
    : clock_(clock), small_limit_(limit / kSmallPart), large_limit_(limit - small_limit_) {}

bool MemoryBudget::may_come(std::size_t size) const {
    if (size > kSmall) return size <= large_limit_;
    return size <= small_limit_ - small_used_ || size <= large_limit_ - large_used_;
}

// Beside all others. Those who have stalled count for less only when that is needed, and are marked
// then: what they had been promised is given to another.
bool MemoryBudget::fits(const Share* own, std::size_t claim) {
    if (claim > large_limit_) return false;
    const auto now = clock_.steady_now();
    const auto has_stalled = [now](const Share& share) {
        return share.is_stalled || now - share.grown >= kStall;
    };
    std::size_t promised = 0;
    std::size_t held_by_stalled = 0;
    std::size_t claimed_by_stalled = 0;
    for (const auto& share : shares_) {
        if (&share == own) continue;
        if (!has_stalled(share)) {
            promised += share.claim;
            continue;
        }
        held_by_stalled += share.held;
        claimed_by_stalled += share.is_stalled ? share.held : share.claim;
    }
    if (promised + claimed_by_stalled + claim <= large_limit_) return true;
    if (promised + held_by_stalled + claim > large_limit_) return false;
    for (auto& share : shares_) {
        if (&share != own && has_stalled(share)) share.is_stalled = true;
    }
    return true;
}

bool MemoryBudget::admit(Lease& lease, std::size_t size, std::size_t most) {
    const auto claim = std::max(size, most);
    if (!fits(lease.share_ ? &**lease.share_ : nullptr, claim)) return false;
    if (!lease.share_) {
        lease.share_ = shares_.insert(shares_.end(), Share{});
        (*lease.share_)->held = std::exchange(lease.small_, 0);
        small_used_ -= (*lease.share_)->held;
        large_used_ += (*lease.share_)->held;
    }
    auto& share = **lease.share_;
    share.claim = claim;
    share.is_stalled = false;
    return lease.grow_within_claim(size);
}

// In the order of arrival; but who holds something may go first, because others may wait for that.
void MemoryBudget::serve() {
    bool is_held_up = false;
    for (auto next = waiting_.begin(); next != waiting_.end();) {
        auto& waiter = **next;
        const bool has_turn = !is_held_up || waiter.lease.size() > 0;
        if (!has_turn || !admit(waiter.lease, waiter.size, waiter.most)) {
            is_held_up = true;
            ++next;
            continue;
        }
        next = waiting_.erase(next);
        waiter.is_granted = true;
        waiter.granted.notify();
    }
}

MemoryBudget::Lease::Lease(Lease&& other) noexcept
    : budget_(other.budget_),
      small_(std::exchange(other.small_, 0)),
      share_(std::exchange(other.share_, std::nullopt)) {}

bool MemoryBudget::Lease::grow_small(std::size_t size) {
    if (share_ || size > kSmall) return false;
    if (size <= small_) return true;
    if (size - small_ > budget_->small_limit_ - budget_->small_used_) return false;
    budget_->small_used_ += size - small_;
    small_ = size;
    return true;
}

bool MemoryBudget::Lease::grow_within_claim(std::size_t size) {
    if (!share_ || (*share_)->is_stalled || size > (*share_)->claim) return false;
    auto& share = **share_;
    budget_->large_used_ += size - std::min(size, share.held);
    share.held = std::max(size, share.held);
    share.grown = budget_->clock_.steady_now();
    return true;
}

bool MemoryBudget::Lease::grow_to(std::size_t size) {
    if (size <= this->size() || grow_small(size) || grow_within_claim(size)) return true;
    if (!budget_->waiting_.empty() && this->size() == 0) return false;
    const auto most = share_ ? (*share_)->claim : 0;
    return budget_->admit(*this, size, most);
}

Task<bool> MemoryBudget::Lease::wait_for(std::size_t size, std::size_t most,
                                         std::chrono::milliseconds patience) {
    if (grow_within_claim(size)) co_return true;
    if (share_ && size <= (*share_)->claim) most = (*share_)->claim; // it has stalled
    most = std::max(size, most);
    if (most <= kSmall && grow_small(size)) co_return true;
    if (most > budget_->large_limit_) co_return false;
    const bool has_turn = budget_->waiting_.empty() || this->size() > 0;
    if (has_turn && budget_->admit(*this, size, most)) co_return true;
    Waiter waiter(*this, size, most);
    const auto end = std::chrono::steady_clock::now() + patience;
    while (!waiter.is_granted) {
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
        if (left.count() <= 0) break;
        co_await waiter.granted.wait(std::min(left, kLook));
        if (!waiter.is_granted) budget_->serve();
    }
    co_return waiter.is_granted;
}

void MemoryBudget::Lease::shrink_to(std::size_t size) {
    if (share_ && size < (*share_)->claim) {
        auto& share = **share_;
        const auto kept = std::min(size, share.held);
        budget_->large_used_ -= share.held - kept;
        share.held = share.claim = kept;
        if (kept == 0) {
            budget_->shares_.erase(*share_);
            share_.reset();
        }
        budget_->serve();
    } else if (!share_ && size < small_) {
        budget_->small_used_ -= small_ - size;
        small_ = size;
        if (!budget_->waiting_.empty()) budget_->serve();
    }
}

} // namespace maild::net
