#include "maild/net/memory_budget.hpp"

#include "maild/net/timer.hpp"

#include <iterator>
#include <utility>

namespace maild::net {
namespace {

// Nothing tells that a claim has lapsed, or a holder is abandoned: who is next in a queue looks.
constexpr std::chrono::milliseconds kLook{500};

// One more for so much as there is.
std::size_t step_of(std::size_t size, std::size_t most) {
    return std::min(most, 2 * std::max(size, MemoryBudget::kSmall));
}

const Clock& system_clock() {
    static const SystemClock clock;
    return clock;
}

} // namespace

// In a coroutine that waits; out of its queue when granted, or when the coroutine goes. What it
// waits with is not ended meanwhile: that nothing comes is not its peer's fault.
struct MemoryBudget::Waiter {
    Waiter(Lease& its_lease, const Wish& its_wish)
        : budget(*its_lease.budget_), lease(its_lease), wish(its_wish) {
        lease.waiter_ = this;
        is_small = wish.most <= kSmall && !lease.has_large();
        if (lease.hold_) budget.leave_quiet(**lease.hold_);
        if (lease.has_large()) {
            admitted = (*lease.hold_)->admitted;
            budget.move(*lease.hold_, Standing::waiting);
            budget.first_.emplace(admitted, this);
            return;
        }
        if (lease.hold_ && !is_small) budget.move(*lease.hold_, Standing::small_waiting);
        auto& queue = is_small ? budget.small_queue_ : budget.large_queue_;
        queue.push_back(this);
    }
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    ~Waiter() {
        lease.waiter_ = nullptr;
        if (!is_granted) leave();
        if (lease.hold_) {
            (*lease.hold_)->progressed = budget.clock_.steady_now();
            budget.make_quiet(**lease.hold_);
        }
        if (!is_granted) budget.serve(); // it may have stood before others
    }

    // What there is counts further on, and no more.
    void leave() {
        dequeue();
        if (!lease.hold_) return;
        auto& hold = **lease.hold_;
        if (hold.is_small()) return budget.move(*lease.hold_, Standing::small);
        budget.resize(hold, hold.held, hold.held);
        hold.renewed = budget.clock_.steady_now();
        budget.move(*lease.hold_, Standing::active);
    }
    void dequeue() {
        if (admitted > 0)
            budget.first_.erase(admitted);
        else
            std::erase(is_small ? budget.small_queue_ : budget.large_queue_, this);
    }
    bool is_next() const {
        if (admitted > 0) return budget.first_.begin()->second == this;
        return (is_small ? budget.small_queue_ : budget.large_queue_).front() == this;
    }

