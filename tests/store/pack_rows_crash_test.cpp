// Packs and meta.db on the same disk, in the same crash: the order that DESIGN §3 prescribes
// (bodies, sync, rows, commit) leaves no row without its body, whatever step the power goes at.

#include "store/pack.hpp"
#include "support/fake_clock.hpp"
#include "support/faulty_vfs.hpp"

#include "maild/db/database.hpp"
#include "maild/db/transaction.hpp"

#include <gtest/gtest.h>

namespace maild::store {
namespace {

using test::FaultyDisk;
using test::FaultyVfs;
using test::Survives;

constexpr PackOptions kSmallSegments{.segment_size = 24'000};
constexpr int kBatches = 6;

std::string body_of(int number) {
    return std::string(1000 + static_cast<std::size_t>(number), static_cast<char>('a' + number));
}

// The mutant commits its rows before the bodies are on the disk.
Result<void> deliver(PackSet& packs, db::Database& database, int number, bool is_mutant) {
    const auto body = body_of(number);
    const RecordView records[] = {{RecordKind::message, "m", body}, {RecordKind::note, "n", ""}};
    const auto locations = packs.append(records);
    if (!locations) return std::unexpected(locations.error());
    if (!is_mutant) {
        if (auto synced = packs.sync(); !synced) return synced;
    }
    auto transaction = db::Transaction::begin(database);
    if (!transaction) return std::unexpected(transaction.error());
    const auto& at = locations->front();
    auto added =
        database.execute("INSERT INTO message VALUES (?, ?, ?, ?, ?)", number, at.pack,
                         static_cast<std::int64_t>(at.offset), at.metadata_length, at.body_length);
    if (!added) return std::unexpected(added.error());
    return transaction->commit();
}

// How many deliveries were acknowledged.
int run_script(FaultyDisk& disk, const FaultyVfs& vfs, Random& random, bool is_mutant) {
    auto database = db::Database::open(disk, "/shard/meta.db", {.vfs = vfs.name()});
    auto packs = PackSet::open(disk, random, "/shard/pack", kSmallSegments);
    if (!database || !packs) return 0;
    const auto made = database->execute("CREATE TABLE message (number INTEGER PRIMARY KEY, pack, "
                                        "at, metadata_length, body_length)");
    if (!made) return 0;
    int acknowledged = 0;
    while (acknowledged < kBatches) {
        if (!deliver(**packs, *database, acknowledged, is_mutant)) return acknowledged;
        ++acknowledged;
        if (acknowledged % 3 != 0) continue;
        if (!database->checkpoint(db::CheckpointMode::restart)) return acknowledged;
    }
    return acknowledged;
}

// Empty: every row has its body, and every acknowledged delivery its row.
std::string broken_promise(FaultyDisk& disk, const FaultyVfs& vfs, Random& random,
                           int acknowledged) {
    auto database = db::Database::open(disk, "/shard/meta.db", {.vfs = vfs.name()});
    auto packs = PackSet::open(disk, random, "/shard/pack", kSmallSegments);
    if (!database || !packs) return "does not open";
    auto rows = database->prepare(
        "SELECT number, pack, at, metadata_length, body_length FROM message ORDER BY number");
    if (!rows) return acknowledged == 0 ? "" : "the table is gone";
    int found = 0;
    for (auto row = rows->step(); row && *row; row = rows->step()) {
        const Location at{rows->column<PackNumber>(1), rows->column<std::uint64_t>(2),
                          rows->column<std::uint32_t>(3), rows->column<std::uint32_t>(4)};
        const auto record = (*packs)->read_verified(at);
        if (!record || record->body != body_of(found)) return "a row without its body";
        ++found;
    }
    return found < acknowledged ? "an acknowledged delivery is lost" : "";
}

std::string crash_at(std::uint64_t step, Survives what, std::uint64_t seed, bool is_mutant,
                     bool& is_through) {
    FaultyDisk disk;
    const FaultyVfs vfs(disk);
    test::SeededRandom random(seed + 1);
    EXPECT_TRUE(disk.make_directory("/shard"));
    EXPECT_TRUE(disk.make_directory("/shard/pack"));
    EXPECT_TRUE(disk.sync_directory("/shard"));
    EXPECT_TRUE(disk.sync_directory("/"));
    disk.cut_power_after(step);
    const int acknowledged = run_script(disk, vfs, random, is_mutant);
    is_through = disk.is_powered();
    disk.crash(what, seed);
    return broken_promise(disk, vfs, random, acknowledged);
}

TEST(PackRowsCrash, LeavesNoRowWithoutItsBodyAtAnyStep) {
    std::uint64_t step = 0;
    for (bool is_through = false; !is_through; ++step) {
        ASSERT_EQ(crash_at(step, Survives::synced, 0, false, is_through), "") << "step " << step;
        ASSERT_EQ(crash_at(step, Survives::everything, 0, false, is_through), "") << step;
        for (std::uint64_t seed = step * 100; seed < step * 100 + 8; ++seed) {
            ASSERT_EQ(crash_at(step, Survives::some, seed, false, is_through), "")
                << "step " << step << " seed " << seed;
        }
    }
    EXPECT_GT(step, 50U);
}

TEST(PackRowsCrash, CatchesRowsThatAreCommittedBeforeTheirBodies) {
    int caught = 0;
    std::uint64_t step = 0;
    for (bool is_through = false; !is_through; ++step) {
        if (!crash_at(step, Survives::synced, 0, true, is_through).empty()) ++caught;
    }
    EXPECT_GT(caught, 5);
}

} // namespace
} // namespace maild::store
