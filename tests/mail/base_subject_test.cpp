#include "support/linear.hpp"

#include "maild/mail/base_subject.hpp"
#include "maild/mail/text.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace maild::mail {
namespace {

struct Case {
    std::string_view field;
    BaseSubject want;
};

TEST(BaseSubject, FollowsTheRulesOfRfc5256) {
    const Case cases[] = {
        {"", {"", false}},
        {"budget", {"budget", false}},
        {"  a\t b\r\n  c ", {"a b c", false}},
        {"Re: a", {"a", true}},
        {"RE : a", {"a", true}},
        {"fw: a", {"a", true}},
        {"Fwd: a", {"a", true}},
        {"re[2]: a", {"a", true}},
        {"re [list] : a", {"a", true}},
        {"Re: Re: fwd: a", {"a", true}},
        {"[list] a", {"a", false}},
        {"[list] Re: a", {"a", true}},
        {"Re: [list] a", {"a", true}},
        {"[a][b] c", {"c", false}},
        {"[a] [b]", {"[b]", false}}, // the last blob is the subject
        {"[a]", {"[a]", false}},
        {"[]", {"[]", false}},
        {"a (fwd)", {"a", true}},
        {"a (FWD) (fwd) ", {"a", true}},
        {"[fwd: a]", {"a", true}},
        {"Re: [Fwd: [list] re: a (fwd)]", {"a", true}},
        {"[fwd: [fwd: a]]", {"a", true}},
        {"[fwd: a", {"[fwd: a", false}},
        {"[foo] Fwd: [bar] Re: fw: b (fWd)  (fwd)", {"b", true}},
        {"result: a", {"result: a", false}},
        {"Re:", {"", true}},
        {"AW: a", {"AW: a", false}}, // MUST be exactly these marks
        {"=?utf-8?q?Re=3A_Gr=C3=BC=C3=9Fe?=", {"Grüße", true}},
    };
    for (const auto& [field, want] : cases) {
        const auto got = base_subject(field);
        EXPECT_EQ(got.text, want.text) << field;
        EXPECT_EQ(got.is_reply, want.is_reply) << field;
    }
}

class LinearSubject : public testing::TestWithParam<const char*> {};

TEST_P(LinearSubject, IsReadInLinearTime) {
    const std::string_view unit = GetParam();
    const test::Shape shape{"subject", 20'000,
                            [unit](std::size_t count) { return test::repeated(unit, count); },
                            [](const std::string& field) { (void)base_subject(field); }};
    EXPECT_LT(test::growth_of(shape), test::kMostGrowth) << unit;
}

INSTANTIATE_TEST_SUITE_P(Mail, LinearSubject,
                         testing::Values("[a]", "re:", "[fwd:", "(fwd)", "[", "re[a]", "[a]re",
                                         "] "));

TEST(Collation, IsUnicodeCasemap) {
    EXPECT_EQ(collation_key("abC"), "ABC");
    EXPECT_LT(collation_key("z"), collation_key("_")); // which lower case would turn round
    EXPECT_EQ(collation_key("ä"), collation_key("Ä"));
    EXPECT_EQ(collation_key("\u00e4"), collation_key("a\u0308")); // composed or not
    EXPECT_EQ(collation_key("ǆ"), collation_key("ǅ"));            // three cases
    EXPECT_EQ(collation_key("Ⅷ"), "VIII");                        // compatibility
    EXPECT_LT(collation_key("a"), collation_key("ä"));
    EXPECT_EQ(collation_key("\xff"), collation_key("\ufffd"));
}

} // namespace
} // namespace maild::mail
