#include "maild/store/rebuild.hpp"

#include "schema/store.hpp"
#include "store/digest.hpp"
#include "store/meta.hpp"
#include "store/operations.hpp"
#include "store/pack.hpp"
#include "store/pass.hpp"
#include "store/rebuild_rows.hpp"
#include "store/record_metadata.hpp"

#include "maild/base/crc32c.hpp"
#include "maild/base/log.hpp"
#include "maild/db/migration.hpp"
#include "maild/db/transaction.hpp"

namespace maild::store {
namespace {

Result<void> check_empty(db::Database& database) {
    auto rows = database.prepare("SELECT count(*) FROM account");
    if (!rows) return pass(rows);
    const auto found = rows->step();
    if (!found) return pass(found);
    if (rows->column<std::int64_t>(0) != 0)
        return fail(Errc::already_exists, "meta.db is not empty");
    return {};
}

class Rebuild {
public:
    Rebuild(PackSet& packs, Rows& rows) : packs_(packs), rows_(rows) {}

    // Messages first, whatever their order: (mailbox, UID) is for ever, so what notes say of them
    // holds wherever the notes stand, and compaction may have moved a record behind them.
    Result<void> run() {
        auto segments = packs_.segments();
        if (!segments) return pass(segments);
        for (const auto kind : {RecordKind::message, RecordKind::note}) {
            for (const auto& segment : *segments) {
                auto done = rows_.in_transaction([&] { return scan(segment.number, kind); });
                if (!done) return done;
            }
        }
        const bool has_gaps =
            !segments->empty() && segments->back().number.value != segments->size();
        rows_.report.segments = segments->size();
        return rows_.in_transaction([&] { return rows_.finish(has_gaps); });
    }

private:
    Result<void> scan(PackNumber number, RecordKind kind) {
        const auto visit = [&](const Location& at, RecordKind found,
                               std::string_view metadata) -> Result<void> {
            if (found != kind) return {};
            return kind == RecordKind::message ? add_message(at, metadata) : add_note(metadata);
        };
        const auto report = packs_.scan(number, visit);
        if (!report && report.error().code ==
                           Errc::corrupt) { // no header: nothing in it was ever acknowledged
            log::warning("rebuild_segment_skipped", {{"pack", number.value}});
            return {};
        }
        if (!report) return pass(report);
        if (kind == RecordKind::message) rows_.report.damaged_bytes += report->damaged_bytes;
        return {};
    }

    Result<void> add_message(const Location& at, std::string_view metadata) {
        auto decoded = decode_metadata<RecordMetadata>(metadata);
        if (!decoded) {
            log::warning("rebuild_record_skipped",
                         {{"pack", at.pack.value}, {"offset", at.offset}});
            return {};
        }
        const auto record = packs_.read_verified(at);
        if (!record) return pass(record);
        return rows_.add(at, record->body, *decoded);
    }

    Result<void> add_note(std::string_view metadata) {
        const auto note = decode_metadata<Note>(metadata);
        if (!note) return {};
        return std::visit([this](const auto& fact) { return rows_.apply(fact); }, *note);
    }

    PackSet& packs_;
    Rows& rows_;
};

} // namespace

Result<RebuildReport> rebuild(FileSystem& files, const Clock& clock, Random& random,
                              const std::string& directory, const std::string& vfs) {
    auto database = db::Database::open(
        files, directory + "/meta.db",
        {.vfs = vfs.empty() ? db::kExclusiveVfs : vfs, .page_cache_kib = 64 * 1024});
    if (!database) return pass(database);
    if (auto version = db::migrate(*database, schema()); !version) return pass(version);
    if (auto empty = check_empty(*database); !empty) return pass(empty);
    auto packs = PackSet::open(files, random, directory + "/pack");
    if (!packs) return pass(packs);
    Rows rows(*database, clock.now(), random);
    if (auto done = Rebuild(**packs, rows).run(); !done) return pass(done);
    if (auto moved = database->checkpoint(db::CheckpointMode::truncate); !moved) return pass(moved);
    return rows.report;
}

} // namespace maild::store
