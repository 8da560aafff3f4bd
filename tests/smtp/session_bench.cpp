// A message through a session on a backend that keeps nothing: protocol work alone, and its
// allocations.
#include "smtp/host.hpp"

#include "maild/base/log.hpp"

#include <benchmark/benchmark.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <cstdlib>
#include <new>

// GCC 12 takes what Boost's exceptions free for a mismatch with the operators below.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace {
std::size_t allocations = 0;
} // namespace

void* operator new(std::size_t size) {
    ++allocations;
    if (void* memory = std::malloc(size)) return memory;
    throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace {

using namespace maild;
using namespace maild::smtp;

net::Task<void> transact(Session& session, const Server& server, std::string_view content) {
    constexpr std::string_view kLines[] = {"MAIL FROM:<eve@remote.example> SIZE=4096",
                                           "RCPT TO:<ada@example.org>", "DATA"};
    for (const auto text : kLines) {
        const auto line = smtp::test::line_of(text);
        const auto replies = co_await session.on_line(line, false);
        benchmark::DoNotOptimize(replies.text.data());
    }
    ContentReader reader(server.limits.message_size, server.budget);
    reader.push(content);
    const auto result = co_await session.on_content(reader);
    benchmark::DoNotOptimize(result.replies.text.data());
}

void message(benchmark::State& state) {
    log::to_nowhere();
    std::string content =
        "From: <eve@remote.example>\r\nTo: <ada@example.org>\r\nSubject: x\r\n\r\n";
    while (content.size() < static_cast<std::size_t>(state.range(0)))
        content += std::string(76, 'a') + "\r\n";
    content += ".\r\n";
    smtp::test::Host host;
    const auto server = host.server(Service::relay_in);
    Session session(server, smtp::test::client_of(Service::relay_in));
    maild::test::run_task(session.on_line(smtp::test::line_of("EHLO client.example"), false));
    boost::asio::io_context io(1);
    const auto before = allocations;
    for (auto _ : state) {
        boost::asio::co_spawn(io.get_executor(), transact(session, server, content),
                              boost::asio::detached);
        io.restart();
        io.run();
        host.backend.accepted.clear();
    }
    state.counters["allocations"] = benchmark::Counter(static_cast<double>(allocations - before),
                                                       benchmark::Counter::kAvgIterations);
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(message)->Arg(4 << 10)->Arg(64 << 10);

} // namespace
