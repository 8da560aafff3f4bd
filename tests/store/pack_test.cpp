#include "store/pack.hpp"
#include "support/error_of.hpp"
#include "support/fake_clock.hpp"
#include "support/faulty_disk.hpp"
#include "support/temp_dir.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace maild::store {
namespace {

using test::DiskCall;
using test::error_of;
using test::FaultyDisk;

class PackTest : public ::testing::Test {
protected:
    PackTest() {
        EXPECT_TRUE(disk_.make_directory("/pack"));
        EXPECT_TRUE(disk_.sync_directory("/"));
    }
    std::unique_ptr<PackSet> opened(const PackOptions& options = {}) {
        auto packs = PackSet::open(disk_, random_, "/pack", options);
        EXPECT_TRUE(packs);
        return std::move(*packs);
    }
    static Location append(PackSet& packs, std::string_view metadata, std::string_view body) {
        const RecordView records[] = {{RecordKind::message, metadata, body}};
        auto locations = packs.append(records);
        EXPECT_TRUE(locations);
        return locations->at(0);
    }
    // The metadata of all whole records, and the report.
    static std::pair<std::vector<std::string>, ScanReport> scanned(const PackSet& packs,
                                                                   PackNumber number) {
        std::vector<std::string> found;
        auto report = packs.scan(number, [&](const Location&, RecordKind, std::string_view bytes) {
            found.emplace_back(bytes);
            return Result<void>();
        });
        EXPECT_TRUE(report);
        return {found, *report};
    }

