#include "control/check_state.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <gmock/gmock.h>

namespace maild::control {
namespace {

namespace json = boost::json;
using testing::IsEmpty;

json::object row(const char* code, const char* found) {
    return {{"domain", "example.org"}, {"code", code}, {"name", "n"}, {"found", found}};
}

TEST(CheckState, TellsWhatIsNewAndWhatIsGone) {
    const json::array first{row("a", "1"), row("b", "1")};
    CheckState kept;
    for (const auto& each : first) kept.insert(state_line(each.as_object()));
    kept = parse_state(format_state(kept));
    EXPECT_EQ(kept.size(), 2U);
    const auto same = changes_of(kept, first);
    EXPECT_THAT(same.added, IsEmpty());
    EXPECT_THAT(same.gone, IsEmpty());
    const auto changed = changes_of(kept, json::array{row("a", "1"), row("b", "2")});
    EXPECT_EQ(json::serialize(changed.added), json::serialize(json::array{row("b", "2")}));
    EXPECT_EQ(json::serialize(changed.gone), R"(["example.org\tb\tn\t1"])");
}

TEST(CheckState, IsOneLineForEach) {
    EXPECT_EQ(state_line(row("a", "1\n2\x1b")), "example.org\ta\tn\t1 2 ");
    EXPECT_THAT(parse_state(""), IsEmpty());
    EXPECT_EQ(parse_state("\n\na\n").size(), 1U);
}

} // namespace
} // namespace maild::control
