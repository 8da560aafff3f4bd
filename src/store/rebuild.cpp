#include "maild/store/rebuild.hpp"

#include "schema/store.hpp"
#include "store/digest.hpp"
#include "store/meta.hpp"
#include "store/operations.hpp"
#include "store/pack.hpp"
#include "store/pack_files.hpp"
#include "store/pass.hpp"
#include "store/rebuild_rows.hpp"
#include "store/record_metadata.hpp"
#include "store/search_index.hpp"

#include "maild/base/crc32c.hpp"
#include "maild/base/log.hpp"
#include "maild/db/migration.hpp"
#include "maild/db/transaction.hpp"

#include <algorithm>
#include <cstdio>

namespace maild::store {
namespace {

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
            if (kind == RecordKind::message && !is_untouched(number))
                ++rows_.report.damaged_segments;
            return {};
        }
        if (!report) return pass(report);
        if (kind == RecordKind::message) rows_.report.damaged_bytes += report->damaged_bytes;
        return {};
    }

    // Begun by a crash, and never written to: nothing is lost with it.
    bool is_untouched(PackNumber number) const {
        const auto segments = packs_.segments();
        if (!segments) return false;
        const auto found = std::ranges::find(*segments, number, &Segment::number);
        return found != segments->end() && found->size <= kSegmentHeaderLength;
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

// A whole database under this name, closed: its -wal is gone with the last connection.
Result<RebuildReport> make_database(FileSystem& files, const Clock& clock, Random& random,
                                    const std::string& directory, const std::string& path,
                                    const std::string& vfs) {
    auto database = db::Database::open(files, path, {.vfs = vfs, .page_cache_kib = 64 * 1024});
    if (!database) return pass(database);
    if (auto version = db::migrate(*database, schema()); !version) return pass(version);
    auto packs = PackSet::open(files, random, directory + "/pack");
    if (!packs) return pass(packs);
    Rows rows(*database, clock.now(), random);
    if (auto done = Rebuild(**packs, rows).run(); !done) return pass(done);
    if (auto moved = database->checkpoint(db::CheckpointMode::truncate); !moved) return pass(moved);
    return rows.report;
}

Result<void> remove_if_there(FileSystem& files, const std::string& path) {
    auto removed = files.remove(path);
    return removed || removed.error().code == Errc::not_found ? Result<void>() : removed;
}

// False: there was nothing.
Result<bool> move_aside(FileSystem& files, const std::string& from, const std::string& to) {
    auto moved = files.rename(from, to);
    if (moved) return true;
    return moved.error().code == Errc::not_found ? Result<bool>(false) : pass(moved);
}

// The database before its -wal: without the one, nothing takes the other for its own. The -wal must
// be away before the new database has the name.
Result<std::string> replace(FileSystem& files, const std::string& directory,
                            const std::string& made, WallTime now) {
    const auto meta = directory + "/meta.db";
    const auto broken = meta + ".broken-" + std::to_string(to_unix_seconds(now));
    const auto kept = move_aside(files, meta, broken);
    if (!kept) return pass(kept);
    const auto kept_wal = move_aside(files, meta + "-wal", broken + "-wal");
    if (!kept_wal) return pass(kept_wal);
    if (auto synced = files.sync_directory(directory); !synced) return pass(synced);
    if (auto renamed = files.rename(made, meta); !renamed) return pass(renamed);
    if (auto synced = files.sync_directory(directory); !synced) return pass(synced);
    return *kept ? broken : std::string();
}

Result<std::string> integrity_of(db::Database& database) {
    auto rows = database.prepare("SELECT * FROM pragma_integrity_check(1)");
    if (!rows) return pass(rows);
    const auto found = rows->step();
    if (!found) return pass(found);
    auto text = rows->column<std::string>(0);
    return text == "ok" ? std::string() : text;
}

} // namespace

std::string shard_directory(const std::string& above, ShardId id) {
    char name[16];
    std::snprintf(name, sizeof name, "/%02u", id.value);
    return above + name;
}

Result<RebuildReport> rebuild(FileSystem& files, const Clock& clock, Random& random,
                              const std::string& directory, const std::string& vfs) {
    const auto segments = list_segments(files, directory + "/pack");
    if (!segments) return pass(segments);
    if (segments->empty()) return fail(Errc::not_found, directory + " has no packs");
    const auto made = directory + "/meta.db.rebuild";
    for (const auto* suffix : {"", "-wal"}) { // of an attempt that was interrupted
        if (auto removed = remove_if_there(files, made + suffix); !removed) return pass(removed);
    }
    auto report =
        make_database(files, clock, random, directory, made, vfs.empty() ? db::kExclusiveVfs : vfs);
    if (!report) return report;
    auto kept = replace(files, directory, made, clock.now());
    if (!kept) return pass(kept);
    report->kept = std::move(*kept);
    SearchIndex(files, directory + "/fts", false).remove_all(); // it knows the old ids
    return report;
}

Result<std::string> damage_of(FileSystem& files, const std::string& directory,
                              const std::string& vfs) {
    const auto segments = list_segments(files, directory + "/pack");
    if (!segments && segments.error().code == Errc::not_found) return std::string();
    if (!segments) return pass(segments);
    if (segments->empty()) return std::string();
    const auto meta = directory + "/meta.db";
    const auto file = files.open(meta, OpenMode::read_only);
    if (!file && file.error().code == Errc::not_found) return "meta.db is lost";
    if (!file) return pass(file);
    auto database = db::Database::open(files, meta, {.vfs = vfs.empty() ? db::kExclusiveVfs : vfs});
    if (!database && database.error().code != Errc::corrupt) return pass(database);
    if (!database) return database.error().internal;
    const auto version = database->user_version();
    if (version && *version == 0) return "meta.db is empty";
    auto text = version ? integrity_of(*database) : pass(version);
    if (!text && text.error().code == Errc::corrupt) return text.error().internal;
    return text;
}

} // namespace maild::store
