// LocalStore on the file system of the working directory: the syncs are real.
#include "maild/base/log.hpp"
#include "maild/net/spawn.hpp"
#include "maild/store/local_store.hpp"
#include "maild/store/uid_set.hpp"

#include <benchmark/benchmark.h>

#include <filesystem>
#include <optional>

namespace maild::store {
namespace {

struct Quiet final : ChangeSink {
    void on_changes(MailboxId, std::span<const Change>) override {}
    void on_lost() override {}
};

struct Bench {
    Bench() {
        log::to_nowhere();
        std::filesystem::remove_all(directory);
        std::filesystem::create_directory(directory);
        open();
    }
    ~Bench() {
        store.reset();
        std::filesystem::remove_all(directory);
    }
    void open() {
        store.reset();
        LocalStoreOptions options;
        options.directory = directory + "/shard";
        options.watermark_bytes = 0;
        options.on_fatal = [](const Error&) { std::abort(); };
        store = std::move(*LocalStore::open({io, files, clock, random}, key, options));
    }
    auth::Token token(std::int64_t account) {
        auth::Token made{.account = AccountId(account),
                         .shard = ShardId(1),
                         .right = auth::Right::access,
                         .quota_bytes = 0,
                         .quota_messages = 0,
                         .issued = clock.now(),
                         .expires = clock.now() + std::chrono::hours(1),
                         .mac = {}};
        key.sign(made);
        return made;
    }
    void run(net::Task<void> task) {
        bool is_done = false;
        net::spawn(io, finish(std::move(task), is_done), "bench");
        io.restart();
        auto work = boost::asio::make_work_guard(io);
        while (!is_done) io.run_one();
    }
    static net::Task<void> finish(net::Task<void> task, bool& is_done) {
        co_await std::move(task);
        is_done = true;
    }
    net::Task<void> fill(std::string name, int count) {
        const auto grant = token(1);
        const auto opened = co_await store->open_session(grant, sink);
        session = *opened;
        if (name != "INBOX") {
            const auto made = co_await store->create_mailbox(session, name, SpecialUse::none);
            (void)made;
        }
        for (int done = 0; done < count; done += 1000) {
            std::vector<AppendMessage> messages(1000);
            for (auto& message : messages)
                message = {{content, {std::string(300, 'e'), "b", "s", "p"}}, {}, clock.now()};
            const auto appended =
                co_await store->append(session, name, std::move(messages), std::nullopt);
            if (!appended) std::abort();
        }
    }

