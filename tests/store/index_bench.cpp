// What a message costs the search index: all of its texts, decoded, folded and filtered.
#include "store/message_filters.hpp"

#include "maild/mail/part_index.hpp"

#include <benchmark/benchmark.h>

namespace maild::store {
namespace {

void filters_of_message(benchmark::State& state) {
    const auto size = static_cast<std::size_t>(state.range(0));
    std::string content = "From: a@example.org\r\nTo: b@example.org\r\nSubject: bench\r\n"
                          "Date: Wed, 17 Jul 1996 02:23:25 -0700\r\nMessage-ID: <1@example.org>\r\n"
                          "Content-Type: text/plain; charset=utf-8\r\n\r\n";
    const auto header_size = content.size();
    for (std::uint64_t word = 1; content.size() < size; word = word * 6364136223846793005U + 1)
        content += std::to_string(word >> 40U) + (word >> 60U == 0 ? "\r\n" : " some words ");
    const auto parts = mail::encode_parts(mail::parse_message(content).root);
    const ReadOctets read = [&](std::uint64_t begin, std::uint64_t end) -> Result<std::string> {
        return content.substr(begin, end - begin);
    };
    FilterMaker maker;
    std::size_t bytes = 0;
    for (auto _ : state) {
        const auto header = maker.of_header(content.substr(0, header_size));
        const auto body = maker.of_body(read, parts, content.size());
        bytes = header.size() + body.size();
        benchmark::DoNotOptimize(bytes);
    }
    state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * content.size()));
    state.counters["filter_bytes"] = static_cast<double>(bytes);
}
BENCHMARK(filters_of_message)->Arg(4 << 10)->Arg(100 << 10)->Unit(benchmark::kMicrosecond);

} // namespace
} // namespace maild::store
