#include "support/error_of.hpp"

#include "maild/store/annotation.hpp"

#include <gtest/gtest.h>

#include <array>

namespace maild::store {
namespace {

using maild::test::error_of;

struct NameCase {
    std::string name;
    bool is_name;
    bool is_level; // what a question may name
};

TEST(Annotation, HasANameOrIsALevel) {
    const auto cases = std::to_array<NameCase>({
        {"/private/comment", true, true},
        {"/shared/comment", true, true},
        {"/shared/a/b/c/d/e", true, true},
        {"/private/a b", true, true},
        {"/private", false, true},
        {"/shared", false, true},
        {"/shared/vendor", false, true},
        {"/shared/vendor/x", false, true},
        {"/shared/vendor/x/y", true, true},
        {"/private/vendor/x/y/z", true, true},
        {"/shared/vendors", true, true},
        {"", false, false},
        {"/", false, false},
        {"comment", false, false},
        {"/comment", false, false},
        {"/privat", false, false},
        {"/privates/x", false, false},
        {"/private/", false, false},
        {"/private/x/", false, false},
        {"/private//x", false, false},
        {"//private/x", false, false},
        {"/private/x*", false, false},
        {"/private/%", false, false},
        {"/private/X", false, false},
        {"/private/\xc3\xa9", false, false},
        {"/private/a\tb", false, false},
        {std::string("/private/a\0b", 12), false, false},
        {"/private/" + std::string(kMaxAnnotationName - 9, 'x'), true, true},
        {"/private/" + std::string(kMaxAnnotationName - 8, 'x'), false, false},
    });
    for (const auto& [name, is_name, is_level] : cases) {
        EXPECT_EQ(is_annotation_name(name), is_name) << name;
        EXPECT_EQ(is_annotation_level(name), is_level) << name;
    }
}

// RFC 5464 §4.2.2
TEST(Annotation, IsAskedForByDepth) {
    const auto asks = [](Depth depth, std::string_view name) {
        return matches({{"/private/x", "/shared/a"}, depth}, name);
    };
    for (const auto depth : {Depth::itself, Depth::children, Depth::all}) {
        EXPECT_TRUE(asks(depth, "/private/x"));
        EXPECT_TRUE(asks(depth, "/shared/a"));
        EXPECT_FALSE(asks(depth, "/private/xy"));
        EXPECT_FALSE(asks(depth, "/private"));
    }
    EXPECT_FALSE(asks(Depth::itself, "/private/x/y"));
    EXPECT_TRUE(asks(Depth::children, "/private/x/y"));
    EXPECT_FALSE(asks(Depth::children, "/private/x/y/z"));
    EXPECT_TRUE(asks(Depth::all, "/private/x/y/z"));
}

TEST(Annotation, ChangesAreChecked) {
    const auto check = [](AnnotationChange change) { return check_change(change); };
    EXPECT_TRUE(check({}));
    EXPECT_TRUE(check({{{"/private/x", std::string(kMaxAnnotationValue, '\0')}}, {}}));
    EXPECT_EQ(error_of(check({{{"/private/x", std::string(kMaxAnnotationValue + 1, 'x')}}, {}})),
              Errc::too_large);
    EXPECT_EQ(error_of(check({{{"/Private/x", "1"}}, {}})), Errc::invalid_argument);
    EXPECT_EQ(
        error_of(check(
            {std::vector<Annotation>(2 * kMaxAnnotations + 1, Annotation{"/private/x", "1"}), {}})),
        Errc::limit_exceeded);
}

TEST(Annotation, NamesWhatWasChangedOnce) {
    EXPECT_EQ(changed_names(
                  {{{"/shared/b", "1"}, {"/private/a", {}}, {"/shared/b", {}}}, SpecialUse::none}),
              (std::vector<std::string>{"/private/a", "/private/specialuse", "/shared/b"}));
}

} // namespace
} // namespace maild::store
