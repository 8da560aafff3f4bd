// ARC against public suites.
#include "policy/arc_suite.hpp"
#include "policy/suite_messages.hpp"
#include "support/conformance.hpp"
#include "support/run_task.hpp"

#include "maild/policy/arc.hpp"

#include <gtest/gtest.h>

namespace maild::policy::arc {
namespace {

using maild::test::conformance_suite;
using maild::test::MemoryResolver;
using maild::test::read_whole;
using maild::test::run_task;
using maild::test::Score;

// cv= of the suite's drafts in our names. What differs:
// * cv_fail_i1_as_cv_fail expects nothing at all of a chain whose last seal says cv=fail, by draft
//   18; RFC 8617 §5.2 step 2 says fail.
std::string_view wanted_status(const policy::test::ArcCase& c) {
    if (c.name == "cv_fail_i1_as_cv_fail") return "fail";
    const auto cv = c.values.find("cv");
    if (cv == c.values.end() || cv->second.empty() || cv->second == "None") return "none";
    return cv->second == "Pass" ? "pass" : "fail";
}

TEST(ArcConformance, Valimail) {
    MAILD_NEEDS_SUITE("arc-valimail");
    Score score("arc-valimail validation");
    const auto text =
        read_whole(conformance_suite("arc-valimail") / "arc-draft-validation-tests.yml");
    for (const auto& scenario : policy::test::ArcSuiteReader::read(text)) {
        MemoryResolver dns;
        for (const auto& [name, record] : scenario.records) dns.add_txt(name, record);
        for (const auto& c : scenario.cases) {
            const auto message = policy::test::with_crlf(c.values.at("message"));
            const auto chain = run_task(validate(dns, message, dkim::Options{}));
            score.add(name_of(chain.status) == wanted_status(c), c.name + ": " + chain.reason);
        }
    }
}

// The other half of that suite seals, which is not done here.
TEST(ArcConformance, ValimailSealing) {
    MAILD_NEEDS_SUITE("arc-valimail");
    GTEST_SKIP() << "ARC is verified, not sealed: arc-draft-sign-tests.yml is not run";
}

TEST(ArcConformance, Stalwart) {
    MAILD_NEEDS_SUITE("dkim-stalwart");
    Score score("dkim-stalwart ARC");
    for (const auto& path : maild::test::files_of(conformance_suite("dkim-stalwart"), {".txt"})) {
        const auto name = path.filename().string();
        if (!name.starts_with("arc")) continue;
        MemoryResolver dns;
        const auto message = policy::test::take_records(read_whole(path), dns);
        const auto chain = run_task(validate(dns, message, dkim::Options{}));
        score.add(chain.status == ChainStatus::pass, name + ": " + chain.reason);
    }
}

} // namespace
} // namespace maild::policy::arc
