// Checking: bodies, from the row to the bytes in the pack, and what was parsed from them.
#include "store/check.hpp"
#include "store/digest.hpp"
#include "store/pass.hpp"

#include "maild/base/crc32c.hpp"
#include "maild/db/transaction.hpp"

namespace maild::store {
namespace {

constexpr std::int64_t kBodiesPerSlice = 1000;
constexpr std::uint64_t kBytesPerSlice = 8U << 20U; // of bodies that are read
constexpr std::size_t kFaultsPerSlice = 500;

struct BodyRow {
    std::int64_t id = 0;
    Location location;
    std::uint32_t header_size = 0;
    std::uint32_t header_crc = 0;
    std::string digest;
    bool has_structure = false; // and not the empty one of a record that had no room for it
};

struct BodyFault {
    FindingKind kind = FindingKind::body;
    std::string what;
    std::function<Result<void>(Batch&)> mend;
};

Result<std::optional<BodyRow>> read_row(db::Database& database, std::int64_t id) {
    auto row = database.query("SELECT b.pack, b.record_offset, b.metadata_length, b.length, "
                              "b.header_size, b.header_crc, b.digest, coalesce(length(s.envelope), "
                              "0) FROM body b LEFT JOIN structure s ON s.body_id = b.id"
                              " WHERE b.id = ?1",
                              id);
    if (!row) return pass(row);
    const auto found = row->step();
    if (!found) return pass(found);
    if (!*found) return std::nullopt;
    return BodyRow{id,
                   {row->column<PackNumber>(0), row->column<std::uint64_t>(1),
                    row->column<std::uint32_t>(2), row->column<std::uint32_t>(3)},
                   row->column<std::uint32_t>(4),
                   row->column<std::uint32_t>(5),
                   row->column<std::string>(6),
                   row->column<std::int64_t>(7) > 0};
}

Result<std::optional<Structure>> read_structure(db::Database& database, std::int64_t body) {
    auto row = database.query(
        "SELECT envelope, body, body_structure, parts FROM structure WHERE body_id = ?1", body);
    if (!row) return pass(row);
    const auto found = row->step();
    if (!found) return pass(found);
    if (!*found) return std::nullopt;
    return Structure{row->column<std::string>(0), row->column<std::string>(1),
                     row->column<std::string>(2), row->column<std::string>(3)};
}

Result<void> write_structure(Batch& batch, std::int64_t body, const Structure& s) {
    auto done = batch.database.execute(
        "INSERT INTO structure (body_id, envelope, body, body_structure, parts)"
        " SELECT ?1, ?2, ?3, ?4, ?5 WHERE EXISTS (SELECT 1 FROM body WHERE id = ?1)"
        " ON CONFLICT (body_id) DO UPDATE SET envelope = ?2, body = ?3, body_structure = ?4, "
        "parts = ?5",
        body, db::Blob{s.envelope}, db::Blob{s.body}, db::Blob{s.body_structure},
        db::Blob{s.parts});
    if (!done) return pass(done);
    batch.reparsed.push_back(body);
    return {};
}

Result<void> write_header(Batch& batch, std::int64_t body, std::uint32_t size, std::uint32_t crc) {
    auto done = batch.database.execute(
        "UPDATE body SET header_size = ?2, header_crc = ?3 WHERE id = ?1", body, size, crc);
    if (!done) return pass(done);
    batch.reparsed.push_back(body);
    return {};
}

std::string words_for(const Structure& is, const Structure& should) {
    std::string words;
    const auto compare = [&](const std::string& a, const std::string& b, std::string_view name) {
        if (a != b) words += (words.empty() ? "" : ", ") + std::string(name);
    };
    compare(is.envelope, should.envelope, "ENVELOPE");
    compare(is.body, should.body, "BODY");
    compare(is.body_structure, should.body_structure, "BODYSTRUCTURE");
    compare(is.parts, should.parts, "parts");
    return words;
}

class Examination {
public:
    explicit Examination(Checking& check) : check_(check) {}

    // What is wrong with it now, if it is still there.
    Result<std::vector<BodyFault>> look_at(std::int64_t id) {
        std::vector<BodyFault> faults;
        const auto row = read_row(check_.reading.database, id);
        if (!row) return pass(row);
        if (!*row) return faults;
        const auto whole = check_.reading.packs.verify_header((*row)->location);
        if (!whole) {
            faults.push_back(damaged(whole.error()));
            return faults;
        }
        const bool lacks_structure = check_.parse && !(*row)->has_structure;
        if (!check_.request.deep && !lacks_structure) return faults;
        const auto record = check_.reading.packs.read_verified((*row)->location);
        if (!record) {
            faults.push_back(damaged(record.error()));
            return faults;
        }
        check_.counts.body_bytes += record->body.size();
        if (auto done = compare(**row, *record, faults); !done) return pass(done);
        return faults;
    }

private:
    static BodyFault damaged(const Error& error) {
        return {FindingKind::body,
                "cannot be read, a client gets NO [CORRUPTION] for it: restore it from a backup (" +
                    error.internal + ")",
                {}};
    }

