// The files of the search index: what was written is read, and nothing that is torn or damaged is.
#include "store/index_segment.hpp"
#include "support/faulty_disk.hpp"

#include <gtest/gtest.h>

namespace maild::store {
namespace {

using maild::test::FaultyDisk;

struct Sample {
    std::int64_t content = 0;
    std::string body;
    bool shares = false;
};

std::vector<Sample> samples(std::int64_t count, std::size_t size = 200) {
    std::vector<Sample> all;
    for (std::int64_t i = 1; i <= count; ++i) {
        const bool shares = i % 3 == 0;
        auto body = shares ? all.back().body : std::string(size, static_cast<char>('a' + i % 26));
        all.push_back({i * 2, std::move(body), shares});
    }
    return all;
}

Result<void> add_all(SegmentBuilder& builder, const std::vector<Sample>& all) {
    for (const auto& [content, body, shares] : all) {
        auto added =
            builder.add({content, static_cast<std::uint32_t>(content), shares, "p", "h", body});
        if (!added) return added;
    }
    return {};
}

void expect_all(const IndexSegment& segment, const std::vector<Sample>& all) {
    std::string buffer;
    auto sample = all.begin();
    for (std::size_t i = 0; i < segment.blocks().size(); ++i) {
        const auto entries = segment.read(i, buffer);
        ASSERT_TRUE(entries) << entries.error().internal;
        for (const auto& entry : *entries) {
            ASSERT_NE(sample, all.end());
            EXPECT_EQ(entry.content, sample->content);
            EXPECT_EQ(entry.check, static_cast<std::uint32_t>(sample->content));
            EXPECT_EQ(entry.prefix, "p");
            EXPECT_EQ(entry.header, "h");
            EXPECT_EQ(entry.body, sample->body);
            ++sample;
        }
    }
    EXPECT_EQ(sample, all.end());
}

void write(FaultyDisk& disk, const std::string& path, const std::vector<Sample>& all) {
    auto file = disk.open(path, OpenMode::create_new);
    SegmentBuilder builder({1, 5000}, file->get());
    ASSERT_TRUE(add_all(builder, all));
    ASSERT_TRUE(builder.finish_file());
}

TEST(IndexSegment, InMemoryAndInAFileAreTheSame) {
    const auto all = samples(1000);
    SegmentBuilder builder({1, 5000});
    ASSERT_TRUE(add_all(builder, all));
    const auto made = builder.finish();
    ASSERT_TRUE(made);
    EXPECT_GT((*made)->blocks().size(), 2U);
    EXPECT_TRUE((*made)->is_believed(0));
    expect_all(**made, all);
    FaultyDisk disk;
    write(disk, "/x", all);
    const auto opened = IndexSegment::open(disk, "/x");
    ASSERT_TRUE(opened) << opened.error().internal;
    EXPECT_EQ((*opened)->range(), (IndexRange{1, 5000}));
    EXPECT_EQ((*opened)->bytes(), (*made)->bytes());
    EXPECT_EQ((*opened)->entries(), 1000U);
    EXPECT_FALSE((*opened)->is_believed(0)) << "it may be about other mail";
    expect_all(**opened, all);
}

TEST(IndexSegment, ARangeWithoutContents) {
    FaultyDisk disk;
    write(disk, "/x", {});
    const auto opened = IndexSegment::open(disk, "/x");
    ASSERT_TRUE(opened) << opened.error().internal;
    EXPECT_TRUE((*opened)->blocks().empty());
    EXPECT_EQ((*opened)->range(), (IndexRange{1, 5000}));
}

TEST(IndexSegment, BodiesThatAreSharedAreThereOnce) {
    std::vector<Sample> all;
    for (std::int64_t i = 1; i <= 10; ++i) all.push_back({i, std::string(3000, 'b'), i > 1});
    SegmentBuilder builder({1, 10});
    ASSERT_TRUE(add_all(builder, all));
    const auto made = builder.finish();
    EXPECT_LT((*made)->bytes(), 4000U);
    expect_all(**made, all);
}

TEST(IndexSegment, NoTornFileIsOpened) {
    FaultyDisk disk;
    write(disk, "/x", samples(300));
    const auto whole = disk.contents("/x");
    for (std::size_t size = 0; size < whole.size(); size += size < 100 ? 1 : 97) {
        auto file = disk.open("/x", OpenMode::read_write);
        ASSERT_TRUE((*file)->truncate(size));
        EXPECT_FALSE(IndexSegment::open(disk, "/x")) << size;
        const std::string_view piece = whole;
        ASSERT_TRUE((*file)->write_at(0, std::span(&piece, 1)));
    }
    EXPECT_TRUE(IndexSegment::open(disk, "/x"));
}

TEST(IndexSegment, NoFlippedBitIsBelieved) {
    FaultyDisk disk;
    const auto all = samples(300);
    write(disk, "/x", all);
    const auto size = disk.contents("/x").size();
    for (std::size_t at = 0; at < size; at += at < 64 || at + 200 > size ? 1 : 53) {
        disk.flip_bit("/x", at, static_cast<int>(at % 8));
        const auto opened = IndexSegment::open(disk, "/x");
        bool is_noticed = !opened;
        std::string buffer;
        for (std::size_t i = 0; opened && i < (*opened)->blocks().size(); ++i)
            is_noticed = is_noticed || !(*opened)->read(i, buffer);
        EXPECT_TRUE(is_noticed) << at;
        disk.flip_bit("/x", at, static_cast<int>(at % 8));
    }
    expect_all(**IndexSegment::open(disk, "/x"), all);
}

} // namespace
} // namespace maild::store
