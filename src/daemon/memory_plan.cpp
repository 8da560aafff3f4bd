#include "daemon/memory_plan.hpp"

#include "maild/net/memory_budget.hpp"

#include <algorithm>

namespace maild::daemon {
namespace {

constexpr std::uint64_t kKiB = 1024;
constexpr std::uint64_t kMiB = 1024 * kKiB;

// Measured, rounded up (proportional shares, smaps_rollup): the host without mail and clients, but
// for its databases' caches.
constexpr std::uint64_t kHost = 72 * kMiB; // of which two passwords that are hashed take 38
constexpr std::uint64_t kEachWorker = 8 * kMiB;
constexpr std::uint64_t kEachShard = 4 * kMiB;
// Of an IMAP client under TLS that has logged in, in the worker and in the store.
constexpr std::uint64_t kEachConnection = 32 * kKiB;
// A writer and two readers.
constexpr std::uint64_t kCachesOfShard = 3;
constexpr std::uint64_t kLeastCache = 512 * kKiB;
constexpr std::uint64_t kMostCache = 16 * kMiB;
constexpr std::uint32_t kLeastConnections = 64; // of each worker

// A budget that a message of this size fits, beside small mail.
std::uint64_t budget_for(std::uint64_t message) {
    return message + message / (net::MemoryBudget::kSmallPart - 1) + 1;
}

class Planner {
public:
    explicit Planner(const MemoryNeeds& needs) : needs_(needs) {}

    // The least with which all works.
    std::uint64_t least(std::uint32_t workers) const {
        return fixed(workers) + caches(kLeastCache) +
               workers * (budget_for(needs_.message_bytes) + kLeastConnections * kEachConnection);
    }
    std::uint32_t most_workers() const {
        return needs_.workers != 0 ? needs_.workers : std::clamp(needs_.cores, 1U, 256U);
    }
    // What is beyond the least is shared by connections, messages and caches, in this order of
    // need.
    MemoryPlan divide(std::uint32_t workers, std::uint64_t limit) const {
        auto left = limit - least(workers);
        const auto take = [&left](std::uint64_t wanted, std::uint64_t share) {
            const auto taken = std::min(wanted, share);
            left -= taken;
            return taken;
        };
        const std::uint64_t own = (needs_.connections + workers - 1) / workers;
        const auto connections = std::max<std::uint64_t>(own, kLeastConnections);
        const auto more = workers * (connections - kLeastConnections) * kEachConnection;
        const auto for_connections = take(more, left * 4 / 5);
        const auto for_caches = take(caches(kMostCache - kLeastCache), left / 3);
        const auto mail = budget_for(needs_.message_bytes) + left / workers;
        MemoryPlan plan = without_limit(workers);
        plan.limit_bytes = limit;
        plan.available_bytes = limit;
        plan.mail_bytes = std::min(plan.mail_bytes, mail);
        plan.connections = static_cast<std::uint32_t>(
            std::min(connections, kLeastConnections + for_connections / kEachConnection / workers));
        plan.page_cache_kib = static_cast<std::uint32_t>(
            (kLeastCache + for_caches / (needs_.shards * kCachesOfShard)) / kKiB);
        return plan;
    }
    MemoryPlan without_limit(std::uint32_t workers) const {
        return {.limit_bytes = 0,
                .available_bytes = 0,
                .workers = workers,
                .wanted_workers = most_workers(),
                .mail_bytes = mail_of_worker(needs_.worker_bytes),
                .connections = UINT32_MAX,
                .page_cache_kib = kMostCache / kKiB};
    }

private:
    std::uint64_t fixed(std::uint32_t workers) const {
        return kHost + workers * kEachWorker + needs_.shards * kEachShard;
    }
    std::uint64_t caches(std::uint64_t each) const { return needs_.shards * kCachesOfShard * each; }

    const MemoryNeeds& needs_;
};

} // namespace

std::uint64_t mail_of_worker(std::uint64_t worker_bytes) { return worker_bytes / 2; }
std::uint64_t worker_memory_for(std::uint64_t message_bytes) {
    return 2 * budget_for(message_bytes);
}

std::expected<MemoryPlan, std::uint64_t> plan_memory(const MemoryNeeds& needs) {
    const Planner planner(needs);
    auto workers = planner.most_workers();
    if (!needs.limit) return planner.without_limit(workers);
    const auto least = needs.workers != 0 ? needs.workers : 1;
    while (workers > least && planner.least(workers) > *needs.limit) --workers;
    if (planner.least(workers) > *needs.limit) return std::unexpected(planner.least(workers));
    return planner.divide(workers, *needs.limit);
}

MemoryPlan plan_memory_anyway(MemoryNeeds needs) {
    auto plan = plan_memory(needs);
    if (plan) return *plan;
    const auto available = *needs.limit;
    needs.limit = plan.error();
    plan = plan_memory(needs);
    plan->available_bytes = available;
    return *plan;
}

} // namespace maild::daemon