    Result<void> compare(const BodyRow& row, const Record& record, std::vector<BodyFault>& faults) {
        if (record.kind != RecordKind::message || sha256(record.body) != row.digest) {
            faults.push_back({FindingKind::body,
                              "has other bytes than were accepted: restore it from a backup",
                              {}});
            return {};
        }
        const auto size = header_size_of(record.body);
        const auto crc = crc32c(std::string_view(record.body).substr(0, size));
        if (size != row.header_size || crc != row.header_crc) {
            faults.push_back({FindingKind::structure, "has a header section of another length",
                              [id = row.id, size, crc](Batch& batch) {
                                  return write_header(batch, id, size, crc);
                              }});
        }
        if (!check_.parse) return {};
        const auto is = read_structure(check_.reading.database, row.id);
        if (!is) return pass(is);
        auto should = check_.parse(record.body);
        const auto words = words_for(is->value_or(Structure{}), should);
        if (words.empty()) return {};
        faults.push_back({FindingKind::structure,
                          "has a cached " + words + " that its bytes do not tell",
                          [id = row.id, should = std::move(should)](Batch& batch) {
                              return write_structure(batch, id, should);
                          }});
        return {};
    }

    Checking& check_;
};

void add_faults(Checking& check, const std::vector<BodyFault>& faults, std::int64_t body,
                const Owners& owners) {
    for (const auto& fault : faults) {
        bool is_named = false;
        for (auto [owner, end] = owners.equal_range(body); owner != end; ++owner) {
            const auto& who = owner->second;
            if (check.request.account && check.request.account->account != who.account) continue;
            auto& added = check.add(fault.kind, who.what + " " + fault.what);
            added.finding.account = who.account;
            added.finding.mailbox = who.mailbox;
            added.finding.uid = who.uid;
            added.mend = fault.mend;
            is_named = true;
        }
        if (is_named || check.request.account) continue;
        check.add(fault.kind, "a body that no message shows " + fault.what).mend = fault.mend;
    }
}

Result<std::vector<std::int64_t>> read_ids(Checking& check) {
    auto rows = check.reading.database.query(
        "SELECT id, length FROM body WHERE id > ?1 ORDER BY id LIMIT ?2", check.at.first,
        kBodiesPerSlice);
    if (!rows) return pass(rows);
    std::vector<std::int64_t> ids;
    std::uint64_t bytes = 0;
    while (!check.request.deep || bytes < kBytesPerSlice) {
        const auto more = rows->step();
        if (!more) return pass(more);
        if (!*more) break;
        ids.push_back(rows->column<std::int64_t>(0));
        bytes += rows->column<std::uint64_t>(1);
    }
    return ids;
}

} // namespace

// Each body is looked at with its row as it is then. One that is found wrong is looked at once
// more: compaction may have moved it and removed its old segment in between.
Result<void> examine_bodies(Checking& check, const std::vector<std::int64_t>& bodies) {
    Examination examination(check);
    std::map<std::int64_t, std::vector<BodyFault>> found;
    std::vector<std::int64_t> wrong;
    for (const auto body : bodies) {
        auto faults = examination.look_at(body);
        if (faults && !faults->empty()) faults = examination.look_at(body);
        if (!faults) return pass(faults);
        ++check.counts.bodies;
        if (faults->empty()) continue;
        wrong.push_back(body);
        found.emplace(body, std::move(*faults));
    }
    if (wrong.empty()) return {};
    const auto owners = owners_of(check.reading.database, wrong);
    if (!owners) return pass(owners);
    for (auto& [body, faults] : found) add_faults(check, std::move(faults), body, *owners);
    return {};
}

Result<bool> check_bodies(Checking& check) {
    const auto ids = read_ids(check);
    if (!ids) return pass(ids);
    if (ids->empty()) return true;
    for (auto rest = std::span(*ids); !rest.empty();) { // not all, where everything is damaged
        const auto some = rest.first(std::min(rest.size(), kFaultsPerSlice));
        if (auto done = examine_bodies(check, {some.begin(), some.end()}); !done) return pass(done);
        rest = rest.subspan(some.size());
        check.at.first = some.back();
        if (check.faults.size() >= kFaultsPerSlice) break;
    }
    const auto percent =
        percent_of(check.at.first, check.reading.database.prepare("SELECT max(id) FROM body"));
    if (!percent) return pass(percent);
    check.percent = *percent;
    return false;
}

} // namespace maild::store
