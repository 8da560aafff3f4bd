// MTA-STS: records, policies, the cache, and what is in force for a domain.
#include "relay/scripted_peer.hpp"
#include "support/conformance.hpp"
#include "support/fake_clock.hpp"
#include "support/json.hpp"
#include "support/memory_resolver.hpp"
#include "support/streams.hpp"

#include "maild/net/client_tls.hpp"
#include "maild/net/spawn.hpp"
#include "maild/relay/sts_fetch.hpp"

#include <gtest/gtest.h>

namespace maild::relay {
namespace {

using namespace std::chrono_literals;

TEST(StsRecord, HasOneId) {
    const struct {
        std::vector<std::string> texts;
        std::string want; // empty: none
    } cases[] = {
        {{"v=STSv1; id=20160831085700Z;"}, "20160831085700Z"},
        {{"v=STSv1;id=1"}, "1"},
        {{"v=STSv1 ; a=b; id=1 ; c=d"}, "1"},
        {{"v=spf1 -all", "v=STSv1; id=1"}, "1"},
        {{"v=STSv1; id=1", "v=STSv1; id=1"}, ""},
        {{"v=STSv1; id=1; id=2"}, ""},
        {{"v=STSv1; id="}, ""},
        {{"v=STSv1; id=a-b"}, ""},
        {{"v=STSv1; id=" + std::string(33, 'x')}, ""},
        {{"v=STSv1"}, ""},
        {{"v=STSv1;; id=1"}, ""},
        {{"v=STSv1; id=1;;"}, ""},
        {{"v=STSv1; id=1; a = b"}, ""},
        {{"v=STSv10; id=1"}, ""},
        {{" v=STSv1; id=1"}, ""},
        {{"V=STSV1; id=1"}, ""},
        {{}, ""},
    };
    for (const auto& c : cases)
        EXPECT_EQ(parse_sts_record(c.texts).value_or(""), c.want)
            << testing::PrintToString(c.texts);
}

TEST(StsPolicy, IsRead) {
    const auto policy =
        parse_sts_policy("version: STSv1\r\nmode: enforce\r\nmx: Mail.example.com\r\n"
                         "mx:*.example.net\r\nx-new: y\r\nmax_age: 604800\r\n");
    ASSERT_TRUE(policy) << policy.error().internal;
    EXPECT_EQ(policy->mode, StsMode::enforce);
    EXPECT_EQ(policy->max_age, 604800s);
    EXPECT_EQ(policy->mx, (std::vector<std::string>{"mail.example.com", "*.example.net"}));
    // What stands twice counts once, §3.2.
    EXPECT_EQ(parse_sts_policy("version: STSv1\nmode: none\nmode: enforce\nmax_age: 1\nmax_age: 2")
                  ->max_age,
              1s);
    EXPECT_EQ(parse_sts_policy("version: STSv1\nmode: none\nmax_age: 9999999999")->max_age,
              kMaxStsAge);
}

TEST(StsPolicy, IsNoneWithoutAllOfThis) {
    const std::string good = "version: STSv1\nmode: testing\nmx: a.example\nmax_age: 1\n";
    EXPECT_TRUE(parse_sts_policy(good));
    const std::string cases[] = {
        "",
        "mode: testing\nmx: a.example\nmax_age: 1\n",
        "version: STSv2\nmode: testing\nmx: a.example\nmax_age: 1\n",
        "version: STSv1\nmx: a.example\nmax_age: 1\n",
        "version: STSv1\nmode: Enforce\nmx: a.example\nmax_age: 1\n",
        "version: STSv1\nmode: testing\nmax_age: 1\n",
        "version: STSv1\nmode: testing\nmx: a.example\n",
        "version: STSv1\nmode: testing\nmx: a.example\nmax_age: -1\n",
        "version: STSv1\nmode: testing\nmx: a.example\nmax_age: 99999999999\n",
        good + "mx: a b\n",
        good + "mx: *\n",
        good + "mx: a.*.example\n",
        good + "mx:\n",
        good + "mx: -\n",
        good + "<html>\n",
        good + std::string(kMaxStsPolicy, '\n'),
        [&] {
            auto many = good;
            for (std::size_t i = 0; i < kMaxStsPatterns; ++i) many += "mx: b.example\n";
            return many;
        }(),
    };
    for (const auto& text : cases) EXPECT_FALSE(parse_sts_policy(text)) << text.substr(0, 100);
}

TEST(StsSuites, RecordsAndPoliciesOfMox) {
    MAILD_NEEDS_SUITE("record-parsers-mox");
    test::Score score("record-parsers-mox MTA-STS");
    const auto vectors = test::JsonReader::read(
        test::read_whole(test::conformance_suite("record-parsers-mox") / "vectors.json"));
    for (const auto& c : vectors["mtasts:TestRecord"].array()) {
        const std::string texts[] = {c["input"].text()};
        score.add(parse_sts_record(texts).has_value() == c["ok"].boolean(), texts[0]);
    }
    for (const auto& c : vectors["mtasts:TestParsePolicy"].array())
        score.add(parse_sts_policy(c["input"].text()).has_value() == c["ok"].boolean(),
                  c["input"].text());
}

TEST(StsPolicy, NamesHosts) {
    const StsPolicy policy{StsMode::enforce, 1s, {"mail.example.com", "*.example.net"}};
    EXPECT_TRUE(policy.allows("Mail.Example.com"));
    EXPECT_TRUE(policy.allows("mx1.example.net"));
    EXPECT_FALSE(policy.allows("a.mx1.example.net"));
    EXPECT_FALSE(policy.allows("example.net"));
    EXPECT_FALSE(policy.allows("mail2.example.com"));
    EXPECT_FALSE(policy.allows(""));
}

StsEntry entry(std::string id, long long expires) {
    return {std::move(id),
            {StsMode::enforce, 100s, {"mx.example", "*.b.example"}},
            from_unix_seconds(expires)};
}

TEST(StsCache, IsBoundedAndSurvivesAsText) {
    StsCache cache(3);
    cache.put("a.example", entry("1", 400));
    cache.put("b.example", entry("2", 100));
    cache.put("c.example", {"3", {StsMode::none, 50s, {}}, from_unix_seconds(300)});
    cache.put("d.example", entry("4", 200));
    EXPECT_EQ(cache.size(), 3U);
    EXPECT_EQ(cache.find("b.example", from_unix_seconds(0)), nullptr);
    EXPECT_NE(cache.find("d.example", from_unix_seconds(199)), nullptr);
    EXPECT_EQ(cache.find("d.example", from_unix_seconds(200)), nullptr);
    const auto text = cache.format();
    EXPECT_EQ(text, "maild-mta-sts 1\n"
                    "a.example 1 400 enforce 100 mx.example,*.b.example\n"
                    "c.example 3 300 none 50 -\n"
                    "d.example 4 200 enforce 100 mx.example,*.b.example\n");
    const auto again = StsCache::parse(text);
    EXPECT_EQ(again.format(), text);
    EXPECT_EQ(*again.find("a.example", from_unix_seconds(0)), entry("1", 400));
    EXPECT_EQ(StsCache::parse(text + "junk\na b c\nE.example 1 400 none 1 -\n").format(), text);
    EXPECT_EQ(StsCache::parse("maild-mta-sts 2\na.example 1 400 none 1 -\n").size(), 0U);
    EXPECT_EQ(StsCache::parse("").size(), 0U);
}

TEST(StsCache, CountsWhatIsDamaged) {
    StsCache cache;
    cache.put("a.example", entry("1", 400));
    cache.put("b.example", entry("2", 500));
    const auto text = cache.format();
    const struct {
        std::string text;
        std::size_t lines;
        std::size_t damaged;
    } cases[] = {
        {"", 0, 0},
        {text, 2, 0},
        {text + "junk\n\n", 2, 2},
        {"\xff\n" + text, 0, 1},
        {"maild-mta-sts 2\n", 0, 1},
        {std::string(300, '\0'), 0, 1},
        // A name that was cut off would be another host's.
        {text.substr(0, text.size() - 3), 1, 1},
        {text.substr(0, text.size() - 1), 1, 1},
    };
    for (const auto& c : cases) {
        std::size_t damaged = 99;
        EXPECT_EQ(StsCache::parse(c.text, StsCache::kMost, &damaged).size(), c.lines) << c.text;
        EXPECT_EQ(damaged, c.damaged) << c.text;
    }
}

// What protects least goes first, and a policy of an unusual size before all.
TEST(StsCache, LeavesOutFirstWhatMattersLeast) {
    StsCache cache;
    std::vector<std::string> many;
    for (std::size_t i = 0; i < kMaxStsPatterns; ++i)
        many.push_back("mx" + std::to_string(i) + "." + std::string(60, 'x') + ".example");
    cache.put("long.example", {"1", {StsMode::enforce, 100s, many}, from_unix_seconds(900)});
    cache.put("late.example", {"1", {StsMode::enforce, 100s, {"a.b"}}, from_unix_seconds(800)});
    cache.put("soon.example", {"1", {StsMode::enforce, 100s, {"a.b"}}, from_unix_seconds(300)});
    cache.put("test.example", {"1", {StsMode::testing, 100s, {"a.b"}}, from_unix_seconds(900)});
    cache.put("none.example", {"1", {StsMode::none, 100s, {}}, from_unix_seconds(900)});
    const auto all = cache.format();
    EXPECT_EQ(cache.format(all.size()), all);
    // One octet less than it had, again and again.
    std::vector<std::string> left_out;
    for (auto text = all; StsCache::parse(text).size() > 0;) {
        const auto before = StsCache::parse(text);
        text = cache.format(text.size() - 1);
        const auto after = StsCache::parse(text);
        for (const auto* name : {"long", "late", "soon", "test", "none"}) {
            const auto domain = std::string(name) + ".example";
            if (before.find(domain, {}) != nullptr && after.find(domain, {}) == nullptr)
                left_out.emplace_back(name);
        }
    }
    EXPECT_EQ(left_out, (std::vector<std::string>{"long", "none", "test", "soon", "late"}));
    EXPECT_EQ(cache.format(1), "maild-mta-sts 1\n");
}

TEST(StsCache, ForgetsWhatIsOverAndKeepsWhatIsHere) {
    StsCache kept;
    kept.put("over.example", entry("1", 1'000));
    kept.put("ours.example", entry("1", 1'050));
    kept.put("far.example", entry("1", 99'000)); // max_age is 100 s
    kept.settle(from_unix_seconds(1'000));
    EXPECT_EQ(kept.size(), 2U);
    EXPECT_EQ(*kept.find("far.example", from_unix_seconds(1'000)), entry("1", 1'100));
    StsCache cache(2);
    cache.put("ours.example", entry("2", 1'020));
    cache.merge(std::move(kept));
    EXPECT_EQ(*cache.find("ours.example", from_unix_seconds(1'000)), entry("2", 1'020));
    EXPECT_NE(cache.find("far.example", from_unix_seconds(1'000)), nullptr);
    StsCache more;
    more.put("more.example", entry("1", 1'080));
    cache.merge(std::move(more));
    EXPECT_EQ(cache.size(), 2U); // what expires first made room
    EXPECT_EQ(cache.find("ours.example", from_unix_seconds(1'000)), nullptr);
}

class FakeFetcher final : public StsFetcher {
public:
    net::Task<std::expected<std::string, StsFault>> fetch(std::string domain) override {
        asked.push_back(domain);
        if (!text) co_return std::unexpected(StsFault{TlsResult::sts_webpki_invalid, "expired"});
        co_return *text;
    }
    std::optional<std::string> text;
    std::vector<std::string> asked;
};

class StsPoliciesTest : public ::testing::Test {
protected:
    // Mode and id in force, and the fault.
    std::string find() {
        const auto found = test::finish(io_, policies_.find("example.net"));
        auto out =
            found.policy ? std::string(name_of(found.policy->mode)) + " " + found.id : "none";
        return found.fault ? out + ", " + std::string(name_of(found.fault->result)) : out;
    }
    void publish(const std::string& id) {
        dns_ = {};
        dns_.add_txt("_mta-sts.example.net", "v=STSv1; id=" + id);
    }
    static std::string policy(const std::string& mode) {
        return "version: STSv1\nmode: " + mode + "\nmx: mx.example.net\nmax_age: 86400\n";
    }

    boost::asio::io_context io_{1};
    test::MemoryResolver dns_;
    test::FakeClock clock_;
    FakeFetcher fetcher_;
    StsCache cache_;
    StsPolicies policies_{dns_, fetcher_, clock_, cache_};
};

TEST_F(StsPoliciesTest, FetchWhatIsNewAlone) {
    EXPECT_EQ(find(), "none");
    EXPECT_TRUE(fetcher_.asked.empty());
    publish("1");
    fetcher_.text = policy("testing");
    EXPECT_EQ(find(), "testing 1");
    EXPECT_EQ(find(), "testing 1");
    EXPECT_EQ(fetcher_.asked, std::vector<std::string>{"example.net"});
    EXPECT_TRUE(policies_.take_changed());
    EXPECT_FALSE(policies_.take_changed());
    publish("2");
    fetcher_.text = policy("enforce");
    EXPECT_EQ(find(), "enforce 2");
    EXPECT_EQ(fetcher_.asked.size(), 2U);
}

TEST_F(StsPoliciesTest, StayInForceUntilTheyExpire) {
    publish("1");
    fetcher_.text = policy("enforce");
    EXPECT_EQ(find(), "enforce 1");
    dns_ = {}; // who takes the record away takes no policy away
    EXPECT_EQ(find(), "enforce 1");
    dns_.fail("_mta-sts.example.net");
    EXPECT_EQ(find(), "enforce 1");
    clock_.advance(24h + 1s);
    EXPECT_EQ(find(), "none");
}

// Before what was kept is read, no policy is no answer.
TEST_F(StsPoliciesTest, AreWaitedForWhileTheyAreRead) {
    policies_.set_loading(true);
    std::vector<std::string> found;
    const auto ask = [](StsPolicies& policies, std::vector<std::string>& out) -> net::Task<void> {
        const auto answer = co_await policies.find("example.net");
        out.push_back(answer.policy ? answer.id : "none");
    };
    net::spawn(io_, ask(policies_, found), "first");
    net::spawn(io_, ask(policies_, found), "second");
    io_.run_for(50ms);
    EXPECT_TRUE(found.empty());
    StsCache kept;
    kept.put("example.net", {"1", {StsMode::enforce, 100s, {"a.b"}}, clock_.now() + 100s});
    cache_.merge(std::move(kept));
    policies_.set_loading(false);
    test::run_until(io_, [&] { return found.size() == 2; });
    EXPECT_EQ(found, (std::vector<std::string>{"1", "1"}));
    EXPECT_EQ(find(), "enforce 1");
}

TEST_F(StsPoliciesTest, LeaveADomainAloneBehindAFailure) {
    publish("1");
    fetcher_.text = policy("enforce");
    EXPECT_EQ(find(), "enforce 1");
    publish("2");
    fetcher_.text.reset();
    EXPECT_EQ(find(), "enforce 1, sts-webpki-invalid");
    EXPECT_EQ(find(), "enforce 1, sts-webpki-invalid");
    EXPECT_EQ(fetcher_.asked.size(), 2U);
    clock_.advance(6min);
    fetcher_.text = "nonsense";
    EXPECT_EQ(find(), "enforce 1, sts-policy-invalid");
    EXPECT_EQ(fetcher_.asked.size(), 3U);
    publish("3"); // another one is tried at once
    fetcher_.text = policy("none");
    EXPECT_EQ(find(), "none 3");
}

// The fetcher over a real connection.
class StsFetchTest : public ::testing::Test {
protected:
    // The text, or result and words.
    std::string fetch(const std::string& certificate_name, const std::string& answer) {
        const auto identity =
            net::make_self_signed({certificate_name}, 3, SystemClock().now()).value();
        auto listener = net::bind_tcp("127.0.0.1", 0).value();
        test::set_blocking(listener.get());
        const auto port = net::local_port(listener.get());
        std::string fault;
        std::jthread server([&] {
            UniqueFd fd(::accept(listener.get(), nullptr, nullptr));
            test::ScriptedPeer peer(std::move(fd),
                                    {"TLS", "C: GET /.well-known/mta-sts.txt HTTP/1.1",
                                     "C: Host: mta-sts.example.net",
                                     "C? User-Agent: ", "C: Accept: text/plain",
                                     "C: Connection: close", "C: ", "S\\ " + answer},
                                    &identity);
            fault = peer.fault();
        });
        test::MemoryResolver dns;
        dns.add_a("mta-sts.example.net", "127.0.0.1");
        const auto tls = net::ClientTls::create(identity.certificate).value();
        HttpsStsFetcher fetcher(io_, dns, tls, {.port = port, .allows_loopback = true});
        const auto text = test::finish(io_, fetcher.fetch("example.net"));
        server.join();
        if (text) {
            EXPECT_EQ(fault, "");
            return *text;
        }
        return std::string(name_of(text.error().result)) + ": " + text.error().words;
    }
    boost::asio::io_context io_{1};
};

TEST_F(StsFetchTest, BringsAPolicy) {
    const std::string name = "mta-sts.example.net";
    EXPECT_EQ(fetch(name, "HTTP/1.1 200 OK\\r\\nContent-Type: text/plain; charset=utf-8\\r\\n"
                          "Content-Length: 4\\r\\n\\r\\ntext"),
              "text");
    EXPECT_EQ(fetch(name, "HTTP/1.1 200 OK\\r\\nContent-Type: text/plain\\r\\n\\r\\nto the end"),
              "to the end");
    EXPECT_EQ(fetch(name, "HTTP/1.1 200 OK\\r\\nContent-Type: text/html\\r\\n\\r\\nx"),
              "sts-policy-fetch-error: the policy's media type is not text/plain");
    EXPECT_EQ(fetch(name, "HTTP/1.1 301 Moved\\r\\nLocation: https://x.example/\\r\\n"
                          "Content-Length: 0\\r\\n\\r\\n"),
              "sts-policy-fetch-error: HTTP status 301");
    EXPECT_TRUE(fetch(name, "HTTP/1.1 200 OK\\r\\nContent-Type: text/plain\\r\\n"
                            "Content-Length: 65537\\r\\n\\r\\nx")
                    .starts_with("sts-policy-fetch-error: mta-sts.example.net: HTTP: "));
    EXPECT_TRUE(fetch("example.net", "").starts_with("sts-webpki-invalid: mta-sts.example.net: "));
}

TEST_F(StsFetchTest, SaysWhyItCannot) {
    test::MemoryResolver dns;
    const auto identity = net::make_self_signed({"x.example"}, 3, SystemClock().now()).value();
    const auto tls = net::ClientTls::create(identity.certificate).value();
    HttpsStsFetcher fetcher(io_, dns, tls, {});
    const auto missing = test::finish(io_, fetcher.fetch("example.net"));
    EXPECT_EQ(missing.error().result, TlsResult::sts_policy_fetch_error);
    dns.add_a("mta-sts.example.net", "127.0.0.1"); // of strangers, and so not asked
    EXPECT_FALSE(test::finish(io_, fetcher.fetch("example.net")));
}

} // namespace
} // namespace maild::relay
