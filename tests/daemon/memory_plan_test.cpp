#include "daemon/config_file.hpp"
#include "daemon/fixed_settings.hpp"
#include "daemon/memory_plan.hpp"
#include "daemon/worker_limits.hpp"
#include "support/temp_dir.hpp"

#include "maild/base/log.hpp"
#include "maild/net/memory_budget.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>

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
                          .available_bytes = 0,
                          .workers = 4,
                          .wanted_workers = 4,
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
                           plan->workers * plan->connections * 32ULL * 1024 +
                           (72 + 8 * plan->workers + 4) * kMiB;
        EXPECT_LE(given, limit * kMiB) << limit;
        EXPECT_GE(net::MemoryBudget(plan->mail_bytes).largest(), 50 * kMiB) << limit;
        EXPECT_GE(plan->workers * plan->connections, 512U) << limit;
    }
}

TEST(MemoryPlan, RunsFewerWorkersBeforeItGivesUp) {
    EXPECT_LT(plan_memory(needs_of(256 * kMiB)).value().workers, 4U);
    EXPECT_FALSE(plan_memory(needs_of(256 * kMiB, 4))) << "an admin's number is not changed";
    EXPECT_EQ(plan_memory(needs_of(512 * kMiB, 4)).value().workers, 4U);
}

