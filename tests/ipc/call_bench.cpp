// A call to another process and back: latency of one, cost of many at once, and what a signature
// for TLS costs when the key is in the other process.
#include "../support/streams.hpp"

#include "maild/base/log.hpp"
#include "maild/ipc/client.hpp"
#include "maild/ipc/server.hpp"
#include "maild/ipc/sync_client.hpp"
#include "maild/net/certificate.hpp"
#include "maild/net/local_signer.hpp"

#include <benchmark/benchmark.h>

#include <signal.h>
#include <sys/wait.h>

namespace maild::ipc {
namespace {

using namespace std::chrono_literals;

const net::CertificateAndKey& certificate() {
    static const auto made =
        net::make_self_signed({"mail.example"}, 1, SystemClock().now()).value();
    return made;
}

net::Task<void> answer(std::shared_ptr<Connection> connection, Request request) {
    static const auto signer = net::LocalSigner::create(certificate().key).value();
    if (request.type == 2) {
        const auto signature = signer->sign(0, net::SignatureKind::ecdsa, request.payload);
        connection->answer(request.id, signature);
    } else {
        connection->reply(request.id, std::move(request.payload), request.blob);
    }
    co_return;
}

class Process {
public:
    Process() {
        certificate();
        auto pair = net::socket_pair().value();
        pid_ = ::fork();
        if (pid_ == 0) {
            pair.first.reset();
            boost::asio::io_context io;
            Server server(io, "bench", answer);
            server.attach(std::move(pair.second), PeerRole::worker, 0);
            io.run();
            ::_exit(0);
        }
        socket_ = std::move(pair.first);
    }
    ~Process() {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;
    UniqueFd take_socket() { return std::move(socket_); }

private:
    pid_t pid_ = 0;
    UniqueFd socket_;
};

net::Task<bool> call_times(Client& client, int count) {
    for (int i = 0; i < count; ++i) {
        const auto got = co_await client.call(1, "a request of 32 octets, or nearly", 5s);
        if (!got) co_return false;
    }
    co_return true;
}

void one_after_the_other(benchmark::State& state) {
    Process process;
    boost::asio::io_context io;
    Client client(io, "bench");
    client.attach(process.take_socket());
    for (auto _ : state) {
        if (!test::finish(io, call_times(client, 100))) state.SkipWithError("call");
    }
    state.SetItemsProcessed(state.iterations() * 100);
}
BENCHMARK(one_after_the_other)->UseRealTime()->Unit(benchmark::kMicrosecond);

void at_once(benchmark::State& state) {
    Process process;
    boost::asio::io_context io;
    Client client(io, "bench");
    client.attach(process.take_socket());
    for (auto _ : state) {
        std::vector<std::shared_ptr<std::optional<bool>>> done;
        for (int i = 0; i < state.range(0); ++i) {
            done.push_back(std::make_shared<std::optional<bool>>());
            net::spawn(io, test::keep_result(call_times(client, 10), done.back()), "calls");
        }
        test::run_until(io, [&] {
            return std::ranges::all_of(done, [](auto& one) { return one->has_value(); });
        });
    }
    state.SetItemsProcessed(state.iterations() * state.range(0) * 10);
}
BENCHMARK(at_once)->Arg(64)->UseRealTime()->Unit(benchmark::kMicrosecond);

void sign_remotely(benchmark::State& state) {
    Process process;
    SyncClient client("auth");
    client.attach(process.take_socket());
    const std::string hash(32, 'h');
    for (auto _ : state) {
        if (!client.call(2, hash)) state.SkipWithError("sign");
    }
}
BENCHMARK(sign_remotely)->UseRealTime()->Unit(benchmark::kMicrosecond);

void sign_locally(benchmark::State& state) {
    const auto signer = net::LocalSigner::create(certificate().key).value();
    const std::string hash(32, 'h');
    for (auto _ : state) {
        if (!signer->sign(0, net::SignatureKind::ecdsa, hash)) state.SkipWithError("sign");
    }
}
BENCHMARK(sign_locally)->Unit(benchmark::kMicrosecond);

} // namespace
} // namespace maild::ipc
