// What a record costs: in a worker, from the session's facts to octets and hashes, and in the role
// `trace`, from a batch to a block in a file.
#include "support/temp_dir.hpp"
#include "trace/sample.hpp"

#include "maild/trace/messages.hpp"

#include <benchmark/benchmark.h>

namespace maild::trace {
namespace {

// As a delivered message leaves it.
Record delivered() {
    auto record = test::sample();
    record.recipients.resize(1);
    record.recipients[0].places.resize(1);
    return record;
}

void worker(benchmark::State& state) {
    for (auto _ : state) {
        const auto record = delivered();
        Entry entry{format_record(record), keys_of(record)};
        benchmark::DoNotOptimize(entry);
    }
}
BENCHMARK(worker);

void keeper(benchmark::State& state) {
    maild::test::TempDir directory;
    PosixFileSystem files;
    SystemClock clock;
    auto store =
        Store::open(files, clock, {.directory = directory.path(), .bounds = {.min_free = 0}});
    const auto record = delivered();
    const Batch batch{std::vector<Entry>(100, Entry{format_record(record), keys_of(record)}), 0};
    const auto payload = ipc::encode(batch);
    for (auto _ : state) {
        auto got = decode_batch(payload);
        for (auto& entry : got->entries) (*store)->add(std::move(entry.record), entry.keys);
    }
    state.SetItemsProcessed(state.iterations() * 100);
}
BENCHMARK(keeper);

// All that is kept, without a match: keys alone are read.
void search(benchmark::State& state) {
    maild::test::TempDir directory;
    PosixFileSystem files;
    SystemClock clock;
    auto store =
        Store::open(files, clock, {.directory = directory.path(), .bounds = {.min_free = 0}});
    for (int i = 0; i < 200'000; ++i) {
        auto record = delivered();
        record.id = "S." + std::to_string(i);
        (*store)->add(format_record(record), keys_of(record));
    }
    for (auto _ : state) benchmark::DoNotOptimize((*store)->search({.any_id = "none"}, {}));
}
BENCHMARK(search);

} // namespace
} // namespace maild::trace
