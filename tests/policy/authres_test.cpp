#include "policy/authres_property.hpp"
#include "support/linear.hpp"

#include "maild/policy/authres.hpp"

#include <gtest/gtest.h>

#include <random>

namespace maild::policy {
namespace {

std::string shown(std::string_view body, mail::Utf8 utf8 = mail::Utf8::refused) {
    const auto results = parse_authentication_results(body, utf8);
    if (!results)
        return "at " + std::to_string(results.error().offset) + ": " +
               std::string(results.error().expected);
    std::string out = results->authserv_id + "/" + std::to_string(results->version);
    for (const auto& result : results->results) {
        out += " [" + result.method + "/" + std::to_string(result.version) + "=" + result.result;
        if (!result.reason.empty()) out += " because " + result.reason;
        for (const auto& property : result.properties)
            out += " " + property.type + "." + property.name + "=" + property.value;
        out += "]";
    }
    return out;
}

struct Case {
    const char* body;
    const char* want;
};

TEST(AuthenticationResults, Reads) {
    const Case cases[] = {
        {" example.org 1; none", "example.org/1"},
        {"example.org;none", "example.org/1"},
        {"\"a b\" 2 ; NONE (really)\r\n", "a b/2"},
        {" (c) example.org (c)\r\n\t1 (c) ; (c) spf (c) / (c) 1 (c) = (c) pass (c)",
         "example.org/1 [spf/1=pass]"},
        {"a.example; dkim=pass reason=\"good (or so)\" header.i=@mail.example.org",
         "a.example/1 [dkim/1=pass because good (or so) header.i=@mail.example.org]"},
        {"a.example; spf=Pass smtp . mailfrom = \"x y\"@example.org; x-new/2=some-thing",
         "a.example/1 [spf/1=pass smtp.mailfrom=\"x y\"@example.org] [x-new/2=some-thing]"},
        {"a.example; iprev=pass policy.iprev=\"2001:db8::1\"",
         "a.example/1 [iprev/1=pass policy.iprev=2001:db8::1]"},
        {" foo.example.net (foobar) 1 (baz);\r\n dkim (Because I like it) / 1 (One yay) = (wait "
         "for it)"
         " fail\r\n policy (A dot can go here) . (like that) expired\r\n (this surprised me) = (as "
         "I"
         " wasn't expecting it) 1362471462", // RFC 8601 §B.7
         "foo.example.net/1 [dkim/1=fail policy.expired=1362471462]"},
        {"a.example; dkim=pass header.b=\"a\\\"b\" header.d=b", // quoted-pair
         "a.example/1 [dkim/1=pass header.b=a\"b header.d=b]"},
        {"a.example; auth=pass smtp.auth=ada+x@example.org (c)",
         "a.example/1 [auth/1=pass smtp.auth=ada+x@example.org]"},
    };
    for (const auto& c : cases) EXPECT_EQ(shown(c.body), c.want) << c.body;
}

TEST(AuthenticationResults, Refuses) {
    const Case cases[] = {
        {"", "at 0: authserv-id"},
        {"; none", "at 0: authserv-id"},
        {"spf=pass", "at 3: \";\""},
        {"a.example", "at 9: \";\""},
        {"a.example;", "at 10: method"},
        {"a.example; spf=pass;", "at 20: method"},
        {"a.example; none; spf=pass", "at 15: \"=\""},
        {"a.example; spf", "at 14: \"=\""},
        {"a.example; spf=", "at 15: result"},
        {"a.example; dkim=Pass", "at 20: a result of this method"},
        {"a.example; dkim=hardfail", "at 24: a result of this method"},
        {"a.example; spf=pass smtp", "at 24: \".\""},
        {"a.example; spf=pass smtp.", "at 25: property"},
        {"a.example; spf=pass smtp.mailfrom", "at 33: \"=\""},
        {"a.example; spf=pass smtp.mailfrom=", "at 34: value"},
        {"a.example; dkim=pass header.b=a/b", "at 33: value"},
        {"a.example; dmarc=pass action=none", "at 28: \".\""},
        {"a.example; spf=pass (a (b) smtp.helo=b", "at 38: end of a comment"},
        {"a.example; spf=pass a)", "at 21: \".\""},
        {"a.example; spf=pass header.a=\"b\"header.c=d", "at 32: white space"},
        {"a.example; spf=pass header.a=b reason=c", "at 39: one reason"},
        {"b\xc3\xbc.example; none", "at 1: \";\""},
    };
    for (const auto& c : cases) EXPECT_EQ(shown(c.body), c.want) << c.body;
}

TEST(AuthenticationResults, ReadsUtf8WhereItIsAllowed) {
    constexpr auto allowed = mail::Utf8::allowed;
    constexpr auto* kBody = "a.example; dkim=pass header.i=j\xc3\xb6@b\xc3\xbc.example";
    EXPECT_NE(shown(kBody).find("value"), std::string::npos);
    EXPECT_EQ(shown(kBody, allowed),
              "a.example/1 [dkim/1=pass header.i=j\xc3\xb6@b\xc3\xbc.example]");
    EXPECT_EQ(shown("\"b\xc3\xbc.example\"; none", allowed), "b\xc3\xbc.example/1");
    EXPECT_EQ(shown("b\xc3\xbc.example; none", allowed), "at 1: \";\""); // a token is ASCII
}

TEST(AuthenticationResults, Writes) {
    AuthenticationResults results{"mail.example.org"};
    EXPECT_EQ(format_authentication_results(results),
              "Authentication-Results: mail.example.org; none\r\n");
    results.results = {
        {.method = "dkim",
         .result = "pass",
         .reason = "2048-bit key",
         .comment = "good (very) \\ \r\n",
         .properties = {{"header", "d", "example.org"}, {"header", "b", "ab/cd+ef"}}},
        {.method = "spf",
         .result = "fail",
         .reason = "no",
         .properties = {{"smtp", "mailfrom", "ada@example.org"},
                        {"smtp", "remote-ip", "2001:db8::1"},
                        {"smtp", "helo", "a \"b\"\r\nX: y"}}}};
    EXPECT_EQ(
        format_authentication_results(results),
        "Authentication-Results: mail.example.org;\r\n"
        "\tdkim=pass (good \\(very\\) \\\\ ?\?) reason=\"2048-bit key\" "
        "header.d=example.org\r\n\theader.b=\"ab/cd+ef\";\r\n"
        "\tspf=fail reason=no smtp.mailfrom=ada@example.org smtp.remote-ip=\"2001:db8::1\"\r\n"
        "\tsmtp.helo=\"a \\\"b\\\"??X: y\"\r\n");
}

TEST(AuthenticationResults, ReadsWhatItWrote) {
    AuthenticationResults results{"b\xc3\xbc.example", 2};
    results.results = {{.method = "x", .version = 3, .result = "y", .reason = "a\\b\"c"},
                       {.method = "dkim",
                        .result = "pass",
                        .properties = {{"header", "i", "\"a b\"@example.org"},
                                       {"header", "s", ""},
                                       {"header", "a", "@x.example"}}}};
    const auto field = format_authentication_results(results);
    const auto again = parse_authentication_results(field.substr(field.find(':') + 1));
    ASSERT_TRUE(again) << field;
    EXPECT_EQ(*again, results);
}

TEST(AuthenticationResults, IsOneFieldWhateverItsValuesAre) {
    for (const auto* value : {"\"ab\r\nX-Injected: yes\r\n\r\nbody\"@example.org", "a\r\n b", "\n",
                              "\"a\r\n b\"@example.org", "a\x01@example.org"}) {
        AuthenticationResults results{"mail.example.org"};
        results.results = {{.method = "dkim",
                            .result = "fail",
                            .reason = value,
                            .comment = value,
                            .properties = {{"header", "i", value}, {"header", "d", "x.example"}}}};
        const auto field = format_authentication_results(results);
        EXPECT_EQ(policy::test::problem_of(results), "") << field;
        const auto again = parse_authentication_results(field.substr(field.find(':') + 1));
        ASSERT_TRUE(again) << field;
        ASSERT_EQ(again->results.size(), 1U);
        EXPECT_EQ(again->results[0].properties.back().value, "x.example");
    }
    // Read, too: a fold within a quoted local part is none of its octets.
    const auto read = parse_authentication_results(
        " mail.example.org; dkim=pass header.i=\"a\r\n b\"@example.org");
    ASSERT_TRUE(read);
    EXPECT_EQ(read->results[0].properties[0].value, "\"a b\"@example.org");
}

std::string value_written(std::string value) {
    AuthenticationResults results{"a.example"};
    results.results = {{.method = "x", .result = "y", .properties = {{"a", "b", value}}}};
    const auto field = format_authentication_results(results);
    const auto again = parse_authentication_results(field.substr(field.find(':') + 1));
    return again ? again->results[0].properties[0].value : "unreadable: " + field;
}

TEST(AuthenticationResults, WritesWholeCharacters) {
    const std::pair<std::string, std::string> cases[] = {
        {"a\x01\x7f\x1b[1m", "a???[1m"},
        {std::string("a\0b", 3), "a?b"},
        {"\xff\xc3(\xe2\x82\xac\xf0\x9f\x98", "?\?(\xe2\x82\xac???"},
        {"\xc0\x80\xed\xa0\x80\xf4\x90\x80\x80", "?????????"}, // no UTF-8 either, RFC 3629 §3
        {"a\xc2\x85\xc2\x9b\xc2\xa0", "a????\xc2\xa0"},        // C1
        {std::string(400, 'a'), std::string(320, 'a')},
        {std::string(319, '"') + "\xc3\xbc", std::string(319, '"')},
    };
    for (const auto& [value, want] : cases) EXPECT_EQ(value_written(value), want) << value;
}

TEST(AuthenticationResults, FoldsLongValues) {
    AuthenticationResults results{"a.example"};
    results.results = {{.method = "x",
                        .result = "y",
                        .reason = maild::test::repeated("seven  ", 40),
                        .comment = maild::test::repeated("(\\ ) ", 40),
                        .properties = {{"a", "b", std::string(400, '"')}}}};
    const auto field = format_authentication_results(results);
    EXPECT_EQ(policy::test::problem_of(results), "");
    std::size_t long_lines = 0;
    for (std::size_t at = 0; at < field.size(); at = field.find('\n', at) + 1)
        long_lines += field.find('\r', at) - at > 78 ? 1 : 0;
    EXPECT_EQ(long_lines, 1U) << field;
    const auto again = parse_authentication_results(field.substr(field.find(':') + 1));
    ASSERT_TRUE(again) << field;
    EXPECT_EQ(again->results[0].reason, maild::test::repeated("seven  ", 40).substr(0, 200));
}

TEST(AuthenticationResults, LeavesOutWhatNobodyCouldRead) {
    AuthenticationResults results{"a.example", 2'000'000};
    for (const auto* name : {"", "a b", "a;", "a-", "a.b", "\xc3\xbc"}) {
        results.results.push_back({.method = name, .result = "pass"});
        results.results.push_back({.method = "x", .result = name});
    }
    results.results.push_back({.method = "dkim", .result = "good"});
    results.results.push_back({.method = "x", .version = 1'000'000, .result = "y"});
    EXPECT_EQ(format_authentication_results(results),
              "Authentication-Results: a.example 999999; none\r\n");
    results.results.push_back(
        {.method = "x", .result = "y", .properties = {{"a b", "c", "d"}, {"a", "b", "c"}}});
    EXPECT_EQ(format_authentication_results(results),
              "Authentication-Results: a.example 999999;\r\n\tx=y a.b=c\r\n");
}

TEST(AuthenticationResults, WritesSoMuchAndNoMore) {
    MethodResult result{.method = "x", .result = "y"};
    result.properties.assign(150, {"a", "b", "c"});
    AuthenticationResults results{"a.example"};
    results.results.assign(150, result);
    EXPECT_EQ(policy::test::problem_of(results), "");
    result.properties.assign(100, {"a", "b", std::string(320, '"')});
    results.results.assign(150, result);
    EXPECT_EQ(policy::test::problem_of(results), "");
    results.results.assign(150, {.method = "x", .result = "y"});
    const auto field = format_authentication_results(results);
    const auto again = parse_authentication_results(field.substr(field.find(':') + 1));
    ASSERT_TRUE(again);
    EXPECT_EQ(again->results.size(), kMaxMethodResults);
}

// Random values made of what has a meaning somewhere in the field.
class RandomResults {
public:
    explicit RandomResults(unsigned seed) : random_(seed) {}

