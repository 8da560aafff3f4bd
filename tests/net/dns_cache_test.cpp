#include "support/fake_clock.hpp"
#include "support/memory_resolver.hpp"
#include "support/run_task.hpp"
#include "support/streams.hpp"

#include "maild/net/dns_cache.hpp"
#include "maild/net/spawn.hpp"

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

// Answers when it is told to.
class HeldResolver final : public Resolver {
public:
    Task<DnsAnswer> lookup(DnsQuestion question, std::chrono::milliseconds timeout) override {
        asked.push_back(question.name);
        co_await release.wait(timeout);
        DnsAnswer answer;
        answer.status = DnsStatus::found;
        answer.ttl = std::chrono::seconds(60);
        answer.texts.push_back(question.name);
        co_return answer;
    }
    std::vector<std::string> asked;
    Event release;
};

TEST_F(DnsCacheTest, AsksOnceForAllWhoWaitForTheSame) {
    boost::asio::io_context io{1};
    HeldResolver held;
    DnsCache cache(held, clock_);
    std::vector<std::shared_ptr<std::optional<DnsAnswer>>> answers;
    for (int i = 0; i < 10; ++i) {
        answers.push_back(std::make_shared<std::optional<DnsAnswer>>());
        spawn(io, test::keep_result(cache.lookup({"a.example", DnsType::txt}, 5s), answers.back()),
              "lookup");
    }
    io.poll();
    EXPECT_EQ(held.asked.size(), 1U);
    held.release.notify();
    test::run_until(io, [&] {
        return std::ranges::all_of(answers, [](const auto& a) { return a->has_value(); });
    });
    for (const auto& answer : answers)
        EXPECT_EQ((*answer)->texts, std::vector<std::string>{"a.example"});
}

TEST_F(DnsCacheTest, LetsOneZoneTakeNobodysPlace) {
    boost::asio::io_context io{1};
    HeldResolver held;
    DnsCache cache(held, clock_, {.of_zone = 3});
    const auto begin = [&](std::string name) {
        auto answer = std::make_shared<std::optional<DnsAnswer>>();
        spawn(io, test::keep_result(cache.lookup({std::move(name), DnsType::txt}, 5s), answer),
              "lookup");
        io.poll();
        return answer;
    };
    std::vector<std::shared_ptr<std::optional<DnsAnswer>>> open;
    for (const auto* name : {"1.evil.example", "2.evil.example", "3.EVIL.example"})
        open.push_back(begin(name));
    const auto refused = begin("4.evil.example");
    ASSERT_TRUE(refused->has_value());
    EXPECT_EQ((*refused)->problem, "too many questions about evil.example at once");
    open.push_back(begin("good.example"));
    EXPECT_EQ(held.asked.size(), 4U);
    held.release.notify();
    test::run_until(io, [&] {
        return std::ranges::all_of(open, [](const auto& a) { return a->has_value(); });
    });
    const auto again = begin("4.evil.example");
    held.release.notify();
    test::run_until(io, [&] { return again->has_value(); });
    EXPECT_EQ((*again)->status, DnsStatus::found) << "places come back";
}

TEST(ZoneOf, IsNearlyWhatOneMayRegister) {
    struct Case {
        std::string_view name, want;
    };
    for (const auto& c : {Case{"example.org", "example.org"},
                          {"a.b.Example.ORG.", "example.org"},
                          {"mail.example.co.uk", "example.co.uk"},
                          {"co.uk", "co.uk"},
                          {"org", "org"},
                          {"", ""},
                          {".", ""},
                          {"a..org", "a..org"}})
        EXPECT_EQ(zone_of(c.name), c.want) << c.name;
}

} // namespace
} // namespace maild::net