// Two of the largest in each worker come before more than a thousand clients; what mail may not
// have (limits.worker_memory) goes to clients.
TEST(MemoryPlan, GivesSmallHostsRoomForMail) {
    for (const std::uint32_t workers : {0U, 2U}) {
        const auto plan = plan_memory(needs_of(512 * kMiB, workers)).value();
        EXPECT_GE(plan.workers, 2U);
        EXPECT_GE(net::MemoryBudget(plan.mail_bytes).largest(), 100 * kMiB) << workers;
        EXPECT_GE(plan.workers * plan.connections, 1'300U) << workers;
    }
    for (const std::uint64_t limit : {600, 768}) {
        auto needs = needs_of(limit * kMiB, 2);
        needs.worker_bytes = worker_memory_for(needs.message_bytes);
        const auto plan = plan_memory(needs).value();
        EXPECT_EQ(plan.mail_bytes, needs.worker_bytes / 2);
        EXPECT_EQ(plan.workers * plan.connections, 10'000U) << limit;
    }
}

// But for what one more worker takes for itself.
TEST(MemoryPlan, GivesMoreOfEverythingWhereThereIsMore) {
    for (const std::uint32_t cores : {1U, 4U, 16U}) {
        MemoryPlan before;
        for (std::uint64_t limit = 192; limit < 8192; limit += 7) {
            auto needs = needs_of(limit * kMiB);
            needs.cores = cores;
            const auto plan = plan_memory(needs);
            if (!plan) continue;
            const auto all = std::uint64_t{plan->workers} * plan->connections;
            EXPECT_GE(plan->workers, before.workers);
            EXPECT_GE(8 * all, 7ULL * before.workers * before.connections)
                << limit << " MiB, " << cores << " cores";
            before = *plan;
        }
        EXPECT_EQ(before.workers, cores);
        EXPECT_GE(before.workers * before.connections, 10'000U);
    }
}

TEST(MemoryPlan, HasPlacesEvenWhereThereIsTooLittle) {
    for (const std::uint64_t available : {16, 64, 128, 200}) {
        auto needs = needs_of(available * kMiB);
        const auto plan = plan_memory_anyway(needs);
        EXPECT_GE(plan.workers * plan.connections, 512U) << available;
        needs.connections = 100; // nor are there more than are asked for
        EXPECT_EQ(plan_memory_anyway(needs).connections, 100U) << available;
    }
}

TEST(MemoryPlan, TakesTheLeastForALimitThatNobodyAskedFor) {
    const auto least = plan_memory(needs_of(0, 2)).error();
    auto want = plan_memory(needs_of(least, 2)).value();
    want.available_bytes = kMiB;
    EXPECT_EQ(plan_memory_anyway(needs_of(kMiB, 2)), want);
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

TEST(MemoryConfig, TakesNoMessageSizeThatNoWorkerCouldHold) {
    const auto faults = format_faults(
        "m.toml",
        parsed("[limits]\nworker_memory = \"128 MiB\"\nmessage_size = \"61 MiB\"\n").faults);
    EXPECT_TRUE(
        faults.starts_with("m.toml:3:16: limits.message_size is more than a worker can hold"))
        << faults;
    EXPECT_NE(faults.find("write at most \"60 MiB\", or limits.worker_memory = \"131 MiB\""),
              faults.npos)
        << faults;
    for (const auto* right : {"worker_memory = \"128 MiB\"\nmessage_size = \"60 MiB\"\n",
                              "worker_memory = \"131 MiB\"\nmessage_size = \"61 MiB\"\n"}) {
        const auto got = parsed("[limits]\n" + std::string(right));
        EXPECT_TRUE(got.faults.empty()) << format_faults("m.toml", got.faults);
        EXPECT_EQ(smtp_limits(got.config).message_size, got.config.limits.message_bytes);
        EXPECT_GE(net::MemoryBudget(got.config.memory.mail_bytes).largest(),
                  got.config.limits.message_bytes);
    }
}

// A reload asks for more than there is memory for since the start.
TEST(MemoryConfig, SaysWhatOnlyARestartChanges) {
    log::to_nowhere();
    const auto config_of = [](const std::string& memory, const std::string& lines) {
        return parsed("[pool]\nworkers = 1\n[limits]\nmemory = \"" + memory + "\"\n" + lines)
            .config;
    };
    const auto now = config_of("256 MiB", "connections = 1000\n");
    const auto reloaded = [&](const std::string& memory, const std::string& lines) {
        auto next = config_of(memory, lines);
        auto told = keep_fixed(now, next);
        EXPECT_EQ(next.memory, now.memory);
        EXPECT_LE(next.limits.message_bytes, net::MemoryBudget(now.memory.mail_bytes).largest());
        return std::pair(std::move(told), next.limits.connections);
    };
    EXPECT_EQ(reloaded("256 MiB", "connections = 1000\n"), std::pair(std::string(), 1000U));
    EXPECT_EQ(reloaded("256 MiB", "connections = 500\n"), std::pair(std::string(), 500U));
    EXPECT_EQ(reloaded("256 MiB", "connections = 1100\n"),
              std::pair(std::string("only a restart changes limits.connections"), 1000U));
    EXPECT_EQ(reloaded("1 GiB", "connections = 1000\nmessage_size = \"200 MiB\"\n").first,
              "only a restart changes limits.memory, limits.message_size");
    auto roomy = now;
    roomy.memory.connections = UINT32_MAX; // no limit of memory
    auto next = roomy;
    next.limits.connections = 100'000;
    EXPECT_EQ(keep_fixed(roomy, next), "");
    EXPECT_EQ(next.limits.connections, 100'000U);
}

// A larger message leaves memory for fewer workers, of which the admin has said nothing.
TEST(MemoryConfig, BlamesAReloadOnNoSettingThatWasNotWritten) {
    log::to_nowhere();
    const auto now = parsed("", 600 * kMiB).config;
    auto next = parsed("[limits]\nmessage_size = \"120 MiB\"\n", 600 * kMiB).config;
    ASSERT_LT(next.workers, now.workers);
    EXPECT_EQ(keep_fixed(now, next), "only a restart changes limits.message_size");
    EXPECT_EQ(next.workers, now.workers);
    next = parsed("[pool]\nworkers = 2\n", 600 * kMiB).config;
    ASSERT_NE(now.workers, 2U);
    EXPECT_EQ(keep_fixed(now, next), "only a restart changes pool.workers");
    EXPECT_EQ(next.workers, now.workers);
    EXPECT_EQ(next.pool_workers, 0U);
}

TEST(MemoryConfig, NamesWhatToRaise) {
    auto config = parsed("[limits]\nmemory = \"256 MiB\"\nconnections = 1000\n").config;
    EXPECT_EQ(remedies_for(config).mail, "limits.memory");
    EXPECT_EQ(remedies_for(config).connections, "limits.connections");
    config.limits.connections = 10'000;
    EXPECT_EQ(remedies_for(config).connections, "limits.memory");
    EXPECT_EQ(remedies_for(parsed("").config).mail, "limits.worker_memory");
}

TEST(MemoryConfig, ReadsLessAheadWhereThereIsLittle) {
    EXPECT_EQ(read_aheads(parsed("").config), 16U);
    const auto of_little = read_aheads(parsed("[limits]\nmemory = \"256 MiB\"\n").config);
    EXPECT_GE(of_little, 2U);
    EXPECT_LT(of_little, 16U);
    EXPECT_LT(read_aheads(parsed("[limits]\nworker_memory = \"128 MiB\"\n").config), 16U);
}

TEST(MemoryConfig, KeepsPlacesForEachService) {
    auto config = parsed("[limits]\nconnections = 10000\n[pool]\nworkers = 2\n").config;
    const auto places = place_limits(config);
    EXPECT_EQ(places.sessions, 5'000U);
    EXPECT_EQ(places.newcomers, 2'500U);
    EXPECT_EQ(places.strangers, 1'250U);
    EXPECT_EQ(places.kept, 208U);
    config.limits.connections = 128;
    EXPECT_EQ(place_limits(config).kept, 8U);
}

TEST(MemoryConfig, KnowsControlGroups) {
    test::TempDir root;
    const auto write = [&root](const std::string& name, const std::string& text) {
        const auto path = std::filesystem::path(root.path()) / name;
        std::filesystem::create_directories(path.parent_path());
        std::ofstream(path) << text << "\n";
    };
    const auto found = [&root](const std::string& groups) {
        std::istringstream in(groups);
        return memory_of_group(in, root.path());
    };
    EXPECT_EQ(found("0::/system.slice/maild.service\n"), std::nullopt);
    write("system.slice/memory.max", "max");
    write("system.slice/maild.service/memory.max", "1000000");
    EXPECT_EQ(found("0::/system.slice/maild.service\n"), 1'000'000U);
    write("system.slice/maild.service/memory.high", "800000"); // from there on it is slowed down
    EXPECT_EQ(found("0::/system.slice/maild.service\n"), 800'000U);
    write("system.slice/memory.high", "500000");
    EXPECT_EQ(found("0::/system.slice/maild.service\n"), 500'000U);
    EXPECT_EQ(found("0::/\n"), std::nullopt);
    write("memory/docker/7/memory.limit_in_bytes", "700000"); // version 1
    EXPECT_EQ(found("9:cpu,memory:/docker/7\n3:cpuset:/system.slice\n0::/docker/7\n"), 700'000U);
    EXPECT_EQ(found("nonsense\n:\n1:memory\n1:memory:\n"), std::nullopt);
}

TEST(MemoryConfig, KnowsThisHost) {
    const auto memory = memory_of_host();
    ASSERT_TRUE(memory);
    EXPECT_GT(*memory, 16 * kMiB);
}

} // namespace
} // namespace maild::daemon
