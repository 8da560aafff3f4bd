#pragma once
// Keeps the search index of one shard: indexes what was committed, the newest first, merges
// segments, and drops what is gone. Does a bounded piece of work at a time, on a thread of its own
// or when an Executor says so (Shard). Nothing waits for it. What it has in memory is at most a few
// MiB of filters; a crash loses that, and it is made anew. It syncs only before it removes what a
// merged file replaces. Without room on the disk it pauses.

#include "store/message_filters.hpp"
#include "store/pack.hpp"
#include "store/search_index.hpp"

#include "maild/base/clock.hpp"
#include "maild/db/database.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace maild::store {

class RecordReader;

class Indexer {
public:
    // All are borrowed, and outlive it. `has_room`: the disk is not full.
    Indexer(SearchIndex& index, db::Database& database, const PackSet& packs, const Clock& clock,
            std::function<bool()> has_room)
        : index_(index),
          database_(database),
          packs_(packs),
          clock_(clock),
          has_room_(std::move(has_room)) {}

    // True: there is more to do at once. `is_stopping`: give up soon.
    bool work(const std::atomic<bool>& is_stopping);
    // Writes what is in memory, so that it need not be made again.
    void finish();

private:
    using Segments = SearchIndex::Segments;
    struct Row;
    struct Filters;

    // indexer.cpp
    Result<bool> fill_gap(const std::atomic<bool>& is_stopping);
    Result<bool> index_range(const IndexRange& gap, const std::atomic<bool>& is_stopping);
    Result<std::vector<Row>> read_rows(const IndexRange& gap);
    static bool cut_to_a_piece(std::vector<Row>& rows);
    Filters filters_of(Row& row, RecordReader& records, const Filters* same_body);
    bool fill_body(const Row& row, RecordReader& records, Filters& filters);
    bool find_again(Row& row);

    // index_merge.cpp
    Result<void> add_to_memory(std::shared_ptr<IndexSegment> made, std::uint64_t generation);
    Result<bool> save_memory();
    Result<bool> merge_files();
    Result<bool> drop_gone();
    Result<bool> merge_into_file(const Segments& old);
    Result<bool> write_merged(const Segments& old);
    Result<void> copy_living(const IndexSegment& segment, SegmentBuilder& builder);
    Result<void> copy_block(const IndexSegment& segment, std::size_t block,
                            SegmentBuilder& builder);

    void pause(const Error& error);

    SearchIndex& index_;
    db::Database& database_;
    const PackSet& packs_;
    const Clock& clock_;
    std::function<bool()> has_room_;
    FilterMaker maker_;
    std::optional<SteadyTime> paused_until_;
    SteadyTime next_look_{}; // for what is gone
    std::int64_t looked_up_to_ = 0;
};

// Of a block the entries whose contents are there. Nothing: a content that has one of these ids now
// is another than the one that was indexed.
using LivingEntries = std::vector<const IndexEntry*>;
Result<std::optional<LivingEntries>> living(db::Database& database,
                                            const std::vector<IndexEntry>& entries);

} // namespace maild::store
