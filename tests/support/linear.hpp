#pragma once
// No input makes work grow faster than its size (promise 5): each hostile shape is processed at n
// and at 2n, and the processor time of the second is below kMostGrowth times the first's. Processor
// time of this thread, the least of several runs: other processes do not count.

#include <algorithm>
#include <cstddef>
#include <ctime>
#include <functional>
#include <limits>
#include <malloc.h>
#include <string>
#include <string_view>

namespace maild::test {

inline constexpr double kMostGrowth = 2.3;

struct Shape {
    const char* name;
    std::size_t size; // n: large enough for some milliseconds
    std::function<std::string(std::size_t)> make;
    std::function<void(const std::string&)> work;
};

inline std::string repeated(std::string_view text, std::size_t count) {
    std::string out;
    out.reserve(text.size() * count);
    for (std::size_t i = 0; i < count; ++i) out += text;
    return out;
}

inline double seconds_of(const std::function<void(const std::string&)>& work,
                         const std::string& input) {
    const auto now = [] {
        timespec time{};
        ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
    };
    const auto begin = now();
    work(input);
    return now() - begin;
}

// What is freed stays with the process: otherwise the larger input alone is given back to the
// kernel each time, and its page faults are taken for the work.
inline void keep_freed_memory() {
    ::mallopt(M_MMAP_THRESHOLD, 32 * 1024 * 1024);
    ::mallopt(M_TRIM_THRESHOLD, 1024 * 1024 * 1024);
}

// How many times longer twice the input takes.
inline double growth_of(const Shape& shape) {
    constexpr int kLeastRuns = 3;
    constexpr int kMostRuns = 1'000; // neighbours that share the cache may be there for a while
    keep_freed_memory();
    const auto once = shape.make(shape.size);
    const auto twice = shape.make(2 * shape.size);
    // Side by side, and the least of each: what disturbs a run only makes it longer, so work that
    // is linear shows it sooner or later.
    double least_once = std::numeric_limits<double>::max();
    double least_twice = least_once;
    for (int run = 0; run < kMostRuns; ++run) {
        least_once = std::min(least_once, seconds_of(shape.work, once));
        least_twice = std::min(least_twice, seconds_of(shape.work, twice));
        if (run >= kLeastRuns && least_twice < kMostGrowth * least_once) break;
    }
    return least_twice / least_once;
}

} // namespace maild::test
