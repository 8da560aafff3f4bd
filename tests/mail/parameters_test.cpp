#include "maild/mail/mime.hpp"

#include <gtest/gtest.h>

namespace maild::mail {
namespace {

std::string show(const std::string& value, const std::vector<Parameter>& parameters) {
    std::string out = value;
    for (const auto& [name, text] : parameters) out += "|" + name + "=" + text;
    return out;
}

using Pairs = std::vector<std::pair<std::string_view, std::string_view>>;

TEST(Parameters, KeepsThemAsTheyStand) {
    const Pairs cases = {
        {"text/plain", "text/plain"},
        {"Text/PLAIN; Charset=UTF-8", "text/plain|Charset=UTF-8"},
        {"text / plain ; charset = \"us-ascii\" ; format=flowed",
         "text/plain|charset=us-ascii|format=flowed"},
        {"(a) text/(b)plain (c); (d) charset (e) = (f) x (g)", "text/plain|charset=x"},
        {R"(a/b; name="x\"y\\z; w")", R"(a/b|name=x"y\z; w)"},
        {"a/b; name*0=x; name*1*=%20", "a/b|name*0=x|name*1*=%20"},
        {"a/b; n=1; N=2", "a/b|n=1|N=2"},
        {"a/b;;; ;n=1;", "a/b|n=1"},
        {"attachment; filename=my file(1).pdf", "attachment|filename=my file(1).pdf"},
        {"attachment; filename=a b c=d", "attachment|filename=a b|c=d"},
        {"text/plain charset=utf-8", "text/plain|charset=utf-8"},
        {"a/b; name=\"open; charset=x", "a/b|name=open|charset=x"},
        {"a/b; name=\"a\"junk; c=d", "a/b|name=a|c=d"},
        {"a/b; lonely; =x; \"; c=d", "a/b|c=d"},
        {"a/b; n=", "a/b|n="},
        {"", ""},
        {";", ""},
        {"\"text/html\"; a=b", "text/html|a=b"},
        {"a/b; boundary==_x", "a/b|boundary==_x"},
    };
    for (const auto& [body, want] : cases) {
        const auto got = parse_parameterized(body);
        EXPECT_EQ(show(got.value, got.parameters), want) << body;
    }
}

TEST(Parameters, DecodesRfc2231) {
    const Pairs cases = {
        {"x; Name=a", "|name=a"},
        {"x; name*=utf-8''Gr%C3%BC%C3%9Fe", "|name=Grüße"},
        {"x; name*=iso-8859-1'de'Gr%FC%DFe", "|name=Grüße"},
        {"x; name*=''a%20b", "|name=a b"},
        {"x; name*=a%20b", "|name=a b"},
        {"x; name*1=b; name*0=a; name*2=c", "|name=abc"},
        {"x; title*0*=us-ascii'en'This%20is%20; title*1*=%2A%2A; title*2=\" it's%20\"",
         "|title=This is ** it's%20"},
        {"x; n*0*=utf-8''%C3; n*1*=%A4", "|n=ä"},
        {"x; n*0=a; n*0=b; n*1=c; n*3=d", "|n=ac"},
        {"x; n=plain; n*=utf-8''encoded", "|n=encoded"},
        {"x; n*=utf-8''encoded; n=plain", "|n=encoded"},
        {"x; n=plain; n*0=seg", "|n=seg"},
        {"x; n=a; n=b", "|n=a"},
        {"x; name==?utf-8?q?Gr=C3=BC=C3=9Fe?=", "|name=Grüße"},
        {"x; n*=utf-8''%00%0D%0Aa%7F", "|n=a"},
        {"x; n*=utf-8''%C0%AF", "|n=\ufffd\ufffd"},
        {"x; n*=utf-8''%ZZ%4", "|n=%ZZ%4"},
        {"x; n*=x-unknown''%E4", "|n=ä"},
        {"x; name*0*999999=a", "|name*0*999999=a"},
        {"x; name*00=a", "|name*00=a"},
        {"x; name*999999999999999999999=a", "|name*999999999999999999999=a"},
        {"x; *=a; *0=b", "|*=a|*0=b"},
        {"x; n**=a", "|n**=a"},
    };
    for (const auto& [body, want] : cases) {
        EXPECT_EQ(show("", decode_parameters(parse_parameterized(body).parameters)), want) << body;
    }
}

TEST(Parameters, TakesOnlySoMany) {
    std::string body = "x";
    for (int i = 0; i < 100'000; ++i) body += ";n*" + std::to_string(i) + "=a";
    const auto parameters = parse_parameterized(body).parameters;
    EXPECT_EQ(parameters.size(), kMaxParameters);
    EXPECT_EQ(decode_parameters(parameters).front().value, std::string(kMaxParameters, 'a'));
    const std::vector<Parameter> more(1000, {"n", "v"});
    EXPECT_EQ(decode_parameters(more).size(), 1U);
}

TEST(Parameters, AreFoundWithoutCase) {
    const auto parameters = parse_parameterized("x; Charset=a; charset=b").parameters;
    ASSERT_NE(find_parameter(parameters, "CHARSET"), nullptr);
    EXPECT_EQ(*find_parameter(parameters, "CHARSET"), "a");
    EXPECT_EQ(find_parameter(parameters, "format"), nullptr);
}

} // namespace
} // namespace maild::mail
