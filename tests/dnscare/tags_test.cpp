#include "dnscare/tags.hpp"

#include <gtest/gtest.h>

namespace maild::dnscare {
namespace {

TEST(Tags, AreReadStrictly) {
    struct Case {
        const char* text;
        std::optional<std::size_t> count;
    };
    const Case cases[] = {
        {"v=STSv1; id=1;", 2},
        {"v=STSv1; id=1", 2},
        {" V = x ;p= none ", 2},
        {"", 0},
        {"v=", 1},
        {"v", std::nullopt},
        {"v=1;;p=2", std::nullopt},
        {"v=1; v=2", std::nullopt},
        {"v=1; V=2", std::nullopt},
        {"=1", std::nullopt},
        {"a b=1", std::nullopt},
    };
    for (const auto& each : cases) {
        const auto tags = Tags::parse(each.text);
        EXPECT_EQ(tags ? std::optional(tags->size()) : std::nullopt, each.count) << each.text;
    }
    const auto tags = Tags::parse("V = x ; p=none;").value();
    EXPECT_EQ(tags.find("v"), "x");
    EXPECT_EQ(tags.find("p"), "none");
    EXPECT_FALSE(tags.has("id"));
    std::string many;
    for (std::size_t i = 0; i <= kMaxTags; ++i) many += "t" + std::to_string(i) + "=1;";
    EXPECT_FALSE(Tags::parse(many).has_value());
}

} // namespace
} // namespace maild::dnscare
