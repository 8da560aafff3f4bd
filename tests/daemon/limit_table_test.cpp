#include "daemon/config_file.hpp"
#include "daemon/limit_table.hpp"
#include "support/source_dir.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>

namespace maild::daemon {
namespace {

const HostDefaults kHost{.hostname = "mx.example.net", .cores = 1};

Config parsed(const std::string& text) {
    auto got = parse_config(text, "m.toml", kHost);
    EXPECT_EQ(format_faults("m.toml", got.faults), "");
    return std::move(got.config);
}

const LimitRow& row(const std::vector<LimitRow>& rows, std::string_view name) {
    const auto found = std::ranges::find(rows, name, &LimitRow::name);
    EXPECT_NE(found, rows.end()) << name;
    return *found;
}

std::string shipped() {
    std::ifstream in(maild::test::source_dir() / "conf/maild.toml");
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

TEST(LimitTable, NamesKeysOfTheConfigurationWithTheirDefaults) {
    const auto text = shipped();
    for (const auto& found : limit_rows(parsed(""), {})) {
        const auto line = "\n" + std::string(found.name) + " = " + std::to_string(found.limit);
        EXPECT_NE(text.find(line), text.npos) << line;
        EXPECT_FALSE(found.scope.empty() || found.unit.empty() || found.reply.empty());
    }
}

TEST(LimitTable, NoughtOrFalseSwitchesEachOff) {
    for (const char* off : {"0", "false"}) {
        std::string text;
        for (const char* section : {"limits", "auth"}) {
            text += "[" + std::string(section) + "]\n";
            for (const auto& found : limit_rows(parsed(""), {}))
                if (found.section == section && found.can_be_off)
                    text += std::string(found.name) + " = " + off + "\n";
        }
        for (const auto& found : limit_rows(parsed(text), {}))
            EXPECT_EQ(found.limit == 0, found.can_be_off) << found.name << " = " << off;
    }
}

TEST(LimitTable, TrueIsNoLimit) {
    const auto got = parse_config("[limits]\nmessages_per_hour = true\n", "m.toml", kHost);
    EXPECT_EQ(got.faults.size(), 1U);
}

TEST(LimitTable, ShowsWhoIsNearAndHowManyAreAtTheLimit) {
    const auto network = [](const char* text) { return *net::parse_network(text); };
    LimitFacts facts;
    facts.counters.push_back(
        {.rate = std::nullopt,
         .counted = 2,
         .at_limit = 1,
         .refusals = 7,
         .top = {{network("192.0.2.1"), 50, 0}, {network("2001:db8::/64"), 3, 3}}});
    facts.counters.push_back({.rate = auth::Rate::messages,
                              .is_of_network = true,
                              .counted = 1,
                              .top = {{network("192.0.2.0/24"), 12, std::nullopt}}});
    facts.suspects = {{network("192.0.2.9"), 3, {}}, {network("192.0.2.8"), 12, {}}};
    facts.sent = {{"ada@example.org", 9, 30}, {"bob@example.org", 8, 40}};
    facts.tally = {.messages = 1, .recipients = 2, .delayed_logins = 3, .turned_away = 4};
    facts.sessions = 11;
    const auto rows = limit_rows(parsed(""), facts);

    const auto& open = row(rows, "connections_per_address");
    EXPECT_EQ(open.counted, 2U);
    EXPECT_EQ(open.at_limit, 1U);
    EXPECT_EQ(open.refused, 7U);
    EXPECT_EQ(open.top.at(0).who, "192.0.2.1 smtp");
    EXPECT_EQ(open.top.at(1).who, "2001:db8::/64 imap");
    EXPECT_EQ(row(rows, "network_messages_per_hour").top.at(0).who, "192.0.2.0/24");
    EXPECT_EQ(row(rows, "messages_per_hour").top.size(), 0U);

    const auto& failures = row(rows, "failures_allowed");
    EXPECT_EQ(failures.at_limit, 1U);
    EXPECT_EQ(failures.refused, 3U);
    EXPECT_EQ(failures.top.at(0).who, "192.0.2.8");
    EXPECT_EQ(row(rows, "ban_after").at_limit, 0U);
    EXPECT_EQ(row(rows, "ban_after").refused, 4U);

    EXPECT_EQ(row(rows, "messages_per_day").top.at(0).who, "ada@example.org");
    EXPECT_EQ(row(rows, "recipients_per_day").top.at(0).who, "bob@example.org");
    EXPECT_EQ(row(rows, "recipients_per_day").refused, 2U);
    EXPECT_EQ(row(rows, "connections").top.at(0).count, 11U);
    EXPECT_FALSE(row(rows, "bad_commands").counted);
}

} // namespace
} // namespace maild::daemon
