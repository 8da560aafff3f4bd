#include "maild/mail/date.hpp"

#include <gtest/gtest.h>

namespace maild::mail {
namespace {

using namespace std::chrono_literals;

struct DateCase {
    std::string_view body;
    std::string_view want; // as formatted in its own zone; empty: no date
};

TEST(Date, ReadsAndFormats) {
    const DateCase cases[] = {
        {"Tue, 14 Nov 2023 22:13:20 +0000", "Tue, 14 Nov 2023 22:13:20 +0000"},
        {"Fri, 21 Nov 1997 09:55:06 -0600", "Fri, 21 Nov 1997 09:55:06 -0600"},
        {"1 Jul 2003 10:52 +0200", "Tue, 01 Jul 2003 10:52:00 +0200"},
        {"Thu,\r\n 13\r\n Feb\r\n 1969\r\n 23:32\r\n -0330 (Newfoundland Time)",
         "Thu, 13 Feb 1969 23:32:00 -0330"},
        {"21 Nov 97 09(comment):   55  :  06 GMT", "Fri, 21 Nov 1997 09:55:06 +0000"},
        {"Wed, 01 Jan 20 00:00:00 EST", "Wed, 01 Jan 2020 00:00:00 -0500"},
        {"1 Jan 103 00:00:00 PDT", "Wed, 01 Jan 2003 00:00:00 -0700"},
        {"1 Jan 2003 00:00:00 Z", "Wed, 01 Jan 2003 00:00:00 +0000"},
        {"1 Jan 2003 00:00:00 A", "Wed, 01 Jan 2003 00:00:00 +0000"},
        {"1 Jan 2003 00:00:00", "Wed, 01 Jan 2003 00:00:00 +0000"},
        {"Sun, 1 Jan 2003 00:00:00 -0000", "Wed, 01 Jan 2003 00:00:00 +0000"},
        {"Samstag, 4 Jan 2003 00:00:00 +0100", "Sat, 04 Jan 2003 00:00:00 +0100"},
        {"Fri Nov 21 09:55:06 1997", "Fri, 21 Nov 1997 09:55:06 +0000"},
        {"1-Jan-2003 00:00:00 +0000", "Wed, 01 Jan 2003 00:00:00 +0000"},
        {"4 september 2021 01:02:03 +1400", "Sat, 04 Sep 2021 01:02:03 +1400"},
        {"29 Feb 2024 23:59:60 +0000", "Thu, 29 Feb 2024 23:59:59 +0000"},
        {"31 Dec 9999 23:59:59 -2359", "Fri, 31 Dec 9999 23:59:59 -2359"},
        {"1 Jan 1900 00:00:00 +0000", "Mon, 01 Jan 1900 00:00:00 +0000"},
    };
    for (const auto& c : cases) {
        const auto got = parse_date_time(c.body);
        ASSERT_TRUE(got) << c.body;
        const auto text = format_date_time(got->time, got->zone);
        EXPECT_EQ(text, c.want) << c.body;
        EXPECT_EQ(parse_date_time(text), got) << c.body;
    }
}

TEST(Date, RefusesWhatIsNone) {
    const std::string huge(1'000'000, '9');
    const std::string cases[] = {
        "",
        "now",
        "Tue,",
        "1",
        "1 Jan",
        "1 Jan 2003",
        "1 Jan 2003 00",
        "1 Jan 2003 24:00:00 +0000",
        "1 Jan 2003 00:60:00 +0000",
        "1 Jan 2003 00:00:61 +0000",
        "30 Feb 2003 00:00:00 +0000",
        "29 Feb 2023 00:00:00 +0000",
        "0 Jan 2003 00:00:00 +0000",
        "32 Jan 2003 00:00:00 +0000",
        "1 Foo 2003 00:00:00 +0000",
        "1 Jan 0 00:00:00 +0000",
        "1 Jan 0000 00:00:00 +0000",
        "1 Jan 1899 00:00:00 +0000",
        "1 Jan 9999999 00:00:00 +0000",
        "1 Jan 2003 00:00:00 +9999",
        "1 Jan 2003 00:00:00 -2400",
        "1 Jan 2003 00:00:00 +0060",
        "1 Jan 2003 00:00:00 +00000",
        "1 Jan 2003 00:00:00 +1",
        "1 Jan 2003 000:00:00 +0000",
        huge,
        "1 Jan " + huge,
        huge + " Jan 2003 00:00",
        "1 Jan 2003 " + huge + ":00",
        "1 Jan 2003 00:00:00 +" + huge,
        "-1 Jan",
        std::string(1000, '('),
    };
    for (const auto& text : cases) EXPECT_FALSE(parse_date_time(text)) << text.substr(0, 60);
}

TEST(Date, KnowsTheSendersDay) {
    const auto date = parse_date_time("1 Jan 2003 00:30:00 +0200");
    ASSERT_TRUE(date);
    EXPECT_EQ(date->local_day(), 2003y / 1 / 1);
    EXPECT_EQ(date->time, WallTime(std::chrono::sys_days(2002y / 12 / 31) + 22h + 30min));
    EXPECT_EQ(date->zone, 2h);
}

TEST(Date, FormatsBeforeTheEpochAndWithMilliseconds) {
    EXPECT_EQ(format_date_time(WallTime(-1ms)), "Wed, 31 Dec 1969 23:59:59 +0000");
    EXPECT_EQ(format_date_time(WallTime(0ms), -(3h + 30min)), "Wed, 31 Dec 1969 20:30:00 -0330");
}

} // namespace
} // namespace maild::mail
