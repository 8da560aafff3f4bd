#include "maild/mail/address.hpp"

#include <gtest/gtest.h>

#include <string>

namespace maild::mail {
namespace {

using namespace std::string_view_literals;

struct AddressCase {
    std::string_view text;
    std::string_view localpart;
    std::string_view domain;
    std::string_view formatted;
};

TEST(Address, DecodesAndFormatsAgain) {
    const AddressCase cases[] = {
        {"ada@example.org", "ada", "example.org", "ada@example.org"},
        {"Ada.Lovelace@Example.ORG", "Ada.Lovelace", "example.org", "Ada.Lovelace@example.org"},
        {"a+b/c@x", "a+b/c", "x", "a+b/c@x"},
        {R"("ada"@example.org)", "ada", "example.org", "ada@example.org"},
        {R"("a\d\a"@example.org)", "ada", "example.org", "ada@example.org"},
        {R"("ada lovelace"@x.org)", "ada lovelace", "x.org", R"("ada lovelace"@x.org)"},
        {R"("a\"b\\c"@x.org)", R"(a"b\c)", "x.org", R"("a\"b\\c"@x.org)"},
        {R"("a@b"@x.org)", "a@b", "x.org", R"("a@b"@x.org)"},
        {R"("a..b"@x.org)", "a..b", "x.org", R"("a..b"@x.org)"},
        {R"("."@x.org)", ".", "x.org", R"("."@x.org)"},
        {R"(""@x.org)", "", "x.org", R"(""@x.org)"},
        {"a@[192.0.2.1]", "a", "[192.0.2.1]", "a@[192.0.2.1]"},
        {"a@[192.000.02.1]", "a", "[192.0.2.1]", "a@[192.0.2.1]"},
        {"a@[IPv6:2001:DB8::1]", "a", "[IPv6:2001:db8::1]", "a@[IPv6:2001:db8::1]"},
        {"a@[ipv6:0:0:0:0:0:0:0:1]", "a", "[IPv6:::1]", "a@[IPv6:::1]"},
        {"a@[IPv6:::ffff:192.0.2.010]", "a", "[IPv6:::ffff:192.0.2.10]",
         "a@[IPv6:::ffff:192.0.2.10]"},
        {"grå@bücher.example", "grå", "xn--bcher-kva.example", "grå@xn--bcher-kva.example"},
        {"x@BÜCHER.Example", "x", "xn--bcher-kva.example", "x@xn--bcher-kva.example"},
        {"用户@例え。テスト", "用户", "xn--r8jz45g.xn--zckzah", "用户@xn--r8jz45g.xn--zckzah"},
    };
    for (const auto& c : cases) {
        const auto got = parse_address(c.text, Utf8::allowed);
        ASSERT_TRUE(got) << c.text << ": " << got.error().expected;
        EXPECT_EQ(got->localpart, c.localpart) << c.text;
        EXPECT_EQ(got->domain.ascii(), c.domain) << c.text;
        EXPECT_EQ(got->format(), c.formatted) << c.text;
        EXPECT_EQ(parse_address(got->format(), Utf8::allowed).value(), *got) << c.text;
    }
}

TEST(Address, RefusesWhatIsNoMailbox) {
    const std::string_view cases[] = {
        "",
        "@",
        "a",
        "a@",
        "@d",
        "a@d.",
        "a@.d",
        "a@d..e",
        "a@-d",
        "a@d-",
        "a@d_e",
        "a.@d",
        ".a@d",
        "a..b@d",
        "a b@d",
        "a@d e",
        "a@d ",
        " a@d",
        "a@@d",
        "a@b@c",
        "<a@d>",
        "a@d>",
        R"("a@d)",
        R"("a"b@d)",
        R"(a"b"@d)",
        R"("a""b"@d)",
        R"("a\)",
        R"("a\"@d)",
        "\"a\rb\"@d",
        "\"a\nb\"@d",
        "\"a\0b\"@d"sv,
        "\"a\\\0b\"@d"sv,
        "a\0b@d"sv,
        "a@d\0"sv,
        "a\x7f@d",
        "\"a\tb\"@d",
        "a@[127.0.0.1",
        "a@127.0.0.1]",
        "a@[127.0.0]",
        "a@[256.0.0.1]",
        "a@[1.2.3.4.5]",
        "a@[0001.2.3.4]",
        "a@[]",
        "a@[IPv6:]",
        "a@[IPv6::]",
        "a@[IPv6:1:2:3:4:5:6:7:8:9]",
        "a@[IPv6:1:2:3:4:5:6:7::]",
        "a@[IPv6:1::2::3]",
        "a@[IPv6:12345::]",
        "a@[IPv6:::1.2.3]",
        "a@[x-tag:foo]",
        "a@[IPv6:fe80::1%eth0]",
        "\xff@d",
        "a@\xff",
        "a\xc0\xaf@d",
        "a@xn--\xe2\x82",
        "\xed\xa0\x80@d",
    };
    for (const auto text : cases) EXPECT_FALSE(parse_address(text, Utf8::allowed)) << text;
}

