#pragma once
// limits.memory divided: what all processes take as they are, what messages on their way in may
// take in each worker, how many connections there is room for, and what the databases may cache.
// Pure.

#include <cstdint>
#include <expected>
#include <optional>

namespace maild::daemon {

struct MemoryNeeds {
    std::optional<std::uint64_t> limit; // of all processes together; none: as much as they like
    std::uint32_t workers = 0;          // 0: as many as there is memory for, at most one a core
    std::uint32_t cores = 1;
    std::uint32_t shards = 1;
    std::uint32_t connections = 0; // of the host
    std::uint64_t message_bytes = 0;
    std::uint64_t worker_bytes = 0; // limits.worker_memory; half of it is the most for its messages
};

struct MemoryPlan {
    std::uint64_t limit_bytes = 0;     // what was divided; 0: none
    std::uint64_t available_bytes = 0; // less than that only after plan_memory_anyway()
    std::uint32_t workers = 1;
    std::uint32_t wanted_workers = 1; // so many with memory enough
    std::uint64_t mail_bytes = 0;     // for messages on their way in, of each worker
    std::uint32_t connections = 0;    // of each worker, of all services together
    std::uint32_t page_cache_kib = 0; // of each connection to a shard's database
    friend bool operator==(const MemoryPlan&, const MemoryPlan&) = default;
};

// Of what a worker may have, so much can be mail on its way in at most; and what it must have for
// one such message.
std::uint64_t mail_of_worker(std::uint64_t worker_bytes);
std::uint64_t worker_memory_for(std::uint64_t message_bytes);

// Every worker can take a message of the largest size, and of as few workers as need be (where
// their number is not given) two of them beside 1,300 clients of each. Otherwise: the least limit
// for the first.
std::expected<MemoryPlan, std::uint64_t> plan_memory(const MemoryNeeds& needs);
// The same, but with a limit that nobody has asked for: one too small is taken for the least, and
// is what is available.
MemoryPlan plan_memory_anyway(MemoryNeeds needs);

} // namespace maild::daemon
