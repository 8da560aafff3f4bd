// Which day is reported when, and which domains get a report.
#include "daemon/report_schedule.hpp"

#include <gtest/gtest.h>

namespace maild::daemon {
namespace {

using namespace std::chrono_literals;

const UtcDay kToday = parse_day("2026-11-28").value();

std::string due(std::string_view reported, std::chrono::minutes since_midnight) {
    const auto day =
        due_day(parse_day(reported).value(), WallTime(kToday) + since_midnight, 100min);
    return day ? format_day(*day) : "none";
}

TEST(ReportSchedule, TakesEachDayOnceAtItsMinute) {
    EXPECT_EQ(due("2026-11-26", 99min), "none");
    EXPECT_EQ(due("2026-11-26", 100min), "2026-11-27");
    EXPECT_EQ(due("2026-11-26", 23h), "2026-11-27") << "the host was down at that minute";
    EXPECT_EQ(due("2026-11-27", 23h), "none") << "it was reported";
    EXPECT_EQ(due("2026-11-28", 23h), "none");
    EXPECT_EQ(due("2026-12-24", 23h), "none") << "the clock went back";
}

TEST(ReportSchedule, MakesUpForDaysThatWereMissed) {
    EXPECT_EQ(due("2026-11-24", 1min), "2026-11-25") << "an older day waits for no minute";
    EXPECT_EQ(due("2026-11-25", 1min), "2026-11-26");
    EXPECT_EQ(due("2026-11-26", 1min), "none");
    EXPECT_EQ(due("2026-01-01", 1min), "2026-11-21") << "a week, and no more";
}

TEST(ReportSchedule, SpreadsHosts) {
    std::set<std::chrono::minutes> minutes;
    for (int i = 0; i < 100; ++i)
        minutes.insert(own_minute_of("mx" + std::to_string(i) + ".example.org"));
    EXPECT_GT(minutes.size(), 70U);
    EXPECT_GE(*minutes.begin(), 30min);
    EXPECT_LT(*minutes.rbegin(), 6h);
    EXPECT_EQ(own_minute_of("a.example"), own_minute_of("a.example"));
}

TEST(ReportSchedule, ChoosesWhoGetsAReport) {
    const std::set<std::string> own{"example.org"};
    ReportSettings settings;
    settings.excluded = {"no.example"};
    const auto choose = [&] {
        std::string out;
        for (const auto& size : chosen({{"a.example", 9, 1},
                                        {"sub.no.example", 8, 1},
                                        {"no.example", 7, 1},
                                        {"yesno.example", 6, 1},
                                        {"mail.example.org", 5, 1},
                                        {"example.org", 4, 1},
                                        {"b.example", 3, 1}},
                                       settings, own))
            out += size.domain + " ";
        return out;
    };
    EXPECT_EQ(choose(), "a.example yesno.example b.example ");
    settings.tells_own = true;
    EXPECT_EQ(choose(), "a.example yesno.example mail.example.org example.org b.example ");
    settings.most_a_day = 2;
    EXPECT_EQ(choose(), "a.example yesno.example ");
}

TEST(ReportSchedule, LeavesPlacesForOthersWhereOneHasAnyNumberOfDomains) {
    std::vector<report::Aggregator::Size> sizes;
    for (int i = 0; i < 1000; ++i) sizes.push_back({std::to_string(i) + ".many.example", 9, 1});
    for (int i = 0; i < 30; ++i) sizes.push_back({"x" + std::to_string(i) + ".co.uk", 5, 1});
    sizes.push_back({"a.example", 1, 1});
    const auto got = chosen(std::move(sizes), {}, {});
    ASSERT_EQ(got.size(), kMostOfOrganization + 31);
    EXPECT_EQ(got[kMostOfOrganization - 1].domain, "19.many.example");
    EXPECT_EQ(got[kMostOfOrganization].domain, "x0.co.uk") << "each is another's";
    EXPECT_EQ(got.back().domain, "a.example");
}

} // namespace
} // namespace maild::daemon
