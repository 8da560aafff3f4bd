// How fast a message is taken apart: it is done for each that is delivered. Also that hostile ones
// take linear time: compare the rates of the sizes, they should hardly differ.
#include "maild/mail/mime.hpp"
#include "maild/mail/text.hpp"

#include <benchmark/benchmark.h>

namespace maild::mail {
namespace {

std::string lines_of(std::string_view line, std::size_t size) {
    std::string out;
    while (out.size() < size) out += line;
    return out;
}

constexpr std::string_view kHeader =
    "Received: from a.example (a.example [192.0.2.1]) by b.example with ESMTPS\r\n id 1; Tue, 14 "
    "Nov 2023 22:13:20 +0000\r\n"
    "Date: Tue, 14 Nov 2023 22:13:20 +0000\r\nFrom: Ada <ada@example.org>\r\nTo: Bob "
    "<bob@example.net>\r\n"
    "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nMessage-ID: <1@a.example>\r\nMIME-Version: 1.0\r\n";
constexpr std::string_view kText =
    "The quick brown fox jumps over the lazy dog, and does it again and again.\r\n";
constexpr std::string_view kBase64 =
    "TWFuIGlzIGRpc3Rpbmd1aXNoZWQsIG5vdCBvbmx5IGJ5IGhpcyByZWFzb24sIGJ1dCBieSB0aGlz\r\n";

void parse(benchmark::State& state, const std::string& content) {
    for (auto _ : state) benchmark::DoNotOptimize(parse_message(content));
    state.SetBytesProcessed(static_cast<std::int64_t>(content.size()) * state.iterations());
}

void BM_Plain(benchmark::State& state) {
    parse(state, std::string(kHeader) + "\r\n" +
                     lines_of(kText, static_cast<std::size_t>(state.range(0))));
}
BENCHMARK(BM_Plain)->Arg(4 << 10)->Arg(1 << 20)->Arg(50 << 20);

void BM_Attachment(benchmark::State& state) {
    parse(state, std::string(kHeader) +
                     "Content-Type: multipart/mixed; "
                     "boundary=\"=_x\"\r\n\r\n--=_x\r\n\r\nHello\r\n--=_x\r\n" +
                     "Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
                     lines_of(kBase64, static_cast<std::size_t>(state.range(0))) + "--=_x--\r\n");
}
BENCHMARK(BM_Attachment)->Arg(4 << 10)->Arg(1 << 20)->Arg(50 << 20);

void BM_ManyFields(benchmark::State& state) {
    parse(state, lines_of("To: a@b\r\n", static_cast<std::size_t>(state.range(0))));
}
BENCHMARK(BM_ManyFields)->Arg(1 << 20)->Arg(2 << 20)->Arg(8 << 20);

void BM_ManyParts(benchmark::State& state) {
    parse(state, "Content-Type: multipart/mixed; boundary=x\r\n\r\n" +
                     lines_of("--x\r\n\r\na\r\n", static_cast<std::size_t>(state.range(0))));
}
BENCHMARK(BM_ManyParts)->Arg(1 << 20)->Arg(2 << 20)->Arg(8 << 20);

void BM_Nested(benchmark::State& state) {
    parse(state, lines_of("Content-Type: message/rfc822\r\n\r\n",
                          static_cast<std::size_t>(state.range(0))));
}
BENCHMARK(BM_Nested)->Arg(1 << 20)->Arg(2 << 20)->Arg(8 << 20);

// A hundred open boundaries that differ in their last octets only, and lines that nearly match them
// all.
void BM_AlmostBoundaries(benchmark::State& state) {
    const std::string stem(7'000, 'b');
    std::string content;
    for (int i = 0; i < 90; ++i) {
        const auto boundary = stem + std::to_string(100 + i);
        content += "Content-Type: multipart/mixed; boundary=" + boundary + "\r\n\r\n--" + boundary +
                   "\r\n";
    }
    content += "\r\n" + lines_of("--" + stem + "\r\n", static_cast<std::size_t>(state.range(0)));
    parse(state, content);
}
BENCHMARK(BM_AlmostBoundaries)->Arg(1 << 20)->Arg(2 << 20)->Arg(8 << 20);

// Fields of 64 KiB full of what opens and never closes: a parser that looks for each end is
// quadratic here.
void BM_HostileFields(benchmark::State& state) {
    constexpr std::string_view patterns[] = {"(", "\"\\", "[", "a@b <", "a:", ";a=\"", "=?a?q?x "};
    std::string content;
    for (int i = 0; i < 16; ++i) {
        content += "To: " + lines_of(patterns[state.range(0)], 60'000) + "\r\n";
    }
    content += "Content-Type: " + lines_of(patterns[state.range(0)], 60'000) + "\r\n\r\n";
    parse(state, content);
}
BENCHMARK(BM_HostileFields)->DenseRange(0, 6);

void BM_DecodeBase64(benchmark::State& state) {
    const auto text = lines_of(kBase64, 1 << 20);
    for (auto _ : state) benchmark::DoNotOptimize(decode_transfer(text, TransferEncoding::base64));
    state.SetBytesProcessed(static_cast<std::int64_t>(text.size()) * state.iterations());
}
BENCHMARK(BM_DecodeBase64);

void BM_DecodeQuotedPrintable(benchmark::State& state) {
    const auto text = lines_of(
        "Gr=C3=BC=C3=9Fe an alle, und noch etwas Text, der so lang ist wie eine =\r\n", 1 << 20);
    for (auto _ : state)
        benchmark::DoNotOptimize(decode_transfer(text, TransferEncoding::quoted_printable));
    state.SetBytesProcessed(static_cast<std::int64_t>(text.size()) * state.iterations());
}
BENCHMARK(BM_DecodeQuotedPrintable);

void BM_FoldAscii(benchmark::State& state) {
    const auto text = lines_of(kText, 1 << 20);
    for (auto _ : state) benchmark::DoNotOptimize(collation_key(text));
    state.SetBytesProcessed(static_cast<std::int64_t>(text.size()) * state.iterations());
}
BENCHMARK(BM_FoldAscii);

void BM_FoldUnicode(benchmark::State& state) {
    const auto text = lines_of("Grüße an alle, ПРИВЕТ und 日本\r\n", 1 << 20);
    for (auto _ : state) benchmark::DoNotOptimize(collation_key(text));
    state.SetBytesProcessed(static_cast<std::int64_t>(text.size()) * state.iterations());
}
BENCHMARK(BM_FoldUnicode);

} // namespace
} // namespace maild::mail
