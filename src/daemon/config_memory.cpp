// limits.memory, and what is made of it with the rest of the configuration.
#include "daemon/config_sections.hpp"

#include "maild/net/memory_budget.hpp"

#include <algorithm>
#include <fstream>
#include <initializer_list>
#include <string>
#include <unistd.h>
#include <utility>

namespace maild::daemon {
namespace {

constexpr std::uint64_t kMiB = 1 << 20;

std::string counted(std::uint32_t count, std::string_view what) {
    return std::to_string(count) + ' ' + std::string(what) + (count == 1 ? "" : "s");
}

// The least of these files' numbers in the group and in those above it; "max" is no number.
std::optional<std::uint64_t> least_of(const std::string& root, std::string group,
                                      std::initializer_list<const char*> names) {
    std::optional<std::uint64_t> least;
    while (true) {
        for (const auto* name : names) {
            std::uint64_t limit = 0;
            std::ifstream file(root + group + "/" + name);
            if (file >> limit) least = std::min(limit, least.value_or(limit));
        }
        if (group.empty()) return least;
        group.erase(group.rfind('/'));
    }
}

} // namespace

// Lines of "number:controllers:/group"; version 2 has one, without controllers (cgroups(7)).
std::optional<std::uint64_t> memory_of_group(std::istream& groups, const std::string& root) {
    std::optional<std::uint64_t> least;
    for (std::string line; std::getline(groups, line);) {
        const auto first = line.find(':');
        const auto second = line.find(':', first + 1);
        if (first == line.npos || second == line.npos || line[second + 1] != '/') continue;
        const auto controllers = "," + line.substr(first + 1, second - first - 1) + ",";
        auto group = line.substr(second + 1);
        const auto found =
            controllers == ",," ? least_of(root, std::move(group), {"memory.max", "memory.high"})
            : controllers.contains(",memory,")
                ? least_of(root + "/memory", std::move(group), {"memory.limit_in_bytes"})
                : std::nullopt;
        if (found) least = std::min(*found, least.value_or(*found));
    }
    return least;
}

std::optional<std::uint64_t> memory_of_host() {
    const auto pages = ::sysconf(_SC_PHYS_PAGES);
    const auto page = ::sysconf(_SC_PAGESIZE);
    if (pages <= 0 || page <= 0) return std::nullopt;
    const auto memory = static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page);
    std::ifstream groups("/proc/self/cgroup");
    const auto group = memory_of_group(groups, "/sys/fs/cgroup");
    return group && *group < memory ? *group / 10 * 9 : memory / 2;
}

void read_memory(ConfigTable& table, std::optional<std::uint64_t>& out) {
    if (table.is_word("memory", "auto")) return;
    std::uint64_t bytes = 0;
    table.size("memory", bytes, 64ull << 20, 1ull << 50);
    if (bytes != 0) out = bytes;
}

namespace {

// The largest message must fit what a worker has for mail, whatever limits.memory is.
void check_message_size(ParsedConfig& parsed) {
    const auto& limits = parsed.config.limits;
    const auto most = net::MemoryBudget(mail_of_worker(limits.worker_memory_bytes)).largest();
    if (limits.message_bytes <= most) return;
    const std::string key = "limits.message_size";
    auto place = parsed.position_of(key);
    if (place.line == 0) place = parsed.position_of("limits.worker_memory");
    const auto mib = [](std::uint64_t bytes) { return std::to_string(bytes) + " MiB\""; };
    parsed.faults.push_back(
        {place, key + " is more than a worker can hold: what limits.worker_memory leaves for mail",
         "write at most \"" + mib(most / kMiB) + ", or limits.worker_memory = \"" +
             mib(worker_memory_for(limits.message_bytes) / kMiB + 1) + " or more"});
}

} // namespace

// What nobody has asked for is no fault when it is too little.
void divide_memory(ParsedConfig& parsed, const HostDefaults& host) {
    auto& config = parsed.config;
    MemoryNeeds needs{.limit = config.limits.memory_bytes,
                      .workers = config.pool_workers,
                      .cores = host.cores,
                      .shards = config.store.shards,
                      .connections = config.limits.connections,
                      .message_bytes = config.limits.message_bytes,
                      .worker_bytes = config.limits.worker_memory_bytes};
    check_message_size(parsed);
    const auto plan = plan_memory(needs);
    if (!plan) {
        const auto least = (plan.error() + kMiB - 1) / kMiB;
        const std::string key = "limits.memory";
        parsed.faults.push_back(
            {parsed.position_of(key),
             key + " is too little for " + counted(std::max(config.pool_workers, 1U), "worker") +
                 ", " + counted(config.store.shards, "shard") +
                 " and messages of limits.message_size",
             "write \"" + std::to_string(least) + " MiB\" or more" +
                 (config.pool_workers <= 1 ? "" : ", a smaller pool.workers, or 0 there") +
                 ", or a smaller limits.message_size"});
    }
    if (!needs.limit) needs.limit = host.memory;
    config.memory = plan_memory_anyway(needs);
    config.workers = config.memory.workers;
}

} // namespace maild::daemon
