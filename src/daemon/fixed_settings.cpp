#include "daemon/fixed_settings.hpp"

#include "maild/base/log.hpp"
#include "maild/net/memory_budget.hpp"

namespace maild::daemon {
namespace {

class Keeper {
public:
    template <class T> void keep(const char* key, const T& before, T& after, bool is_same) {
        after = before;
        if (is_same) return;
        log::warning("reload_needs_restart", {{"key", key}});
        changed_ += (changed_.empty() ? "" : ", ") + std::string(key);
    }
    template <class T> void keep(const char* key, const T& before, T& after) {
        keep(key, before, after, before == after);
    }
    std::string told() const {
        return changed_.empty() ? changed_ : "only a restart changes " + changed_;
    }

private:
    std::string changed_;
};

// Less is always to be had, and more as long as there was memory for it.
bool has_places_for(const Config& now, const Config& next) {
    const auto before = now.limits.connections;
    const auto after = next.limits.connections;
    return after <= before || (after + now.workers - 1) / now.workers <= now.memory.connections;
}

bool has_memory_for(const Config& now, const Config& next) {
    return next.limits.message_bytes <= net::MemoryBudget(now.memory.mail_bytes).largest();
}

} // namespace

std::string keep_fixed(const Config& now, Config& next) {
    Keeper keeper;
    const auto& a = now.users;
    const auto& b = next.users;
    keeper.keep("paths", now.paths, next.paths,
                now.paths.data == next.paths.data && now.paths.run == next.paths.run);
    keeper.keep("users", now.users, next.users,
                a.control == b.control && a.worker == b.worker && a.auth == b.auth &&
                    a.store == b.store && a.sender == b.sender);
    keeper.keep("pool.workers", now.pool_workers, next.pool_workers);
    next.workers = now.workers; // what follows from other settings, these tell of
    keeper.keep("store.shards", now.store.shards, next.store.shards);
    next.memory = now.memory;
    auto& limits = next.limits;
    keeper.keep("limits.memory", now.limits.memory_bytes, limits.memory_bytes);
    keeper.keep("limits.worker_memory", now.limits.worker_memory_bytes, limits.worker_memory_bytes);
    if (!has_places_for(now, next))
        keeper.keep("limits.connections", now.limits.connections, limits.connections);
    if (!has_memory_for(now, next))
        keeper.keep("limits.message_size", now.limits.message_bytes, limits.message_bytes);
    return keeper.told();
}

} // namespace maild::daemon
