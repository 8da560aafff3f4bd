#pragma once
// The search index of one shard: the segments that exist, disjoint and sorted. It is only ever an
// opinion about the mail: what it has no entry for is scanned, a file that is torn or damaged is
// removed and its range is indexed anew, and without its directory everything is.
//
// Threads: readers take segments() and keep what they took; condemn() and forget() from any thread;
// the rest belongs to the indexer.

#include "store/index_segment.hpp"

#include "maild/base/error.hpp"
#include "maild/base/file.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace maild::store {

class SearchIndex {
public:
    using Segments = std::vector<std::shared_ptr<IndexSegment>>;

    // Borrows files, which outlives it. Read-only: nothing is removed.
    SearchIndex(FileSystem& files, std::string directory, bool is_read_only);

    // Takes what whole files there are. Never fails: what cannot be read is not there.
    void open();
    // Where no index is wanted.
    void remove_all();
    // The highest content id that it says anything about. No id up to there may be given to a new
    // content, which would be taken for the old one.
    std::int64_t last() const;

    std::shared_ptr<const Segments> segments() const;
    // Contents up to here exist, or existed.
    void set_committed(std::int64_t content) {
        committed_.store(content, std::memory_order_release);
    }
    std::int64_t committed() const { return committed_.load(std::memory_order_acquire); }
    std::uint64_t pending() const; // contents up to there that are in no segment's range
    std::uint64_t bytes() const;

    // It is damaged, or about other mail: it goes, file and all.
    void condemn(const IndexSegment& segment, std::string_view why);
    // What was known of these contents will not hold any more: around the commit that changes it.
    // What was read before end_forgetting() is not published; files are gone when
    // begin_forgetting() returns, also after a loss of power, because the change must not survive
    // without that.
    Result<void> begin_forgetting(const std::vector<std::int64_t>& contents);
    void end_forgetting();
    // Changes with each of these two: what was read before is not published after.
    std::uint64_t generation() const { return generation_.load(std::memory_order_acquire); }

    // The ranges up to committed() that no segment covers, ascending.
    std::vector<IndexRange> gaps() const;
    // `made` takes the place of `old`, which it covers exactly; of nothing: fills a gap. False, and
    // nothing has changed: one of `old` was condemned meanwhile, or something was forgotten since
    // `generation`.
    bool publish(const Segments& old, std::shared_ptr<IndexSegment> made, std::uint64_t generation);
    // The same with a file, which gets its name now.
    Result<bool> publish_file(const Segments& old, const std::string& temporary,
                              const IndexRange& range);
    std::string temporary_path() const { return directory_ + "/new.tmp"; }
    // Created and empty.
    Result<std::unique_ptr<File>> create_temporary();
    void remove_temporary() { remove_file(temporary_path()); }

private:
    void remove_file(const std::string& path);
    void add_file(const std::string& name, Segments& found);
    bool is_forgetting() const { return generation() % 2 == 1; }
    bool has_all(const Segments& old) const;
    void replace(const Segments& old, std::shared_ptr<IndexSegment> made);

    FileSystem& files_;
    const std::string directory_;
    const bool is_read_only_;
    std::atomic<std::int64_t> committed_{0};
    std::atomic<std::uint64_t> generation_{0}; // odd: forgetting
    mutable std::mutex mutex_;
    std::shared_ptr<const Segments> segments_ = std::make_shared<const Segments>();
};

} // namespace maild::store
