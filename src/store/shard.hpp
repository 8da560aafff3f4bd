#pragma once
// One shard: meta.db, its packs, and the threads that own them (DESIGN: the store).
//   writer thread: every write, sync and checkpoint, on one connection; runs WriteRequest::run and
//   Options::on_*. reader threads: each its own read-only connection; run the jobs of read().
// Given an Executor it has no threads: the same work is done there, piece by piece.
// submit(), read() and counters() may be called from any thread. What the callbacks do must be
// thread-safe: LocalStore posts them to its io_context.
//
// After a failed write or sync the shard is dead: the batch and everything after it fails, nothing
// is retried, and on_fatal ends the process. The next one drops the page cache of its files and
// recovers. Where the writer meets damage in meta.db, the shard goes offline instead: a new process
// would find the same, and the other shards are whole.
//
// A shard is read-only, for as long as it is open, on a file system that is, or when Options say
// so. It has no writer then, refuses what would write with `unavailable`, and changes nothing on
// the disk.

#include "store/batch.hpp"
#include "store/pack.hpp"
#include "store/verified_bodies.hpp"

#include "maild/base/clock.hpp"
#include "maild/base/file.hpp"
#include "maild/db/database.hpp"
#include "maild/store/executor.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace maild::db {
class Transaction;
}

namespace maild::store {

class Indexer;
class SearchIndex;

struct WriteRequest {
    // On the writer's thread; again if the disk was full.
    std::move_only_function<Result<void>(Batch&)> run;
    std::move_only_function<void(Result<void>)> done; // handed on in Committed
    std::uint64_t body_bytes = 0;
    std::uint64_t origin = 0; // session that is told first; 0: none
    bool is_lazy = false;     // waits for company: no commit for its sake until the shard is idle
};

struct Committed {
    std::move_only_function<void(Result<void>)> done;
    Result<void> outcome;
    std::vector<MailboxNews> news;
    std::vector<NameNews> names;
    std::uint64_t origin = 0;
};

struct ShardLimits {
    std::uint64_t watermark_bytes = 256U << 20U; // free space below which no mail is taken
    std::uint64_t ballast_bytes = 16U << 20U;    // given back to EXPUNGE when the disk is full
    std::size_t waiting_requests = 16 * 1024;
    std::uint64_t waiting_bytes = 1U << 30U;
    std::size_t group_requests = 4096; // of one commit
    std::uint64_t group_bytes = 64U << 20U;
    std::uint64_t wal_pages = 8192; // estimated; then a checkpoint
    std::chrono::milliseconds retention = std::chrono::hours(24 * 30);
    std::chrono::milliseconds tick = std::chrono::seconds(1);
    unsigned readers = 2;
    int page_cache_kib = 16 * 1024; // SQLite's, of the writer and of each reader
};

struct ShardOptions {
    ShardId id;
    std::string directory;
    std::string vfs = db::kExclusiveVfs;
    std::string frozen_vfs = db::kLocklessVfs;
    bool is_read_only = false;
    bool has_index = true; // for searches; without it the one that is there is removed
    ShardLimits limits;
    PackOptions packs;
    Executor* executor = nullptr;
    // On the writer's thread.
    std::function<void(std::vector<Committed>)> on_committed;
    std::function<void()> on_room; // has_room() has changed
    std::function<void(const Error&)> on_fatal;
    // SQLite has met damage; offline when it was the writer. Of readers told once, on their thread.
    std::function<void(const Error&, bool is_offline)> on_damaged;
};

struct Reading {
    db::Database& database;
    const PackSet& packs;
    VerifiedBodies& verified;
    SearchIndex& index;
    const std::atomic<bool>& is_stopping; // for what takes long: give up
};

// Since the shard was opened.
struct ShardCounters {
    std::atomic<std::uint64_t> delivered{0};
    std::atomic<std::uint64_t> commits{0};
    std::atomic<std::uint64_t> syncs{0}; // fdatasync and fsync, SQLite's included
    std::atomic<std::uint64_t> requests{0};
    std::atomic<std::uint64_t> wal_frames{0};
    std::atomic<std::uint64_t> free_bytes{0};
    std::atomic<std::uint64_t> damaged{0}; // bodies that recovery found unreadable
};

class Shard {
public:
    // Creates what is missing in the directory, which exists. Recovers: nothing is believed from
    // the page cache, and what the last batches refer to is verified. Borrows files, clock and
    // random, which outlive it.
    static Result<std::unique_ptr<Shard>> open(FileSystem& files, const Clock& clock,
                                               Random& random, ShardOptions options);
    ~Shard(); // finishes what waits, checkpoints, joins
    Shard(const Shard&) = delete;
    Shard& operator=(const Shard&) = delete;

