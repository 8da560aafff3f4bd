#pragma once
// Memory that all messages on their way in share: with N sessions × message_size a worker could
// hold any amount. Whoever reads one has a Lease, which counts what it holds and, above kSmall, has
// first been admitted: the most that it may come to need fits beside all that counts of others.
// What counts of it then is its claim, which is all of that where the size was announced, else only
// a step further than what is there; beyond its claim it is admitted again.
//
// A claim whose holder got less than progress_of() within kStall counts no longer, only what it
// holds does, so that peers who announce much and send next to nothing keep nobody out; who has
// lost one goes on in steps. Nobody comes to hold more than what counts of him without being
// admitted again. So the one who was admitted last can always finish: all that he may need fits
// beside the others, who have not grown since. Then the one before him can, and so on; therefore of
// those who hold something and wait, who was admitted last goes first, and all of them go before
// those who hold nothing of the large part, who are served in the order of arrival.
//
// Small mail has a sixteenth for itself and a queue of its own: it never waits behind large mail.
// What has come of large mail before it must wait stands there, too, but fills no more than half of
// it: who would then have to wait is refused.
//
// While somebody waits, or is about to be refused, holders who made no progress for kAbandoned are
// ended (on_ended()), those first who are quiet for longest. One thread.

#include "maild/base/clock.hpp"
#include "maild/net/task.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <optional>
#include <utility>

namespace maild::net {

class MemoryBudget {
public:
    static constexpr std::size_t kSmall = 64 * 1024;
    static constexpr std::size_t kSmallPart = 16; // of the budget, one of so many
    static constexpr std::chrono::seconds kStall{5};
    static constexpr std::size_t kProgress = 64 * 1024;     // of large mail, at least …
    static constexpr std::size_t kSmallProgress = 4 * 1024; // … and of small
    static constexpr std::chrono::seconds kAbandoned{10};
    // So much within kStall keeps a claim, or all that is left of it.
    static constexpr std::size_t progress_of(std::size_t claim) {
        return std::max(kProgress, claim / 64);
    }

    class Lease;

    explicit MemoryBudget(std::size_t limit);
    MemoryBudget(std::size_t limit, const Clock& clock); // which outlives it
    ~MemoryBudget() = default;
    MemoryBudget(const MemoryBudget&) = delete;
    MemoryBudget& operator=(const MemoryBudget&) = delete;

    std::size_t used() const { return sums_.small + sums_.large; }
    std::size_t limit() const { return small_limit_ + large_limit_; }
    std::size_t largest() const { return large_limit_; } // more no message can ever get
    // So much may be had now, or in turn; who is abandoned makes room for it.
    bool may_come(std::size_t size);
    std::size_t waiting() const {
        return small_queue_.size() + large_queue_.size() + first_.size();
    }
    std::size_t leases() const; // that hold something, or have a claim
    // How often a lease was looked at, whether it may grow: for tests of what waiting costs.
    std::uint64_t looked() const { return looked_; }
    // Whoever turns mail away for want of memory says so, for the admin.
    void on_refused(std::function<void()> tell) { tell_ = std::move(tell); }
    void note_refused() const {
        if (tell_) tell_();
    }

private:
    // Of what a lease holds: in the small part, or in the large one with a claim that counts, that
    // has lapsed and counts as long as nobody needs it, or that counts no longer.
    enum class Standing : std::uint8_t { small, small_waiting, active, lapsed, stalled, waiting };
    struct Hold {
        Lease* lease = nullptr;
        Standing standing = Standing::small;
        std::size_t held = 0;
        std::size_t claim = 0;      // of the large part
        std::size_t noted = 0;      // of what is held, when it last made progress …
        SteadyTime progressed;      // … and when that was
        SteadyTime renewed;         // the same for its claim, or when it was admitted
        std::uint64_t admitted = 0; // how many were admitted before, and itself
        std::optional<std::list<Hold*>::iterator> quiet; // it may be ended
        bool is_small() const { return standing <= Standing::small_waiting; }
    };
    using Holds = std::list<Hold>; // least recently renewed first
    struct Sums {                  // over holds
        std::size_t small = 0;
        std::size_t small_waiting = 0; // of it, by who waits for the large part
        std::size_t large = 0;
        std::size_t counted = 0; // of the large part
        std::size_t lapsed = 0;  // of it, what need not count
        void add(const Sums& more) {
            small += more.small;
            small_waiting += more.small_waiting;
            large += more.large;
            counted += more.counted;
            lapsed += more.lapsed;
        }
        void remove(const Sums& less) {
            small -= less.small;
            small_waiting -= less.small_waiting;
            large -= less.large;
            counted -= less.counted;
            lapsed -= less.lapsed;
        }
    };
    struct Wish {
        std::size_t size = 0;
        std::size_t claim = 0;
        std::size_t most = 0;
    };
    struct Waiter;
    using Queue = std::list<Waiter*>;

