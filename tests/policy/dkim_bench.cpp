// What a signature costs a message: its body canonicalized and hashed, and the key's work. Compare
// with BM_HashAlone, which is the lower bound.
#include "policy/dkim_canonical.hpp"
#include "policy/dkim_keys.hpp"

#include <benchmark/benchmark.h>

namespace maild::policy::dkim {
namespace {

std::string body(std::string_view line, std::size_t size) {
    std::string out;
    while (out.size() < size) out += line;
    return out;
}
constexpr std::string_view kText =
    "The quick brown fox jumps over the lazy dog, and does it again and again.\r\n";
constexpr std::string_view kBase64 =
    "TWFuIGlzIGRpc3Rpbmd1aXNoZWQsIG5vdCBvbmx5IGJ5IGhpcyByZWFzb24sIGJ1dCBieSB0aGlz\r\n";
constexpr std::string_view kSpaces = "  a  \t b  \r\n \r\n";

constexpr std::size_t kSize = 1 << 20;

void count(benchmark::State& state, std::size_t size) {
    state.SetBytesProcessed(static_cast<std::int64_t>(size) * state.iterations());
}

void canonicalize(benchmark::State& state, Canonicalization kind, std::string_view line) {
    const auto text = body(line, kSize);
    for (auto _ : state) {
        std::size_t octets = 0;
        CanonicalBody canonical(kind, [&](std::string_view piece) { octets += piece.size(); });
        canonical.take(text);
        canonical.finish();
        benchmark::DoNotOptimize(octets);
    }
    count(state, text.size());
}
BENCHMARK_CAPTURE(canonicalize, simple_text, Canonicalization::simple, kText);
BENCHMARK_CAPTURE(canonicalize, relaxed_text, Canonicalization::relaxed, kText);
BENCHMARK_CAPTURE(canonicalize, relaxed_base64, Canonicalization::relaxed, kBase64);
BENCHMARK_CAPTURE(canonicalize, relaxed_spaces, Canonicalization::relaxed, kSpaces);

void BM_HashAlone(benchmark::State& state) {
    const auto text = body(kText, kSize);
    for (auto _ : state) {
        Sha256 digest;
        digest.update(text);
        benchmark::DoNotOptimize(digest.finish());
    }
    count(state, text.size());
}
BENCHMARK(BM_HashAlone);

// Ten signatures of one kind, and of both kinds.
void BM_HashForTen(benchmark::State& state) {
    const auto text = body(kText, kSize);
    for (auto _ : state) {
        BodyHashes hashes;
        for (int i = 0; i < 10; ++i)
            hashes.want(i % state.range(0) == 0 ? Canonicalization::relaxed
                                                : Canonicalization::simple,
                        std::nullopt);
        hashes.take(text);
        hashes.finish();
        benchmark::DoNotOptimize(hashes.hash(0));
    }
    count(state, text.size());
}
BENCHMARK(BM_HashForTen)->Arg(1)->Arg(2);

void verify_one(benchmark::State& state, const test::TestKey& key) {
    const std::string message = "From: ada@example.org\r\nSubject: x\r\n\r\n" + body(kText, 4096);
    SigningOptions options;
    options.domain = "example.org";
    options.selector = "key";
    const auto text = sign(message, key.signer(), options).value() + message;
    const KeyAnswers answers{{"key._domainkey.example.org", key.answer()}};
    for (auto _ : state) {
        BodyHashes hashes;
        const Verification verification(text, hashes, {});
        hashes.take(std::string_view(text).substr(text.find("\r\n\r\n") + 4));
        hashes.finish();
        benchmark::DoNotOptimize(verification.verdicts(answers));
    }
}
void BM_VerifyRsa(benchmark::State& state) {
    verify_one(state, test::make_rsa_key(static_cast<unsigned>(state.range(0))));
}
BENCHMARK(BM_VerifyRsa)->Arg(1024)->Arg(2048)->Arg(4096);
void BM_VerifyEd25519(benchmark::State& state) { verify_one(state, test::ed25519_key()); }
BENCHMARK(BM_VerifyEd25519);

} // namespace
} // namespace maild::policy::dkim
