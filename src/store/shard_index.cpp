// Shard: its search index, and the thread that keeps it.
#include "store/indexer.hpp"
#include "store/pass.hpp"
#include "store/search_index.hpp"
#include "store/shard.hpp"

#include "maild/base/log.hpp"
#include "maild/base/thread_name.hpp"

#include <sys/resource.h>

namespace maild::store {
namespace {

constexpr int kNiceness = 10; // what is searched for can wait a little; what is delivered cannot
constexpr std::chrono::milliseconds kGathering{50}; // one piece of work for many commits

} // namespace

void Shard::open_index() {
    const auto directory = options_.directory + "/fts";
    index_ = std::make_unique<SearchIndex>(files_, directory, is_read_only());
    if (options_.has_index)
        index_->open();
    else if (!is_read_only())
        index_->remove_all();
}

Result<void> Shard::start_index() {
    if (!options_.has_index || is_read_only()) return {};
    auto database = open_database(true, kIndexCacheKib);
    if (!database) return pass(database);
    index_database_ = std::make_unique<db::Database>(std::move(*database));
    indexer_ = std::make_unique<Indexer>(*index_, *index_database_, *packs_, clock_,
                                         [this] { return has_room() && !is_dead_; });
    if (options_.executor == nullptr) index_thread_ = std::thread([this] { run_indexer(); });
    return {};
}

// Before the commit. What was parsed anew is read anew.
Result<void> Shard::forget_in_index(const std::vector<std::int64_t>& reparsed) {
    std::vector<std::int64_t> contents;
    for (const auto body : reparsed) {
        auto rows = database_->query("SELECT id FROM content WHERE body_id = ?1", body);
        if (!rows) return pass(rows);
        for (;;) {
            const auto more = rows->step();
            if (!more) return pass(more);
            if (!*more) break;
            contents.push_back(rows->column<std::int64_t>(0));
        }
    }
    return index_->begin_forgetting(contents);
}

// Behind the commit.
void Shard::tell_index() {
    {
        const std::lock_guard lock(index_mutex_);
        index_->set_committed(next_content_ - 1);
    }
    index_waiting_.notify_one();
    if (options_.executor != nullptr) post_index_work();
}

void Shard::post_index_work() {
    if (!indexer_ || std::exchange(is_index_work_posted_, true)) return;
    options_.executor->post(unless_gone(&Shard::work_on_index));
}

void Shard::run_indexer() {
    name_thread("indexer");
    ::setpriority(PRIO_PROCESS, 0, kNiceness); // of this thread alone
    std::int64_t seen = 0;
    while (!is_stopping_) {
        {
            std::unique_lock lock(index_mutex_);
            const auto is_new = [&] { return is_stopping_ || index_->committed() != seen; };
            if (index_waiting_.wait_for(lock, options_.limits.tick, is_new))
                index_waiting_.wait_for(lock, kGathering, [this] { return is_stopping_.load(); });
            seen = index_->committed();
        }
        while (!is_stopping_ && indexer_->work(is_stopping_)) {
        }
    }
    indexer_->finish();
}

void Shard::work_on_index() {
    is_index_work_posted_ = false;
    if (indexer_ && indexer_->work(is_stopping_)) post_index_work();
}

void Shard::stop_index() {
    {
        const std::lock_guard lock(index_mutex_);
    }
    index_waiting_.notify_one();
    if (index_thread_.joinable())
        index_thread_.join();
    else if (indexer_)
        indexer_->finish();
    indexer_.reset();
    index_database_.reset();
}

std::uint64_t Shard::index_bytes() const { return index_->bytes(); }
std::uint64_t Shard::index_pending() const { return options_.has_index ? index_->pending() : 0; }

} // namespace maild::store
