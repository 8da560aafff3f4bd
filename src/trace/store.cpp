#include "maild/trace/store.hpp"

#include "trace/search.hpp"

#include <algorithm>
#include <deque>
#include <ranges>

namespace maild::trace {

class Store::Impl {
public:
    Impl(FileSystem& files, const Clock& clock, StoreOptions options)
        : files_(files), clock_(clock), options_(std::move(options)), open_(1) {}

    Result<void> load();
    void set_bounds(const StoreBounds& bounds) { options_.bounds = bounds; }
    void add(std::string record, std::span<const std::uint64_t> keys);
    void note_lost(std::uint64_t records) { lost_ += records; }
    Result<void> flush();
    SearchPage search(Query query, const SearchRange& range) const;
    StoreFigures figures() const;

private:
    void load_segment(const std::string& name);
    void remove(const std::string& path);
    void put(std::string record, std::span<const std::uint64_t> keys);
    void put_lost();
    Result<void> write();
    Result<Segment*> writable();
    Result<void> lose(Error why);
    void end_segment();
    void make_whole(std::unique_ptr<Segment>& segment);
    void remove_old();
    std::uint64_t octets() const;
    WallTime oldest_kept() const { return clock_.now() - options_.bounds.keep; }

    FileSystem& files_;
    const Clock& clock_;
    StoreOptions options_;
    std::deque<std::unique_ptr<Segment>> segments_; // oldest first; none without a block
    bool is_writing_ = false;                       // the last of them may be appended to
    BlockBuilder open_;                             // what is in no file yet
    std::uint64_t lost_ = 0;
    std::uint64_t noted_ = 0; // lost ones that records in open_ speak of, but for these records
    Result<void> trouble_;    // the first since the last flush()
};

Result<void> Store::Impl::load() {
    const auto names = files_.list(options_.directory);
    if (!names) return std::unexpected(names.error());
    for (const auto& name : *names) load_segment(name);
    if (!segments_.empty()) open_ = BlockBuilder(segments_.back()->blocks().back().header.end());
    // A process that was killed has left its last segment in pieces.
    for (auto& segment : segments_) make_whole(segment);
    remove_old();
    return {};
}

void Store::Impl::load_segment(const std::string& name) {
    const auto path = options_.directory + "/" + name;
    if (!name.ends_with(kSegmentSuffix) && !name.ends_with(kUnfinishedSuffix)) return;
    auto segment = name.ends_with(kSegmentSuffix) ? Segment::open(files_, path)
                                                  : fail(Errc::corrupt, "not finished");
    const auto end = segments_.empty() ? 0 : segments_.back()->blocks().back().header.end();
    if (segment && (*segment)->blocks().front().header.first >= end)
        segments_.push_back(std::move(*segment));
    else if (segment || segment.error().code == Errc::corrupt)
        remove(path);
}

// What stays is removed the next time, or is too much by then.
void Store::Impl::remove(const std::string& path) {
    if (auto removed = files_.remove(path); !removed && trouble_) trouble_ = std::move(removed);
}

void Store::Impl::put(std::string record, std::span<const std::uint64_t> keys) {
    open_.add(std::move(record), keys, clock_.now());
    if (!open_.is_full()) return;
    auto written = write();
    if (!written && trouble_) trouble_ = std::move(written);
}

void Store::Impl::put_lost() {
    Record record;
    record.time = clock_.now();
    record.lost = std::exchange(lost_, 0);
    noted_ += record.lost - 1;
    put(format_record(record), {});
}

void Store::Impl::add(std::string record, std::span<const std::uint64_t> keys) {
    if (lost_ > 0) put_lost();
    put(std::move(record), keys);
}

Result<void> Store::Impl::flush() {
    remove_old();
    if (lost_ > 0) put_lost();
    auto trouble = std::exchange(trouble_, {});
    auto written = write();
    // So that the oldest can go day by day where little mail comes.
    if (is_writing_ && clock_.now() - segments_.back()->first_time() >= options_.bounds.keep / 30)
        end_segment();
    return trouble ? written : trouble;
}

Result<void> Store::Impl::write() {
    if (open_.is_empty()) return {};
    const auto free = files_.free_bytes(options_.directory);
    if (!free) return lose(free.error());
    if (*free < options_.bounds.min_free) return lose({Errc::no_space, options_.directory});
    const auto segment = writable();
    if (!segment) return lose(segment.error());
    const auto appended = (*segment)->append(open_.format());
    if (!appended) {
        is_writing_ = false; // whatever it has written stands there as torn
        if ((*segment)->blocks().empty()) {
            remove((*segment)->path());
            segments_.pop_back();
        }
        return lose(appended.error());
    }
    open_.clear();
    noted_ = 0;
    if ((*segment)->size() >= options_.segment_octets) end_segment();
    return {};
}

Result<Segment*> Store::Impl::writable() {
    if (!is_writing_) {
        auto segment = Segment::create(files_, options_.directory, open_.first());
        if (!segment) return std::unexpected(std::move(segment.error()));
        segments_.push_back(std::move(*segment));
        is_writing_ = true;
    }
    return segments_.back().get();
}

// Their numbers are not given again.
Result<void> Store::Impl::lose(Error why) {
    lost_ += open_.end() - open_.first() + std::exchange(noted_, 0);
    open_.clear();
    return std::unexpected(std::move(why));
}

void Store::Impl::end_segment() {
    is_writing_ = false;
    make_whole(segments_.back());
}

// Where that fails it stays as it is, only slower to search.
void Store::Impl::make_whole(std::unique_ptr<Segment>& segment) {
    if (!segment->is_scattered()) return;
    auto fresh = segment->rewritten(files_);
    if (fresh) segment = std::move(*fresh);
}

void Store::Impl::remove_old() {
    while (!segments_.empty()) {
        const auto& oldest = *segments_.front();
        const bool is_old = oldest.last_time() < oldest_kept();
        if (!is_old && octets() <= options_.bounds.octets) return;
        if (is_writing_ && segments_.size() == 1) is_writing_ = false;
        remove(oldest.path());
        segments_.pop_front();
    }
}

std::uint64_t Store::Impl::octets() const {
    std::uint64_t sum = 0;
    for (const auto& segment : segments_) sum += segment->size();
    return sum;
}

SearchPage Store::Impl::search(Query query, const SearchRange& range) const {
    query.since = std::max(query.since, oldest_kept());
    Search search(query, range);
    bool goes_on = search.look_at(open_);
    for (const auto& segment : segments_ | std::views::reverse)
        goes_on = goes_on && search.look_at(*segment);
    return std::move(search).page(open_.end());
}

StoreFigures Store::Impl::figures() const {
    StoreFigures figures{.octets = octets(), .records = open_.end() - open_.first(), .oldest = {}};
    for (const auto& segment : segments_)
        for (const auto& place : segment->blocks()) figures.records += place.header.count;
    if (!segments_.empty())
        figures.oldest = segments_.front()->first_time();
    else if (!open_.is_empty())
        figures.oldest = open_.first_time();
    return figures;
}

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Store::~Store() = default;

Result<std::unique_ptr<Store>> Store::open(FileSystem& files, const Clock& clock,
                                           StoreOptions options) {
    auto impl = std::make_unique<Impl>(files, clock, std::move(options));
    if (auto loaded = impl->load(); !loaded) return std::unexpected(std::move(loaded.error()));
    return std::unique_ptr<Store>(new Store(std::move(impl)));
}

void Store::set_bounds(const StoreBounds& bounds) { impl_->set_bounds(bounds); }
void Store::add(std::string record, std::span<const std::uint64_t> keys) {
    impl_->add(std::move(record), keys);
}
void Store::note_lost(std::uint64_t records) { impl_->note_lost(records); }
Result<void> Store::flush() { return impl_->flush(); }
SearchPage Store::search(const Query& query, const SearchRange& range) const {
    return impl_->search(query, range);
}
StoreFigures Store::figures() const { return impl_->figures(); }

} // namespace maild::trace
