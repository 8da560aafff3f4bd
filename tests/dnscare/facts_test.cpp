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
    zone.facts.certificates = {{{"mx.example.net", "*.example.com"}, "a chain"}, {{}, ""}};
    const auto text = json::serialize(to_json(zone.facts));
    const auto back = facts_from_json(json::parse(text));
    ASSERT_TRUE(back.has_value());
    EXPECT_EQ(json::serialize(to_json(*back)), text);
    EXPECT_EQ(back->keys.back().use, KeyUse::retired);
    EXPECT_EQ(back->addresses, zone.facts.addresses);
    EXPECT_EQ(back->certificate_for("a.example.com"), "a chain");
    ASSERT_TRUE(back->policy.has_value());
    EXPECT_EQ(back->policy->mx, zone.facts.policy->mx);
    zone.facts.policy = ServedPolicy{.fault = "certificate", .words = "it is for another name"};
    EXPECT_EQ(facts_from_json(to_json(zone.facts)).value().policy->words, "it is for another name");
    zone.facts.policy.reset();
    EXPECT_FALSE(facts_from_json(to_json(zone.facts)).value().policy.has_value());
}

// As a worker finds it: the name itself before one with "*", which stands for one label.
TEST(DomainFacts, KnowWhichCertificateANameHas) {
    DomainFacts facts{"example.org", "mail.example.org"};
    facts.certificate = "own";
    facts.certificates = {{{"*.example.com"}, "any"},
                          {{"mx.example.com", "example.com"}, "one"},
                          {{"mx.example.com"}, "late"}};
    const std::pair<const char*, const char*> cases[] = {
        {"mx.example.com", "one"},
        {"MX.Example.Com", "one"},
        {"imap.example.com", "any"},
        {"a.imap.example.com", "own"},
        {"example.com", "one"},
        {"mail.example.org", "own"},
        {"com", "own"},
        {"", "own"},
    };
    for (const auto& [name, want] : cases) EXPECT_EQ(facts.certificate_for(name), want) << name;
}

TEST(DomainFacts, AreReadStrictly) {
    test::GoodZone zone;
    const auto good = to_json(zone.facts);
    const auto with_policy = [&](const char* name, json::value value) {
        auto policy = good.at("policy").as_object();
        policy[name] = std::move(value);
        return policy;
    };
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
        {"certificates", nullptr},
        {"policy", "none"},
        {"policy", json::object{}},
        {"policy", with_policy("mode", "Enforce")},
        {"policy", with_policy("fault", "other")},
        {"policy", with_policy("max_age", -1)},
        {"policy", with_policy("mx", json::array{"a b"})},
        {"policy", with_policy("mx", json::array{"*."})},
        {"certificates", json::array{json::object{{"names", json::array{}}}}},
        {"certificates", json::array{json::object{{"names", json::array{"A b"}}, {"chain", ""}}}},
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