    void submit(WriteRequest request); // busy or unavailable through on_committed
    // Not run when the shard is being closed.
    void read(std::move_only_function<void(Reading&)> job);
    // Whom each owner shares with, as it was when the shard was opened; given once.
    std::map<AccountId, std::vector<Grantee>> take_grantees() {
        return std::exchange(grantees_, {});
    }
    const ShardCounters& counters() const { return counters_; }
    // Why nothing can be written, in words; empty when it can.
    std::string_view read_only_because() const { return read_only_because_; }
    bool is_read_only() const { return !read_only_because_.empty(); }
    bool has_room() const { return has_room_.load(std::memory_order_relaxed); }
    std::uint64_t index_bytes() const;
    std::uint64_t index_pending() const; // contents that are not indexed yet

private:
    Shard(FileSystem& files, const Clock& clock, Random& random, ShardOptions options);
    Result<void> recover();
    Result<void> bring_up_to_date();
    Result<void> look_at_file_system(const std::string& meta);
    Result<db::Database> open_database(bool is_reader, int cache_kib);
    Result<void> verify_recent();
    Result<void> read_grantees();
    Result<void> open_readers();
    void start();

    // shard_index.cpp
    void open_index();
    Result<void> start_index();
    Result<void> commit(db::Transaction& transaction, const std::vector<std::int64_t>& reparsed);
    Result<void> forget_in_index(const std::vector<std::int64_t>& reparsed);
    void tell_index();
    void run_indexer();
    void post_index_work();
    void work_on_index(); // a piece of it, for an executor
    void stop_index();

    // without threads
    Executor::Work unless_gone(void (Shard::*work)());
    void write_once();
    void read_once();
    void tick();
    void finish();

    // writer.cpp
    void run_writer();
    void wake_writer();
    std::vector<WriteRequest> next_group();
    void commit_group(std::vector<WriteRequest> group);
    Result<void> try_group(std::vector<WriteRequest>& group, std::vector<Committed>& committed);
    Result<void> run_one(Batch& batch, WriteRequest& request, Committed& committed);
    Result<void> store_bodies(Batch& batch);
    Result<void> insert_body(Batch& batch, const PendingBody& body, const Location& location);
    void append_notes(const std::vector<Note>& notes);
    void retry_without_bodies(std::vector<WriteRequest> group, const Error& error);
    void fail_all(std::vector<WriteRequest> group, const Error& error);
    void die(const Error& error);
    void go_offline(const Error& error);
    void refuse(WriteRequest request, const Error& error);

    // upkeep.cpp: between groups
    void upkeep(bool is_idle);
    void checkpoint();
    void look_at_space();
    void release_ballast();
    void purge();
    Result<bool> purge_slice();
    Result<bool> compact_slice();
    Result<void> move_records(const std::vector<std::pair<std::int64_t, Location>>& living,
                              const std::vector<Record>& records);
    Result<void> remove_dead_segments();

    // readers
    void run_reader(db::Database& database);
    void serve(db::Database& database, std::move_only_function<void(Reading&)>& job);

    static constexpr int kIndexCacheKib = 2 * 1024;

    FileSystem& files_;
    const Clock& clock_;
    Random& random_;
    ShardOptions options_;

    std::string_view read_only_because_;
    std::unique_ptr<PackSet> packs_;
    std::unique_ptr<db::Database> database_; // the writer's; of a read-only shard for recovery
    std::vector<db::Database> reader_databases_;
    std::unique_ptr<SearchIndex> index_; // always there; empty without has_index
    std::unique_ptr<db::Database> index_database_;
    std::unique_ptr<Indexer> indexer_; // null: read-only, or no index
    VerifiedBodies verified_;
    std::map<AccountId, std::vector<Grantee>> grantees_;
    ShardCounters counters_;
    std::atomic<bool> has_room_{true}; // above the watermark

    std::mutex mutex_; // the two queues and the flags below
    std::condition_variable writes_waiting_;
    std::condition_variable reads_waiting_;
    std::deque<WriteRequest> writes_;
    std::deque<WriteRequest> lazy_;
    std::deque<std::move_only_function<void(Reading&)>> reads_;
    std::uint64_t waiting_bytes_ = 0;
    std::atomic<bool> is_stopping_{false};
    std::atomic<bool> is_dead_{false}; // also when offline
    std::atomic<bool> is_damage_told_{false};

    // the writer's own
    std::int64_t next_body_ = 1;
    std::int64_t next_content_ = 1; // never given out twice, so that the index is about no other
    std::uint64_t wal_pages_ = 0;
    bool has_ballast_ = false;
    std::unique_ptr<File> ballast_;
    WallTime next_purge_{};
    PackNumber compacted_up_to_; // segments up to here have damage and are left alone

    bool is_index_work_posted_ = false;
    std::shared_ptr<bool> alive_; // while an executor may do work for us
    std::mutex index_mutex_;      // with index_waiting_ alone
    std::condition_variable index_waiting_;

    std::vector<std::thread> reader_threads_;
    std::thread index_thread_;
    std::thread writer_thread_;
};

} // namespace maild::store