    AuthenticationResults next() {
        AuthenticationResults results{text(), number(3)};
        for (auto left = number(5); left > 0; --left) {
            MethodResult result{name(), number(3), name(), text(), text()};
            for (auto more = number(6); more > 0; --more)
                result.properties.push_back({name(), name(), text()});
            results.results.push_back(std::move(result));
        }
        return results;
    }

private:
    unsigned number(unsigned below) { return static_cast<unsigned>(random_() % below); }

    std::string text() {
        static const std::string kPieces[] = {"\r\n",
                                              "\r",
                                              "\n",
                                              " ",
                                              "  ",
                                              "\t",
                                              "\"",
                                              "\\",
                                              "(",
                                              ")",
                                              ";",
                                              "=",
                                              "@",
                                              ".",
                                              "/",
                                              ":",
                                              "\r\n\r\n",
                                              "\r\nX: y",
                                              "none",
                                              "; none",
                                              "reason=",
                                              "a",
                                              "pass",
                                              "1",
                                              "a.example",
                                              "b\xc3\xbc.example",
                                              "\xff",
                                              "\xe2\x80\xa8",
                                              "\xc2\x85",
                                              "\x7f",
                                              std::string("\0", 1),
                                              "Authentication-Results: a.example; dkim=pass",
                                              "[192.0.2.1]",
                                              std::string(70, 'x'),
                                              std::string(300, ' '),
                                              std::string(330, '"')};
        std::string out;
        for (auto left = number(12); left > 0; --left) out += kPieces[number(std::size(kPieces))];
        return out;
    }
    std::string name() {
        constexpr const char* kNames[] = {"dkim", "spf", "pass", "fail", "x-y", "header", "i"};
        return number(20) == 0 ? text() : kNames[number(std::size(kNames))];
    }