    const std::string directory = "store-bench-data";
    const std::string content = "Subject: bench\r\n\r\n" + std::string(4078, 'x');
    boost::asio::io_context io;
    PosixFileSystem files;
    SystemClock clock;
    SystemRandom random;
    auth::TokenKey key{std::string(32, 'k')};
    Quiet sink;
    SessionId session;
    std::unique_ptr<LocalStore> store;
};

net::Task<void> deliver_some(Bench& bench, std::int64_t account, int count, int& running) {
    for (int i = 0; i < count; ++i) {
        DeliverRequest request{{bench.content, {std::string(300, 'e'), "b", "s", "p"}},
                               {{bench.token(account), "INBOX", {}, "a@b", std::string(200, 'p')}},
                               std::nullopt,
                               bench.clock.now()};
        const auto result = co_await bench.store->deliver(std::move(request));
        if (!result || !result->local[0]) std::abort();
    }
    --running;
}

void deliver(benchmark::State& state) {
    Bench bench;
    const auto senders = static_cast<int>(state.range(0));
    constexpr int kEach = 50;
    const auto figures = [&] {
        std::optional<StoreFigures> found;
        const auto ask = [](Bench& b, std::optional<StoreFigures>& out) -> net::Task<void> {
            const auto answer = co_await b.store->figures();
            out = *answer;
        };
        bench.run(ask(bench, found));
        return *found;
    };
    std::int64_t delivered = 0;
    const auto before = figures();
    for (auto _ : state) {
        int running = senders;
        for (int i = 0; i < senders; ++i)
            net::spawn(bench.io, deliver_some(bench, 1 + i % 16, kEach, running), "sender");
        bench.io.restart();
        while (running > 0) bench.io.run_one();
        delivered += senders * kEach;
    }
    const auto after = figures();
    state.SetItemsProcessed(delivered);
    state.counters["syncs/message"] =
        static_cast<double>(after.syncs - before.syncs) / static_cast<double>(delivered);
}
BENCHMARK(deliver)->Arg(1)->Arg(16)->Arg(64)->UseRealTime()->Unit(benchmark::kMillisecond);

net::Task<void> open_once(Bench& bench) {
    const auto opened = co_await bench.store->open_mailbox(bench.session, "INBOX", true);
    benchmark::DoNotOptimize(opened->messages.data());
}

void open_warm(benchmark::State& state) {
    Bench bench;
    bench.run(bench.fill("INBOX", static_cast<int>(state.range(0))));
    bench.run(open_once(bench));
    for (auto _ : state) bench.run(open_once(bench));
}
BENCHMARK(open_warm)->Arg(10'000)->Arg(100'000)->UseRealTime()->Unit(benchmark::kMicrosecond);

net::Task<void> login_once(Bench& bench) {
    const auto grant = bench.token(1);
    const auto opened = co_await bench.store->open_session(grant, bench.sink);
    bench.session = *opened;
}

void open_cold(benchmark::State& state) { // a fresh process; the page cache of the kernel is warm
    Bench bench;
    bench.run(bench.fill("INBOX", static_cast<int>(state.range(0))));
    for (auto _ : state) {
        state.PauseTiming();
        bench.open();
        bench.run(login_once(bench));
        state.ResumeTiming();
        bench.run(open_once(bench));
    }
}
BENCHMARK(open_cold)
    ->Arg(10'000)
    ->Arg(100'000)
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond)
    ->Iterations(10);

net::Task<void> fetch_all(Bench& bench, std::uint32_t items) {
    UidSet rest{{Uid(1), Uid(UINT32_MAX)}};
    while (!rest.empty()) {
        const auto part = co_await bench.store->fetch(bench.session, rest, items);
        rest = part->next ? UidSet{{*part->next, Uid(UINT32_MAX)}} : UidSet{};
    }
}

void fetch_10k(benchmark::State& state) {
    Bench bench;
    bench.run(bench.fill("INBOX", 10'000));
    bench.run(open_once(bench));
    for (auto _ : state) bench.run(fetch_all(bench, static_cast<std::uint32_t>(state.range(0))));
}
BENCHMARK(fetch_10k)
    ->ArgName("items")
    ->Arg(kSize | kInternalDate)
    ->Arg(kEnvelope | kSize)
    ->Arg(kHeader)
    ->Arg(kContent)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

net::Task<void> select(Bench& bench) {
    const auto opened = co_await bench.store->open_mailbox(bench.session, "INBOX", false);
    (void)opened;
}

net::Task<void> flag_all(Bench& bench, FlagChange change) {
    UidSet all{{Uid(1), Uid(UINT32_MAX)}};
    const auto changed = co_await bench.store->change_flags(bench.session, std::move(all), change,
                                                            {kSeen, {}}, std::nullopt);
    if (!changed || count_of(changed->changed) != 10'000) std::abort();
}

void change_flags_10k(benchmark::State& state) {
    Bench bench;
    bench.run(bench.fill("INBOX", 10'000));
    bench.run(select(bench));
    auto change = FlagChange::add;
    for (auto _ : state) {
        bench.run(flag_all(bench, change));
        change = change == FlagChange::add ? FlagChange::remove : FlagChange::add;
    }
}
BENCHMARK(change_flags_10k)->UseRealTime()->Unit(benchmark::kMillisecond);

net::Task<void> copy_1000(Bench& bench, std::uint32_t first, bool is_move) {
    UidSet some{{Uid(first), Uid(first + 999)}};
    auto task = is_move ? bench.store->move(bench.session, std::move(some), "Archive")
                        : bench.store->copy(bench.session, std::move(some), "Archive");
    const auto result = co_await std::move(task);
    if (!result || result->uids.size() != 1000) std::abort();
}

void copy_or_move_1000(benchmark::State& state) {
    Bench bench;
    bench.run(bench.fill("INBOX", 20'000));
    bench.run(select(bench));
    std::uint32_t first = 1;
    for (auto _ : state) {
        bench.run(copy_1000(bench, first, state.range(0) != 0));
        first += 1000;
    }
}
BENCHMARK(copy_or_move_1000)
    ->ArgName("move")
    ->Arg(0)
    ->Arg(1)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond)
    ->Iterations(20);

} // namespace
} // namespace maild::store
