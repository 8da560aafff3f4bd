#include "support/fake_clock.hpp"
#include "support/memory_resolver.hpp"
#include "support/run_task.hpp"

#include "maild/net/dns_cache.hpp"

#include <gtest/gtest.h>

namespace maild::net {
namespace {

using namespace std::chrono_literals;

class DnsCacheTest : public testing::Test {
protected:
    DnsAnswer ask(DnsCache& cache, const std::string& name, DnsType type = DnsType::txt) {
        return test::run_task(cache.lookup({name, type}, 1s));
    }
    std::size_t asked() const { return inner_.asked.size(); }

    test::FakeClock clock_;
    test::MemoryResolver inner_;
    DnsCache cache_{inner_, clock_};
};

TEST_F(DnsCacheTest, AsksOnceWhateverTheCase) {
    inner_.add_txt("example.org", "v=spf1 -all");
    for (const auto* name : {"example.org", "Example.ORG", "example.org."})
        EXPECT_EQ(ask(cache_, name).texts, std::vector<std::string>{"v=spf1 -all"}) << name;
    EXPECT_EQ(asked(), 1U);
    EXPECT_EQ(ask(cache_, "example.org", DnsType::a).status, DnsStatus::no_data);
    EXPECT_EQ(asked(), 2U) << "each type is a question of its own";
    EXPECT_EQ(cache_.counts().hits, 2U);
    EXPECT_EQ(cache_.counts().misses, 2U);
}

TEST_F(DnsCacheTest, BelievesAnAnswerForItsTimeAndNoLonger) {
    inner_.add_txt("example.org", "x");
    const auto ttl = ask(cache_, "example.org").ttl;
    ASSERT_GT(ttl, 2s);
    clock_.advance(ttl - 1s);
    EXPECT_EQ(ask(cache_, "example.org").ttl, 1s);
    EXPECT_EQ(asked(), 1U);
    clock_.advance(1s);
    ask(cache_, "example.org");
    EXPECT_EQ(asked(), 2U);
}

TEST_F(DnsCacheTest, KeepsNothingLongerThanItsLimit) {
    DnsCache cache(inner_, clock_, {.longest = 10s});
    inner_.add_txt("example.org", "x");
    ask(cache, "example.org");
    clock_.advance(10s);
    ask(cache, "example.org");
    EXPECT_EQ(asked(), 2U);
}

TEST_F(DnsCacheTest, KeepsNoFailure) {
    inner_.fail("example.org");
    EXPECT_TRUE(ask(cache_, "example.org").failed());
    EXPECT_TRUE(ask(cache_, "example.org").failed());
    EXPECT_EQ(asked(), 2U);
    EXPECT_EQ(cache_.counts().entries, 0U);
}

TEST_F(DnsCacheTest, DropsWhatWasNotAskedForLongest) {
    DnsCache cache(inner_, clock_, {.entries = 2});
    for (const auto* name : {"a.example", "b.example", "c.example"}) inner_.add_txt(name, name);
    ask(cache, "a.example");
    ask(cache, "b.example");
    ask(cache, "a.example");
    ask(cache, "c.example");
    EXPECT_EQ(cache.counts().entries, 2U);
    ask(cache, "a.example");
    EXPECT_EQ(asked(), 3U);
    ask(cache, "b.example");
    EXPECT_EQ(asked(), 4U);
}

TEST_F(DnsCacheTest, IsBoundedInOctets) {
    DnsCache cache(inner_, clock_, {.octets = 64 << 10});
    for (int i = 0; i < 1000; ++i) {
        const auto name = std::to_string(i) + ".example";
        inner_.add_txt(name, std::string(1000, 'x'));
        ask(cache, name);
        ASSERT_LE(cache.counts().octets, 64U << 10);
    }
    EXPECT_GT(cache.counts().entries, 20U);
    inner_.add_txt("long.example", std::string(5000, 'x'));
    ask(cache, "long.example");
    ask(cache, "long.example");
    EXPECT_EQ(asked(), 1002U) << "one answer does not drive out all others";
}

} // namespace
} // namespace maild::net
