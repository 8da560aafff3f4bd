#include "support/shared_locks.hpp"

#include <sqlite3.h>

namespace maild::test {

bool SharedLocks::lock(Holder& holder, int level) {
    const std::scoped_lock lock(mutex_);
    if (level <= holder.level) return true;
    if (level == SQLITE_LOCK_SHARED) {
        if (pending_ != nullptr) return false;
        ++sharers_;
        holder.level = level;
        return true;
    }
    if (reserved_ != nullptr && reserved_ != &holder) return false;
    if (pending_ != nullptr && pending_ != &holder) return false;
    reserved_ = &holder;
    holder.level = SQLITE_LOCK_RESERVED;
    if (level == SQLITE_LOCK_RESERVED) return true;
    pending_ = &holder; // kept even when readers are still there: no new ones come
    holder.level = SQLITE_LOCK_PENDING;
    if (sharers_ > 1) return false;
    holder.level = SQLITE_LOCK_EXCLUSIVE;
    return true;
}

void SharedLocks::unlock(Holder& holder, int level) {
    const std::scoped_lock lock(mutex_);
    if (holder.level <= level) return;
    if (reserved_ == &holder) reserved_ = nullptr;
    if (pending_ == &holder) pending_ = nullptr;
    if (level == SQLITE_LOCK_NONE) --sharers_;
    holder.level = level;
}

bool SharedLocks::is_reserved() const {
    const std::scoped_lock lock(mutex_);
    return reserved_ != nullptr;
}

std::uint32_t SharedLocks::mask(int first, int count) {
    return ((1U << static_cast<unsigned>(count)) - 1U) << static_cast<unsigned>(first);
}

bool SharedLocks::lock_slots(Holder& holder, std::uint32_t slots, bool is_exclusive) {
    const std::scoped_lock lock(mutex_);
    if ((exclusive_slots_ & slots & ~holder.exclusive_slots) != 0) return false;
    for (std::size_t i = 0; is_exclusive && i < kSlots; ++i) {
        const auto slot = 1U << i;
        const int own = (holder.shared_slots & slot) != 0 ? 1 : 0;
        if ((slots & slot) != 0 && slot_sharers_[i] > own) return false;
    }
    if (is_exclusive) {
        exclusive_slots_ |= slots;
        holder.exclusive_slots |= slots;
        return true;
    }
    for (std::size_t i = 0; i < kSlots; ++i) {
        if ((slots & ~holder.shared_slots & (1U << i)) != 0) ++slot_sharers_[i];
    }
    holder.shared_slots |= slots;
    return true;
}

void SharedLocks::unlock_slots(Holder& holder, std::uint32_t slots) {
    const std::scoped_lock lock(mutex_);
    exclusive_slots_ &= ~(slots & holder.exclusive_slots);
    holder.exclusive_slots &= ~slots;
    for (std::size_t i = 0; i < kSlots; ++i) {
        if ((slots & holder.shared_slots & (1U << i)) != 0) --slot_sharers_[i];
    }
    holder.shared_slots &= ~slots;
}

void* SharedLocks::map(std::size_t region, std::size_t size, bool extend) {
    const std::scoped_lock lock(mutex_);
    if (region >= regions_.size() && !extend) return nullptr;
    while (regions_.size() <= region) regions_.push_back(std::make_unique<std::byte[]>(size));
    return regions_[region].get();
}

void SharedLocks::forget(Holder& holder) {
    unlock_slots(holder, ~0U);
    unlock(holder, SQLITE_LOCK_NONE);
}

} // namespace maild::test
