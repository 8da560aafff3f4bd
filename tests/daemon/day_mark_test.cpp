// Which day was reported last: as it was said, whatever is cut off meanwhile.
#include "daemon/day_mark.hpp"
#include "support/faulty_disk.hpp"

#include <gtest/gtest.h>

#include <array>
#include <memory>

namespace maild::daemon {
namespace {

using maild::test::DiskCall;
using maild::test::FaultyDisk;
using maild::test::Survives;

const UtcDay kDay = parse_day("2026-11-28").value();

TEST(UtcDays, AreReadAsTheyAreWritten) {
    EXPECT_EQ(format_day(kDay), "2026-11-28");
    EXPECT_EQ(kDay.time_since_epoch().count(), 20'785);
    EXPECT_EQ(day_of(from_unix_seconds(86'399)), UtcDay());
    for (const std::string_view text :
         {"", "2026-11-2", "2026-11-31", "2026-13-01", "2026-1-0005", "2026/11/28", "1969-12-31",
          "2026-11-28 ", "-026-11-28", "2026-11-00"})
        EXPECT_FALSE(parse_day(text)) << text;
    EXPECT_TRUE(parse_day("2028-02-29"));
    EXPECT_FALSE(parse_day("2026-02-29"));
}

class DayMarkTest : public testing::Test {
protected:
    DayMarkTest() { EXPECT_TRUE(disk_->make_directory("/trace")); }
    std::string load() {
        const auto day = DayMark(*disk_, "/trace").load();
        if (!day) return std::string(name_of(day.error().code));
        return *day ? format_day(**day) : "none";
    }
    std::unique_ptr<FaultyDisk> disk_ = std::make_unique<FaultyDisk>();
};

TEST_F(DayMarkTest, IsKeptUntilItIsForgotten) {
    DayMark mark(*disk_, "/trace");
    EXPECT_EQ(load(), "none");
    ASSERT_TRUE(mark.forget());
    ASSERT_TRUE(mark.keep(kDay));
    EXPECT_EQ(load(), "2026-11-28");
    ASSERT_TRUE(mark.keep(kDay + std::chrono::days(1)));
    EXPECT_EQ(load(), "2026-11-29");
    ASSERT_TRUE(mark.forget());
    EXPECT_EQ(load(), "none");
}

TEST_F(DayMarkTest, SaysNoDayThatWasNeverWritten) {
    auto file = disk_->open("/trace/reported", OpenMode::create_new).value();
    const std::array<std::string_view, 1> pieces{"28.11.2026\n"};
    ASSERT_TRUE(file->write_at(0, pieces));
    EXPECT_EQ(load(), "none");
}

TEST_F(DayMarkTest, OutlivesPowerCutsAtEachStep) {
    const auto next = kDay + std::chrono::days(1);
    for (const auto survives :
         {Survives::everything, Survives::synced, Survives::some, Survives::torn}) {
        bool is_done = false;
        for (std::uint64_t steps = 0; !is_done; ++steps) {
            ASSERT_LT(steps, 50U);
            disk_ = std::make_unique<FaultyDisk>();
            ASSERT_TRUE(disk_->make_directory("/trace") && disk_->sync_directory("/"));
            ASSERT_TRUE(DayMark(*disk_, "/trace").keep(kDay));
            disk_->cut_power_after(steps);
            is_done = DayMark(*disk_, "/trace").keep(next).has_value();
            disk_->crash(survives, steps);
            const auto found = load();
            EXPECT_TRUE(found == "2026-11-29" || (!is_done && found == "2026-11-28"))
                << found << " after " << steps;
            EXPECT_TRUE(DayMark(*disk_, "/trace").keep(next)) << "whatever was left";
            EXPECT_EQ(load(), "2026-11-29");
        }
    }
}

TEST_F(DayMarkTest, SaysWhatTheDiskRefuses) {
    ASSERT_TRUE(DayMark(*disk_, "/trace").keep(kDay));
    for (const auto call : {DiskCall::open, DiskCall::write, DiskCall::sync, DiskCall::rename,
                            DiskCall::sync_directory, DiskCall::remove}) {
        disk_->fail_nth(call, 1);
        EXPECT_FALSE(DayMark(*disk_, "/trace").keep(kDay + std::chrono::days(1)));
        disk_->clear_failures();
    }
    disk_->fail_nth(DiskCall::read, 1);
    EXPECT_EQ(load(), "io");
}

} // namespace
} // namespace maild::daemon
