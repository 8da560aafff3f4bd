// Narrowing a search: which messages of a mailbox may contain a needle, by the index.
#include "store/narrow.hpp"

#include "store/indexer.hpp"
#include "store/meta.hpp"
#include "store/pass.hpp"
#include "store/search_index.hpp"

#include "maild/db/transaction.hpp"

#include <algorithm>

namespace maild::store {
namespace {

// In the worst case each lies in a block of its own, which is read and verified: 128 MiB.
constexpr std::int64_t kMessagesAtOnce = 4096;
constexpr std::size_t kMaxNeedleText = 1000; // octets

struct Wanted {
    std::int64_t content = 0;
    Uid uid;
};

// Walks through the index in the order of contents.
class Sweep {
public:
    Sweep(db::Database& database, SearchIndex& index)
        : database_(database), index_(index), segments_(index.segments()) {}

    // Of ascending ids. Null: nothing is known.
    Result<const IndexEntry*> find(std::int64_t content) {
        if (segment_ < segments_->size() && range().last < content) {
            while (segment_ < segments_->size() && range().last < content) ++segment_;
            block_ = 0;
            is_read_ = false;
        }
        if (segment_ == segments_->size() || content < range().first) return nullptr;
        const auto blocks = (*segments_)[segment_]->blocks();
        while (block_ < blocks.size() && blocks[block_].last < content) {
            ++block_;
            is_read_ = false;
        }
        if (block_ == blocks.size() || content < blocks[block_].first) return nullptr;
        if (!is_read_) {
            if (auto done = read_block(); !done) return pass(done);
        }
        while (entry_ < entries_.size() && entries_[entry_].content < content) ++entry_;
        const bool is_there = entry_ < entries_.size() && entries_[entry_].content == content;
        return is_there ? &entries_[entry_] : nullptr;
    }

private:
    const IndexRange& range() const { return (*segments_)[segment_]->range(); }

    Result<void> read_block() {
        is_read_ = true;
        entry_ = 0;
        entries_.clear();
        const auto& segment = *(*segments_)[segment_];
        auto entries = segment.read(block_, buffer_);
        if (!entries) {
            index_.condemn(segment, entries.error().internal);
            return {};
        }
        if (!segment.is_believed(block_)) {
            const auto ours = living(database_, *entries);
            if (!ours) return pass(ours);
            if (!*ours) {
                index_.condemn(segment, "it is about other mail");
                return {};
            }
            segment.believe(block_);
        }
        entries_ = std::move(*entries);
        return {};
    }

    db::Database& database_;
    SearchIndex& index_;
    std::shared_ptr<const SearchIndex::Segments> segments_;
    std::size_t segment_ = 0;
    std::size_t block_ = 0;
    std::size_t entry_ = 0;
    bool is_read_ = false; // the block at hand, or it was tried
    std::string buffer_;
    std::vector<IndexEntry> entries_;
};

Result<bool> add_range(db::Database& database, MailboxId mailbox, const UidRange& range,
                       std::vector<Wanted>& wanted, NarrowResult& result) {
    auto rows = database.query("SELECT uid, content_id FROM message WHERE mailbox_id = ?1"
                               " AND uid BETWEEN ?2 AND ?3 ORDER BY uid",
                               mailbox, range.first, range.last);
    if (!rows) return pass(rows);
    for (;;) {
        const auto more = rows->step();
        if (!more) return pass(more);
        if (!*more) return false;
        const auto uid = rows->column<Uid>(0);
        if (std::ssize(wanted) == kMessagesAtOnce) {
            result.next = uid;
            return true;
        }
        wanted.push_back({rows->column<std::int64_t>(1), uid});
    }
}

} // namespace

Result<void> check_needles(const std::vector<Needle>& needles) {
    if (needles.size() > kMaxNeedles) return fail(Errc::invalid_argument, "needles");
    for (const auto& needle : needles) {
        if (needle.where > Where::anywhere || needle.texts.size() > 2)
            return fail(Errc::invalid_argument, "needle");
        for (const auto& text : needle.texts)
            if (text.size() > kMaxNeedleText) return fail(Errc::invalid_argument, "needle");
    }
    return {};
}

NeedleProbes::NeedleProbes(const std::vector<Needle>& needles) {
    for (const auto& needle : needles) probes_.push_back({needle.where, GramProbe(needle.texts)});
}

std::uint32_t NeedleProbes::candidates(const IndexEntry& entry) const {
    std::uint32_t found = 0;
    for (std::size_t i = 0; i < probes_.size(); ++i) {
        const auto& [where, probe] = probes_[i];
        const bool in_header = where != Where::body &&
                               (probe.may_be_in(entry.header) || probe.may_be_in(entry.prefix));
        const bool may_be = in_header || (where != Where::header && probe.may_be_in(entry.body));
        if (may_be) found |= 1U << i;
    }
    return found;
}

std::uint32_t NeedleProbes::all() const {
    return static_cast<std::uint32_t>((std::uint64_t{1} << probes_.size()) - 1);
}

Result<NarrowResult> narrow(Reading& reading, const Access& access, MailboxId mailbox,
                            const UidSet& uids, const std::vector<Needle>& needles) {
    auto view = db::Transaction::begin_read(reading.database);
    if (!view) return pass(view);
    if (auto row = mailbox_by_id(reading.database, access, mailbox, kRead); !row) return pass(row);
    NarrowResult result;
    std::vector<Wanted> wanted;
    for (const auto& range : uids) {
        const auto is_full = add_range(reading.database, mailbox, range, wanted, result);
        if (!is_full) return pass(is_full);
        if (*is_full) break;
    }
    std::ranges::sort(wanted, {}, &Wanted::content);
    const NeedleProbes probes(needles);
    Sweep sweep(reading.database, reading.index);
    for (const auto& [content, uid] : wanted) {
        const auto entry = sweep.find(content);
        if (!entry) return pass(entry);
        const auto found = *entry == nullptr ? probes.all() : probes.candidates(**entry);
        if (found != 0) result.candidates.push_back({uid, found});
    }
    std::ranges::sort(result.candidates, {}, &Candidate::uid);
    return result;
}

} // namespace maild::store
