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
constexpr std::uint64_t kLeastConnections = 512; // of the host, unless fewer are asked for
// Of each worker, before anybody has more than need be: a thousand mail programs and who delivers,
// and then a second of the largest messages.
constexpr std::uint64_t kFirstConnections = 1300;

// A budget that a message of this size fits, beside small mail.
std::uint64_t budget_for(std::uint64_t message) {
    return message + message / (net::MemoryBudget::kSmallPart - 1) + 1;
}

class Planner {
public:
    explicit Planner(const MemoryNeeds& needs) : needs_(needs) {}

    // The least with which all works.
    std::uint64_t least(std::uint32_t workers) const {
        return fixed(workers) + caches(kLeastCache) + workers * budget_for(needs_.message_bytes) +
               workers * of_worker(kLeastConnections, workers) * kEachConnection;
    }
    // With which none of the first ones waits for another.
    std::uint64_t comfortable(std::uint32_t workers) const {
        return least(workers) + first_connections(workers) + more_messages(workers);
    }
    std::uint32_t most_workers() const {
        return needs_.workers != 0 ? needs_.workers : std::clamp(needs_.cores, 1U, 256U);
    }
    // What is beyond the least: first what is comfortable, and of the rest a third for all other
    // connections, and for the caches. The mail gets what is left, as far as it may have that.
    MemoryPlan divide(std::uint32_t workers, std::uint64_t limit) const {
        auto left = limit - least(workers);
        const auto take = [&left](std::uint64_t wanted, std::uint64_t share) {
            const auto taken = std::min(wanted, share);
            left -= taken;
            return taken;
        };
        MemoryPlan plan = without_limit(workers);
        auto for_connections = take(first_connections(workers), left);
        auto for_mail = take(more_messages(workers), left);
        for_connections += take(all_connections(workers) - for_connections, left / 3);
        const auto for_caches = take(caches(kMostCache - kLeastCache), left / 3);
        for_mail += take(workers * more_mail() - for_mail, left);
        for_connections += take(all_connections(workers) - for_connections, left);
        plan.limit_bytes = limit;
        plan.available_bytes = limit;
        plan.mail_bytes =
            std::min(plan.mail_bytes, budget_for(needs_.message_bytes) + for_mail / workers);
        plan.connections = static_cast<std::uint32_t>(of_worker(kLeastConnections, workers) +
                                                      for_connections / kEachConnection / workers);
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
    // Of so many connections of the host, or of all where that is fewer.
    std::uint64_t of_worker(std::uint64_t connections, std::uint32_t workers) const {
        return (std::min<std::uint64_t>(connections, needs_.connections) + workers - 1) / workers;
    }
    // Beyond the least, of all workers together.
    std::uint64_t more_than_least(std::uint64_t connections, std::uint32_t workers) const {
        const auto more = of_worker(connections, workers) - of_worker(kLeastConnections, workers);
        return workers * more * kEachConnection;
    }
    std::uint64_t first_connections(std::uint32_t workers) const {
        return more_than_least(workers * kFirstConnections, workers);
    }
    std::uint64_t all_connections(std::uint32_t workers) const {
        return more_than_least(std::max<std::uint64_t>(needs_.connections, 1), workers);
    }
    // Than a message of the largest size; of a worker.
    std::uint64_t more_mail() const {
        const auto least = budget_for(needs_.message_bytes);
        return std::max(mail_of_worker(needs_.worker_bytes), least) - least;
    }
    std::uint64_t more_messages(std::uint32_t workers) const {
        return workers * std::min(budget_for(needs_.message_bytes), more_mail());
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
    while (workers > least && planner.comfortable(workers) > *needs.limit) --workers;
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
