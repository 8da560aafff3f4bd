#pragma once
// Memory that all messages in flight of one worker share: with N sessions × message_size a worker
// could hold any amount. What is taken is given back when the lease goes. One thread.

#include <cstddef>
#include <utility>

namespace maild::smtp {

class Budget {
public:
    // A share of the budget, which outlives it.
    class Lease {
    public:
        explicit Lease(Budget& budget) : budget_(&budget) {}
        Lease(const Lease&) = delete;
        Lease& operator=(const Lease&) = delete;
        Lease(Lease&& other) noexcept
            : budget_(other.budget_), size_(std::exchange(other.size_, 0)) {}
        Lease& operator=(Lease&&) = delete;
        ~Lease() { shrink_to(0); }

        // False, and nothing changes, when the budget has not that much left.
        bool grow_to(std::size_t size) {
            if (size <= size_) return true;
            if (size - size_ > budget_->limit_ - budget_->used_) return false;
            budget_->used_ += size - size_;
            size_ = size;
            return true;
        }
        void shrink_to(std::size_t size) {
            if (size >= size_) return;
            budget_->used_ -= size_ - size;
            size_ = size;
        }

    private:
        Budget* budget_;
        std::size_t size_ = 0;
    };

    explicit Budget(std::size_t limit) : limit_(limit) {}
    ~Budget() = default;
    Budget(const Budget&) = delete;
    Budget& operator=(const Budget&) = delete;

    std::size_t used() const { return used_; }
    std::size_t limit() const { return limit_; }

private:
    std::size_t limit_;
    std::size_t used_ = 0;
};

} // namespace maild::smtp
