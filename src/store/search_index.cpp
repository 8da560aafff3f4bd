#include "store/search_index.hpp"

#include "store/pass.hpp"

#include "maild/base/log.hpp"

#include <algorithm>

namespace maild::store {
namespace {

constexpr std::string_view kSuffix = ".fts";

// Of those that overlap the larger stay: they were made of the others, whose removal was not
// reached.
SearchIndex::Segments without_overlaps(SearchIndex::Segments found, SearchIndex::Segments& gone) {
    std::ranges::sort(found, [](const auto& a, const auto& b) {
        return std::pair(a->range().first, -a->range().last) <
               std::pair(b->range().first, -b->range().last);
    });
    SearchIndex::Segments kept;
    for (auto& segment : found) {
        const bool overlaps = !kept.empty() && segment->range().first <= kept.back()->range().last;
        (overlaps ? gone : kept).push_back(std::move(segment));
    }
    return kept;
}

} // namespace

SearchIndex::SearchIndex(FileSystem& files, std::string directory, bool is_read_only)
    : files_(files), directory_(std::move(directory)), is_read_only_(is_read_only) {}

void SearchIndex::open() {
    const auto names = files_.list(directory_);
    if (!names) return;
    Segments found;
    for (const auto& name : *names) add_file(name, found);
    Segments gone;
    auto kept = without_overlaps(std::move(found), gone);
    for (const auto& segment : gone) remove_file(segment->path());
    const std::lock_guard lock(mutex_);
    segments_ = std::make_shared<const Segments>(std::move(kept));
}

void SearchIndex::add_file(const std::string& name, Segments& found) {
    const auto path = directory_ + "/" + name;
    if (path == temporary_path()) remove_file(path); // left behind by a crash
    if (!name.ends_with(kSuffix)) return;
    auto opened = IndexSegment::open(files_, path);
    if (opened && name == segment_file_name((*opened)->range())) {
        found.push_back(std::move(*opened));
        return;
    }
    log::warning("search_index_file_dropped",
                 {{"path", path}, {"why", opened ? "another name" : opened.error().internal}});
    remove_file(path);
}

void SearchIndex::remove_all() {
    const auto names = files_.list(directory_);
    if (!names) return;
    for (const auto& name : *names) {
        const auto path = directory_ + "/" + name;
        if (path == temporary_path() || name.ends_with(kSuffix)) remove_file(path);
    }
}

void SearchIndex::remove_file(const std::string& path) {
    if (is_read_only_) return;
    const auto removed = files_.remove(path);
    if (!removed && removed.error().code != Errc::not_found)
        log::warning("search_index_file_stays",
                     {{"path", path}, {"error", removed.error().internal}});
}

std::shared_ptr<const SearchIndex::Segments> SearchIndex::segments() const {
    const std::lock_guard lock(mutex_);
    return segments_;
}

std::int64_t SearchIndex::last() const {
    const auto all = segments();
    return all->empty() ? 0 : all->back()->range().last;
}

std::vector<IndexRange> SearchIndex::gaps() const {
    std::vector<IndexRange> gaps;
    IndexRange rest{1, committed()}; // before the segments: what is published later covers no less
    const auto all = segments();     // held: before C++23's P2718 a loop would not
    for (const auto& segment : *all) {
        if (rest.is_empty()) break;
        const IndexRange gap{rest.first, std::min(segment->range().first - 1, rest.last)};
        if (!gap.is_empty()) gaps.push_back(gap);
        rest.first = segment->range().last + 1;
    }
    if (!rest.is_empty()) gaps.push_back(rest);
    return gaps;
}

std::uint64_t SearchIndex::pending() const {
    std::uint64_t count = 0;
    for (const auto& gap : gaps()) count += static_cast<std::uint64_t>(gap.size());
    return count;
}

std::uint64_t SearchIndex::bytes() const {
    std::uint64_t sum = 0;
    const auto all = segments();
    for (const auto& segment : *all) sum += segment->bytes();
    return sum;
}

void SearchIndex::condemn(const IndexSegment& segment, std::string_view why) {
    const std::lock_guard lock(mutex_);
    auto left = *segments_;
    const auto removed =
        std::erase_if(left, [&](const auto& one) { return one.get() == &segment; });
    if (removed == 0) return;
    log::warning("search_index_segment_dropped",
                 {{"first", segment.range().first}, {"last", segment.range().last}, {"why", why}});
    segments_ = std::make_shared<const Segments>(std::move(left));
    if (segment.is_file()) remove_file(segment.path());
}

Result<void> SearchIndex::begin_forgetting(const std::vector<std::int64_t>& contents) {
    generation_.fetch_add(1, std::memory_order_acq_rel);
    const auto all = segments(); // condemn() puts others in their place
    for (const auto& segment : *all) {
        const bool is_concerned = std::ranges::any_of(
            contents, [&](auto content) { return segment->range().contains(content); });
        if (is_concerned) condemn(*segment, "what was parsed has changed");
    }
    // Also for those that were removed earlier: no removal has been synced yet.
    if (auto made = files_.make_directory(directory_); !made) return made;
    return files_.sync_directory(directory_);
}

void SearchIndex::end_forgetting() { generation_.fetch_add(1, std::memory_order_acq_rel); }

bool SearchIndex::has_all(const Segments& old) const {
    return std::ranges::all_of(old, [this](const auto& segment) {
        return std::ranges::find(*segments_, segment) != segments_->end();
    });
}

void SearchIndex::replace(const Segments& old, std::shared_ptr<IndexSegment> made) {
    auto all = *segments_;
    std::erase_if(all, [&](const auto& one) { return std::ranges::find(old, one) != old.end(); });
    const auto at = std::ranges::upper_bound(all, made->range().first, {},
                                             [](const auto& one) { return one->range().first; });
    all.insert(at, std::move(made));
    segments_ = std::make_shared<const Segments>(std::move(all));
}

bool SearchIndex::publish(const Segments& old, std::shared_ptr<IndexSegment> made,
                          std::uint64_t generation) {
    const std::lock_guard lock(mutex_);
    if (this->generation() != generation || is_forgetting() || !has_all(old)) return false;
    replace(old, std::move(made));
    return true;
}

Result<std::unique_ptr<File>> SearchIndex::create_temporary() {
    if (auto made = files_.make_directory(directory_); !made) return pass(made);
    remove_file(temporary_path());
    return files_.open(temporary_path(), OpenMode::create_new);
}

Result<bool> SearchIndex::publish_file(const Segments& old, const std::string& temporary,
                                       const IndexRange& range) {
    const std::lock_guard lock(mutex_);
    const auto path = directory_ + "/" + segment_file_name(range);
    if (!has_all(old)) {
        remove_file(temporary);
        return false;
    }
    if (auto renamed = files_.rename(temporary, path); !renamed) return pass(renamed);
    auto made = IndexSegment::open(files_, path);
    if (!made) {
        remove_file(path);
        return pass(made);
    }
    (*made)->believe_all();
    replace(old, std::move(*made));
    for (const auto& segment : old) {
        if (segment->is_file() && segment->path() != path) remove_file(segment->path());
    }
    return true;
}

} // namespace maild::store
