#include "support/error_of.hpp"
#include "support/faulty_disk.hpp"

#include <gtest/gtest.h>

namespace maild::test {
namespace {

class FaultyDiskTest : public ::testing::Test {
protected:
    std::unique_ptr<File> created(const std::string& path) {
        auto file = disk_.open(path, OpenMode::create_new);
        EXPECT_TRUE(file);
        return std::move(*file);
    }
    static Result<void> write(File& file, std::uint64_t offset, std::string_view bytes) {
        return file.write_at(offset, {{bytes}});
    }
    // A file whose name and first bytes are durable.
    std::unique_ptr<File> durable(const std::string& path, std::string_view bytes) {
        auto file = created(path);
        EXPECT_TRUE(write(*file, 0, bytes));
        EXPECT_TRUE(file->sync_data());
        EXPECT_TRUE(disk_.sync_directory(parent_directory(path)));
        return file;
    }

    FaultyDisk disk_;
};

TEST_F(FaultyDiskTest, LosesAnUnsyncedWrite) {
    auto file = durable("/f", "kept");
    ASSERT_TRUE(write(*file, 0, "gone"));
    EXPECT_EQ(disk_.contents("/f"), "gone");
    disk_.crash(Survives::synced);
    EXPECT_EQ(disk_.contents("/f"), "kept");
    EXPECT_EQ(error_of(write(*file, 0, "late")), Errc::io); // a descriptor of the dead process
}

TEST_F(FaultyDiskTest, KeepsAllOfAKilledProcess) {
    auto file = created("/f");
    ASSERT_TRUE(write(*file, 0, "kept"));
    disk_.crash(Survives::everything);
    EXPECT_EQ(disk_.contents("/f"), "kept");
}

TEST_F(FaultyDiskTest, LosesAnUnsyncedName) {
    auto file = created("/f");
    ASSERT_TRUE(write(*file, 0, "synced, but nobody can find it"));
    ASSERT_TRUE(file->sync_data());
    disk_.crash(Survives::synced);
    EXPECT_FALSE(disk_.exists("/f"));
}

TEST_F(FaultyDiskTest, TakesBackAnUnsyncedRemoveAndRename) {
    durable("/a", "a");
    durable("/b", "b");
    ASSERT_TRUE(disk_.remove("/a"));
    ASSERT_TRUE(disk_.rename("/b", "/c"));
    EXPECT_EQ(disk_.list("/"), (std::vector<std::string>{"c"}));
    disk_.crash(Survives::synced);
    EXPECT_EQ(disk_.list("/"), (std::vector<std::string>{"a", "b"}));
    ASSERT_TRUE(disk_.rename("/a", "/b"));
    ASSERT_TRUE(disk_.sync_directory("/"));
    disk_.crash(Survives::synced);
    EXPECT_EQ(disk_.contents("/b"), "a");
    EXPECT_FALSE(disk_.exists("/a"));
}

TEST_F(FaultyDiskTest, LosesWhatIsInALostDirectory) {
    ASSERT_TRUE(disk_.make_directory("/d"));
    durable("/d/f", "x");
    disk_.crash(Survives::synced);
    EXPECT_FALSE(disk_.exists("/d/f"));
    ASSERT_TRUE(disk_.make_directory("/d"));
    durable("/d/f", "x");
    ASSERT_TRUE(disk_.sync_directory("/"));
    disk_.crash(Survives::synced);
    EXPECT_EQ(disk_.contents("/d/f"), "x");
}

TEST_F(FaultyDiskTest, TearsAWriteBetweenSectors) {
    const std::string old(4096, 'o');
    const std::string fresh(4096, 'n');
    bool is_torn = false;
    bool is_whole = false;
    bool is_lost = false;
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        FaultyDisk disk;
        auto file = disk.open("/f", OpenMode::create_new);
        ASSERT_TRUE((*file)->write_at(0, {{std::string_view(old)}}));
        ASSERT_TRUE((*file)->sync_data());
        ASSERT_TRUE(disk.sync_directory("/"));
        ASSERT_TRUE((*file)->write_at(0, {{std::string_view(fresh)}}));
        disk.crash(Survives::some, seed);
        const auto found = disk.contents("/f");
        is_whole |= found == fresh;
        is_lost |= found == old;
        is_torn |= found != fresh && found != old;
        for (std::size_t at = 0; at < found.size(); at += 512) {
            EXPECT_EQ(found.substr(at, 512), std::string(512, found[at])); // sectors are whole
        }
    }
    EXPECT_TRUE(is_torn);
    EXPECT_TRUE(is_whole);
    EXPECT_TRUE(is_lost);
}

TEST_F(FaultyDiskTest, ForgetsWhatAFailedSyncShouldHaveWritten) {
    auto file = durable("/f", "old!");
    ASSERT_TRUE(write(*file, 0, "new!"));
    disk_.fail_nth(DiskCall::sync, 1);
    EXPECT_EQ(error_of(file->sync_data()), Errc::io);
    EXPECT_TRUE(file->sync_data()); // lies, as Linux does
    EXPECT_EQ(disk_.contents("/f"), "new!");
    file->drop_cache();
    EXPECT_EQ(disk_.contents("/f"), "old!");
}

TEST_F(FaultyDiskTest, FailsTheCallThatWasAskedFor) {
    auto file = durable("/f", "0");
    disk_.fail_nth(DiskCall::write, 2, Errc::no_space);
    EXPECT_TRUE(write(*file, 0, "1111"));
    EXPECT_EQ(error_of(write(*file, 0, "2222")), Errc::no_space);
    EXPECT_EQ(disk_.contents("/f"), "2211"); // a part was written
    EXPECT_TRUE(write(*file, 0, "3333"));
    disk_.fail_nth(DiskCall::open, 1);
    EXPECT_EQ(error_of(disk_.open("/f", OpenMode::read_only)), Errc::io);
    disk_.fail_nth(DiskCall::sync_directory, 1);
    auto lost = created("/g");
    EXPECT_FALSE(disk_.sync_directory("/"));
    EXPECT_TRUE(disk_.sync_directory("/"));
    disk_.crash(Survives::synced);
    EXPECT_FALSE(disk_.exists("/g"));
}

TEST_F(FaultyDiskTest, IsFullAtItsCapacity) {
    disk_.set_capacity(100);
    auto file = created("/f");
    ASSERT_TRUE(file->allocate(60));
    EXPECT_EQ(disk_.free_bytes("/"), 40U);
    EXPECT_TRUE(write(*file, 0, std::string(60, 'x')));
    auto other = created("/g");
    EXPECT_EQ(error_of(other->allocate(41)), Errc::no_space);
    EXPECT_EQ(error_of(write(*other, 0, std::string(41, 'x'))), Errc::no_space);
    ASSERT_TRUE(disk_.remove("/f"));
    EXPECT_TRUE(write(*other, 0, std::string(100, 'x')));
}

TEST_F(FaultyDiskTest, LosesPowerAfterSoManySteps) {
    auto file = created("/f");
    disk_.cut_power_after(2);
    EXPECT_TRUE(write(*file, 0, "a"));
    EXPECT_TRUE(file->sync_data());
    EXPECT_TRUE(disk_.is_powered());
    EXPECT_FALSE(disk_.sync_directory("/"));
    EXPECT_FALSE(disk_.is_powered());
    EXPECT_FALSE(disk_.open("/f", OpenMode::read_only));
    disk_.crash(Survives::synced);
    EXPECT_TRUE(disk_.is_powered());
    EXPECT_FALSE(disk_.exists("/f"));
}

TEST_F(FaultyDiskTest, TearsTheLastWriteToAnOctet) {
    auto file = durable("/f", "");
    ASSERT_TRUE(write(*file, 0, std::string(600, 'a')));
    ASSERT_TRUE(write(*file, 600, std::string(600, 'b')));
    bool is_within_sector = false;
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        const auto after = disk_.copy();
        after->crash(Survives::torn, seed);
        const auto length = after->contents("/f").size();
        ASSERT_GE(length, 600U);
        ASSERT_LT(length, 1200U);
        is_within_sector |= length % 512 != 0;
    }
    EXPECT_TRUE(is_within_sector);
}

TEST_F(FaultyDiskTest, ForgetsTheSyncsItIsToldTo) {
    auto file = durable("/f.pk", "kept");
    disk_.forget_syncs_of(".pk");
    ASSERT_TRUE(write(*file, 0, "gone"));
    ASSERT_TRUE(file->sync_data());
    disk_.crash(Survives::synced);
    EXPECT_EQ(disk_.contents("/f.pk"), "kept");
}

TEST_F(FaultyDiskTest, ShowsItselfBeforeEachStep) {
    std::vector<std::string> seen;
    auto file = durable("/f", "0");
    disk_.observe([&](const std::unique_ptr<FaultyDisk>& copy) {
        copy->crash(Survives::synced);
        seen.push_back(copy->contents("/f"));
    });
    ASSERT_TRUE(write(*file, 0, "1"));
    ASSERT_TRUE(file->sync_data());
    ASSERT_TRUE(write(*file, 0, "2"));
    EXPECT_EQ(seen, (std::vector<std::string>{"0", "0", "1"}));
    EXPECT_EQ(disk_.contents("/f"), "2") << "the copies are their own";
}

} // namespace
} // namespace maild::test
