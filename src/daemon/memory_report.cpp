#include "daemon/memory_report.hpp"

#include "maild/base/log.hpp"

#include <cstdint>
#include <string_view>

namespace maild::daemon {
namespace {

void append_cut(std::string& out, std::string_view what, std::uint64_t from, std::uint64_t to,
                std::string_view unit) {
    if (to >= from) return;
    if (!out.empty()) out += ", ";
    out += std::string(what) + ' ' + std::to_string(from) + std::string(unit) + " to " +
           std::to_string(to) + std::string(unit);
}

} // namespace

std::string reduced_by_memory(const Config& config) {
    std::string out;
    if (config.limits.memory_bytes) return out;
    const auto& plan = config.memory;
    const auto connections = std::uint64_t{plan.workers} * plan.connections;
    const auto mail = mail_of_worker(config.limits.worker_memory_bytes);
    append_cut(out, "pool.workers", plan.wanted_workers, plan.workers, "");
    append_cut(out, "limits.connections", config.limits.connections, connections, "");
    append_cut(out, "mail on its way in of a worker", mail >> 20, plan.mail_bytes >> 20, " MiB");
    return out;
}

bool has_too_little_memory(const Config& config) {
    return !config.limits.memory_bytes && config.memory.available_bytes < config.memory.limit_bytes;
}

bool saves_memory(const Config& config) {
    return config.limits.memory_bytes || has_too_little_memory(config) ||
           !reduced_by_memory(config).empty();
}

void warn_of_memory(const Config& config) {
    const auto& plan = config.memory;
    if (has_too_little_memory(config))
        log::warning("memory_too_little",
                     {{"bytes", plan.available_bytes},
                      {"bytes_needed", plan.limit_bytes},
                      {"do", "more memory, or a smaller limits.message_size or pool.workers"}});
    if (const auto reduced = reduced_by_memory(config); !reduced.empty())
        log::warning("memory_divided",
                     {{"bytes", plan.limit_bytes}, {"reduced", reduced}, {"set", "limits.memory"}});
}

} // namespace maild::daemon