    FaultyDisk disk_;
    test::SeededRandom random_{1};
};

using Strings = std::vector<std::string>;
const std::string kFirst = "/pack/0000000001.pk";

TEST_F(PackTest, GivesBackWhatItTook) {
    auto packs = opened();
    const std::string big(300'000, 'b'); // more than one window of a scan
    const RecordView records[] = {
        {RecordKind::message, "one", "body 1"},
        {RecordKind::note, "", ""},
        {RecordKind::message, std::string_view("\0\1", 2), big},
        {static_cast<RecordKind>(77), "of a later version", "x"},
    };
    const auto locations = packs->append(records);
    ASSERT_TRUE(locations);
    ASSERT_TRUE(packs->sync());
    ASSERT_EQ(locations->size(), std::size(records));
    for (std::size_t i = 0; i < std::size(records); ++i) {
        const auto record = packs->read_verified((*locations)[i]);
        ASSERT_TRUE(record) << i;
        EXPECT_EQ(record->kind, records[i].kind);
        EXPECT_EQ(record->metadata, records[i].metadata);
        EXPECT_EQ(record->body, records[i].body);
        EXPECT_TRUE(packs->verify((*locations)[i]));
    }
    const auto [found, report] = scanned(*packs, PackNumber(1));
    EXPECT_EQ(found, (Strings{"one", "", std::string("\0\1", 2), "of a later version"}));
    EXPECT_EQ(report.records, 4U);
    EXPECT_EQ(report.end, locations->back().end());
    EXPECT_EQ(report.damaged_bytes, 0U);
    EXPECT_FALSE(report.has_torn_tail);
}

TEST_F(PackTest, ReadsAPartOfABody) {
    auto packs = opened();
    const auto at = append(*packs, "m", "0123456789");
    std::string out(4, '?');
    ASSERT_TRUE(packs->read_body(at, 3, out));
    EXPECT_EQ(out, "3456");
    EXPECT_TRUE(packs->read_body(at, 10, std::span<char>()));
    EXPECT_EQ(error_of(packs->read_body(at, 7, out)), Errc::invalid_argument);
    EXPECT_EQ(error_of(packs->read_body(at, UINT64_MAX, out)), Errc::invalid_argument);
    auto elsewhere = at;
    elsewhere.pack = PackNumber(9);
    EXPECT_EQ(error_of(packs->read_body(elsewhere, 0, out)), Errc::not_found);
}

TEST_F(PackTest, SyncsOnceForAnyNumberOfRecords) {
    auto packs = opened();
    append(*packs, "first", "the segment and its name");
    ASSERT_TRUE(packs->sync());
    const auto syncs = disk_.calls(DiskCall::sync);
    const auto directory_syncs = disk_.calls(DiskCall::sync_directory);
    const auto writes = disk_.calls(DiskCall::write);
    const std::vector<RecordView> batch(100, {RecordKind::message, "m", "body"});
    ASSERT_TRUE(packs->append(batch));
    ASSERT_TRUE(packs->sync());
    ASSERT_TRUE(packs->sync()); // nothing to do
    EXPECT_EQ(disk_.calls(DiskCall::write), writes + 1);
    EXPECT_EQ(disk_.calls(DiskCall::sync), syncs + 1);
    EXPECT_EQ(disk_.calls(DiskCall::sync_directory), directory_syncs);
}

TEST_F(PackTest, BeginsANewSegmentWhenOneIsFull) {
    auto packs = opened({.segment_size = 20'000});
    const std::string body(5000, 'x');
    std::vector<Location> all;
    for (int i = 0; i < 5; ++i) all.push_back(append(*packs, std::to_string(i), body));
    ASSERT_TRUE(packs->sync());
    all.push_back(append(*packs, "larger than a segment", std::string(50'000, 'y')));
    ASSERT_TRUE(packs->sync());
    EXPECT_EQ(all[1].pack, PackNumber(1));
    EXPECT_EQ(all[2].pack, PackNumber(2));
    EXPECT_EQ(all[4].pack, PackNumber(3));
    EXPECT_EQ(all[5].pack, PackNumber(4));
    EXPECT_EQ(packs->current(), PackNumber(4));
    for (const auto& location : all) EXPECT_TRUE(packs->verify(location));
    const auto segments = packs->segments();
    ASSERT_TRUE(segments);
    ASSERT_EQ(segments->size(), 4U);
    EXPECT_EQ((*segments)[0].size, all[1].end());
    disk_.crash(test::Survives::synced);
    packs = opened();
    for (const auto& location : all) EXPECT_TRUE(packs->verify(location));
}

TEST_F(PackTest, NeverAppendsToASegmentThatItFinds) {
    const auto first = append(*opened(), "1", "x");
    auto packs = opened();
    EXPECT_EQ(packs->current(), PackNumber());
    const auto second = append(*packs, "2", "x");
    packs = opened({.next_number = PackNumber(9)});
    const auto third = append(*packs, "3", "x");
    EXPECT_EQ(first.pack, PackNumber(1));
    EXPECT_EQ(second.pack, PackNumber(2));
    EXPECT_EQ(third.pack, PackNumber(9));
    EXPECT_TRUE(packs->verify(first));
}

TEST_F(PackTest, NoticesEveryFlippedBit) {
    auto packs = opened();
    const auto at = append(*packs, "metadata", "the body");
    const auto end = at.body_offset() + at.body_length;
    for (auto offset = at.offset; offset < end; ++offset) {
        for (int bit = 0; bit < 8; ++bit) {
            disk_.flip_bit(kFirst, offset, bit);
            EXPECT_EQ(error_of(packs->verify(at)), Errc::corrupt) << offset;
            EXPECT_EQ(error_of(packs->read_verified(at)), Errc::corrupt) << offset;
            disk_.flip_bit(kFirst, offset, bit);
        }
    }
    EXPECT_TRUE(packs->verify(at));
    auto moved = at;
    ++moved.body_length;
    EXPECT_EQ(error_of(packs->verify(moved)), Errc::corrupt);
}

TEST_F(PackTest, ReadsASegmentWithOneOfItsHeadersGone) {
    const auto at = append(*opened(), "m", "body");
    disk_.flip_bit(kFirst, 3);
    EXPECT_TRUE(opened()->verify(at));
    disk_.flip_bit(kFirst, 3);
    disk_.flip_bit(kFirst, 4096 + 20);
    EXPECT_TRUE(opened()->verify(at));
    disk_.flip_bit(kFirst, 3);
    EXPECT_EQ(error_of(opened()->verify(at)), Errc::corrupt);
    EXPECT_EQ(error_of(opened()->scan(PackNumber(1), {})), Errc::corrupt);
}

TEST_F(PackTest, ScansPastDamage) {
    auto packs = opened();
    const auto one = append(*packs, "1", std::string(1000, 'a'));
    const auto two = append(*packs, "2", std::string(1000, 'b'));
    const auto three = append(*packs, "3", std::string(1000, 'c'));
    struct {
        std::uint64_t offset;
        Strings want;
        bool is_tail;
    } const cases[] = {
        {one.offset + 9, {"2", "3"}, false},  // the lengths of the first are wrong: looked for
        {two.offset + 29, {"1", "3"}, false}, // its checksum
        {two.body_offset() + 7, {"1", "3"}, false},
        {three.body_offset() + 7, {"1", "2"}, true},
    };
    for (const auto& [offset, want, is_tail] : cases) {
        disk_.flip_bit(kFirst, offset);
        const auto [found, report] = scanned(*packs, PackNumber(1));
        EXPECT_EQ(found, want) << offset;
        EXPECT_EQ(report.has_torn_tail, is_tail) << offset;
        EXPECT_EQ(report.damaged_bytes, is_tail ? 0 : one.end() - one.offset) << offset;
        disk_.flip_bit(kFirst, offset);
    }
}

// Somebody sends a copy of the pack as mail, or the bytes of a record: they are a body and stay
// one.
TEST_F(PackTest, DoesNotMistakeABodyForRecords) {
    auto packs = opened();
    append(*packs, "true", "x");
    const auto bytes = disk_.contents(kFirst).substr(kSegmentHeaderLength);
    std::string trap;
    for (int i = 0; i < 50; ++i) trap += bytes;
    const auto at = append(*packs, "carrier", trap);
    append(*packs, "last", "x");
    disk_.flip_bit(kFirst, at.offset + 9);
    EXPECT_EQ(scanned(*packs, PackNumber(1)).first, (Strings{"true", "last"}));
}

TEST_F(PackTest, StopsAScanWhenTheVisitorSays) {
    auto packs = opened();
    append(*packs, "1", "x");
    append(*packs, "2", "x");
    int visits = 0;
    const auto report = packs->scan(PackNumber(1), [&](auto&&...) -> Result<void> {
        ++visits;
        return fail(Errc::closed);
    });
    EXPECT_EQ(error_of(report), Errc::closed);
    EXPECT_EQ(visits, 1);
}

TEST_F(PackTest, RefusesWhatIsTooLarge) {
    auto packs = opened();
    const std::string metadata(kMaxMetadataLength + 1, 'm');
    const RecordView records[] = {{RecordKind::message, "fits", "x"},
                                  {RecordKind::message, metadata, "x"}};
    EXPECT_EQ(error_of(packs->append(records)), Errc::too_large);
    EXPECT_FALSE(packs->is_poisoned());
    EXPECT_EQ(packs->current(), PackNumber());
}

TEST_F(PackTest, RemovesASegmentButNotTheCurrentOne) {
    auto packs = opened();
    const auto old = append(*packs, "old", "x");
    packs = opened();
    append(*packs, "new", "x");
    EXPECT_TRUE(packs->verify(old));
    ASSERT_TRUE(packs->remove_segment(old.pack));
    EXPECT_EQ(error_of(packs->verify(old)), Errc::not_found);
    EXPECT_EQ(error_of(packs->remove_segment(old.pack)), Errc::not_found);
    EXPECT_EQ(error_of(packs->remove_segment(packs->current())), Errc::conflict);
    disk_.crash(test::Survives::synced);
    EXPECT_FALSE(disk_.exists(kFirst));
}

TEST_F(PackTest, KeepsFewDescriptors) {
    std::vector<Location> all;
    for (int i = 0; i < 6; ++i) all.push_back(append(*opened(), "m", std::to_string(i)));
    auto packs = opened({.open_files = 2});
    for (int round = 0; round < 2; ++round) {
        for (const auto& location : all) EXPECT_TRUE(packs->verify(location));
    }
    const auto opens = disk_.calls(DiskCall::open);
    EXPECT_TRUE(packs->verify(all[5])); // among the two that are open
    EXPECT_EQ(disk_.calls(DiskCall::open), opens);
}

TEST_F(PackTest, IgnoresForeignFiles) {
    for (const auto* name :
         {"/pack/lost+found", "/pack/1.pk", "/pack/0000000000.pk", "/pack/99999999999.pk",
          "/pack/4294967296.pk", "/pack/0000000001.pk~"}) {
        ASSERT_TRUE(disk_.open(name, OpenMode::create_new));
    }
    auto packs = opened();
    EXPECT_TRUE(packs->segments()->empty());
    EXPECT_EQ(append(*packs, "m", "x").pack, PackNumber(1));
}

TEST(PackOnDisk, IsReadByManyWhileOneAppends) {
    const test::TempDir dir;
    PosixFileSystem files;
    SystemRandom random;
    auto packs =
        PackSet::open(files, random, dir.path(), {.segment_size = 100'000, .open_files = 2});
    ASSERT_TRUE(packs);
    constexpr std::size_t kRecords = 200;
    std::vector<Location> locations(kRecords);
    std::atomic<std::size_t> ready = 0;
    std::atomic<int> failures = 0;
    const auto read_all = [&] {
        for (std::size_t i = 0; i < kRecords;) {
            if (i >= ready.load(std::memory_order_acquire)) {
                std::this_thread::yield();
                continue;
            }
            const auto record = (*packs)->read_verified(locations[i]);
            if (!record || record->metadata != std::to_string(i)) ++failures;
            ++i;
        }
    };
    {
        const std::jthread one(read_all);
        const std::jthread two(read_all);
        for (std::size_t i = 0; i < kRecords; ++i) {
            const auto metadata = std::to_string(i);
            const std::string body(3000, static_cast<char>(i));
            const RecordView records[] = {{RecordKind::message, metadata, body}};
            locations[i] = (*packs)->append(records)->at(0);
            ready.store(i + 1, std::memory_order_release);
        }
        EXPECT_TRUE((*packs)->sync());
    }
    EXPECT_EQ(failures, 0);
    EXPECT_GT((*packs)->segments()->size(), 5U);
}

} // namespace
} // namespace maild::store
