#pragma once
// The locks and the WAL index of one SQLite database in memory, shared by the connections of a
// process: what SQLite's "unix-excl" keeps in its heap (https://sqlite.org/c3ref/io_methods.html).
// Safe from several threads.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace maild::test {

class SharedLocks {
public:
    // One connection's share. Compared by address.
    struct Holder {
        int level = 0; // SQLITE_LOCK_NONE … SQLITE_LOCK_EXCLUSIVE
        std::uint32_t shared_slots = 0;
        std::uint32_t exclusive_slots = 0;
    };

    bool lock(Holder& holder, int level); // false: busy
    void unlock(Holder& holder, int level);
    bool is_reserved() const;

    static std::uint32_t mask(int first, int count);
    bool lock_slots(Holder& holder, std::uint32_t slots, bool is_exclusive);
    void unlock_slots(Holder& holder, std::uint32_t slots);
    // A region of the WAL index, zeroed when it is new; null when it is not there and not to be
    // made.
    void* map(std::size_t region, std::size_t size, bool extend);

    // What was written to the index before is seen by whoever passes here after.
    void barrier() const { const std::scoped_lock lock(mutex_); }

    void forget(Holder& holder); // gives up everything

private:
    static constexpr std::size_t kSlots = 8; // SQLITE_SHM_NLOCK

    mutable std::mutex mutex_;
    int sharers_ = 0;
    const Holder* reserved_ = nullptr;
    const Holder* pending_ = nullptr; // or exclusive
    std::array<int, kSlots> slot_sharers_{};
    std::uint32_t exclusive_slots_ = 0;
    std::vector<std::unique_ptr<std::byte[]>> regions_;
};

} // namespace maild::test
