#include "dnscare/good_zone.hpp"

#include "maild/dnscare/facts.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <gmock/gmock.h>

namespace maild::dnscare {
namespace {

namespace json = boost::json;

TEST(DomainFacts, ComeBackFromJson) {
    test::GoodZone zone;
    zone.facts.keys.back().use = KeyUse::retired;
    const auto text = json::serialize(to_json(zone.facts));
    const auto back = facts_from_json(json::parse(text));
    ASSERT_TRUE(back.has_value());
    EXPECT_EQ(json::serialize(to_json(*back)), text);
    EXPECT_EQ(back->keys.back().use, KeyUse::retired);
    EXPECT_EQ(back->addresses, zone.facts.addresses);
}

TEST(DomainFacts, AreReadStrictly) {
    test::GoodZone zone;
    const auto good = to_json(zone.facts);
    const std::pair<const char*, json::value> changes[] = {
        {"domain", "a..b"},
        {"domain", nullptr},
        {"host", ""},
        {"host", 3},
        {"accounts", -1},
        {"accounts", "3"},
        {"addresses", json::array{"192.0.2"}},
        {"addresses", nullptr},
        {"keys", json::array{json::object{{"name", "x"}}}},
        {"keys", json::array(kMaxFacts + 1)},
        {"services", json::array{json::object{{"name", "IMAP"}, {"port", 1}}}},
        {"services", json::array{json::object{{"name", "imap"}, {"port", 0}}}},
        {"services", json::array{json::object{{"name", "imap"}, {"port", 65536}}}},
    };
    for (const auto& [name, value] : changes) {
        auto changed = good;
        changed[name] = value;
        EXPECT_FALSE(facts_from_json(changed).has_value())
            << name << ": " << json::serialize(value);
    }
    EXPECT_FALSE(facts_from_json(nullptr).has_value());
}

} // namespace
} // namespace maild::dnscare
