// What a taken-over worker may ask the resolver, and a taken-over resolver may answer: decoding is
// total, what was accepted says the same again, and the answer can be kept.

#include "daemon/resolver_messages.hpp"
#include "support/fake_clock.hpp"
#include "support/run_task.hpp"

#include "maild/base/ensure.hpp"
#include "maild/net/dns_cache.hpp"

#include <cstdint>
#include <string_view>

using namespace maild;

namespace {

class OneAnswer final : public net::Resolver {
public:
    explicit OneAnswer(net::DnsAnswer answer) : answer_(std::move(answer)) {}
    net::Task<net::DnsAnswer> lookup(net::DnsQuestion, std::chrono::milliseconds) override {
        co_return answer_;
    }

private:
    net::DnsAnswer answer_;
};

void keep(net::DnsAnswer answer) {
    const test::FakeClock clock;
    OneAnswer inner(std::move(answer));
    net::DnsCache cache(inner, clock, {.octets = 1 << 16});
    for (const auto* name : {"a.example", "A.example", "b.example"})
        test::run_task(cache.lookup({name, net::DnsType::txt}, std::chrono::seconds(1)));
    ensure(cache.counts().octets <= 1 << 16, "the cache keeps its bound");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    if (const auto request = ipc::decode<daemon::LookupRequest>(bytes))
        ensure(ipc::encode(*request) == bytes, "a question says the same again");
    if (auto answer = ipc::decode<net::DnsAnswer>(bytes)) {
        ensure(ipc::encode(*answer) == bytes, "an answer says the same again");
        keep(std::move(*answer));
    }
    return 0;
}