    std::mt19937 random_;
};

TEST(AuthenticationResults, HoldsForRandomValues) {
    for (unsigned seed = 0; seed < 5'000; ++seed) {
        const auto results = RandomResults(seed).next();
        ASSERT_EQ(policy::test::problem_of(results), "")
            << "seed " << seed << ": " << format_authentication_results(results);
    }
}

TEST(AuthenticationResults, EndsAtItsLimits) {
    std::string body = "a.example";
    for (std::size_t i = 0; i < kMaxMethodResults; ++i) body += ";x=y";
    EXPECT_TRUE(parse_authentication_results(body));
    EXPECT_FALSE(parse_authentication_results(body + ";x=y"));
    body = "a.example;x=y";
    for (std::size_t i = 0; i < kMaxProperties; ++i) body += " a.b=c";
    EXPECT_TRUE(parse_authentication_results(body));
    EXPECT_FALSE(parse_authentication_results(body + " a.b=c"));
}

// What is left when those that say they are ours have gone.
std::string kept(std::string content, std::string_view id) {
    auto ranges = forged_results(content, id);
    for (auto range = ranges.rbegin(); range != ranges.rend(); ++range)
        content.erase(range->begin, range->end - range->begin);
    return content;
}

TEST(AuthenticationResults, TakesOutForgedOnes) {
    constexpr auto* kOurs = "mail.example.org";
    const std::string other = "Authentication-Results: other.example; spf=pass\r\n";
    const std::string rest = "From: a@b\r\n\r\nAuthentication-Results: mail.example.org; none\r\n";
    for (const auto* forged :
         {"Authentication-Results: mail.example.org; none\r\n",
          "AUTHENTICATION-results:mail.Example.ORG; spf=pass\r\n smtp.helo=x\r\n",
          "Authentication-Results :\r\n\t(c (d)) \"mail.example.org\" 1; none\r\n",
          "Authentication-Results: mail.example.org.; none\r\n",
          "Authentication-Results: mail.example.org(c) none\r\n",
          "Authentication-Results: mail.example.org\r\n", "Authentication-Results:\r\n",
          "Authentication-Results: (never closed mail.example.org; none\r\n",
          "Authentication-Results: \"mail.example.org; none\r\n",
          "Authentication-Results: mail.example.org; none\n",
          "Authentication-Results: \"mail.exam\\ple.org\"; none\r\n"}) {
        EXPECT_EQ(kept(other + forged + rest, kOurs), other + rest) << forged;
        EXPECT_EQ(kept(forged + other + rest, kOurs), other + rest) << forged;
    }
    for (const auto* honest :
         {"Authentication-Results: mail.example.org.evil.example; none\r\n",
          "Authentication-Results: notmail.example.org; none\r\n",
          "X-Authentication-Results: mail.example.org; none\r\n",
          "Subject: Authentication-Results: mail.example.org; none\r\n",
          "Subject: x\r\n Authentication-Results: mail.example.org; none\r\n"}) {
        EXPECT_EQ(kept(honest + rest, kOurs), honest + rest) << honest;
    }
    EXPECT_EQ(kept("Authentication-Results: xn--bcher-kva.example; none\r\n", "b\xc3\xbc"
                                                                              "cher.example"),
              "");
}

// Also behind more fields than a parser of headers takes.
TEST(AuthenticationResults, TakesOutForgedOnesBehindManyFields) {
    const auto many = maild::test::repeated("X: y\r\n", 10'000);
    EXPECT_EQ(kept(many + "Authentication-Results: a.example; none\r\n", "a.example"), many);
}

TEST(AuthenticationResults, IsLinear) {
    const auto parse = [](const std::string& body) { (void)parse_authentication_results(body); };
    const auto search = [](const std::string& text) { (void)forged_results(text, "a.example"); };
    const maild::test::Shape shapes[] = {
        {"open comments", 1 << 19, [](std::size_t n) { return "a;" + std::string(n, '('); }, parse},
        {"slashes and comments", 1 << 17,
         [](std::size_t n) { return "a;b" + maild::test::repeated("()", n); }, parse},
        {"quotes", 1 << 19, [](std::size_t n) { return "\"" + std::string(n, '\\'); }, parse},
        {"fields", 1 << 14,
         [](std::size_t n) {
             return maild::test::repeated("Authentication-Results: a.example\r\n", n);
         },
         search},
        {"folds", 1 << 18, [](std::size_t n) { return "A:" + maild::test::repeated("\n ", n); },
         search}};
    for (const auto& shape : shapes)
        EXPECT_LT(maild::test::growth_of(shape), maild::test::kMostGrowth) << shape.name;
}

} // namespace
} // namespace maild::policy
