// What an admin waits for at an import, and what a worker waits for at each RCPT and login.
#include "../support/run_task.hpp"
#include "../support/temp_dir.hpp"

#include "maild/base/log.hpp"
#include "maild/directory/local_directory.hpp"

#include <benchmark/benchmark.h>

namespace maild::directory {
namespace {

constexpr int kAccounts = 900;

struct Host {
    Host() {
        log::to_nowhere();
        for (const auto* name : {"a.example", "b.example", "c.example"})
            (void)test::run_task(io, directory->add_domain(name));
    }
    ImportResult import(const std::string& password) {
        std::vector<ImportRow> rows;
        for (int i = 0; i < kAccounts; ++i) {
            const auto domain = std::string(1, static_cast<char>('a' + i % 3)) + ".example";
            rows.push_back({static_cast<std::uint32_t>(i + 1),
                            {"user" + std::to_string(i) + "@" + domain, password, 0}});
        }
        return test::run_task(io, directory->import_accounts(std::move(rows))).value();
    }

    test::TempDir dir;
    PosixFileSystem files;
    boost::asio::io_context io{1};
    SystemClock clock;
    SystemRandom random;
    auth::TokenKey key{std::string(32, 'k')};
    std::unique_ptr<LocalDirectory> directory =
        LocalDirectory::open(io, files, dir / "directory.db", key, clock, random).value();
};

void import_plain(benchmark::State& state) {
    for (auto _ : state) {
        Host host;
        if (host.import("correct horse").added != kAccounts) state.SkipWithError("import");
    }
}
BENCHMARK(import_plain)->Unit(benchmark::kMillisecond)->Iterations(1)->UseRealTime();

void import_hashes(benchmark::State& state) {
    for (auto _ : state) {
        Host host;
        const auto added = host.import("$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$"
                                       "nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4")
                               .added;
        if (added != kAccounts) state.SkipWithError("import");
    }
}
BENCHMARK(import_hashes)->Unit(benchmark::kMillisecond)->Iterations(3)->UseRealTime();

void resolve_account(benchmark::State& state) {
    Host host;
    (void)host.import("");
    for (auto _ : state) {
        auto resolution = test::run_task(host.io, host.directory->resolve("user300+x@a.example"));
        benchmark::DoNotOptimize(resolution);
    }
}
BENCHMARK(resolve_account)->Unit(benchmark::kMicrosecond);

void log_in(benchmark::State& state) {
    Host host;
    (void)host.import("");
    (void)test::run_task(host.io, host.directory->add_account({"ada@a.example", "secret", 0}));
    for (auto _ : state) {
        LoginAttempt attempt{{"", "ada@a.example", state.range(0) != 0 ? "secret" : "wrong"},
                             Service::imap,
                             "192.0.2.1"};
        auto login = test::run_task(host.io, host.directory->login(std::move(attempt)));
        benchmark::DoNotOptimize(login);
    }
}
BENCHMARK(log_in)
    ->ArgName("remembered")
    ->Arg(1)
    ->Arg(0)
    ->Unit(benchmark::kMicrosecond)
    ->UseRealTime();

} // namespace
} // namespace maild::directory
