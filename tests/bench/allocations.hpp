#pragma once
// Counts what operator new is asked for, in all threads. A program that links allocations.cpp has
// the global operators replaced; what C libraries take from malloc() is not seen.

#include <cstdint>

namespace maild::bench {

struct Allocations {
    std::uint64_t count = 0;
    std::uint64_t bytes = 0;
};
Allocations allocations_so_far();

} // namespace maild::bench
