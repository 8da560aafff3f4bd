#include "store/indexer.hpp"

#include "store/pass.hpp"
#include "store/record_reader.hpp"

#include "maild/base/log.hpp"
#include "maild/db/transaction.hpp"

#include <algorithm>
#include <memory>
#include <ranges>

namespace maild::store {
namespace {

constexpr std::int64_t kContentsAtOnce = 256;
constexpr std::uint64_t kBytesAtOnce = 8U << 20U; // of bodies; then the rest waits
constexpr std::uint32_t kWholeBody = 1U << 20U;   // read at once; larger ones in pieces
constexpr std::chrono::milliseconds kPause = std::chrono::minutes(1);

} // namespace

struct Indexer::Row {
    std::int64_t content = 0;
    std::int64_t email_id = 0;
    std::string prefix;
    std::int64_t body = 0;
    std::optional<Location> location; // nothing: the row of the body is lost
    std::uint32_t header_size = 0;
    std::string parts;
};

struct Indexer::Filters {
    std::int64_t body_id = 0;
    std::string first_octet; // of the content
    std::string prefix;
    std::string header{kEveryGram};
    std::string body{kEveryGram};
};

bool Indexer::work(const std::atomic<bool>& is_stopping) {
    if (paused_until_ && clock_.steady_now() < *paused_until_) return false;
    paused_until_.reset();
    if (!has_room_()) return false;
    auto more = save_memory();
    if (more && !*more) more = merge_files();
    if (more && !*more) more = fill_gap(is_stopping);
    if (more && !*more) more = drop_gone();
    if (!more) pause(more.error());
    return more && *more;
}

// Searches scan meanwhile.
void Indexer::pause(const Error& error) {
    log::warning("search_index_pauses", {{"error", error.internal}, {"code", name_of(error.code)}});
    paused_until_ = clock_.steady_now() + kPause;
}

// From the newest contents backwards: these are looked for first.
Result<bool> Indexer::fill_gap(const std::atomic<bool>& is_stopping) {
    const auto gaps = index_.gaps();
    if (!gaps.empty()) return index_range(gaps.back(), is_stopping);
    maker_.rest();
    return false;
}

Result<std::vector<Indexer::Row>> Indexer::read_rows(const IndexRange& gap) {
    auto rows = database_.query(
        "SELECT c.id, c.email_id, c.prefix, c.body_id, b.pack, b.record_offset, b.metadata_length,"
        " b.length, b.header_size, s.parts FROM content c LEFT JOIN body b ON b.id = c.body_id"
        " LEFT JOIN structure s ON s.body_id = c.body_id WHERE c.id BETWEEN ?1 AND ?2"
        " ORDER BY c.id DESC LIMIT ?3",
        gap.first, gap.last, kContentsAtOnce);
    if (!rows) return pass(rows);
    std::vector<Row> found;
    for (;;) {
        const auto more = rows->step();
        if (!more) return pass(more);
        if (!*more) return found;
        Row row{rows->column<std::int64_t>(0),
                rows->column<std::int64_t>(1),
                rows->column<std::string>(2),
                rows->column<std::int64_t>(3),
                std::nullopt,
                rows->column<std::uint32_t>(8),
                rows->column<std::string>(9)};
        if (!rows->is_null(4))
            row.location.emplace(rows->column<PackNumber>(4), rows->column<std::uint64_t>(5),
                                 rows->column<std::uint32_t>(6), rows->column<std::uint32_t>(7));
        found.push_back(std::move(row));
    }
}

// False: it cannot be read there.
bool Indexer::fill_body(const Row& row, RecordReader& records, Filters& filters) {
    const auto& at = *row.location;
    std::string_view whole;
    if (at.body_length <= kWholeBody) {
        const auto record = records.read(at);
        if (!record) return false;
        whole = record->body;
    } else if (!packs_.verify(at)) {
        return false;
    }
    const ReadOctets read = [&](std::uint64_t begin, std::uint64_t end) -> Result<std::string> {
        if (!whole.empty()) return std::string(whole.substr(begin, end - begin));
        std::string piece(end - begin, '\0');
        auto done = packs_.read_body(at, begin, piece);
        if (!done) return pass(done);
        return piece;
    };
    const auto header = row.header_size <= at.body_length ? read(0, row.header_size)
                                                          : fail(Errc::corrupt, "header size");
    if (!header) return false;
    filters.first_octet = header->substr(0, 1);
    filters.header = maker_.of_header(*header);
    filters.body = maker_.of_body(read, row.parts, at.body_length);
    return true;
}

// A compaction may have moved it since the row was read.
bool Indexer::find_again(Row& row) {
    auto body = database_.query(
        "SELECT pack, record_offset, metadata_length, length FROM body WHERE id = ?1", row.body);
    if (!body) return false;
    const auto found = body->step();
    if (!found || !*found) return false;
    const Location now{body->column<PackNumber>(0), body->column<std::uint64_t>(1),
                       body->column<std::uint32_t>(2), body->column<std::uint32_t>(3)};
    if (now == *row.location) return false;
    row.location = now;
    return true;
}

// What is damaged keeps filters that let everything pass: a search looks for itself.
Indexer::Filters Indexer::filters_of(Row& row, RecordReader& records, const Filters* same_body) {
    Filters filters;
    if (same_body != nullptr)
        filters = *same_body;
    else if (row.location && !fill_body(row, records, filters) && find_again(row))
        fill_body(row, records, filters);
    filters.body_id = row.body;
    filters.prefix = maker_.of_prefix(row.prefix, filters.first_octet);
    return filters;
}

// Drops the oldest when there is more to read than may be at once; true: nothing is dropped.
bool Indexer::cut_to_a_piece(std::vector<Row>& rows) {
    std::uint64_t bytes = 0;
    const Row* newer = nullptr;
    for (auto row = rows.begin(); row != rows.end(); ++row) {
        if (bytes >= kBytesAtOnce) {
            rows.erase(row, rows.end());
            return false;
        }
        const bool shares = newer != nullptr && newer->body == row->body;
        if (!shares && row->location) bytes += row->location->body_length;
        newer = &*row;
    }
    return true;
}

Result<bool> Indexer::index_range(const IndexRange& gap, const std::atomic<bool>& is_stopping) {
    const auto generation = index_.generation();
    auto rows = read_rows(gap);
    if (!rows) return pass(rows);
    const bool is_whole = cut_to_a_piece(*rows) && std::ssize(*rows) < kContentsAtOnce;
    auto range = gap;
    if (!is_whole) range.first = rows->back().content;
    SegmentBuilder builder(range);
    RecordReader records(packs_);
    std::optional<Filters> last;
    for (auto& row : *rows | std::views::reverse) { // as they lie in the packs
        if (is_stopping) return false;
        const bool shares = last && last->body_id == row.body;
        auto filters = filters_of(row, records, shares ? &*last : nullptr);
        auto added = builder.add({row.content, check_of(row.email_id), shares, filters.prefix,
                                  filters.header, filters.body});
        if (!added) return pass(added);
        last = std::move(filters);
    }
    auto segment = builder.finish();
    if (!segment) return pass(segment);
    if (auto added = add_to_memory(std::move(*segment), generation); !added) return pass(added);
    return true;
}

} // namespace maild::store
