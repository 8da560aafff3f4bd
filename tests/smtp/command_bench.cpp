#include "smtp/command.hpp"

#include <benchmark/benchmark.h>

namespace {

using namespace maild;

void parse(benchmark::State& state, std::string_view line) {
    for (auto _ : state) benchmark::DoNotOptimize(smtp::parse_command(line, mail::Utf8::refused));
}
BENCHMARK_CAPTURE(parse, ehlo, "EHLO client.example");
BENCHMARK_CAPTURE(parse, mail, "MAIL FROM:<ada@example.org> SIZE=4096 BODY=8BITMIME");
BENCHMARK_CAPTURE(parse, rcpt, "RCPT TO:<ada@example.org>");
BENCHMARK_CAPTURE(parse, unknown, "XYZZY");

} // namespace
