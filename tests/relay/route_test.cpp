// Routes, and the way through a SOCKS proxy.
#include "relay/socks5_messages.hpp"
#include "support/error_of.hpp"
#include "support/streams.hpp"

#include "maild/relay/route.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace maild::relay {
namespace {

using namespace std::chrono_literals;

TEST(NextHop, IsReadAndWritten) {
    const struct {
        std::string text;
        NextHop want;
        std::string written{};
    } cases[] = {
        {"mx", {}},
        {"smtp:example.org", {.host = "example.org"}},
        {"smtp:Example.org:587", {.host = "example.org", .port = 587}, "smtp:example.org:587"},
        {"smtp:[mail.example.org]", {.host = "mail.example.org", .uses_mx = false}},
        {"smtp:[192.0.2.1]:2525", {.host = "192.0.2.1", .port = 2525, .uses_mx = false}},
        {"smtp:[2001:DB8::1]:25", {.host = "2001:db8::1", .uses_mx = false}, "smtp:[2001:db8::1]"},
        {"smtps:[mail.example.org]",
         {.host = "mail.example.org", .port = 465, .uses_mx = false, .wraps_tls = true}},
        {"lmtp:[127.0.0.1]:24",
         {.protocol = Protocol::lmtp, .host = "127.0.0.1", .port = 24, .uses_mx = false},
         "lmtp:[127.0.0.1]"},
    };
    for (const auto& c : cases) {
        const auto hop = parse_next_hop(c.text);
        ASSERT_TRUE(hop) << c.text << ": " << hop.error().internal;
        EXPECT_EQ(*hop, c.want) << c.text;
        EXPECT_EQ(format_next_hop(*hop), c.written.empty() ? c.text : c.written);
    }
    for (const auto* text : {"", "MX", "example.org", "smtp:", "smtp:192.0.2.1", "smtp:[192.0.2.1",
                             "smtp:[]", "smtp:[a b]", "smtp:example.org:", "smtp:example.org:0",
                             "smtp:example.org:65536", "smtp:example.org:25x", "smtp:[::1]25",
                             "lmtp:example.org", "http:[a.example]", "smtp:example.org."})
        EXPECT_EQ(test::error_of(parse_next_hop(text)), Errc::invalid_argument) << text;
}

TEST(Proxy, IsRead) {
    const struct {
        std::string text;
        Proxy want;
    } cases[] = {
        {"socks5://proxy.example.org", {.host = "proxy.example.org"}},
        {"SOCKS5://Proxy.example.org:9050", {.host = "proxy.example.org", .port = 9050}},
        {"socks5://127.0.0.1:1081", {.host = "127.0.0.1", .port = 1081}},
        {"socks5://[2001:DB8::1]:1081", {.host = "2001:db8::1", .port = 1081}},
    };
    for (const auto& c : cases) {
        const auto proxy = parse_proxy(c.text);
        ASSERT_TRUE(proxy) << c.text << ": " << proxy.error().internal;
        EXPECT_EQ(*proxy, c.want) << c.text;
    }
    for (const auto* text :
         {"", "socks5:", "socks5://", "socks4://a.example", "socks5://a b", "socks5://2001:db8::1",
          "socks5://[127.0.0.1]", "socks5://[::1", "socks5://[::1]1080", "socks5://a.example:0",
          "socks5://a.example:65536", "socks5://a.example:", "socks5://a.example:1/"})
        EXPECT_EQ(test::error_of(parse_proxy(text)), Errc::invalid_argument) << text;
}

RouteRule rule(std::string name, std::string recipients, std::string senders = "*") {
    return {.name = std::move(name),
            .recipients = std::move(recipients),
            .senders = std::move(senders),
            .route = {}};
}

TEST(Routes, HaveAPrecedence) {
    const auto routes =
        Routes::create({rule("all", "*"), rule("all again", "*"), rule("org", "*.org"),
                        rule("below", "*.example.org"), rule("exact", "example.org"),
                        rule("from a", "*", "a.example"), rule("from below a", "*", "*.a.example"),
                        rule("bounces", "*.net", "<>"), rule("net", "*.net"),
                        rule("both", "example.org", "a.example")})
            .value();
    const struct {
        const char* recipient;
        const char* sender;
        const char* want;
    } cases[] = {
        {"x.test", "b.example", "all"},
        {"x.test", "a.example", "from a"},
        {"x.test", "w.a.example", "from below a"},
        {"x.test", "", "all"},
        {"x.org", "a.example", "org"}, // the recipient's pattern stands above the sender's
        {"x.example.org", "", "below"},
        {"y.x.example.org", "", "below"},
        {"example.org", "b.example", "exact"},
        {"example.org", "a.example", "both"},
        {"x.net", "", "bounces"},
        {"x.net", "a.example", "net"},
        {"org", "", "all"},
    };
    for (const auto& c : cases) {
        const auto found = routes.find(c.recipient, c.sender);
        ASSERT_NE(found.rule, nullptr);
        EXPECT_EQ(found.rule->name, c.want) << c.recipient << " from " << c.sender;
    }
    const auto nothing = Routes().find("example.org", "a.example");
    EXPECT_EQ(nothing.rule, nullptr);
    EXPECT_EQ(nothing.route, Route{});
}

TEST(Routes, RefusePatternsThatAreNone) {
    for (const auto* pattern : {"", "*example.org", "a.*.org", "*.", "Example.org", "a b", "<>"})
        EXPECT_FALSE(Routes::create({rule("x", pattern)})) << pattern;
    EXPECT_FALSE(Routes::create({rule("x", "*", "*@example.org")}));
    EXPECT_TRUE(Routes::create({rule("x", "*", "<>")}));
}

TEST(Route, HasASourceOfTheSameFamily) {
    Route route;
    route.source_v4 = net::parse_ip("192.0.2.1");
    EXPECT_EQ(route.source_for(net::parse_ip("198.51.100.1").value()), net::parse_ip("192.0.2.1"));
    EXPECT_EQ(route.source_for(net::parse_ip("2001:db8::1").value()), std::nullopt);
}

// What the proxy hears, and what becomes of it when it says this.
class SocksTest : public ::testing::Test {
protected:
    struct Step {
        std::string hears;
        std::string says;
    };
    std::string connect(SocksTarget target, SocksUser user, std::vector<Step> steps) {
        auto ends = test::make_stream(io_);
        heard_well_ = true;
        rest_.clear();
        std::jthread proxy([&, fd = std::move(ends.peer)] {
            for (const auto& step : steps) {
                std::string in(step.hears.size(), '\0');
                const auto count = ::recv(fd.get(), in.data(), in.size(), MSG_WAITALL);
                heard_well_ =
                    heard_well_ && count == static_cast<ssize_t>(in.size()) && in == step.hears;
                test::send_all(fd.get(), step.says);
            }
        });
        const auto done = test::finish(
            io_, connect_socks5(ends.stream, std::move(target), 25, std::move(user), 5s));
        if (done) {
            const auto count = test::finish(io_, ends.stream.read_append(rest_, 100, 5s));
            static_cast<void>(count);
        }
        return done ? "good" : std::string(name_of(done.error().code));
    }
    boost::asio::io_context io_{1};
    bool heard_well_ = false;
    std::string rest_;
};

const std::string kOk("\5\0\0\1\0\0\0\0\0\0", 10);

TEST_F(SocksTest, Connects) {
    const auto v4 = net::parse_ip("192.0.2.1").value();
    const std::string ask_v4("\5\1\0\1\xc0\0\2\1\0\x19", 10);
    EXPECT_EQ(
        connect(v4, {},
                {{std::string("\5\1\0", 3), std::string("\5\0", 2)}, {ask_v4, kOk + "220 mx\r\n"}}),
        "good");
    EXPECT_TRUE(heard_well_);
    EXPECT_EQ(rest_, "220 mx\r\n"); // not an octet of it was taken
    const std::string name_reply("\5\0\0\3\3abc\0\x19", 10);
    EXPECT_EQ(connect(std::string("mx.example"), {"u", "pw"},
                      {{std::string("\5\2\0\2", 4), "\5\2"},
                       {"\1\1u\2pw", std::string("\1\0", 2)},
                       {std::string("\5\1\0\3\x0amx.example\0\x19", 17), name_reply + "x"}}),
              "good");
    EXPECT_TRUE(heard_well_);
    EXPECT_EQ(rest_, "x");
    const std::string v6_reply = std::string("\5\0\0\4", 4) + std::string(18, '\0');
    EXPECT_EQ(connect(net::parse_ip("2001:db8::1").value(), {},
                      {{std::string("\5\1\0", 3), std::string("\5\0", 2)},
                       {std::string("\5\1\0\4\x20\1\x0d\xb8", 8) + std::string(11, '\0') +
                            std::string("\1\0\x19", 3),
                        v6_reply + "y"}}),
              "good");
    EXPECT_TRUE(heard_well_);
    EXPECT_EQ(rest_, "y");
}

TEST_F(SocksTest, SaysWhyNot) {
    const auto v4 = net::parse_ip("192.0.2.1").value();
    const Step greeting{std::string("\5\1\0", 3), std::string("\5\0", 2)};
    const std::string ask(10, '\0');
    EXPECT_EQ(connect(v4, {}, {{greeting.hears, "\5\xff"}}), "authentication_failed");
    EXPECT_EQ(connect(v4, {}, {{greeting.hears, "\5\2"}}), "authentication_failed");
    EXPECT_EQ(connect(v4, {}, {{greeting.hears, "HTTP/1.1 400"}}), "protocol_error");
    EXPECT_EQ(connect(v4, {}, {greeting, {ask, std::string("\5\5\0\1\0\0\0\0\0\0", 10)}}),
              "unavailable");
    EXPECT_EQ(connect(v4, {}, {greeting, {ask, std::string("\5\0\0\7\0\0\0\0\0\0", 10)}}),
              "protocol_error");
    EXPECT_EQ(connect(v4, {}, {greeting, {ask, "\5"}}), "closed");
    EXPECT_EQ(connect(v4, {}, {}), "closed");
    EXPECT_EQ(
        connect(v4, {"u", "pw"}, {{std::string("\5\2\0\2", 4), "\5\2"}, {"\1\1u\2pw", "\1\1"}}),
        "authentication_failed");
    EXPECT_FALSE(format_socks_user({std::string(256, 'u'), ""}));
    EXPECT_FALSE(format_socks_connect(std::string("no name"), 25).has_value() &&
                 format_socks_connect(std::string(), 25).has_value());
}

} // namespace
} // namespace maild::relay
