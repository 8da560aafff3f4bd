// maild_parts            runs every part, for valgrind: what counts stands in maild_bench_part()
// maild_parts --list     names them, in the order of the runs
// maild_parts --build    tells what the counts depend on besides the code
#include "bench/parts/part.hpp"

#include <cstdio>
#include <gnu/libc-version.h>
#include <string_view>

namespace {
constexpr int kRuns = 4;
}

// By this name valgrind knows when to count.
extern "C" [[gnu::noinline]] void maild_bench_part(const maild::bench::Part& part) {
    for (int i = 0; i < kRuns; ++i) part.run();
    asm volatile("");
}

int main(int argc, char** argv) {
    const std::string_view option = argc > 1 ? argv[1] : "";
    if (option == "--build") {
        // The C library chooses by the processor how to copy and compare; valgrind's has no more
        // than AVX2.
        const char* vectors = __builtin_cpu_supports("avx2") ? "avx2" : "sse";
        std::printf("%s, glibc %s, %s\n", MAILD_BENCH_BUILD, gnu_get_libc_version(), vectors);
        return 0;
    }
    for (const auto& part : maild::bench::all_parts()) {
        if (option == "--list") {
            std::printf("%s %d\n", part.name.c_str(), kRuns);
            continue;
        }
        part.run(); // tables and converters that are made once
        maild_bench_part(part);
    }
    return 0;
}
