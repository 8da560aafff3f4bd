// check_host() against public suites. What is not compared has its reason beside it.
#include "policy/spf_record.hpp"
#include "policy/spf_suites.hpp"
#include "support/conformance.hpp"
#include "support/fake_clock.hpp"
#include "support/json.hpp"
#include "support/run_task.hpp"

#include "maild/policy/spf.hpp"

#include <gtest/gtest.h>

namespace maild::policy::spf {
namespace {

using test::conformance_suite;
using test::read_whole;
using test::Score;

Client client_of(const std::string& ip, const std::string& helo, const std::string& sender) {
    const auto at = sender.rfind('@');
    Client client;
    client.ip = net::parse_ip(ip).value();
    client.helo = helo;
    client.local_part = sender.substr(0, at == sender.npos ? 0 : at);
    client.domain = at == sender.npos ? sender : sender.substr(at + 1);
    return client;
}

SessionReport check(Scenario& scenario, Client client) {
    const test::FakeClock clock;
    const Verifier verifier{scenario.zone, clock, {}};
    return test::run_task(check_session(verifier, std::move(client)));
}

std::string text_of(const Report& report) {
    return std::string(name_of(report.outcome)) + " (" + report.mechanism + ") " +
           report.explanation.value_or("") + " " + report.problem;
}

// Names beginning with "error." do not answer, says the suite's description.
TEST(SpfSuites, OfRfc7208) {
    MAILD_NEEDS_SUITE("spf-rfc7208");
    Score score("spf-rfc7208");
    const auto file = conformance_suite("spf-rfc7208") / "rfc7208-tests.yml";
    for (auto& scenario : read_openspf(read_whole(file))) {
        for (const auto& c : scenario.cases) {
            const auto session =
                check(scenario, client_of(c.field("host"), c.field("helo"), c.field("mailfrom")));
            const auto& report = session.of_mail_from();
            const auto wanted = c.field("explanation");
            bool ok = std::ranges::count(c.results, name_of(report.outcome)) == 1;
            if (!wanted.empty()) ok = ok && report.explanation.value_or("DEFAULT") == wanted;
            score.add(ok, scenario.name + " / " + c.name + ": " + text_of(report));
            EXPECT_LE(scenario.zone.asked.size(), 300U) << c.name; // of all limits together
            scenario.zone.asked.clear();
        }
    }
}

// Where that suite and RFC 7208 differ, the RFC holds.
struct Difference {
    std::string_view scenario;
    std::string_view name;
    std::string_view ip; // empty: any
    Outcome outcome;     // by the RFC
    std::string_view why;
};
constexpr Difference kDifferences[] = {
    {"All test", "test.org", "", Outcome::permerror,
     "\"ip:\" is no mechanism, and any error of syntax is a permerror (4.6), also behind \"all\": "
     "spf-rfc7208 has the same as detect-errors-anywhere"},
    {"DNS Lookup Limits", "ok.test.org", "", Outcome::permerror,
     "ten names that do not exist: 4.6.4 recommends to allow two, and spf-rfc7208 wants that "
     "(void-over-limit)"},
    {"Exists", "ip6.test.org", "", Outcome::fail,
     "exists asks for A whatever the client's family is (5.7), and here is AAAA alone: spf-rfc7208 "
     "has the same as exists-ip6only"},
    {"Macro expansion 2", "mx.example.org", "2001:db8::cb01", Outcome::fail,
     "exists again, of a name with AAAA alone"},
};

const Difference* difference(const Scenario& scenario, const SuiteCase& c) {
    const auto* found = std::ranges::find_if(kDifferences, [&](const Difference& d) {
        return d.scenario == scenario.name && d.name == c.name &&
               (d.ip.empty() || d.ip == c.field("ip"));
    });
    return found == std::end(kDifferences) ? nullptr : found;
}

TEST(SpfSuites, OfStalwart) {
    MAILD_NEEDS_SUITE("spf-stalwart");
    Score score("spf-stalwart");
    for (const auto& file : test::files_of(conformance_suite("spf-stalwart"), {".yml"})) {
        for (auto& scenario : read_stalwart(read_whole(file))) {
            scenario.zone.fail("_dns_error.org");
            for (const auto& c : scenario.cases) {
                const auto session =
                    check(scenario, client_of(c.field("ip"), c.field("domain"), c.field("sender")));
                const auto& report = session.decisive();
                const auto expected = c.field("expect");
                const auto word = expected.substr(0, expected.find(' '));
                bool ok = name_of(report.outcome) == word;
                if (word.size() < expected.size())
                    ok = ok && report.explanation == expected.substr(word.size() + 1);
                if (const auto* known = difference(scenario, c)) {
                    EXPECT_EQ(report.outcome, known->outcome) << known->why;
                    continue;
                }
                score.add(ok, scenario.name + " / " + c.name + " " + c.field("ip") + " wants " +
                                  expected + ": " + text_of(report));
            }
        }
    }
}

TEST(SpfSuites, RecordsOfMox) {
    MAILD_NEEDS_SUITE("record-parsers-mox");
    Score score("record-parsers-mox SPF");
    const auto vectors = test::JsonReader::read(
        read_whole(conformance_suite("record-parsers-mox") / "vectors.json"));
    for (const auto& c : vectors["spf_record:TestParse"].array()) {
        const auto& input = c["input"].text();
        // A domain-spec is more than a toplabel (§7.1), and spf-rfc7208 wants that checked
        // (a-only-toplabel): "a:x" is none.
        if (input.contains(" a:x ")) continue;
        score.add(parse_record(input).has_value() == c["ok"].boolean(), input);
    }
}

} // namespace
} // namespace maild::policy::spf
