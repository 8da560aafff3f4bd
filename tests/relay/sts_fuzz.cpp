// Input: a policy of MTA-STS, a record, and a cache's text.
#include "maild/base/ensure.hpp"
#include "maild/relay/mta_sts.hpp"

#include <cstddef>
#include <cstdint>

using namespace maild;
using namespace maild::relay;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string input(reinterpret_cast<const char*>(data), size);
    const std::string texts[] = {input};
    const auto id = parse_sts_record(texts);
    if (id) ensure(!id->empty() && id->size() <= 32);
    if (auto policy = parse_sts_policy(input)) {
        ensure(policy->mx.size() <= kMaxStsPatterns && policy->max_age <= kMaxStsAge);
        ensure(policy->mode == StsMode::none || !policy->mx.empty());
        for (const auto& mx : policy->mx)
            if (!mx.starts_with("*.")) ensure(policy->allows(mx), "a host that is named is named");
        StsCache cache;
        cache.put("example.org", {"1", std::move(*policy), from_unix_seconds(1)});
        ensure(StsCache::parse(cache.format()).format() == cache.format());
        ensure(StsCache::parse(cache.format()).size() == 1);
    }
    auto cache = StsCache::parse(input, 3);
    ensure(cache.size() <= 3);
    std::size_t damaged = 0;
    ensure(StsCache::parse(cache.format(), 3, &damaged).format() == cache.format());
    ensure(damaged == 0, "what is written is whole");
    const auto half = cache.format(cache.format().size() / 2 + 16);
    ensure(half.size() <= cache.format().size() / 2 + 16);
    StsCache other = StsCache::parse(half);
    other.settle(from_unix_seconds(1'700'000'000));
    cache.merge(std::move(other));
    ensure(cache.size() <= 3);
    return 0;
}
