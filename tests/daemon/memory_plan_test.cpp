#include "daemon/config_file.hpp"
#include "daemon/memory_plan.hpp"
#include "daemon/worker_limits.hpp"

#include "maild/net/memory_budget.hpp"

#include <gtest/gtest.h>

#include <string>

namespace maild::daemon {
namespace {

constexpr std::uint64_t kMiB = 1 << 20;

MemoryNeeds needs_of(std::uint64_t limit, std::uint32_t workers = 0) {
    return {.limit = limit,
            .workers = workers,
            .cores = 4,
            .shards = 1,
            .connections = 10'000,
            .message_bytes = 50 * kMiB,
            .worker_bytes = 1024 * kMiB};
}

TEST(MemoryPlan, IsWhatItWasWithoutALimit) {
    auto needs = needs_of(0);
    needs.limit.reset();
    const MemoryPlan want{.limit_bytes = 0,
                          .workers = 4,
                          .mail_bytes = 512 * kMiB,
                          .connections = UINT32_MAX,
                          .page_cache_kib = 16 * 1024};
    EXPECT_EQ(plan_memory(needs), want);
    needs.workers = 7;
    EXPECT_EQ(plan_memory(needs)->workers, 7U);
}

TEST(MemoryPlan, LimitsNothingWhereThereIsPlenty) {
    const auto plan = plan_memory(needs_of(64 * 1024 * kMiB)).value();
    EXPECT_EQ(plan.workers, 4U);
    EXPECT_EQ(plan.mail_bytes, 512 * kMiB);
    EXPECT_EQ(plan.connections, 2'500U);
    EXPECT_EQ(plan.page_cache_kib, 16U * 1024U);
}

// The contract: 1,000 clients and messages of 50 MiB with 256 MiB.
TEST(MemoryPlan, HasRoomForAThousandClientsIn256MiB) {
    const auto plan = plan_memory(needs_of(256 * kMiB)).value();
    EXPECT_GE(plan.workers, 1U);
    EXPECT_GE(plan.workers * plan.connections, 1'200U);
    EXPECT_GE(net::MemoryBudget(plan.mail_bytes).largest(), 50 * kMiB);
    EXPECT_GE(plan.page_cache_kib, 512U);
}

TEST(MemoryPlan, NeverGivesOutMoreThanThereIs) {
    for (std::uint64_t limit = 128; limit < 8192; limit += 61) {
        const auto plan = plan_memory(needs_of(limit * kMiB));
        if (!plan) {
            EXPECT_GT(plan.error(), limit * kMiB);
            EXPECT_TRUE(plan_memory(needs_of(plan.error()))) << "what it says is enough";
            EXPECT_FALSE(plan_memory(needs_of(plan.error() - 1)));
            continue;
        }
        const auto given = plan->workers * plan->mail_bytes + 3 * plan->page_cache_kib * 1024ULL +
                           plan->workers * plan->connections * 32ULL * 1024;
        EXPECT_LT(given, limit * kMiB) << limit;
        EXPECT_GE(net::MemoryBudget(plan->mail_bytes).largest(), 50 * kMiB) << limit;
        EXPECT_GE(plan->connections, 64U) << limit;
    }
}

TEST(MemoryPlan, RunsFewerWorkersBeforeItGivesUp) {
    EXPECT_LT(plan_memory(needs_of(256 * kMiB)).value().workers, 4U);
    EXPECT_FALSE(plan_memory(needs_of(256 * kMiB, 4))) << "an admin's number is not changed";
    EXPECT_EQ(plan_memory(needs_of(512 * kMiB, 4)).value().workers, 4U);
}

TEST(MemoryPlan, TakesTheLeastForALimitThatNobodyAskedFor) {
    const auto least = plan_memory(needs_of(0, 2)).error();
    EXPECT_EQ(plan_memory_anyway(needs_of(0, 2)), plan_memory(needs_of(least, 2)));
    EXPECT_EQ(plan_memory_anyway(needs_of(1024 * kMiB)), plan_memory(needs_of(1024 * kMiB)));
}

ParsedConfig parsed(const std::string& text, std::optional<std::uint64_t> memory = std::nullopt) {
    return parse_config(text, "m.toml",
                        {.hostname = "mx.example.net", .cores = 4, .memory = memory});
}

TEST(MemoryConfig, DividesWhatIsWritten) {
    const auto got = parsed("[limits]\nmemory = \"256 MiB\"\n");
    EXPECT_TRUE(got.faults.empty()) << format_faults("m.toml", got.faults);
    EXPECT_EQ(got.config.limits.memory_bytes, 256 * kMiB);
    EXPECT_EQ(got.config.memory, plan_memory(needs_of(256 * kMiB)));
    EXPECT_EQ(got.config.workers, got.config.memory.workers);
}

TEST(MemoryConfig, IsOfTheHostWhenNothingIsWritten) {
    for (const auto* text : {"", "[limits]\nmemory = \"auto\"\n"}) {
        const auto got = parsed(text, 512 * kMiB);
        EXPECT_TRUE(got.faults.empty()) << format_faults("m.toml", got.faults);
        EXPECT_EQ(got.config.limits.memory_bytes, std::nullopt);
        EXPECT_EQ(got.config.memory, plan_memory(needs_of(512 * kMiB)));
        EXPECT_TRUE(parsed(text, 1).faults.empty()) << "nobody has asked for so little";
        EXPECT_EQ(parsed(text).config.workers, 4U);
    }
}

TEST(MemoryConfig, SaysWhatWouldDo) {
    const std::string text = "[pool]\nworkers = 4\n[limits]\nmemory = \"256 MiB\"\n";
    const auto faults = format_faults("m.toml", parsed(text).faults);
    EXPECT_TRUE(faults.starts_with("m.toml:4:10: limits.memory is too little for 4 workers, 1 "
                                   "shard and messages of limits.message_size\n    write \""))
        << faults;
    EXPECT_NE(faults.find("a smaller pool.workers, or 0 there, or a smaller limits.message_size"),
              faults.npos)
        << faults;
    const auto least = plan_memory(needs_of(256 * kMiB, 4)).error() / kMiB + 1;
    EXPECT_NE(faults.find(std::to_string(least) + " MiB"), faults.npos) << faults;
    EXPECT_FALSE(parsed("[limits]\nmemory = \"10 MiB\"\n").faults.empty());
    EXPECT_FALSE(parsed("[limits]\nmemory = \"much\"\n").faults.empty());
}

// A reload asks for more than there is memory for since the start.
TEST(MemoryConfig, TakesNoMessageThatNoWorkerCouldHold) {
    auto config = parsed("[limits]\nmemory = \"256 MiB\"\n").config;
    EXPECT_EQ(smtp_limits(config).message_size, 50 * kMiB);
    config.limits.message_bytes = 1024 * kMiB;
    EXPECT_EQ(smtp_limits(config).message_size,
              net::MemoryBudget(config.memory.mail_bytes).largest());
    EXPECT_EQ(imap_limits(config).message_size, smtp_limits(config).message_size);
}

TEST(MemoryConfig, KnowsThisHost) {
    const auto memory = memory_of_host();
    ASSERT_TRUE(memory);
    EXPECT_GT(*memory, 16 * kMiB);
}

} // namespace
} // namespace maild::daemon
