#include "support/fake_clock.hpp"
#include "support/memory_resolver.hpp"
#include "support/run_task.hpp"

#include "maild/relay/destination.hpp"

#include <gtest/gtest.h>

#include <set>

namespace maild::relay {
namespace {

class DestinationTest : public ::testing::Test {
protected:
    // Hosts as "name address address; …", or the status.
    std::string find(const std::string& domain, std::uint64_t seed = 1) {
        test::SeededRandom random(seed);
        found_ = test::run_task(find_destination(dns_, random, domain, options_));
        return text();
    }
    std::string text() const {
        if (!found_) return found_.error().status;
        std::string out;
        for (const auto& host : found_.value().hosts) {
            if (!out.empty()) out += "; ";
            out += host.name;
            for (const auto& address : host.addresses) out += " " + net::format_ip(address);
        }
        return out;
    }

    test::MemoryResolver dns_;
    LookupOptions options_;
    Result<Destination, Outcome> found_ = std::unexpected(Outcome{});
};

TEST_F(DestinationTest, HasItsHostsInTheirOrder) {
    dns_.add_mx("example.net", 20, "B.example.net.");
    dns_.add_mx("example.net", 10, "a.example.net");
    dns_.add_mx("example.net", 30, "a.example.net");
    dns_.add_a("a.example.net", "192.0.2.1");
    dns_.add_a("a.example.net", "192.0.2.2");
    dns_.add_aaaa("a.example.net", "2001:db8::1");
    dns_.add_a("b.example.net", "192.0.2.9");
    EXPECT_EQ(find("Example.NET"),
              "a.example.net 2001:db8::1 192.0.2.1 192.0.2.2; b.example.net 192.0.2.9");
    EXPECT_EQ(found_->domain, "example.net");
    EXPECT_TRUE(found_->has_mx);
    EXPECT_FALSE(found_->is_mx_secure || found_->hosts[0].is_secure);
    options_.uses_ipv6 = false;
    EXPECT_EQ(find("example.net"), "a.example.net 192.0.2.1 192.0.2.2; b.example.net 192.0.2.9");
    dns_.set_secure(true);
    find("example.net");
    EXPECT_TRUE(found_->is_mx_secure && found_->hosts[1].is_secure);
}

TEST_F(DestinationTest, ShufflesHostsOfOnePreference) {
    for (const auto* name : {"a", "b", "c"}) {
        dns_.add_mx("example.net", 10, std::string(name) + ".example.net");
        dns_.add_a(std::string(name) + ".example.net", "192.0.2.1");
    }
    dns_.add_mx("example.net", 20, "last.example.net");
    dns_.add_a("last.example.net", "192.0.2.1");
    std::set<std::string> orders;
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
        const auto order = find("example.net", seed);
        EXPECT_TRUE(order.ends_with("; last.example.net 192.0.2.1"));
        EXPECT_EQ(order, find("example.net", seed));
        orders.insert(order);
    }
    EXPECT_EQ(orders.size(), 6U);
}

TEST_F(DestinationTest, MayBeNoneOfAllThese) {
    dns_.add_mx("null.example", 0, "");
    EXPECT_EQ(find("null.example"), "5.1.10");
    EXPECT_EQ(find("missing.example"), "5.1.2");
    dns_.add_name("empty.example");
    EXPECT_EQ(find("empty.example"), "5.1.2");
    dns_.add_mx("dangling.example", 10, "nobody.example");
    EXPECT_EQ(find("dangling.example"), "5.4.4");
    dns_.add_mx("both.example", 0, "");
    dns_.add_mx("both.example", 10, "mx.example");
    dns_.add_a("mx.example", "192.0.2.1");
    EXPECT_EQ(find("both.example"), "mx.example 192.0.2.1");
    dns_.add_mx("local.example", 10, "localhost");
    dns_.add_a("localhost", "127.0.0.1");
    EXPECT_EQ(find("local.example"), "5.4.4");
    options_.allows_loopback = true;
    EXPECT_EQ(find("local.example"), "localhost 127.0.0.1");
    dns_.add_mx("zero.example", 10, "zero.mx.example");
    dns_.add_a("zero.mx.example", "0.0.0.0");
    dns_.add_aaaa("zero.mx.example", "ff02::1");
    EXPECT_EQ(find("zero.example"), "5.4.4");
    EXPECT_EQ(find(""), "5.1.2");
    EXPECT_EQ(find("a..b"), "5.1.2");
}

TEST_F(DestinationTest, IsItsOwnHostWithoutMxRecordsAlone) {
    dns_.add_a("host.example", "192.0.2.1");
    EXPECT_EQ(find("host.example"), "host.example 192.0.2.1");
    EXPECT_FALSE(found_->has_mx);
    dns_.fail("host.example", net::DnsType::mx);
    EXPECT_EQ(find("host.example"), "4.4.3");
    dns_.add_cname("alias.example", "real.example");
    dns_.add_mx("real.example", 10, "mx.real.example");
    dns_.add_a("mx.real.example", "192.0.2.2");
    EXPECT_EQ(find("alias.example"), "mx.real.example 192.0.2.2");
}

TEST_F(DestinationTest, WaitsForADnsThatDoesNotTell) {
    dns_.add_mx("example.net", 10, "a.example.net");
    dns_.add_mx("example.net", 20, "b.example.net");
    dns_.fail("a.example.net");
    dns_.fail("b.example.net");
    EXPECT_EQ(find("example.net"), "4.4.3");
    test::MemoryResolver other;
    dns_ = other;
    dns_.add_mx("example.net", 10, "a.example.net");
    dns_.add_mx("example.net", 20, "b.example.net");
    dns_.fail("a.example.net");
    dns_.add_a("b.example.net", "192.0.2.1");
    EXPECT_EQ(find("example.net"), "b.example.net 192.0.2.1");
    EXPECT_NE(found_->problem, "");
    dns_.set_bogus(true);
    EXPECT_EQ(find("example.net"), "4.4.3");
    EXPECT_TRUE(found_.error().words.contains("bogus"));
}

TEST_F(DestinationTest, UsesOnlyBetterHostsThanThisOne) {
    for (const auto* name : {"a", "b", "c"})
        dns_.add_a(std::string(name) + ".example.net",
                   "192.0.2." + std::to_string(name[0] - 'a' + 1));
    dns_.add_mx("example.net", 10, "a.example.net");
    dns_.add_mx("example.net", 20, "b.example.net");
    dns_.add_mx("example.net", 20, "c.example.net");
    options_.own_names = {"b.example.net"};
    EXPECT_EQ(find("example.net"), "a.example.net 192.0.2.1");
    options_.own_names = {"a.example.net"};
    EXPECT_EQ(find("example.net"), "5.4.6");
    options_.own_names = {};
    options_.own_addresses = {net::parse_ip("192.0.2.3").value()};
    EXPECT_EQ(find("example.net"), "a.example.net 192.0.2.1");
    options_.own_addresses = {net::parse_ip("192.0.2.1").value()};
    EXPECT_EQ(find("example.net"), "5.4.6");
    EXPECT_EQ(find("a.example.net"), "5.4.6");
    EXPECT_EQ(find("[192.0.2.1]"), "5.4.6");
}

TEST_F(DestinationTest, MayBeAnAddress) {
    EXPECT_EQ(find("[192.0.2.1]"), "192.0.2.1 192.0.2.1");
    EXPECT_EQ(find("[IPv6:2001:db8::1]"), "2001:db8::1 2001:db8::1");
    EXPECT_EQ(find("[192.0.2.999]"), "5.1.2");
    EXPECT_EQ(find("[127.0.0.1]"), "5.4.4");
    options_.uses_ipv6 = false;
    EXPECT_EQ(find("[IPv6:2001:db8::1]"), "5.4.4");
    EXPECT_TRUE(dns_.asked.empty());
}

TEST_F(DestinationTest, IsBounded) {
    for (int i = 0; i < 500; ++i) {
        const auto name = "mx" + std::to_string(i) + ".example.net";
        dns_.add_mx("example.net", static_cast<std::uint16_t>(i), name);
        for (int j = 1; j < 100; ++j) dns_.add_a(name, "192.0.2." + std::to_string(j));
    }
    find("example.net");
    EXPECT_EQ(found_->hosts.size(), kMaxAllAddresses / kMaxHostAddresses);
    EXPECT_EQ(found_->hosts[0].addresses.size(), kMaxHostAddresses);
    test::MemoryResolver other;
    dns_ = other;
    for (int i = 0; i < 500; ++i)
        dns_.add_mx("example.net", 10, "mx" + std::to_string(i) + ".example.net");
    EXPECT_EQ(find("example.net"), "5.4.4");
    EXPECT_EQ(dns_.asked.size(), 1 + 2 * kMaxHosts);
    EXPECT_LT(found_.error().words.size(), 1000U);
}

TEST_F(DestinationTest, IsTheHostThatARouteNames) {
    dns_.add_mx("smart.example", 10, "other.example");
    dns_.add_a("smart.example", "127.0.0.1");
    options_.allows_loopback = true;
    found_ = test::run_task(find_host(dns_, "Smart.example", options_));
    EXPECT_EQ(text(), "smart.example 127.0.0.1");
    found_ = test::run_task(find_host(dns_, "2001:db8::7", options_));
    EXPECT_EQ(text(), "2001:db8::7 2001:db8::7");
    found_ = test::run_task(find_host(dns_, "missing.example", options_));
    EXPECT_EQ(text(), "4.3.5");
    EXPECT_EQ(found_.error().fate, Fate::deferred);
}

// What an admin has got wrong costs no mail.
TEST_F(DestinationTest, MayBeConfigured) {
    options_.is_configured = true;
    EXPECT_EQ(find("missing.example"), "4.3.5");
    EXPECT_EQ(found_.error().fate, Fate::deferred);
    EXPECT_TRUE(found_.error().words.contains("there is no domain missing.example"));
    dns_.add_mx("null.example", 0, "");
    EXPECT_EQ(find("null.example"), "4.3.5");
    dns_.fail("down.example");
    EXPECT_EQ(find("down.example"), "4.4.3");
    dns_.add_a("here.example", "192.0.2.1");
    EXPECT_EQ(find("here.example"), "here.example 192.0.2.1");
    options_.own_names = {"here.example"};
    EXPECT_EQ(find("here.example"), "4.3.5");
}

} // namespace
} // namespace maild::relay
