// Which reports of a day were sent: what was confirmed is there, whatever is cut off meanwhile.
#include "daemon/sent_log.hpp"
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

class SentLogTest : public testing::Test {
protected:
    SentLogTest() { start(); }
    void start() {
        disk_ = std::make_unique<FaultyDisk>();
        EXPECT_TRUE(disk_->make_directory("/trace") && disk_->sync_directory("/"));
    }
    Result<void> add(const std::string& name, UtcDay day = kDay) {
        return SentLog(*disk_, "/trace").add(day, {{name, "dmarc@" + name}});
    }
    std::string load(UtcDay day = kDay) {
        const auto copies = SentLog(*disk_, "/trace").load(day);
        if (!copies) return std::string(maild::name_of(copies.error().code));
        std::string out;
        for (const auto& [domain, address] : *copies) out += domain + ">" + address + " ";
        return out;
    }
    std::unique_ptr<FaultyDisk> disk_;
};

TEST_F(SentLogTest, KeepsEachDayApart) {
    EXPECT_EQ(load(), "");
    ASSERT_TRUE(add("a.example"));
    ASSERT_TRUE(add("b.example"));
    ASSERT_TRUE(add("c.example", kDay - std::chrono::days(1)));
    EXPECT_EQ(load(), "a.example>dmarc@a.example b.example>dmarc@b.example ");
    EXPECT_EQ(load(kDay - std::chrono::days(1)), "c.example>dmarc@c.example ");
    ASSERT_TRUE(SentLog(*disk_, "/trace").add(kDay, {{"d.example", "\"a b\"@d.example"}}));
    EXPECT_TRUE(load().ends_with("d.example>\"a b\"@d.example "));
    EXPECT_EQ(add("e\n.example").error().code, Errc::invalid_argument);
}

TEST_F(SentLogTest, ForgetsWhatIsLongAgo) {
    ASSERT_TRUE(add("a.example", kDay - SentLog::kKeepDays));
    ASSERT_TRUE(add("b.example", kDay - SentLog::kKeepDays - std::chrono::days(1)));
    ASSERT_TRUE(add("c.example"));
    EXPECT_EQ(disk_->list("/trace")->size(), 2U);
    EXPECT_EQ(load(kDay - SentLog::kKeepDays), "a.example>dmarc@a.example ");
}

TEST_F(SentLogTest, GoesOnBehindALineThatWasTorn) {
    auto file = disk_->open("/trace/sent.2026-11-28", OpenMode::create_new).value();
    const std::array<std::string_view, 1> pieces{"a.example\tdmarc@a.example\nnonsense\nb.exam"};
    ASSERT_TRUE(file->write_at(0, pieces));
    EXPECT_EQ(load(), "a.example>dmarc@a.example ");
    ASSERT_TRUE(add("c.example"));
    EXPECT_EQ(load(), "a.example>dmarc@a.example c.example>dmarc@c.example ");
}

TEST_F(SentLogTest, HasABound) {
    const std::string name(60'000, 'a');
    int added = 0;
    while (add(name + std::to_string(added))) ASSERT_LT(++added, 1000);
    EXPECT_EQ(added, 69); // of two names each, below 8 MiB
    EXPECT_EQ(SentLog(*disk_, "/trace").load(kDay)->size(), 69U);
}

TEST_F(SentLogTest, OutlivesPowerCutsAtEachStep) {
    for (const auto survives :
         {Survives::everything, Survives::synced, Survives::some, Survives::torn}) {
        bool is_done = false;
        for (std::uint64_t steps = 0; !is_done; ++steps) {
            ASSERT_LT(steps, 50U);
            start();
            disk_->cut_power_after(steps);
            const bool has_first = add("a.example").has_value();
            is_done = has_first && add("b.example").has_value();
            disk_->crash(survives, steps);
            const auto found = load();
            if (has_first) {
                EXPECT_TRUE(found.starts_with("a.example>dmarc@a.example ")) << steps;
            }
            if (is_done) {
                EXPECT_TRUE(found.ends_with("b.example>dmarc@b.example ")) << steps;
            }
            EXPECT_TRUE(add("c.example")) << steps;
            EXPECT_TRUE(load().ends_with("c.example>dmarc@c.example ")) << load();
        }
    }
}

TEST_F(SentLogTest, SaysWhatTheDiskRefuses) {
    ASSERT_TRUE(add("a.example"));
    for (const auto call :
         {DiskCall::open, DiskCall::read, DiskCall::write, DiskCall::sync, DiskCall::truncate}) {
        disk_->fail_nth(call, 1);
        EXPECT_FALSE(add("b.example"));
        disk_->clear_failures();
    }
    disk_->fail_nth(DiskCall::read, 1);
    EXPECT_EQ(load(), "io");
}

} // namespace
} // namespace maild::daemon
