#include "policy/dkim_canonical.hpp"
#include "support/linear.hpp"

#include "maild/base/encoding.hpp"

#include <gtest/gtest.h>

namespace maild::policy::dkim {
namespace {

constexpr auto kSimple = Canonicalization::simple;
constexpr auto kRelaxed = Canonicalization::relaxed;

std::string body_of(Canonicalization kind, std::string_view body, std::size_t step) {
    std::string out;
    CanonicalBody canonical(kind, [&out](std::string_view piece) { out += piece; });
    for (std::size_t i = 0; i < body.size(); i += step) canonical.take(body.substr(i, step));
    canonical.finish();
    return out;
}

struct BodyCase {
    const char* name;
    const char* body;
    const char* simple;
    const char* relaxed;
};
constexpr BodyCase kBodies[] = {
    {"RFC 6376 §3.4.5", " C \r\nD \t E\r\n\r\n\r\n", " C \r\nD \t E\r\n", " C\r\nD E\r\n"},
    {"empty", "", "\r\n", ""},
    {"one line end", "\r\n", "\r\n", ""},
    {"only line ends", "\r\n\r\n\r\n", "\r\n", ""},
    {"only white space", " \t", " \t\r\n", ""},
    {"lines of white space", " \r\n\t\r\n", " \r\n\t\r\n", ""},
    {"no last line end", "a", "a\r\n", "a\r\n"},
    {"no last line end, white space", "a \t", "a \t\r\n", "a\r\n"},
    {"empty lines before and between", "\r\n\r\na\r\n\r\nb\r\n", "\r\n\r\na\r\n\r\nb\r\n",
     "\r\n\r\na\r\n\r\nb\r\n"},
    {"line of white space between", "a\r\n \r\nb", "a\r\n \r\nb\r\n", "a\r\n\r\nb\r\n"},
    {"a CR alone", "a\rb\r\n", "a\rb\r\n", "a\rb\r\n"},
    {"a CR at the end", "a\r", "a\r\r\n", "a\r\r\n"},
    {"a CR behind a space", "a \r b", "a \r b\r\n", "a \r b\r\n"},
    {"two CRs and a LF", "a\r\r\nb", "a\r\r\nb\r\n", "a\r\r\nb\r\n"},
    {"a LF alone", "a\nb\n\n", "a\nb\n\n\r\n", "a\nb\n\n\r\n"},
    {"a CR alone as a line", "\r\n\r", "\r\n\r\r\n", "\r\n\r\r\n"},
    {"tabs", "a\t\tb\r\n", "a\t\tb\r\n", "a b\r\n"},
};

TEST(DkimCanonical, BodiesInPiecesOfAnySize) {
    for (const auto& c : kBodies) {
        for (std::size_t step = 1; step <= 6; ++step) {
            EXPECT_EQ(body_of(kSimple, c.body, step), c.simple) << c.name << ", " << step;
            EXPECT_EQ(body_of(kRelaxed, c.body, step), c.relaxed) << c.name << ", " << step;
        }
    }
}

TEST(DkimCanonical, BodiesLargerThanTheBuffer) {
    const auto line = std::string(20'000, 'x') + " " + std::string(20'000, 'y') + "\r\n";
    const auto body = maild::test::repeated(line, 3) + maild::test::repeated("\r\n", 20'000) + "z";
    for (const std::size_t step : {std::size_t{1'000}, body.size()}) {
        EXPECT_EQ(body_of(kSimple, body, step), body + "\r\n");
        EXPECT_EQ(body_of(kRelaxed, body, step), body + "\r\n");
    }
}

struct FieldCase {
    const char* name;
    const char* raw;
    const char* relaxed;
};

TEST(DkimCanonical, Fields) {
    const FieldCase cases[] = {
        {"RFC 6376 §3.4.5, A", "A: X\r\n", "a:X\r\n"},
        {"RFC 6376 §3.4.5, B", "B : Y\t\r\n\tZ  \r\n", "b:Y Z\r\n"},
        {"case of the name alone", "SUBJect: AbC\r\n", "subject:AbC\r\n"},
        {"empty", "A:\r\n", "a:\r\n"},
        {"only folds", "A: \r\n \r\n", "a:\r\n"},
        {"no line end", "A:  b\t c", "a:b c\r\n"},
        {"line ends of LF", "A: b\n c\n", "a:b c\r\n"},
        {"fold in front", "A:\r\n b\r\n", "a:b\r\n"},
        {"a CR alone", "A: b\rc\r\n", "a:b\rc\r\n"},
        {"colons", "A: b : c\r\n", "a:b : c\r\n"},
    };
    for (const auto& c : cases) {
        EXPECT_EQ(canonical_field(kRelaxed, c.raw), c.relaxed) << c.name;
        // Once more changes nothing.
        EXPECT_EQ(canonical_field(kRelaxed, c.relaxed), c.relaxed) << c.name;
    }
    EXPECT_EQ(canonical_field(kSimple, "B : Y\t\r\n\tZ  \r\n"), "B : Y\t\r\n\tZ  \r\n");
    EXPECT_EQ(canonical_field(kSimple, "B : Y"), "B : Y\r\n");
}

// §3.4.3, §3.4.4: the hashes of empty bodies.
TEST(DkimBody, HashesOfAnEmptyBody) {
    BodyHashes hashes;
    const auto simple = hashes.want(kSimple, std::nullopt);
    const auto relaxed = hashes.want(kRelaxed, std::nullopt);
    hashes.finish();
    EXPECT_EQ(base64_encode(hashes.hash(simple)), "frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY=");
    EXPECT_EQ(base64_encode(hashes.hash(relaxed)), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    EXPECT_EQ(hashes.size(simple), 2U);
    EXPECT_EQ(hashes.size(relaxed), 0U);
}

TEST(DkimBody, HashesWhatIsWantedOnce) {
    BodyHashes hashes;
    const auto whole = hashes.want(kSimple, std::nullopt);
    const auto part = hashes.want(kSimple, 3);
    const auto none = hashes.want(kSimple, 0);
    const auto relaxed = hashes.want(kRelaxed, 3);
    EXPECT_EQ(hashes.want(kSimple, 3), part);
    EXPECT_EQ(hashes.want(kSimple, std::nullopt), whole);
    hashes.take("abc");
    hashes.take(" def\r");
    hashes.take("\n");
    hashes.finish();
    EXPECT_EQ(hashes.size(part), 9U);
    EXPECT_EQ(hashes.hash(part), hashes.hash(relaxed)); // "abc" of both
    EXPECT_NE(hashes.hash(part), hashes.hash(whole));
    EXPECT_EQ(base64_encode(hashes.hash(none)), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
}

TEST(DkimCanonical, IsLinear) {
    const auto relax = [](const std::string& body) { (void)body_of(kRelaxed, body, body.size()); };
    const auto keep = [](const std::string& body) { (void)body_of(kSimple, body, 7); };
    const maild::test::Shape shapes[] = {
        {"line ends", 1 << 19, [](std::size_t n) { return maild::test::repeated("\r\n", n) + "a"; },
         relax},
        {"white space", 1 << 20, [](std::size_t n) { return std::string(n, ' '); }, relax},
        {"line ends in pieces", 1 << 18,
         [](std::size_t n) { return maild::test::repeated("\r\n", n) + "a"; }, keep},
        {"a long field", 1 << 20, [](std::size_t n) { return "a:" + std::string(n, ' '); },
         [](const std::string& raw) { (void)canonical_field(kRelaxed, raw); }}};
    for (const auto& shape : shapes)
        EXPECT_LT(maild::test::growth_of(shape), maild::test::kMostGrowth) << shape.name;
}

} // namespace
} // namespace maild::policy::dkim
