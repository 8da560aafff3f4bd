// Group append and sync of 4 KiB records: what a batch buys. Runs in TMPDIR, which should be on a
// real disk.

#include "store/pack.hpp"

#include "maild/base/crc32c.hpp"
#include "maild/base/ensure.hpp"

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>

namespace maild::store {
namespace {

void append_and_sync(benchmark::State& state) {
    std::string directory = (std::filesystem::temp_directory_path() / "maild-pack-XXXXXX").string();
    ensure(::mkdtemp(directory.data()) != nullptr);
    PosixFileSystem files;
    SystemRandom random;
    {
        auto packs = PackSet::open(files, random, directory);
        const std::string metadata(200, 'm');
        const std::string body(4096, 'b');
        const std::vector<RecordView> batch(static_cast<std::size_t>(state.range(0)),
                                            {RecordKind::message, metadata, body});
        for (auto _ : state) {
            ensure((*packs)->append(batch).has_value());
            ensure((*packs)->sync().has_value());
        }
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
    std::filesystem::remove_all(directory);
}
BENCHMARK(append_and_sync)->RangeMultiplier(4)->Range(1, 1024)->UseRealTime();

void checksum(benchmark::State& state) {
    const std::string bytes(64U << 10U, 'x');
    for (auto _ : state) {
        benchmark::DoNotOptimize(state.range(0) != 0 ? crc32c(bytes) : crc32c_portable(bytes));
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes.size()));
}
BENCHMARK(checksum)->ArgName("by_instruction")->Arg(0)->Arg(1);

} // namespace
} // namespace maild::store
