// limits.memory, and what is made of it with the rest of the configuration.
#include "daemon/config_sections.hpp"

#include <algorithm>
#include <fstream>
#include <string>
#include <unistd.h>

namespace maild::daemon {
namespace {

constexpr std::uint64_t kMiB = 1 << 20;

std::string counted(std::uint32_t count, std::string_view what) {
    return std::to_string(count) + ' ' + std::string(what) + (count == 1 ? "" : "s");
}

// Of this process's control group and those above it (cgroups(7), version 2); none: no limit.
std::optional<std::uint64_t> limit_of_group() {
    std::ifstream groups("/proc/self/cgroup");
    std::string path;
    while (std::getline(groups, path) && !path.starts_with("0::/")) path.clear();
    if (path.empty()) return std::nullopt;
    path.erase(0, std::string_view("0::").size());
    std::optional<std::uint64_t> least;
    while (true) {
        std::uint64_t limit = 0;
        std::ifstream file("/sys/fs/cgroup" + path + "/memory.max");
        if (file >> limit) least = std::min(limit, least.value_or(limit));
        if (path.empty()) return least;
        path.erase(path.rfind('/'));
    }
}

} // namespace

std::optional<std::uint64_t> memory_of_host() {
    const auto pages = ::sysconf(_SC_PHYS_PAGES);
    const auto page = ::sysconf(_SC_PAGESIZE);
    if (pages <= 0 || page <= 0) return std::nullopt;
    const auto memory = static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page);
    const auto group = limit_of_group();
    return group && *group < memory ? *group / 10 * 9 : memory / 2;
}

void read_memory(ConfigTable& table, std::optional<std::uint64_t>& out) {
    if (table.is_word("memory", "auto")) return;
    std::uint64_t bytes = 0;
    table.size("memory", bytes, 64ull << 20, 1ull << 50);
    if (bytes != 0) out = bytes;
}

// What nobody has asked for is no fault when it is too little.
void divide_memory(ParsedConfig& parsed, const HostDefaults& host) {
    auto& config = parsed.config;
    MemoryNeeds needs{.limit = config.limits.memory_bytes,
                      .workers = config.workers,
                      .cores = host.cores,
                      .shards = config.store.shards,
                      .connections = config.limits.connections,
                      .message_bytes = config.limits.message_bytes,
                      .worker_bytes = config.limits.worker_memory_bytes};
    const auto plan = plan_memory(needs);
    if (!plan) {
        const auto least = (plan.error() + kMiB - 1) / kMiB;
        const std::string key = "limits.memory";
        parsed.faults.push_back(
            {parsed.position_of(key),
             key + " is too little for " + counted(std::max(config.workers, 1U), "worker") + ", " +
                 counted(config.store.shards, "shard") + " and messages of limits.message_size",
             "write \"" + std::to_string(least) + " MiB\" or more" +
                 (config.workers <= 1 ? "" : ", a smaller pool.workers, or 0 there") +
                 ", or a smaller limits.message_size"});
    }
    if (!needs.limit) needs.limit = host.memory;
    config.memory = plan_memory_anyway(needs);
    config.workers = config.memory.workers;
}

} // namespace maild::daemon
