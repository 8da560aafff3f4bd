#include "store/record_reader.hpp"
#include "support/error_of.hpp"
#include "support/fake_clock.hpp"
#include "support/faulty_disk.hpp"
#include "support/forwarding_file.hpp"

#include <gtest/gtest.h>

namespace maild::store {
namespace {

using test::DiskCall;
using test::error_of;

const std::string kFirst = "/pack/0000000001.pk";

// Counts what is read, and has one octet that cannot be.
struct Watch {
    std::uint64_t octets = 0;
    std::uint64_t bad = UINT64_MAX;
};

class WatchedFile final : public test::ForwardingFile {
public:
    WatchedFile(std::unique_ptr<File> file, Watch& watch)
        : ForwardingFile(std::move(file)), watch_(watch) {}

    Result<std::size_t> read_at(std::uint64_t offset, std::span<char> out) const override {
        watch_.octets += out.size();
        if (watch_.bad >= offset && watch_.bad - offset < out.size()) return fail(Errc::io);
        return ForwardingFile::read_at(offset, out);
    }

private:
    Watch& watch_;
};

class WatchedDisk final : public test::FaultyDisk {
public:
    Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override {
        auto file = FaultyDisk::open(path, mode);
        if (file) *file = std::make_unique<WatchedFile>(std::move(*file), watch);
        return file;
    }
    Watch watch;
};

class RecordReaderTest : public ::testing::Test {
protected:
    RecordReaderTest() {
        EXPECT_TRUE(disk_.make_directory("/pack"));
        auto packs = PackSet::open(disk_, random_, "/pack");
        EXPECT_TRUE(packs);
        packs_ = std::move(*packs);
    }
    // Each its number and some octets.
    std::vector<Location> append(int count, std::size_t length) {
        std::vector<std::string> bodies;
        for (int i = 0; i < count; ++i) bodies.push_back(body_of(i, length));
        std::vector<RecordView> records;
        for (const auto& body : bodies) records.push_back({RecordKind::message, "meta", body});
        auto locations = packs_->append(records);
        EXPECT_TRUE(locations);
        return std::move(*locations);
    }
    static std::string body_of(int number, std::size_t length) {
        return std::to_string(number) + std::string(length, static_cast<char>('a' + number % 26));
    }
    std::uint64_t reads() const { return disk_.calls(DiskCall::read); }
    void expect(RecordReader& reader, const Location& at, int number, std::size_t length) {
        const auto record = reader.read(at);
        ASSERT_TRUE(record) << number;
        EXPECT_EQ(record->metadata, "meta");
        EXPECT_EQ(record->body, body_of(number, length));
    }

