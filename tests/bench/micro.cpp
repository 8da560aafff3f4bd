// Time, octets a second and allocations of every part: maild_micro --benchmark_filter=imap/
#include "bench/allocations.hpp"
#include "bench/parts/part.hpp"

#include <benchmark/benchmark.h>

namespace {

void measure(benchmark::State& state, const maild::bench::Part& part) {
    part.run(); // tables and converters that are made once
    const auto before = maild::bench::allocations_so_far();
    for (auto _ : state) part.run();
    const auto after = maild::bench::allocations_so_far();
    const auto each = [&](std::uint64_t amount) {
        return benchmark::Counter(static_cast<double>(amount), benchmark::Counter::kAvgIterations);
    };
    state.SetBytesProcessed(static_cast<std::int64_t>(part.bytes) * state.iterations());
    state.counters["allocations"] = each(after.count - before.count);
    state.counters["allocated_bytes"] = each(after.bytes - before.bytes);
}

} // namespace

int main(int argc, char** argv) {
    for (auto& part : maild::bench::all_parts()) {
        const auto name = part.name;
        benchmark::RegisterBenchmark(
            name.c_str(),
            [part = std::move(part)](benchmark::State& state) { measure(state, part); });
    }
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
    benchmark::RunSpecifiedBenchmarks();
    return 0;
}
