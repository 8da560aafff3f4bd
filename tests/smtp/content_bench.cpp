#include "smtp/content_reader.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>

namespace {

using namespace maild::smtp;

// Lines of `length` octets, read in pieces of 64 KiB as a connection gives them.
void read(benchmark::State& state) {
    const auto length = static_cast<std::size_t>(state.range(0));
    const auto size = static_cast<std::size_t>(state.range(1));
    std::string bytes;
    while (bytes.size() < size) bytes += std::string(length, 'a') + "\r\n";
    bytes += ".\r\n";
    maild::net::MemoryBudget budget(1 << 30);
    for (auto _ : state) {
        ContentReader reader(1 << 29, budget);
        for (std::string_view rest = bytes; !reader.is_finished();) {
            const auto piece = rest.substr(0, 64 * 1024);
            rest.remove_prefix(reader.push(piece));
        }
        benchmark::DoNotOptimize(reader.content().data());
    }
    state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * bytes.size()));
}
BENCHMARK(read)->Args({76, 4 << 10})->Args({76, 1 << 20})->Args({900, 1 << 20})->Args({0, 1 << 20});

} // namespace
