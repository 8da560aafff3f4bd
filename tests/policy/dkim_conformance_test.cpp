// DKIM against public suites.
#include "policy/suite_messages.hpp"
#include "support/conformance.hpp"
#include "support/json.hpp"
#include "support/memory_resolver.hpp"
#include "support/run_task.hpp"

#include "maild/policy/dkim.hpp"

#include <gtest/gtest.h>

namespace maild::policy {
namespace {

using dkim::Outcome;
using maild::test::conformance_suite;
using maild::test::Json;
using maild::test::JsonReader;
using maild::test::MemoryResolver;
using maild::test::read_whole;
using maild::test::run_task;
using maild::test::Score;
using policy::test::with_crlf;

// Their results: SUCCESS, PERMFAIL (which is all that will never pass), TEMPFAIL.
std::string name_in_suite(Outcome outcome) {
    if (outcome == Outcome::pass) return "SUCCESS";
    return outcome == Outcome::temperror ? "TEMPFAIL" : "PERMFAIL";
}

// What they call it, of those of their names that have one here; others are not compared: warnings
// and errorType are names of that add-on.
std::optional<std::string> value_at(const dkim::Verdict& verdict, std::string_view path) {
    if (path == "result") return name_in_suite(verdict.outcome);
    if (path == "sdid") return verdict.domain;
    if (path == "auid") return verdict.identity;
    if (path == "selector") return verdict.selector;
    if (path == "algorithmSignature")
        return verdict.algorithm.substr(0, verdict.algorithm.find('-'));
    if (path == "algorithmHash") return verdict.algorithm.substr(verdict.algorithm.find('-') + 1);
    return std::nullopt;
}

void compare(Score& score, const std::string& id, const Json& expectation,
             const std::vector<dkim::Verdict>& verdicts) {
    auto path = expectation["path"].text();
    if (path == "signatures.length") {
        score.add(verdicts.size() == expectation["value"].number(), id + ": " + path);
        return;
    }
    constexpr std::string_view kPrefix = "signatures.0.";
    if (!path.starts_with("signatures.") || path.size() <= kPrefix.size()) return;
    const auto index = static_cast<std::size_t>(path[11] - '0');
    path.erase(0, kPrefix.size());
    const auto got = index < verdicts.size() ? value_at(verdicts[index], path) : std::nullopt;
    if (!got) return;
    const bool is_undefined = expectation["op"].text() == "undefined";
    if (!is_undefined && expectation["op"].text() != "equal") return;
    const auto want = is_undefined ? std::string() : expectation.text_of("value");
    score.add(*got == want, id + ": " + path + " is " + *got + ", " + verdicts[index].reason);
}

TEST(DkimConformance, Verifier) {
    MAILD_NEEDS_SUITE("dkim-verifier");
    const auto suite = conformance_suite("dkim-verifier");
    Score score("dkim-verifier");
    const auto cases = JsonReader::read(read_whole(suite / "cases.json"));
    for (const auto& c : cases["cases"].array()) {
        const auto& call = c["calls"].array().front();
        MemoryResolver dns;
        const auto* changed = call.find("dns");
        for (const auto& [name, record] : (changed != nullptr ? *changed : cases["dns"]).object())
            dns.add_txt(name, record.text());
        const auto message = with_crlf(read_whole(suite / "messages" / call["file"].text()));
        const auto verdicts = run_task(dkim::verify(dns, message, dkim::Options{}));
        for (const auto& expectation : c["expect"].array())
            compare(score, c["id"].text(), expectation, verdicts);
    }
}

// Every signature must be good.
TEST(DkimConformance, Stalwart) {
    MAILD_NEEDS_SUITE("dkim-stalwart");
    Score score("dkim-stalwart");
    for (const auto& path : maild::test::files_of(conformance_suite("dkim-stalwart"), {".txt"})) {
        const auto name = path.filename().string();
        if (name.starts_with("arc")) continue; // ArcConformance
        MemoryResolver dns;
        const auto message = policy::test::take_records(read_whole(path), dns);
        for (const auto& verdict : run_task(dkim::verify(dns, message, dkim::Options{})))
            score.add(verdict.outcome == Outcome::pass, name + ": " + verdict.reason);
    }
}

} // namespace
} // namespace maild::policy
