#pragma once
// One file of a FaultyDisk: what programs see, what is on the platter, and the writes between the
// two.

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace maild::test {

inline constexpr std::uint64_t kSectorLength = 512; // what a disk writes whole or not at all

struct FaultyInode {
    struct Change {
        std::uint64_t offset = 0; // of a write; or the new size
        std::string bytes;
        bool is_truncate = false;
    };

    void change(Change change);
    void sync();
    void forget_dirty() { dirty.clear(); } // a failed sync marks the pages clean
    void drop_cache();                     // clean pages are read anew, dirty ones stay
    // The power goes. With `random`, of each write since the last sync any subset of sectors
    // arrives.
    void lose_cache(std::mt19937_64* random);
    void cut_short(std::mt19937_64& random);      // the power goes within the last unsynced write
    void flip_bit(std::uint64_t offset, int bit); // wherever the byte is

    std::string seen;
    std::string platter;
    std::vector<Change> dirty;   // in order
    std::uint64_t allocated = 0; // bytes promised by allocate()

private:
    void tear(const Change& change, std::mt19937_64& random, std::bernoulli_distribution& keep);
};

} // namespace maild::test
