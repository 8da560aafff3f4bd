// Indexer: how segments become fewer, and files.
#include "store/indexer.hpp"
#include "store/pass.hpp"

#include "maild/base/log.hpp"

#include <algorithm>
#include <span>

namespace maild::store {
namespace {

constexpr std::uint64_t kMaxMemory = 4U << 20U;     // of segments that are not files yet
constexpr std::uint64_t kMaxFile = 32U << 20U;      // what merging makes
constexpr std::uint64_t kAlwaysMerged = 64U << 10U; // smaller files go with any neighbour
constexpr std::chrono::milliseconds kLookInterval = std::chrono::minutes(1);

bool are_neighbours(const IndexSegment& a, const IndexSegment& b) {
    return a.range().last + 1 == b.range().first;
}

// Each octet is copied once for each doubling of its segment.
bool fit_together(const IndexSegment& a, const IndexSegment& b) {
    const auto [smaller, larger] = std::minmax({a.bytes(), b.bytes()});
    return are_neighbours(a, b) && larger <= 2 * smaller + kBlockSize;
}

bool should_merge(const IndexSegment& a, const IndexSegment& b) {
    if (!a.is_file() || !b.is_file() || a.bytes() + b.bytes() > kMaxFile) return false;
    return fit_together(a, b) ||
           (are_neighbours(a, b) && std::min(a.bytes(), b.bytes()) < kAlwaysMerged);
}

IndexRange range_of(std::span<const std::shared_ptr<IndexSegment>> segments) {
    return {segments.front()->range().first, segments.back()->range().last};
}

Result<std::shared_ptr<IndexSegment>>
join(std::span<const std::shared_ptr<IndexSegment>> segments) {
    SegmentBuilder builder(range_of(segments));
    std::string buffer;
    for (const auto& segment : segments) {
        for (std::size_t i = 0; i < segment->blocks().size(); ++i) {
            const auto entries = segment->read(i, buffer);
            if (!entries) return pass(entries);
            for (const auto& entry : *entries) {
                if (auto added = builder.add(entry); !added) return pass(added);
            }
        }
    }
    return builder.finish();
}

// The neighbour in memory, on the given side, that is no larger than twice the segment.
std::shared_ptr<IndexSegment> partner_of(const SearchIndex::Segments& all,
                                         const IndexSegment& segment) {
    for (const auto& other : all) {
        if (other->is_file() || other.get() == &segment) continue;
        if (fit_together(*other, segment) || fit_together(segment, *other)) return other;
    }
    return nullptr;
}

} // namespace

Result<std::optional<LivingEntries>> living(db::Database& database,
                                            const std::vector<IndexEntry>& entries) {
    auto rows =
        database.query("SELECT id, email_id FROM content WHERE id BETWEEN ?1 AND ?2 ORDER BY id",
                       entries.front().content, entries.back().content);
    if (!rows) return pass(rows);
    LivingEntries found;
    auto entry = entries.begin();
    for (;;) {
        const auto more = rows->step();
        if (!more) return pass(more);
        if (!*more) return found;
        const auto id = rows->column<std::int64_t>(0);
        while (entry != entries.end() && entry->content < id) ++entry;
        if (entry == entries.end()) return found;
        if (entry->content != id) continue;
        if (entry->check != check_of(rows->column<std::int64_t>(1))) return std::nullopt;
        found.push_back(&*entry);
    }
}

Result<void> Indexer::add_to_memory(std::shared_ptr<IndexSegment> made, std::uint64_t generation) {
    if (!index_.publish({}, made, generation)) return {}; // the gap is still there
    for (;;) {
        const auto other = partner_of(*index_.segments(), *made);
        if (!other) return {};
        Segments two{made, other};
        if (other->range().first < made->range().first) std::swap(two[0], two[1]);
        auto joined = join(two);
        if (!joined) return pass(joined);
        if (!index_.publish(two, *joined, index_.generation())) return {};
        made = std::move(*joined);
    }
}

Result<bool> Indexer::save_memory() {
    std::uint64_t bytes = 0;
    const auto all = index_.segments();
    for (const auto& segment : *all)
        if (!segment->is_file()) bytes += segment->bytes();
    if (bytes < kMaxMemory) return false;
    finish();
    return true;
}

// Neighbours go together into one file.
void Indexer::finish() {
    if (!has_room_()) return;
    const auto all = index_.segments();
    Segments run;
    const auto save = [&] {
        if (run.empty()) return;
        const auto saved = merge_into_file(run);
        if (!saved) pause(saved.error());
        run.clear();
    };
    for (const auto& segment : *all) {
        const bool goes_on =
            !segment->is_file() && !run.empty() && are_neighbours(*run.back(), *segment);
        if (!goes_on) save();
        if (paused_until_) return;
        if (!segment->is_file()) run.push_back(segment);
    }
    save();
}

Result<bool> Indexer::merge_files() {
    const auto all = index_.segments();
    for (std::size_t i = 0; i + 1 < all->size(); ++i) {
        const auto& a = (*all)[i];
        const auto& b = (*all)[i + 1];
        if (should_merge(*a, *b)) return merge_into_file({a, b});
    }
    return false;
}

// One segment after the other, now and then.
Result<bool> Indexer::drop_gone() {
    const auto now = clock_.steady_now();
    if (now < next_look_) return false;
    next_look_ = now + kLookInterval;
    const auto all = index_.segments();
    if (all->empty()) return false;
    auto next = std::ranges::find_if(
        *all, [this](const auto& segment) { return segment->range().first > looked_up_to_; });
    if (next == all->end()) next = all->begin();
    const auto& segment = *next;
    looked_up_to_ = segment->range().first;
    auto count = database_.query("SELECT count(*) FROM content WHERE id BETWEEN ?1 AND ?2",
                                 segment->range().first, segment->range().last);
    if (!count) return pass(count);
    const auto found = count->step();
    if (!found) return pass(found);
    const auto living = count->column<std::uint64_t>(0);
    count->reset();
    if (living * 4 >= segment->entries() * 3) return false;
    return merge_into_file({segment});
}

Result<bool> Indexer::merge_into_file(const Segments& old) {
    auto made = write_merged(old);
    if (!made || !*made) index_.remove_temporary(); // on a full disk it would stay long
    return made;
}

Result<bool> Indexer::write_merged(const Segments& old) {
    auto file = index_.create_temporary();
    if (!file) return pass(file);
    SegmentBuilder builder(range_of(old), file->get());
    for (const auto& segment : old) {
        auto copied = copy_living(*segment, builder);
        if (!copied && copied.error().code == Errc::corrupt && !database_.is_damaged()) {
            index_.condemn(*segment, copied.error().internal);
            return true;
        }
        if (!copied) return pass(copied);
    }
    if (auto done = builder.finish_file(); !done) return pass(done);
    const bool replaces =
        std::ranges::any_of(old, [](const auto& segment) { return segment->is_file(); });
    if (replaces) {
        if (auto synced = (*file)->sync_data(); !synced) return pass(synced);
    }
    return index_.publish_file(old, index_.temporary_path(), range_of(old));
}

Result<void> Indexer::copy_living(const IndexSegment& segment, SegmentBuilder& builder) {
    for (std::size_t i = 0; i < segment.blocks().size(); ++i) {
        if (auto copied = copy_block(segment, i, builder); !copied) return copied;
    }
    return {};
}

Result<void> Indexer::copy_block(const IndexSegment& segment, std::size_t block,
                                 SegmentBuilder& builder) {
    std::string buffer;
    const auto entries = segment.read(block, buffer);
    if (!entries) return pass(entries);
    const auto kept = living(database_, *entries);
    if (!kept) return pass(kept);
    if (!*kept) return fail(Errc::corrupt, "it is about other mail");
    const IndexEntry* before = nullptr;
    for (const auto* entry : **kept) {
        auto copy = *entry;
        copy.shares_body = entry->shares_body && before != nullptr && before + 1 == entry;
        if (auto added = builder.add(copy); !added) return added;
        before = entry;
    }
    return {};
}

} // namespace maild::store
