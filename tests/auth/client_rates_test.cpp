#include "support/fake_clock.hpp"

#include "maild/auth/client_rates.hpp"

#include <gtest/gtest.h>

#include <string>

namespace maild::auth {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kLine = 7;
constexpr std::uint64_t kOther = 8;

net::IpAddress ip(const std::string& text) { return *net::parse_ip(text); }
net::Network network(const std::string& text) { return *net::parse_network(text); }

// "messages of a network: 3", or "taken".
std::string words(const std::optional<RateRefusal>& refusal) {
    if (!refusal) return "taken";
    return (refusal->rate ? std::string(name_of(*refusal->rate)) : "open") + " of " +
           (refusal->is_of_network ? "a network: " : "an address: ") +
           std::to_string(refusal->limit);
}

class ClientRatesTest : public ::testing::Test {
protected:
    static ClientLimits limits() {
        ClientLimits out{.connections = 2, .trusted = {network("10.0.0.0/8")}};
        out.of(Rate::connections) = {5, 8};
        out.of(Rate::messages) = {2, 3};
        out.of(Rate::recipients) = {4, 6};
        out.of(Rate::refused) = {2, 3};
        return out;
    }
    std::string arrive(const std::string& from, std::uint32_t open, std::uint64_t line = kLine,
                       std::uint8_t service = 0) {
        return words(rates_.arrive(line, {service, ip(from), open}));
    }
    std::string message(const std::string& from) { return words(rates_.begin_message(ip(from))); }
    std::string recipient(const std::string& from) { return words(rates_.add_recipient(ip(from))); }
    ClientRates::Counter counter(std::optional<Rate> rate, bool is_of_network = false) {
        for (const auto& found : rates_.list(10))
            if (found.rate == rate && found.is_of_network == is_of_network) return found;
        ADD_FAILURE();
        return {};
    }