    WatchedDisk disk_;
    test::SeededRandom random_{1};
    std::unique_ptr<PackSet> packs_;
};

TEST_F(RecordReaderTest, ReadsTheNeighboursWithOneCall) {
    constexpr std::size_t kLength = 2000;
    const auto at = append(1000, kLength);
    RecordReader reader(*packs_);
    expect(reader, at[0], 0, kLength);
    const auto before = reads();
    for (int i = 1; i < 1000; ++i) expect(reader, at[static_cast<std::size_t>(i)], i, kLength);
    EXPECT_LE(reads() - before, 20U); // 2 MB
}

TEST_F(RecordReaderTest, ReadsNothingForNothingWhereMailIsScattered) {
    constexpr std::size_t kLength = 20'000;
    const auto at = append(20, kLength);
    RecordReader reader(*packs_);
    expect(reader, at[9], 9, kLength); // opens the segment
    for (const int i : {7, 3, 12, 0, 19, 5}) {
        const auto calls = reads();
        const auto octets = disk_.watch.octets;
        expect(reader, at[static_cast<std::size_t>(i)], i, kLength);
        EXPECT_EQ(reads() - calls, 1U) << i;
        EXPECT_LE(disk_.watch.octets - octets, kLength + 100) << i;
    }
}

// An octet behind them that the disk cannot give is none of their business.
TEST_F(RecordReaderTest, ReadsWhatIsWholeBeforeABadSector) {
    constexpr std::size_t kLength = 1000;
    const auto at = append(10, kLength);
    disk_.watch.bad = at[7].body_offset() + 10;
    RecordReader reader(*packs_);
    for (int i = 0; i < 7; ++i) expect(reader, at[static_cast<std::size_t>(i)], i, kLength);
    EXPECT_EQ(error_of(reader.read(at[7])), Errc::io);
    for (int i = 8; i < 10; ++i) expect(reader, at[static_cast<std::size_t>(i)], i, kLength);
}

TEST_F(RecordReaderTest, LooksAtDamageOnceMoreAndNotAtAllBehindIt) {
    constexpr std::size_t kLength = 1000;
    const auto at = append(100, kLength);
    for (std::size_t i = 2; i < 100; ++i) disk_.flip_bit(kFirst, at[i].body_offset());
    RecordReader reader(*packs_);
    const auto before = disk_.watch.octets;
    for (const auto& one : at) EXPECT_EQ(!reader.read(one), one != at[0] && one != at[1]);
    EXPECT_LE(disk_.watch.octets - before, 8192 + 131'072 + 100 * (kLength + 100));
}

TEST_F(RecordReaderTest, ReadsWhatDoesNotFitIntoOneCall) {
    for (const std::size_t length : {131'072 - 64, 131'072, 3'000'000}) {
        const auto at = append(4, length);
        RecordReader reader(*packs_);
        for (int i = 0; i < 4; ++i) expect(reader, at[static_cast<std::size_t>(i)], i, length);
    }
}

// What was read ahead then may be torn: it is read again.
TEST_F(RecordReaderTest, SeesWhatWasWrittenBehindWhatItReadAhead) {
    constexpr std::size_t kLength = 100;
    const auto at = append(3, kLength);
    RecordReader reader(*packs_);
    disk_.flip_bit(kFirst, at[2].body_offset());
    expect(reader, at[0], 0, kLength);
    expect(reader, at[1], 1, kLength);
    disk_.flip_bit(kFirst, at[2].body_offset());
    expect(reader, at[2], 2, kLength);
    const auto later = append(2, kLength);
    expect(reader, later[0], 0, kLength);
    expect(reader, later[1], 1, kLength);
}

TEST_F(RecordReaderTest, TellsOfDamageInTheMiddle) {
    constexpr std::size_t kLength = 100;
    const auto at = append(5, kLength);
    disk_.flip_bit(kFirst, at[3].body_offset() + 50);
    RecordReader reader(*packs_);
    for (int i = 0; i < 3; ++i) expect(reader, at[static_cast<std::size_t>(i)], i, kLength);
    EXPECT_EQ(error_of(reader.read(at[3])), Errc::corrupt);
    expect(reader, at[4], 4, kLength);
}

TEST_F(RecordReaderTest, BelievesNoLocation) {
    const auto at = append(2, 100);
    RecordReader reader(*packs_);
    expect(reader, at[0], 0, 100);
    auto wrong = at[0];
    ++wrong.body_length;
    EXPECT_EQ(error_of(reader.read(wrong)), Errc::corrupt);
    wrong = at[0];
    wrong.body_length = kMaxBodyLength; // takes no memory for it
    EXPECT_EQ(error_of(reader.read(wrong)), Errc::corrupt);
    wrong = at[1];
    wrong.offset += kRecordAlignment;
    EXPECT_EQ(error_of(reader.read(wrong)), Errc::corrupt);
    wrong = at[1];
    wrong.pack = PackNumber(9);
    EXPECT_EQ(error_of(reader.read(wrong)), Errc::not_found);
    wrong.offset = UINT64_MAX - 4;
    EXPECT_FALSE(reader.read(wrong));
    expect(reader, at[1], 1, 100);
    wrong = at[1];
    wrong.offset = UINT64_MAX - 4;
    EXPECT_FALSE(reader.read(wrong));
}

} // namespace
} // namespace maild::store
