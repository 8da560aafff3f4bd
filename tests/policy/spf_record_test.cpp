// The record and macro languages of SPF as tables.
#include "policy/spf_macro.hpp"
#include "policy/spf_record.hpp"

#include <gtest/gtest.h>

namespace maild::policy::spf {
namespace {

TEST(SpfRecord, IsToldByItsVersion) {
    struct Case {
        std::string_view text;
        bool want;
    };
    for (const auto& [text, want] : {
             Case{"v=spf1", true},
             {"v=spf1 ", true},
             {"V=sPf1 all", true},
             {"v=spf10", false},
             {"v=spf1\tall", false},
             {" v=spf1", false},
             {"v=spf", false},
             {"", false},
         }) {
        EXPECT_EQ(is_record(text), want) << text;
    }
}

TEST(SpfRecord, HasTheGrammarOfTheRfc) {
    struct Case {
        std::string_view terms;
        bool want;
    };
    for (const auto& [terms, want] : {
             Case{"", true},
             {"   ", true},
             {"a   -all ", true},
             {"a\t-all", false},
             {"ALL Mx PTR", true},
             {"+a -a ~a ?a", true},
             {"++a", false},
             {"-", false},
             {"all:x.org", false},
             {"all/8", false},
             {"all.", false},
             {"a:", false},
             {"a/0 a/32 a//0 a//128 a/24//64", true},
             {"a/33", false},
             {"a//129", false},
             {"a/024", false},
             {"a/24/64", false},
             {"a/24//", false},
             {"a/", false},
             {"a//", false},
             {"a:/24", false},
             {"a:ex.org/24//64", true},
             {"a:ex.org/24x", false},
             {"a:foo/24.ex.org", true}, // a slash may stand in a name
             {"a:ex.org:8080", false},
             {"mx:ex.org/16", true},
             {"ptr/8", false},
             {"ptr:ex.org", true},
             {"ptr:", false},
             {"include", false},
             {"include:", false},
             {"include:ex.org/24", false},
             {"include:%{d}", true},
             {"exists:%{ir}.ex.org", true},
             {"exists", false},
             {"ip4:192.0.2.1 ip4:192.0.2.0/24 ip4:0.0.0.0/0", true},
             {"ip4:192.0.2.1/33", false},
             {"ip4:192.0.2.1/", false},
             {"ip4:192.0.2.1/032", false},
             {"ip4:192.0.2.1//32", false},
             {"ip4:192.0.2", false},
             {"ip4:192.0.2.256", false},
             {"ip4:192.0.2.01", false},
             {"ip4:192.0.2.1:25", false},
             {"ip4:2001:db8::1", false},
             {"ip4", false},
             {"ip6:2001:db8::1 ip6:2001:db8::/32 ip6:::1.1.1.1/0", true},
             {"ip6:192.0.2.1", false},
             {"ip6:2001:db8::/129", false},
             {"ip6:2001:db8:::1", false},
             {"ip6:2001:db8::%eth0", false},
             {"ip6", false},
             {"ip:192.0.2.1", false},
             {"moo", false},
             {"redirect=ex.org exp=ex.net", true},
             {"redirect=ex.org REDIRECT=ex.net", false},
             {"exp=ex.org a exp=ex.org", false},
             {"redirect=", false},
             {"exp=", false},
             {"redirect:ex.org", false},
             {"?redirect=ex.org", false},
             {"moo.cow-far_out=man:dog/cat moo=", true},
             {"moo=%{s} moo=%{c}", true},
             {"moo=%abc", false},
             {"1up=foo", false},
             {"=all", false},
             {"a:ex.org\x80", false},
             {"-all exp=%{r}.ex.org", false}, // r is for explanations
         }) {
        EXPECT_EQ(parse_record("v=spf1 " + std::string(terms)).has_value(), want) << terms;
    }
    EXPECT_FALSE(parse_record(std::string("v=spf1 a:ex.org\0", 16)));
    EXPECT_FALSE(parse_record("v=spf2.0/pra all"));
}

TEST(SpfRecord, KeepsWhatItSays) {
    const auto record = parse_record("v=spf1 ~A:ex.org/24//64 -ip6:2001:db8::/32 exp=e.ex.org");
    ASSERT_TRUE(record);
    ASSERT_EQ(record->directives.size(), 2U);
    const auto& a = record->directives[0];
    EXPECT_EQ(a.qualifier, Qualifier::softfail);
    EXPECT_EQ(a.mechanism, Mechanism::a);
    EXPECT_EQ(a.domain_spec, "ex.org");
    EXPECT_EQ(a.ip4_prefix, 24U);
    EXPECT_EQ(a.ip6_prefix, 64U);
    EXPECT_EQ(a.text, "A:ex.org/24//64");
    EXPECT_EQ(record->directives[1].qualifier, Qualifier::fail);
    EXPECT_EQ(record->directives[1].ip6_prefix, 32U);
    EXPECT_EQ(record->explanation, "e.ex.org");
    EXPECT_FALSE(record->redirect);
}

TEST(SpfRecord, SaysWhereItIsWrong) {
    const auto record = parse_record("v=spf1 a mooo:x -all");
    ASSERT_FALSE(record);
    EXPECT_EQ(record.error().offset, 9U);
    const auto longest = parse_record("v=spf1 " + std::string(kMaxRecord, ' '));
    ASSERT_FALSE(longest);
    EXPECT_EQ(longest.error().expected, "a shorter record");
}

TEST(SpfMacro, DomainsEndWithALabelOrAMacro) {
    struct Case {
        std::string_view text;
        bool want;
    };
    for (const auto& [text, want] : {
             Case{"ex.org", true},
             {"ex.org.", true},
             {"org", false},
             {"org.", false},
             {"ex.org..", false},
             {"ex.123", false},
             {"ex.1-2", true},
             {"ex.-a", false},
             {"ex.a-", false},
             {"ex.xn--zckzah", true},
             {"a...org", true}, // a domain-spec, though no name
             {"%{d}", true},
             {"%{d}.org", true},
             {"%{d}org", false},
             {"x%%", true},
             {"x%_%-", true},
             {"%{d2r.-+,/_=}", true},
             {"%{D10R}", true},
             {"%{d0}", false},
             {"%{d00}", false},
             {"%{d05}", true},
             {"%{d99999999999999999999}", true},
             {"%{dr2}", false},
             {"%{d", false},
             {"%{}", false},
             {"%{a}", false},
             {"%{d:}", false},
             {"%", false},
             {"%a", false},
             {"%(d)", false},
             {"%{c}", false},
             {"%{t}.ex.org", false},
             {"ex .org", false},
             {"", false},
         }) {
        EXPECT_EQ(is_domain_spec(text), want) << text;
    }
    EXPECT_TRUE(is_explain_string("See %{c} at %{t}, says %{r}."));
    EXPECT_FALSE(is_explain_string("tab\there"));
    EXPECT_FALSE(is_explain_string("\xef\xbb\xbf"));
}

MacroValues rfc_values() {
    MacroValues values;
    values.local_part = "strong-bad";
    values.sender_domain = "email.example.com";
    values.domain = "email.example.com";
    values.ip = net::parse_ip("192.0.2.3").value();
    values.helo = "mx.example.org";
    values.validated = "mx.example.org";
    values.now = 1'700'000'000;
    return values;
}

// The examples of RFC 7208 §7.4, and what it leaves to be found out.
TEST(SpfMacro, ExpandsAsInTheRfc) {
    struct Case {
        std::string_view text;
        std::string_view want;
    };
    const auto values = rfc_values();
    for (const auto& [text, want] : {
             Case{"%{s}", "strong-bad@email.example.com"},
             {"%{o}", "email.example.com"},
             {"%{d}", "email.example.com"},
             {"%{d4}", "email.example.com"},
             {"%{d3}", "email.example.com"},
             {"%{d2}", "example.com"},
             {"%{d1}", "com"},
             {"%{dr}", "com.example.email"},
             {"%{d2r}", "example.email"},
             {"%{l}", "strong-bad"},
             {"%{l-}", "strong.bad"},
             {"%{lr}", "strong-bad"},
             {"%{lr-}", "bad.strong"},
             {"%{l1r-}", "strong"},
             {"%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com"},
             {"%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com"},
             {"%{lr-}.lp.%{ir}.%{v}._spf.%{d2}",
              "bad.strong.lp.3.2.0.192.in-addr._spf.example.com"},
             {"%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}", "3.2.0.192.in-addr.strong.lp._spf.example.com"},
             {"%{d2}.trusted-domains.example.net", "example.com.trusted-domains.example.net"},
             {"%%%_%-", "% %20"},
             {"%{S}", "strong-bad%40email.example.com"},
             {"%{h} %{p} %{c} %{r} %{t}",
              "mx.example.org mx.example.org 192.0.2.3 unknown 1700000000"},
         }) {
        EXPECT_EQ(expand(text, values), want) << text;
    }
    auto six = values;
    six.ip = net::parse_ip("2001:db8::cb01").value();
    EXPECT_EQ(expand("%{ir}.%{v}", six),
              "1.0.B.C.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.B.D.0.1.0.0.2.ip6");
    EXPECT_EQ(expand("%{c}", six), "2001:db8::cb01");
    auto odd = values;
    odd.local_part = "~jack&jill=up-a_b3.c";
    EXPECT_EQ(expand("%{L}", odd), "~jack%26jill%3Dup-a_b3.c");
    odd.local_part = "a++b";
    EXPECT_EQ(expand("%{l+}|%{lr+}|%{l2+}", odd), "a..b|b..a|.b");
}

TEST(SpfMacro, ALocalPartThatIsNotAsciiHasNoExpansion) { // RFC 8616 §4
    auto values = rfc_values();
    values.local_part = "j\xc3\xb8rn";
    EXPECT_EQ(expand("%{l}._spf.ex.org", values), std::nullopt);
    EXPECT_EQ(expand("%{S}", values), std::nullopt);
    EXPECT_EQ(expand("%{o}", values), "email.example.com");
}

TEST(SpfMacro, NamesLoseLabelsOnTheLeft) {
    auto values = rfc_values();
    values.domain = "somewhat.long.exp.example.com";
    std::string spec = "foobar";
    std::string want;
    for (int i = 0; i < 8; ++i) {
        spec += ".%{d}";
        want += values.domain + ".";
    }
    EXPECT_EQ(expand_domain(spec + ".example.com", values), want + "example.com");
    EXPECT_EQ(expand_domain("ex.org.", values), "ex.org");
    values.helo = std::string(300, 'x');
    EXPECT_EQ(expand_domain("%{h}", values)->size(), 300U); // no name, and not asked for
}

TEST(SpfMacro, ExpansionHasABound) {
    auto values = rfc_values();
    values.local_part = std::string(64, 'x');
    std::string spec;
    for (int i = 0; i < 3000; ++i) spec += "%{s}";
    const auto text = expand(spec, values);
    ASSERT_TRUE(text);
    EXPECT_LE(text->size(), 2 * kMaxExpansion);
    EXPECT_TRUE(text->ends_with("@email.example.com"));
}

} // namespace
} // namespace maild::policy::spf