    MemoryBudget& budget;
    Lease& lease;
    Wish wish;
    std::uint64_t admitted = 0; // 0: it holds nothing of the large part
    bool is_small = false;
    bool is_granted = false;
    bool is_stopped = false;
    Event wake; // it is granted or stopped
};

MemoryBudget::MemoryBudget(std::size_t limit) : MemoryBudget(limit, system_clock()) {}

MemoryBudget::MemoryBudget(std::size_t limit, const Clock& clock)
    : clock_(clock), small_limit_(limit / kSmallPart), large_limit_(limit - small_limit_) {}

MemoryBudget::Sums MemoryBudget::sums_of(const Hold& hold) {
    const auto held = hold.held;
    switch (hold.standing) {
    case Standing::small: return {held, 0, 0, 0, 0};
    case Standing::small_waiting: return {held, held, 0, 0, 0};
    case Standing::active: return {0, 0, held, hold.claim, 0};
    case Standing::lapsed: return {0, 0, held, hold.claim, hold.claim - held};
    case Standing::stalled:
    case Standing::waiting: break;
    }
    return {0, 0, held, held, 0};
}

std::size_t MemoryBudget::leases() const {
    std::size_t count = 0;
    for (const auto& holds : holds_) count += holds.size();
    return count;
}

// To the end of those who stand there.
void MemoryBudget::move(Holds::iterator hold, Standing standing) {
    sums_.remove(sums_of(*hold));
    auto& from = holds_[std::to_underlying(hold->standing)];
    auto& to = holds_[std::to_underlying(standing)];
    to.splice(to.end(), from, hold);
    const bool changes_part =
        hold->quiet && hold->is_small() != (standing <= Standing::small_waiting);
    if (changes_part) leave_quiet(*hold);
    hold->standing = standing;
    if (changes_part) make_quiet(*hold);
    sums_.add(sums_of(*hold));
}

void MemoryBudget::resize(Hold& hold, std::size_t held, std::size_t claim) {
    sums_.remove(sums_of(hold));
    hold.held = held;
    hold.claim = claim;
    sums_.add(sums_of(hold));
}

MemoryBudget::Holds::iterator MemoryBudget::begin_hold(Lease& lease) {
    auto& small = holds_[std::to_underlying(Standing::small)];
    const auto hold = small.emplace(small.end());
    hold->lease = &lease;
    hold->progressed = clock_.steady_now();
    lease.hold_ = hold;
    make_quiet(*hold);
    return hold;
}

void MemoryBudget::end_hold(Holds::iterator hold) {
    leave_quiet(*hold);
    sums_.remove(sums_of(*hold));
    hold->lease->hold_.reset();
    holds_[std::to_underlying(hold->standing)].erase(hold);
}

void MemoryBudget::make_quiet(Hold& hold) {
    if (hold.quiet || !hold.lease->end_) return;
    auto& quiet = quiet_[hold.is_small() ? 1 : 0];
    auto place = quiet.end();
    while (place != quiet.begin() && (*std::prev(place))->progressed > hold.progressed) --place;
    hold.quiet = quiet.insert(place, &hold);
}

void MemoryBudget::leave_quiet(Hold& hold) {
    if (!hold.quiet) return;
    quiet_[hold.is_small() ? 1 : 0].erase(*hold.quiet);
    hold.quiet.reset();
}

void MemoryBudget::note_progress(Hold& hold) {
    hold.noted = hold.held;
    hold.progressed = clock_.steady_now();
    if (!hold.quiet) return;
    auto& quiet = quiet_[hold.is_small() ? 1 : 0];
    quiet.splice(quiet.end(), quiet, *hold.quiet);
}

// True when somebody was abandoned, and has given back what he held. Who only has a claim has not
// begun to send, and takes nothing from anybody.
bool MemoryBudget::end_quietest(bool is_small) {
    auto& quiet = quiet_[is_small ? 1 : 0];
    const auto now = clock_.steady_now();
    const auto is_abandoned = [&quiet, now] {
        return !quiet.empty() && now - quiet.front()->progressed >= kAbandoned;
    };
    while (is_abandoned() && quiet.front()->held == 0) note_progress(*quiet.front());
    if (!is_abandoned()) return false;
    auto& hold = *quiet.front();
    leave_quiet(hold);
    const auto end = std::move(hold.lease->end_);
    hold.lease->end_ = nullptr;
    end();
    return true;
}

bool MemoryBudget::may_come(std::size_t size) {
    if (size > kSmall) return size <= large_limit_;
    while (size > small_limit_ - sums_.small && size > large_limit_ - sums_.large) {
        if (!end_quietest(true)) return false;
    }
    return true;
}

void MemoryBudget::let_lapse() {
    auto& active = holds_[std::to_underlying(Standing::active)];
    const auto now = clock_.steady_now();
    while (!active.empty() && now - active.front().renewed >= kStall)
        move(active.begin(), Standing::lapsed);
}

// What counts of all others in the large part.
std::size_t MemoryBudget::beside(const Lease& lease) const {
    return sums_.counted - (lease.hold_ ? sums_of(**lease.hold_).counted : 0);
}

// Claims that have lapsed end only when that is needed, the oldest first: what they had been
// promised is given to another.
bool MemoryBudget::fits(const Lease& lease, std::size_t most) {
    ++looked_;
    if (most > large_limit_) return false;
    let_lapse();
    const auto own = lease.hold_ ? sums_of(**lease.hold_).lapsed : 0;
    if (beside(lease) - (sums_.lapsed - own) + most > large_limit_) return false;
    auto& lapsed = holds_[std::to_underlying(Standing::lapsed)];
    while (beside(lease) + most > large_limit_) move(lapsed.begin(), Standing::stalled);
    return true;
}

bool MemoryBudget::admit(Lease& lease, const Wish& wish) {
    if (!fits(lease, wish.most)) return false;
    const bool is_new = !lease.has_large();
    const auto hold = lease.hold_ ? *lease.hold_ : begin_hold(lease);
    move(hold, Standing::active);
    resize(*hold, std::max(wish.size, hold->held), std::max(wish.claim, hold->held));
    hold->renewed = clock_.steady_now();
    hold->admitted = ++admitted_;
    if (is_new || hold->held >= hold->noted + progress_of(hold->claim)) note_progress(*hold);
    return true;
}

// What has been read of large mail is in the small part until it is admitted: half of that is for
// small mail alone.
bool MemoryBudget::may_wait(const Lease& lease) const {
    if (lease.has_large() || sums_.small_waiting == 0) return true;
    return sums_.small_waiting + lease.size() <= small_limit_ / 2;
}

// Who asks for some of the large part now need not wait behind others.
bool MemoryBudget::has_turn(const Lease& lease) const {
    return lease.has_large() || (first_.empty() && large_queue_.empty());
}

bool MemoryBudget::grant(Waiter& waiter, bool from_small) {
    if (from_small) ++looked_;
    const bool has_room =
        from_small ? waiter.lease.take_small(waiter.wish.size) : admit(waiter.lease, waiter.wish);
    if (!has_room) return false;
    waiter.dequeue();
    waiter.is_granted = true;
    waiter.wake.notify();
    return true;
}

// However many wait, it looks no further than to the first in each queue for whom there is no room.
void MemoryBudget::serve() {
    while (!small_queue_.empty() && grant(*small_queue_.front(), true)) continue;
    while (!first_.empty() && grant(*first_.begin()->second, false)) continue;
    if (!first_.empty()) return;
    while (!large_queue_.empty() && grant(*large_queue_.front(), false)) continue;
    if (!large_queue_.empty()) return;
    while (!small_queue_.empty() && grant(*small_queue_.front(), false)) continue;
}

void MemoryBudget::look() {
    serve();
    while (!small_queue_.empty() && end_quietest(true)) serve();
    while (waiting() > 0 && end_quietest(false)) serve();
}

MemoryBudget::Lease::Lease(Lease&& other) noexcept
    : budget_(other.budget_), hold_(std::exchange(other.hold_, std::nullopt)) {
    if (!hold_) return;
    budget_->leave_quiet(**hold_);
    (*hold_)->lease = this;
}

bool MemoryBudget::Lease::grow_small(std::size_t size) {
    if (!hold_ && size > 0 && !budget_->small_queue_.empty()) return false;
    return take_small(size);
}

bool MemoryBudget::Lease::take_small(std::size_t size) {
    if (has_large() || size > kSmall) return false;
    if (size <= this->size()) return true;
    if (size - this->size() > budget_->small_limit_ - budget_->sums_.small) return false;
    auto& hold = hold_ ? **hold_ : *budget_->begin_hold(*this);
    budget_->resize(hold, size, 0);
    if (hold.held >= hold.noted + kSmallProgress) budget_->note_progress(hold);
    return true;
}

bool MemoryBudget::Lease::grow_within_claim(std::size_t size) {
    if (!has_large()) return false;
    auto& hold = **hold_;
    const bool has_claim = hold.standing == Standing::active || hold.standing == Standing::lapsed;
    if (size <= hold.held && (has_claim || size > 0)) return true;
    if (!has_claim || size > hold.claim) return false;
    budget_->resize(hold, size, hold.claim);
    if (hold.held < hold.noted + progress_of(hold.claim) && hold.held < hold.claim) return true;
    budget_->note_progress(hold);
    hold.renewed = hold.progressed;
    budget_->move(*hold_, Standing::active);
    return true;
}

bool MemoryBudget::Lease::grow_to(std::size_t size) {
    if (size <= this->size() || grow_small(size) || grow_within_claim(size)) return true;
    if (!budget_->has_turn(*this)) return false;
    const auto claim = std::max(size, has_large() ? (*hold_)->claim : 0);
    return budget_->admit(*this, {size, claim, claim});
}

Task<bool> MemoryBudget::Lease::wait_for(std::size_t size, std::size_t most,
                                         std::chrono::milliseconds patience) {
    if (grow_within_claim(size)) co_return true;
    const bool is_within = has_large() && size <= (*hold_)->claim; // it has stalled
    most = is_within ? (*hold_)->claim : std::max(size, most);
    const Wish wish{size, is_within ? step_of(size, most) : most, most};
    const bool is_granted = co_await wait(wish, patience);
    co_return is_granted;
}

Task<bool> MemoryBudget::Lease::wait_for_step(std::size_t size, std::size_t most,
                                              std::chrono::milliseconds patience) {
    if (grow_within_claim(size)) co_return true;
    most = std::max(size, std::min(most, budget_->large_limit_));
    const Wish wish{size, step_of(size, most), most};
    const bool is_granted = co_await wait(wish, patience);
    co_return is_granted;
}

Task<bool> MemoryBudget::Lease::wait(Wish wish, std::chrono::milliseconds patience) {
    const bool is_small = wish.most <= kSmall && !has_large();
    if (is_small && grow_small(wish.size)) co_return true;
    if (wish.most > budget_->large_limit_) co_return false;
    if (budget_->has_turn(*this) && budget_->admit(*this, wish)) co_return true;
    if (!is_small && !budget_->may_wait(*this)) co_return false;
    Waiter waiter(*this, wish);
    const auto end = std::chrono::steady_clock::now() + patience;
    while (!waiter.is_granted && !waiter.is_stopped) {
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
        if (left.count() <= 0) break;
        co_await waiter.wake.wait(std::min(left, kLook));
        if (!waiter.is_granted && waiter.is_next()) budget_->look();
    }
    co_return waiter.is_granted;
}

void MemoryBudget::Lease::stop_waiting() {
    if (waiter_ == nullptr) return;
    waiter_->is_stopped = true;
    waiter_->wake.notify();
}

void MemoryBudget::Lease::claim_only(std::size_t size) {
    if (!has_large() || size >= (*hold_)->claim) return;
    auto& hold = **hold_;
    budget_->resize(hold, hold.held, std::max(size, hold.held));
    budget_->serve();
}

void MemoryBudget::Lease::shrink_to(std::size_t size) {
    if (!hold_) return;
    auto& hold = **hold_;
    if (size > 0 && size >= std::max(hold.held, hold.claim)) return;
    const auto kept = std::min(size, hold.held);
    budget_->resize(hold, kept, hold.is_small() ? 0 : kept);
    hold.noted = std::min(hold.noted, kept);
    if (kept == 0) budget_->end_hold(*hold_);
    budget_->serve();
}

void MemoryBudget::Lease::on_ended(std::function<void()> end) {
    end_ = std::move(end);
    if (hold_) budget_->make_quiet(**hold_);
}

void MemoryBudget::Lease::keep() {
    if (hold_) budget_->leave_quiet(**hold_);
    end_ = nullptr;
}

} // namespace maild::net