    test::FakeClock clock_;
    test::SeededRandom random_{1};
    ClientRates rates_{clock_, random_, limits()};
};

TEST_F(ClientRatesTest, CountsByAddressAndByNetwork) {
    const struct {
        const char* from;
        const char* want;
    } kTable[] = {
        {"192.0.2.1", "taken"},
        {"192.0.2.1", "taken"},
        {"192.0.2.1", "messages of an address: 2"},
        {"192.0.2.1", "messages of an address: 2"}, // what was refused is not counted …
        {"192.0.2.2", "taken"},                     // … for the network neither
        {"192.0.2.3", "messages of a network: 3"},
        {"::ffff:192.0.2.3", "messages of a network: 3"},
        {"192.0.3.1", "taken"},
        {"2001:db8:1:1::1", "taken"},
        {"2001:db8:1:1::2", "taken"},
        {"2001:db8:1:1::3", "messages of an address: 2"}, // one /64
        {"2001:db8:1:2::1", "taken"},
        {"2001:db8:1:3::1", "messages of a network: 3"}, // one /48
        {"2001:db8:2:1::1", "taken"},
    };
    for (const auto& row : kTable) EXPECT_EQ(message(row.from), row.want) << row.from;
    for (int i = 0; i < 10; ++i) {
        EXPECT_EQ(message("127.0.0.1"), "taken") << "this host";
        EXPECT_EQ(message("::1"), "taken");
        EXPECT_EQ(message("10.1.2.3"), "taken") << "trusted";
    }
}

TEST_F(ClientRatesTest, LetsInAgainWhenTheHourIsOver) {
    EXPECT_EQ(message("192.0.2.1"), "taken");
    EXPECT_EQ(message("192.0.2.1"), "taken");
    clock_.advance(30min);
    EXPECT_EQ(message("192.0.2.1"), "messages of an address: 2");
    clock_.advance(2h);
    EXPECT_EQ(message("192.0.2.1"), "taken");
}

TEST_F(ClientRatesTest, CountsConnectionsAMinute) {
    for (int i = 0; i < 5; ++i) EXPECT_EQ(arrive("192.0.2.1", 1), "taken");
    EXPECT_EQ(arrive("192.0.2.1", 1), "connections of an address: 5");
    for (int i = 0; i < 3; ++i) EXPECT_EQ(arrive("192.0.2.2", 1), "taken");
    EXPECT_EQ(arrive("192.0.2.2", 1), "connections of a network: 8");
    clock_.advance(2min);
    EXPECT_EQ(arrive("192.0.2.1", 1), "taken");
}

TEST_F(ClientRatesTest, AddsUpWhatAllWorkersHaveOpen) {
    EXPECT_EQ(arrive("192.0.2.1", 1), "taken");
    EXPECT_EQ(arrive("192.0.2.1", 1, kOther), "taken");
    EXPECT_EQ(arrive("192.0.2.1", 2), "open of an address: 2");
    EXPECT_EQ(arrive("192.0.2.1", 1, kLine, 3), "taken") << "of another service";
    rates_.set_open(kLine, {0, ip("192.0.2.1"), 0});
    EXPECT_EQ(arrive("192.0.2.1", 1), "taken") << "one has left";
    EXPECT_EQ(arrive("192.0.2.1", 2), "open of an address: 2");
    rates_.lose(kOther);
    EXPECT_EQ(arrive("192.0.2.1", 2), "taken") << "the other worker has died";
    rates_.lose(kLine);
    EXPECT_EQ(counter(std::nullopt).counted, 0U);
}

TEST_F(ClientRatesTest, KeepsNothingOfWhoWasRefused) {
    for (std::uint32_t open = 1; open < 4; ++open) (void)arrive("192.0.2.1", open);
    EXPECT_EQ(counter(std::nullopt).top.front().count, 2U);
    rates_.set_open(kLine, {0, ip("192.0.2.1"), 2}); // as the worker says after a refusal
    rates_.set_open(kLine, {0, ip("192.0.2.1"), 0});
    rates_.set_open(kLine, {0, ip("192.0.2.1"), 0});
    EXPECT_EQ(counter(std::nullopt).counted, 0U);
}

TEST_F(ClientRatesTest, TellsWhoGuessesNothingMore) {
    EXPECT_EQ(recipient("192.0.2.1"), "taken");
    rates_.note_refused(ip("192.0.2.1"));
    EXPECT_EQ(recipient("192.0.2.1"), "taken");
    rates_.note_refused(ip("192.0.2.1"));
    EXPECT_EQ(recipient("192.0.2.1"), "refused recipients of an address: 2");
    rates_.note_refused(ip("192.0.2.2"));
    EXPECT_EQ(recipient("192.0.2.3"), "refused recipients of a network: 3");
    EXPECT_EQ(message("192.0.2.1"), "taken") << "who only begins learns nothing";
}

TEST_F(ClientRatesTest, NoughtIsNoLimitAndKeepsNothing) {
    rates_.set_limits({.connections = 0, .rates = {}});
    for (int i = 1; i < 100; ++i) {
        EXPECT_EQ(arrive("192.0.2.1", 1), "taken");
        EXPECT_EQ(message("192.0.2.1"), "taken");
        EXPECT_EQ(recipient("192.0.2.1"), "taken");
        rates_.note_refused(ip("192.0.2.1"));
    }
    for (const auto& found : rates_.list(10))
        EXPECT_EQ(found.counted, found.rate ? 0U : 1U);
}

TEST_F(ClientRatesTest, ShowsWhoComesNearest) {
    (void)message("192.0.2.1");
    (void)message("192.0.2.1");
    (void)message("192.0.2.1");
    (void)message("2001:db8::1");
    const auto addresses = counter(Rate::messages);
    EXPECT_EQ(addresses.counted, 2U);
    EXPECT_EQ(addresses.at_limit, 1U);
    EXPECT_EQ(addresses.refusals, 1U);
    ASSERT_EQ(addresses.top.size(), 2U);
    EXPECT_EQ(net::format_network(addresses.top[0].who), "192.0.2.1");
    EXPECT_EQ(addresses.top[0].count, 2U);
    EXPECT_EQ(net::format_network(addresses.top[1].who), "2001:db8::/64");
    EXPECT_EQ(net::format_network(counter(Rate::messages, true).top[1].who), "2001:db8::/48");
    EXPECT_EQ(rates_.list(1)[3].top.size(), 1U);
}

TEST_F(ClientRatesTest, ForgetsAnAddressOrANetwork) {
    const auto fill = [&] {
        for (const char* from : {"192.0.2.1", "192.0.2.1", "192.0.2.2"}) (void)message(from);
    };
    fill();
    EXPECT_EQ(rates_.forget(network("198.51.100.0/24")), 0U);
    EXPECT_EQ(rates_.forget(network("192.0.2.1")), 1U);
    EXPECT_EQ(message("192.0.2.1"), "messages of a network: 3") << "which was not named";
    EXPECT_EQ(rates_.forget(network("192.0.2.0/24")), 2U);
    EXPECT_EQ(message("192.0.2.1"), "taken");
    fill();
    EXPECT_EQ(rates_.forget(network("192.0.0.0/16")), 3U);
    EXPECT_EQ(counter(Rate::messages).counted, 0U);
}

} // namespace
} // namespace maild::auth