TEST(Address, Needs8BitToBeAllowed) {
    EXPECT_FALSE(parse_address("grå@example.org", Utf8::refused));
    EXPECT_FALSE(parse_address("\"grå\"@example.org", Utf8::refused));
    EXPECT_FALSE(parse_address("ada@bücher.example", Utf8::refused));
    EXPECT_TRUE(parse_address("ada@xn--bcher-kva.example", Utf8::refused));
}

TEST(Address, HoldsTheLimitsOfRfc5321) {
    const auto local = [](std::size_t n) { return std::string(n, 'l'); };
    const auto label = [](std::size_t n) { return std::string(n, 'd'); };
    const auto ok = [](const std::string& text) {
        return parse_address(text, Utf8::refused).has_value();
    };
    EXPECT_TRUE(ok(local(64) + "@d"));
    EXPECT_FALSE(ok(local(65) + "@d"));
    EXPECT_TRUE(ok("\"" + local(62) + "\"@d"));
    EXPECT_FALSE(ok("\"" + local(63) + "\"@d")) << "quotes count";
    EXPECT_FALSE(ok("\"" + std::string(31, '\\') + "\\" + local(31) + "\"@d"));
    EXPECT_TRUE(ok("a@" + label(63)));
    EXPECT_FALSE(ok("a@" + label(64)));
    const auto half = label(63) + "." + label(63); // 127
    EXPECT_TRUE(Domain::parse(half + "." + half)) << "255 octets";
    EXPECT_FALSE(Domain::parse(half + "." + label(63) + "." + label(62) + ".ee")) << "256 octets";
    EXPECT_TRUE(ok("a@" + half + "." + label(63) + "." + label(60))) << "254 octets";
    EXPECT_FALSE(ok("a@" + half + "." + label(63) + "." + label(61))) << "255 octets";
    EXPECT_FALSE(ok(std::string(1'000'000, 'a') + "@d"));
    EXPECT_FALSE(ok("a@" + std::string(1'000'000, 'd')));
    EXPECT_FALSE(ok("\"" + std::string(1'000'000, ' ') + "\"@d"));
}

TEST(Address, LeavesWhatTheRuleDoesNotTake) {
    Cursor in("\"ada\"@Example.org> SIZE=1");
    const auto address = parse_mailbox(in, Utf8::refused);
    ASSERT_TRUE(address);
    EXPECT_EQ(address->format(), "ada@example.org");
    EXPECT_EQ(in.rest(), "> SIZE=1");
}

TEST(Address, SaysWhereAndWhatWasExpected) {
    const auto got = parse_address("ada@example.org,", Utf8::refused);
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().offset, 15U);
    EXPECT_EQ(got.error().expected, "end of address");
}

TEST(Address, ComparesCaseOfLocalpartsOnly) {
    const auto parse = [](std::string_view text) {
        return parse_address(text, Utf8::refused).value();
    };
    EXPECT_EQ(parse("ada@Example.org"), parse("\"ada\"@EXAMPLE.ORG"));
    EXPECT_NE(parse("ada@example.org"), parse("Ada@example.org"));
}

TEST(Domain, ShowsUnicodeToPeople) {
    EXPECT_EQ(Domain::parse("xn--bcher-kva.example").value().unicode(), "bücher.example");
    EXPECT_EQ(Domain::parse("example.org").value().unicode(), "example.org");
    EXPECT_EQ(Domain::parse("[192.0.2.1]").value().unicode(), "[192.0.2.1]");
    EXPECT_EQ(Domain::parse("xn--a.example").value().unicode(), "xn--a.example")
        << "decodes to a control character";
    EXPECT_EQ(Domain::parse("bücher.example").value().ascii(), "xn--bcher-kva.example");
    EXPECT_TRUE(Domain::parse("[IPv6:::1]").value().is_literal());
    EXPECT_TRUE(Domain().empty());
}

} // namespace
} // namespace maild::mail
