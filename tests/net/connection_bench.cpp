// What a connection costs: heap of an idle one, CPU of our side of a handshake, of a line, of a
// command and its reply.
#include "../support/streams.hpp"
#include "../support/tls_client.hpp"

#include "maild/net/certificate.hpp"
#include "maild/net/line_reader.hpp"
#include "maild/net/local_signer.hpp"
#include "maild/net/timer.hpp"
#include "maild/net/tls.hpp"

#include <benchmark/benchmark.h>

#include <malloc.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

namespace maild::net {
namespace {

using namespace std::chrono_literals;

struct Tls {
    CertificateAndKey pair = make_self_signed({"mail.example"}, 1, SystemClock().now()).value();
    std::unique_ptr<LocalSigner> signer = LocalSigner::create(pair.key).value();
    std::shared_ptr<TlsContext> context;

    Tls() {
        TlsSettings settings;
        settings.certificate_chain = pair.certificate;
        context = TlsContext::create(settings, *signer).value();
    }
};

// A session as a protocol has it: handshake, one line, then idle.
Task<void> session(std::shared_ptr<Stream> stream, std::shared_ptr<TlsContext> context,
                   int& ready) {
    if (context) {
        const auto started = co_await stream->start_tls(*context, 60s);
        if (!started) co_return;
    }
    LineReader in(*stream, 8192);
    const auto first = co_await in.next(60s);
    if (!first) co_return;
    ++ready;
    const auto next = co_await in.next(30min);
    static_cast<void>(next);
}

// The clients are in another process, so that only our side is counted.
pid_t fork_clients(std::vector<UniqueFd>& peers, bool with_tls) {
    const auto child = ::fork();
    if (child != 0) return child;
    std::vector<std::unique_ptr<test::TlsClient>> clients;
    for (auto& peer : peers) {
        if (!with_tls) {
            test::send_all(peer.get(), "hello\r\n");
            continue;
        }
        clients.push_back(std::make_unique<test::TlsClient>(std::move(peer)));
        if (!clients.back()->handshake().empty()) ::_exit(1);
        clients.back()->write("hello\r\n");
    }
    for (;;) ::pause();
}

void idle_connection(benchmark::State& state) {
    const bool with_tls = state.range(0) != 0;
    constexpr int kConnections = 500;
    const Tls tls;
    for (auto _ : state) {
        boost::asio::io_context io;
        std::vector<UniqueFd> ours;
        std::vector<UniqueFd> peers;
        for (int i = 0; i < kConnections; ++i) {
            auto pair = socket_pair().value();
            test::set_blocking(pair.second.get());
            ours.push_back(std::move(pair.first));
            peers.push_back(std::move(pair.second));
        }
        const auto child = fork_clients(peers, with_tls);
        peers.clear();
        const auto before = ::mallinfo2().uordblks;
        int ready = 0;
        for (auto& fd : ours) {
            auto stream = std::make_shared<Stream>(io, std::move(fd));
            spawn(io, session(std::move(stream), with_tls ? tls.context : nullptr, ready),
                  "session");
        }
        test::run_until(io, [&] { return ready == kConnections; }, 60s);
        io.poll();
        state.counters["bytes_per_connection"] =
            static_cast<double>(::mallinfo2().uordblks - before) / kConnections;
        ::kill(child, SIGKILL);
        ::waitpid(child, nullptr, 0);
    }
}
BENCHMARK(idle_connection)->Arg(0)->Arg(1)->Iterations(1)->Unit(benchmark::kMillisecond);

double thread_seconds() {
    timespec now{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// Client and server take turns on a socket pair in one thread; only the server's turns are counted.
void handshake(benchmark::State& state) {
    const Tls tls;
    boost::asio::io_context io;
    for (auto _ : state) {
        auto pair = socket_pair().value();
        test::TlsClient client(std::move(pair.second));
        auto seconds = -thread_seconds();
        auto stream = std::make_unique<Stream>(io, std::move(pair.first));
        auto started = std::make_shared<std::optional<Result<void>>>();
        spawn(io, test::keep_result(stream->start_tls(*tls.context, 5s), started), "server");
        seconds += thread_seconds();
        while (!started->has_value()) {
            client.handshake();
            seconds -= thread_seconds();
            io.poll();
            io.restart();
            seconds += thread_seconds();
        }
        if (!**started) state.SkipWithError("handshake");
        state.SetIterationTime(seconds);
    }
}
BENCHMARK(handshake)->UseManualTime()->Unit(benchmark::kMicrosecond);

void read_lines(benchmark::State& state) {
    boost::asio::io_context io;
    auto ends = test::make_stream(io);
    LineReader in(ends.stream, 8192);
    std::string group;
    for (int i = 0; i < 100; ++i) group += "a001 UID FETCH 1:* (FLAGS)\r\n";
    const auto read = [](LineReader& from) -> Task<int> {
        int count = 0;
        for (int i = 0; i < 100; ++i) {
            const auto line = co_await from.next(5s);
            if (line) ++count;
        }
        co_return count;
    };
    for (auto _ : state) {
        test::send_all(ends.peer.get(), group);
        benchmark::DoNotOptimize(test::finish(io, read(in)));
    }
    state.SetItemsProcessed(state.iterations() * 100);
}
BENCHMARK(read_lines)->Unit(benchmark::kMicrosecond);

void ping_pong(benchmark::State& state) {
    boost::asio::io_context io;
    auto ends = test::make_stream(io);
    LineReader in(ends.stream, 8192);
    const auto answer = [](LineReader& from, Stream& to) -> Task<void> {
        for (;;) {
            const auto line = co_await from.next(60s);
            if (!line) co_return;
            const auto written = co_await to.write("250 OK\r\n", 60s);
            if (!written) co_return;
        }
    };
    spawn(io, answer(in, ends.stream), "server");
    for (auto _ : state) {
        test::send_all(ends.peer.get(), "NOOP\r\n");
        std::string got;
        while (got.size() < 8) {
            io.run_one_for(1s);
            got += test::receive_available(ends.peer.get(), 100);
        }
    }
    ends.peer.reset();
    io.run_for(100ms);
}
BENCHMARK(ping_pong)->Unit(benchmark::kMicrosecond);

} // namespace
} // namespace maild::net
