// What the checks of a message cost beside the DNS, which answers at once: unsigned, signed, and
// written as a field.
#include "policy/dkim_keys.hpp"
#include "support/memory_resolver.hpp"
#include "support/run_task.hpp"

#include "maild/policy/authres_report.hpp"
#include "maild/policy/message.hpp"

#include <benchmark/benchmark.h>

namespace maild::policy {
namespace {

std::string message() {
    std::string text = "Return-Path: <ada@example.org>\r\n";
    for (int i = 0; i < 3; ++i)
        text += "Received: from a.example.org (a.example.org [192.0.2.1]) by b.example.org\r\n"
                "\twith ESMTPS id 12345678; Tue, 14 Nov 2023 22:13:20 +0000\r\n";
    text += "From: Ada <ada@example.org>\r\nTo: Bob <bob@example.net>\r\nSubject: of things\r\n"
            "Date: Tue, 14 Nov 2023 22:13:20 +0000\r\nMessage-ID: <1@example.org>\r\n"
            "MIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\n";
    while (text.size() < 4096)
        text += "The quick brown fox jumps over the lazy dog, again and again and again.\r\n";
    return text;
}

// Answers as a resolver does, and costs next to nothing.
class NullResolver final : public net::Resolver {
public:
    explicit NullResolver(std::string key) : key_(std::move(key)) {}
    net::Task<net::DnsAnswer> lookup(net::DnsQuestion question,
                                     std::chrono::milliseconds) override {
        net::DnsAnswer answer;
        answer.status = net::DnsStatus::no_such_name;
        if (question.name == "_dmarc.example.org") answer.texts = {"v=DMARC1; p=reject"};
        if (question.name == "key._domainkey.example.org") answer.texts = {key_};
        if (!answer.texts.empty()) answer.status = net::DnsStatus::found;
        co_return answer;
    }

private:
    std::string key_;
};

void check(benchmark::State& state, const std::string& text, const std::string& key) {
    NullResolver dns(key);
    boost::asio::io_context io(1);
    for (auto _ : state) {
        benchmark::DoNotOptimize(maild::test::run_task(io, check_message(dns, text, {}, {})));
    }
}

void BM_Nothing(benchmark::State& state) { // the coroutine and its io_context alone
    NullResolver dns("");
    boost::asio::io_context io(1);
    for (auto _ : state) benchmark::DoNotOptimize(maild::test::run_task(io, dns.lookup({"a"}, {})));
}
BENCHMARK(BM_Nothing);

void BM_Unsigned(benchmark::State& state) { check(state, message(), ""); }
BENCHMARK(BM_Unsigned);

std::string signed_message(const test::TestKey& key) {
    dkim::SigningOptions options;
    options.domain = "example.org";
    options.selector = "key";
    return dkim::sign(message(), key.signer(), options).value() + message();
}

void BM_SignedRsa2048(benchmark::State& state) {
    const auto key = test::make_rsa_key(2048);
    check(state, signed_message(key), key.record);
}
BENCHMARK(BM_SignedRsa2048);

void BM_SignedEd25519(benchmark::State& state) {
    check(state, signed_message(test::ed25519_key()), test::ed25519_key().record);
}
BENCHMARK(BM_SignedEd25519);

void BM_BodyChanged(benchmark::State& state) {
    const auto key = test::make_rsa_key(2048);
    check(state, signed_message(key) + "more", key.record);
}
BENCHMARK(BM_BodyChanged);

void BM_WriteResults(benchmark::State& state) {
    const auto key = test::make_rsa_key(2048);
    NullResolver dns(key.record);
    const auto text = signed_message(key);
    const auto report = maild::test::run_task(check_message(dns, text, {}, {}));
    for (auto _ : state) {
        const AuthenticationResults results{
            "mail.example.net",
            1,
            {result_of(report.dkim.front()), result_of(report.dmarc), result_of(report.arc)}};
        benchmark::DoNotOptimize(format_authentication_results(results));
    }
}
BENCHMARK(BM_WriteResults);

} // namespace
} // namespace maild::policy