    static Sums sums_of(const Hold& hold);
    void move(Holds::iterator hold, Standing standing);
    void resize(Hold& hold, std::size_t held, std::size_t claim);
    Holds::iterator begin_hold(Lease& lease);
    void end_hold(Holds::iterator hold);
    void note_progress(Hold& hold);
    void make_quiet(Hold& hold);
    void leave_quiet(Hold& hold);
    bool end_quietest(bool is_small);
    void let_lapse();
    std::size_t beside(const Lease& lease) const;
    bool fits(const Lease& lease, std::size_t most);
    bool admit(Lease& lease, const Wish& wish);
    bool may_wait(const Lease& lease) const;
    bool has_turn(const Lease& lease) const;
    bool grant(Waiter& waiter, bool from_small);
    void serve();
    void look();

    const Clock& clock_;
    std::size_t small_limit_;
    std::size_t large_limit_;
    std::array<Holds, 6> holds_; // by standing
    Sums sums_;
    std::array<std::list<Hold*>, 2> quiet_; // large, small: quiet for longest first
    Queue small_queue_;
    Queue large_queue_;
    std::map<std::uint64_t, Waiter*, std::greater<>> first_; // who holds of the large part
    std::uint64_t admitted_ = 0;
    std::uint64_t looked_ = 0;
    std::function<void()> tell_;
};

// A share of the budget, which outlives it. Gives everything back when it goes.
class MemoryBudget::Lease {
public:
    explicit Lease(MemoryBudget& budget) : budget_(&budget) {}
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    Lease(Lease&& other) noexcept; // without its on_ended(); not while it waits
    Lease& operator=(Lease&&) = delete;
    ~Lease() { shrink_to(0); }

    // At once or not at all: false, and nothing changes, when that is not left, or others have
    // waited longer. Always true within a claim that still counts.
    bool grow_to(std::size_t size);
    // Only within a claim that counts, or as small mail.
    bool grow_promised(std::size_t size) { return grow_small(size) || grow_within_claim(size); }
    // The same in turn; false when `patience` is over, or at stop_waiting(). `most`: what it may
    // come to need, a claim that is kept until it shrinks; of no meaning within one that is there
    // already.
    Task<bool> wait_for(std::size_t size, std::size_t most, std::chrono::milliseconds patience);
    // With a claim of twice `size` only: how much of `most` there will be nobody has said.
    Task<bool> wait_for_step(std::size_t size, std::size_t most,
                             std::chrono::milliseconds patience);
    void stop_waiting();
    void shrink_to(std::size_t size); // ends the claim
    void note_refused() const { budget_->note_refused(); }
    void claim_only(std::size_t size); // it will not be more than that: a claim beyond it ends
    // From now on it may be ended when it is abandoned: `end` is to shrink it to nothing at once.
    void on_ended(std::function<void()> end);
    void keep(); // no longer

    std::size_t size() const { return hold_ ? (*hold_)->held : 0; }

private:
    friend class MemoryBudget;
    bool has_large() const { return hold_ && !(*hold_)->is_small(); }
    bool grow_small(std::size_t size);
    bool take_small(std::size_t size); // whoever waits for it
    bool grow_within_claim(std::size_t size);
    Task<bool> wait(Wish wish, std::chrono::milliseconds patience);

    MemoryBudget* budget_;
    std::optional<Holds::iterator> hold_;
    Waiter* waiter_ = nullptr;
    std::function<void()> end_;
};

} // namespace maild::net
