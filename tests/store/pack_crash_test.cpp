// Packs on the faulty disk: what sync() has acknowledged is there after a crash at any step, whole;
// a record is never half visible; and after a failure the set says no until it is opened anew.

#include "store/pack.hpp"
#include "support/error_of.hpp"
#include "support/fake_clock.hpp"
#include "support/faulty_disk.hpp"

#include <gtest/gtest.h>

#include <map>

namespace maild::store {
namespace {

using test::DiskCall;
using test::error_of;
using test::FaultyDisk;
using test::Survives;

constexpr PackOptions kSmallSegments{.segment_size = 24'000};
constexpr int kBatches = 8;

// The body of record `number`, so that each record can be checked by its metadata alone.
std::string body_of(int number) {
    return std::string(static_cast<std::size_t>(700 * (number % 5 + 1)),
                       static_cast<char>('a' + number % 26));
}

struct Outcome {
    std::map<int, Location> synced; // what sync() answered for
    int appended = 0;               // numbers below it may be there
    std::optional<Errc> error;      // what stopped the script
};

// One batch: append and sync. The numbers go on from `outcome`.
Result<void> add_batch(PackSet& packs, int size, Outcome& outcome) {
    std::vector<std::string> metadata;
    std::vector<std::string> bodies;
    const int first = outcome.appended;
    for (int i = 0; i < size; ++i) {
        metadata.push_back(std::to_string(first + i));
        bodies.push_back(body_of(first + i));
    }
    std::vector<RecordView> records;
    for (std::size_t i = 0; i < bodies.size(); ++i) {
        records.push_back({RecordKind::message, metadata[i], bodies[i]});
    }
    outcome.appended += size;
    const auto locations = packs.append(records);
    if (!locations) return std::unexpected(locations.error());
    if (auto synced = packs.sync(); !synced) return synced;
    for (int i = 0; i < size; ++i) {
        outcome.synced[first + i] = (*locations)[static_cast<std::size_t>(i)];
    }
    return {};
}

void run_script(FaultyDisk& disk, Random& random, Outcome& outcome) {
    auto packs = PackSet::open(disk, random, "/pack", kSmallSegments);
    if (!packs) {
        outcome.error = packs.error().code;
        return;
    }
    for (int batch = 0; batch < kBatches; ++batch) {
        if (auto added = add_batch(**packs, batch % 3 + 1, outcome); !added) {
            outcome.error = added.error().code;
            return;
        }
    }
}

// Every whole record that a scan of everything finds, by number; and that each is as it was given.
std::map<int, Location> scan_all(const PackSet& packs) {
    std::map<int, Location> found;
    const auto segments = packs.segments();
    EXPECT_TRUE(segments);
    for (const auto& segment : *segments) {
        const auto visit = [&](const Location& at, RecordKind, std::string_view metadata) {
            const int number = std::stoi(std::string(metadata));
            const auto record = packs.read_verified(at);
            EXPECT_TRUE(record && record->body == body_of(number)) << number;
            found[number] = at;
            return Result<void>();
        };
        const auto report = packs.scan(segment.number, visit);
        // Without a header only when nothing in it was ever synced, which the caller checks by what
        // was found.
        EXPECT_TRUE(report || report.error().code == Errc::corrupt);
    }
    return found;
}

void expect_kept(FaultyDisk& disk, Random& random, Outcome& outcome) {
    auto packs = PackSet::open(disk, random, "/pack", kSmallSegments);
    ASSERT_TRUE(packs) << packs.error().internal;
    const auto found = scan_all(**packs);
    for (const auto& [number, location] : outcome.synced) {
        const auto record = (*packs)->read_verified(location);
        ASSERT_TRUE(record) << "record " << number << ": " << record.error().internal;
        EXPECT_EQ(record->body, body_of(number));
        EXPECT_TRUE(found.contains(number) && found.at(number) == location) << number;
    }
    for (const auto& [number, location] : found) EXPECT_LT(number, outcome.appended);
    // It goes on: and what was there stays.
    ASSERT_TRUE(add_batch(**packs, 2, outcome));
    disk.crash(Survives::synced);
    packs = PackSet::open(disk, random, "/pack", kSmallSegments);
    ASSERT_TRUE(packs);
    for (const auto& [number, location] : outcome.synced) {
        EXPECT_TRUE((*packs)->verify(location)) << number;
    }
}

void make_pack_directory(FaultyDisk& disk) {
    ASSERT_TRUE(disk.make_directory("/pack"));
    ASSERT_TRUE(disk.sync_directory("/"));
}

TEST(PackCrash, KeepsWhatWasSyncedAtAnyStep) {
    std::uint64_t steps = 0;
    for (bool is_through = false; !is_through; ++steps) {
        struct {
            Survives what;
            std::uint64_t seeds;
        } const cases[] = {{Survives::synced, 1}, {Survives::everything, 1}, {Survives::some, 20}};
        for (const auto& [what, seeds] : cases) {
            for (std::uint64_t seed = 0; seed < seeds; ++seed) {
                SCOPED_TRACE("step " + std::to_string(steps) + " seed " + std::to_string(seed));
                FaultyDisk disk;
                test::SeededRandom random(seed + 1);
                make_pack_directory(disk);
                disk.cut_power_after(steps);
                Outcome outcome;
                run_script(disk, random, outcome);
                is_through = disk.is_powered();
                disk.crash(what, steps * 100 + seed);
                expect_kept(disk, random, outcome);
                ASSERT_FALSE(HasFailure());
            }
        }
    }
    EXPECT_GT(steps, 20U);
}

// The model would notice: a set that forgets to sync the directory, or the file, loses records.
TEST(PackCrash, CatchesAMissingSync) {
    FaultyDisk disk;
    test::SeededRandom random(1);
    make_pack_directory(disk);
    auto packs = PackSet::open(disk, random, "/pack", kSmallSegments);
    const RecordView records[] = {{RecordKind::message, "0", "body"}};
    const auto at = (*packs)->append(records)->at(0);
    EXPECT_TRUE((*packs)->verify(at));
    disk.crash(Survives::synced);
    packs = PackSet::open(disk, random, "/pack", kSmallSegments);
    EXPECT_FALSE((*packs)->verify(at));
}

TEST(PackCrash, IsPoisonedByTheNthFailureOfEachCall) {
    for (const auto call : {DiskCall::open, DiskCall::write, DiskCall::sync, DiskCall::truncate,
                            DiskCall::allocate, DiskCall::sync_directory}) {
        int failures = 0;
        for (std::uint64_t n = 1;; ++n) {
            SCOPED_TRACE("call " + std::to_string(static_cast<int>(call)) + " n " +
                         std::to_string(n));
            FaultyDisk disk;
            test::SeededRandom random(1);
            make_pack_directory(disk);
            auto packs = PackSet::open(disk, random, "/pack", kSmallSegments);
            disk.fail_nth(call, n);
            Outcome outcome;
            for (int batch = 0; batch < kBatches && !outcome.error; ++batch) {
                auto added = add_batch(**packs, batch % 3 + 1, outcome);
                if (!added) outcome.error = added.error().code;
            }
            if (!outcome.error) break;
            ++failures;
            EXPECT_EQ(*outcome.error, Errc::io);
            EXPECT_TRUE((*packs)->is_poisoned());
            Outcome more;
            EXPECT_EQ(error_of(add_batch(**packs, 1, more)), Errc::io);
            EXPECT_EQ(error_of((*packs)->sync()), Errc::io);
            EXPECT_EQ(error_of((*packs)->segments()), Errc::io);
            for (const auto& [number, location] : outcome.synced) {
                EXPECT_EQ(error_of((*packs)->verify(location)), Errc::io);
            }
            packs->reset();
            disk.clear_failures();
            expect_kept(disk, random, outcome); // opened anew by the next process, without a crash
            ASSERT_FALSE(testing::Test::HasFailure());
        }
        EXPECT_GT(failures, 0) << static_cast<int>(call);
    }
}

// After a failed sync the page cache still shows the record; only the disk decides once the set is
// opened anew.
TEST(PackCrash, BelievesTheDiskAfterAFailedSync) {
    FaultyDisk disk;
    test::SeededRandom random(1);
    make_pack_directory(disk);
    Location at;
    {
        auto packs = PackSet::open(disk, random, "/pack");
        const RecordView records[] = {{RecordKind::message, "0", "body"}};
        at = (*packs)->append(records)->at(0);
        disk.fail_nth(DiskCall::sync, 1);
        EXPECT_EQ(error_of((*packs)->sync()), Errc::io);
    }
    auto packs = PackSet::open(disk, random, "/pack");
    ASSERT_TRUE(packs);
    EXPECT_FALSE((*packs)->verify(at));
}

TEST(PackCrash, GoesOnWhenAFullDiskHasSpaceAgain) {
    for (const auto call : {DiskCall::open, DiskCall::write, DiskCall::allocate}) {
        for (std::uint64_t n = 1; n < 12; ++n) {
            SCOPED_TRACE("call " + std::to_string(static_cast<int>(call)) + " n " +
                         std::to_string(n));
            FaultyDisk disk;
            test::SeededRandom random(1);
            make_pack_directory(disk);
            auto packs = PackSet::open(disk, random, "/pack", kSmallSegments);
            disk.fail_nth(call, n, Errc::no_space);
            Outcome outcome;
            for (int batch = 0; batch < kBatches; ++batch) {
                const auto added = add_batch(**packs, batch % 3 + 1, outcome);
                EXPECT_TRUE(added || added.error().code == Errc::no_space);
            }
            disk.clear_failures();
            EXPECT_FALSE((*packs)->is_poisoned());
            EXPECT_EQ(scan_all(**packs), outcome.synced); // nothing of the refused batch
            disk.crash(Survives::synced);
            expect_kept(disk, random, outcome);
            ASSERT_FALSE(testing::Test::HasFailure());
        }
    }
}

// Half a batch was written, whole records among it: they were refused, so they must not be found.
TEST(PackCrash, CutsOffABatchThatDidNotFit) {
    FaultyDisk disk;
    test::SeededRandom random(1);
    make_pack_directory(disk);
    auto packs = PackSet::open(disk, random, "/pack");
    Outcome outcome;
    ASSERT_TRUE(add_batch(**packs, 1, outcome));
    disk.fail_nth(DiskCall::write, 1, Errc::no_space);
    EXPECT_EQ(error_of(add_batch(**packs, 10, outcome)), Errc::no_space);
    EXPECT_EQ(scan_all(**packs), outcome.synced);
    ASSERT_TRUE(add_batch(**packs, 1, outcome));
    EXPECT_EQ(scan_all(**packs), outcome.synced);
    disk.crash(Survives::everything);
    expect_kept(disk, random, outcome);
}

TEST(PackCrash, UsesADiskToItsEnd) {
    FaultyDisk disk;
    test::SeededRandom random(1);
    make_pack_directory(disk);
    disk.set_capacity(100'000); // less than a segment
    auto packs = PackSet::open(disk, random, "/pack");
    ASSERT_TRUE(packs);
    Outcome outcome;
    int refused = 0;
    for (int batch = 0; batch < 100; ++batch) {
        const auto added = add_batch(**packs, 1, outcome);
        if (!added) {
            EXPECT_EQ(error_of(added), Errc::no_space);
            ++refused;
        }
    }
    EXPECT_GT(refused, 20);
    EXPECT_LT(disk.free_bytes("/").value(), 5000U);
    EXPECT_EQ(scan_all(**packs), outcome.synced);
    disk.set_capacity(UINT64_MAX);
    ASSERT_TRUE(add_batch(**packs, 3, outcome));
    disk.crash(Survives::synced);
    expect_kept(disk, random, outcome);
}

} // namespace
} // namespace maild::store
