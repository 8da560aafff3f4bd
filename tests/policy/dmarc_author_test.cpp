// Who the author is, of fields in good order and of those that are made to be misread.
#include "support/linear.hpp"
#include "support/memory_resolver.hpp"
#include "support/run_task.hpp"

#include "maild/policy/dmarc.hpp"

#include <gtest/gtest.h>

namespace maild::policy::dmarc {
namespace {

struct Case {
    const char* text;
    const char* want;
};

std::string author_of(std::string_view header) {
    const auto domain = author_domain(header);
    return domain ? *domain : "none: " + domain.error();
}

TEST(DmarcAuthor, ReadsFrom) {
    const Case cases[] = {
        {"From: Ada <ada@Example.ORG>\r\n", "example.org"},
        {"from:ada@b\xc3\xbc"
         "cher.example\r\n",
         "xn--bcher-kva.example"},
        {"From: \"eve@evil.example\" <ada@example.org>\r\n", "example.org"},
        {"From: a@example.org, B <b@EXAMPLE.org>\r\n", "example.org"},
        {"From: ada@Example.org.\r\n", "example.org"}, // a dot at the end
        {"From: J. (c (d)) Random \"Q\" =?x?q?y?= < ada (c) @ (c)\r\n example.org (c) > (c)\r\n",
         "example.org"},
        {"From: ada (c) @ example.org (Ada <a@b>)\r\n", "example.org"},
        {"From: \"a@b\"@example.org, ..a@example.org\r\n", "example.org"},
        {"From: J\xf6rg <ada@example.org>\r\n", "example.org"},
        {"From: ada@zero_pct.example\r\n", "zero_pct.example"},
        {"From: a@example.org, b@example.net\r\n", "none: From has addresses of different domains"},
        {"From: a@example.org\r\nFrom: a@example.org\r\n", "none: From is there twice"},
        {"From: a@example.org\r\nX: y\r\nFROM : b@example.org\r\n", "none: From is there twice"},
        {"From: nobody:;\r\n", "none: From is no list of addresses"},
        {"From:\r\n", "none: From is no list of addresses"},
        {"From: <ada>\r\n", "none: From is no list of addresses"},
        {"From: ada@[192.0.2.1]\r\n", "none: From has an address without a domain"},
        {"From: ada@example..org\r\n", "none: From has an address without a domain"},
        {"From: ada@example.org..\r\n", "none: From has an address without a domain"},
        {"From: <a@evil.example> <v@bank.example>\r\n", "none: From is no list of addresses"},
        {"From: <a@evil.example> v@bank.example\r\n", "none: From is no list of addresses"},
        {"From: <a@evil.example> bank\r\n", "none: From is no list of addresses"},
        {"From: a@evil.example b\r\n", "none: From is no list of addresses"},
        {"From: v@bank.example <a@evil.example>\r\n", "none: From is no list of addresses"},
        {"From: a@evil.example .bank.example\r\n", "none: From is no list of addresses"},
        {"From: <a@evil.example\r\n", "none: From is no list of addresses"},
        {"From: <@bank.example:a@evil.example>\r\n", "none: From is no list of addresses"},
        {"From: A: a@evil.example;\r\n", "none: From is no list of addresses"},
        {"From: a@evil.example,\r\n", "none: From is no list of addresses"},
        {"From: a@evil.example (\r\n", "none: From is no list of addresses"},
        {"Sender: ada@example.org\r\n", "none: there is no From"},
        {"\r\nFrom: ada@example.org\r\n", "none: there is no From"},
    };
    for (const auto& c : cases) EXPECT_EQ(author_of(c.text), c.want) << c.text;
}

TEST(DmarcAuthor, WantsToSeeTheWholeHeader) {
    const auto many = maild::test::repeated("X: y\r\n", 2'000);
    EXPECT_EQ(author_of("From: ada@example.org\r\n" + many),
              "none: the header section is larger than is looked at");
    const auto long_list = "To: " + maild::test::repeated("bob@example.org,\r\n ", 10'000) + "\r\n";
    EXPECT_EQ(author_of("From: ada@example.org\r\n" + long_list), "example.org");
    EXPECT_EQ(author_of("From: ada@example.org" + long_list.substr(long_list.find(','))),
              "none: From is too long");
}

std::string shown(const Authors& authors) {
    std::string out;
    for (const auto& domain : authors.domains) out += domain + " ";
    return out + (authors.has_more ? "..." : "");
}

std::string all_of(std::string_view header) {
    return shown(authors_of(mail::parse_header(header)));
}

// Whatever a reader may take for an author stands in the list.
TEST(DmarcAuthor, NamesAllThatMayBeMeant) {
    const Case cases[] = {
        {"From: a@example.org, \"v@bank.example\" <b@example.org>\r\n", "example.org "},
        {"From: <a@evil.example>, <v@bank.example>\r\n", "evil.example bank.example "},
        {"From: <a@evil.example> <v@bank.example>\r\n", "evil.example bank.example "},
        {"From: a@evil.example\r\nFrom: v@bank.example\r\n", "evil.example bank.example "},
        {"From: v@bank.example. <a@evil.example>\r\n", "bank.example evil.example "},
        {"From: <a@[192.0.2.1]>, <v@bank.example>\r\n", "bank.example "},
        {"From: <a@evil.example>, <v@bank.example..>\r\n", "evil.example bank.example "},
        {"From: <a@evil.example> (v@bank.example\r\n", "evil.example bank.example "},
        {"From: x <a@evil.example> \"v@bank.example\r\n", "evil.example bank.example "},
        {"From: <a@evil.example .bank.example>\r\n", "evil.example evil.example.bank.example "},
        {"From: v@ (c) bank. (c)\r\n example (c) x\r\n", "bank bank.example "},
        {"From: v@bank.example\xff <x\r\n", "bank.example "},
        {"From: @ <@> a@\r\n", ""},
        {"From: x\r\n", ""},
        {"To: a@b\r\n", ""},
    };
    for (const auto& c : cases) EXPECT_EQ(all_of(c.text), c.want) << c.text;
    EXPECT_EQ(all_of("From: ;a@a.x b@b.x c@c.x d@d.x e@e.x e@E.X\r\n"), "a.x b.x c.x d.x e.x ");
    EXPECT_EQ(all_of("From: ;a@a.x b@b.x c@c.x d@d.x e@e.x f@f.x\r\n"), "a.x b.x c.x d.x e.x ...");
    EXPECT_EQ(all_of("From: ;" + maild::test::repeated("a@", 51) + "bank.example\r\n"), "a ...");
    EXPECT_EQ(all_of("From: a@b.x\r\n" + maild::test::repeated("X: y\r\n", 2'000)), "b.x ...");
}

TEST(DmarcAuthor, IsLinear) {
    const auto work = [](const std::string& text) { (void)all_of(text); };
    const maild::test::Shape shapes[] = {
        {"comments", 1 << 15,
         [](std::size_t n) { return "From:" + maild::test::repeated("(", n) + "@"; }, work},
        {"addresses", 1 << 14,
         [](std::size_t n) { return "From: a" + maild::test::repeated("@b,", n / 3); }, work},
        {"words", 1 << 15,
         [](std::size_t n) { return "From:" + maild::test::repeated("a ", n / 2); }, work}};
    for (const auto& shape : shapes)
        EXPECT_LT(maild::test::growth_of(shape), maild::test::kMostGrowth) << shape.name;
}

struct Unclear {
    const char* from;
    std::vector<std::string> dkim;
    Outcome outcome;
    Policy policy;
};

// A forged From is not let off for being broken, too.
TEST(DmarcAuthor, BrokenFromIsNotMilder) {
    maild::test::MemoryResolver dns;
    dns.add_txt("_dmarc.evil.example", "v=DMARC1; p=none");
    dns.add_txt("_dmarc.shop.example", "v=DMARC1; p=quarantine");
    dns.add_txt("_dmarc.bank.example", "v=DMARC1; p=reject");
    dns.fail("_dmarc.silent.example");
    using enum Outcome;
    const Unclear cases[] = {
        {"a@bank.example.", {"bank.example"}, pass, Policy::reject},
        {"a@bank.example", {"mail.bank.example."}, pass, Policy::reject},
        {"<a@evil.example> <v@bank.example>", {"evil.example"}, permerror, Policy::reject},
        {"a@evil.example, v@bank.example", {"evil.example"}, permerror, Policy::reject},
        {"a@evil.example\r\nFrom: v@bank.example", {"evil.example"}, permerror, Policy::reject},
        {"a@shop.example, v@evil.example", {}, permerror, Policy::quarantine},
        {"a@shop.example, v@bank.example", {"bank.example"}, permerror, Policy::quarantine},
        {"[X] <a@bank.example>", {"bank.example"}, permerror, Policy::none}, // it has passed
        {"[X] <a@bank.example>", {}, permerror, Policy::reject},
        {"[X] <a@none.example>", {}, permerror, Policy::none},
        {"a@silent.example, a@evil.example", {}, temperror, Policy::none},
        {"a@silent.example, a@bank.example", {}, permerror, Policy::reject},
        {";@a.x @b.x @c.x @d.x @e.x @bank.example", {}, permerror, Policy::reject},
        {"", {"evil.example"}, permerror, Policy::none},
    };
    for (const auto& c : cases) {
        const auto header = "From: " + std::string(c.from) + "\r\n";
        Identifiers identifiers;
        identifiers.dkim = c.dkim;
        const auto authors = authors_of(mail::parse_header(header));
        const auto verdict = maild::test::run_task(evaluate(dns, authors, identifiers));
        EXPECT_EQ(name_of(verdict.outcome), name_of(c.outcome)) << c.from;
        EXPECT_EQ(name_of(verdict.policy), name_of(c.policy)) << c.from;
        EXPECT_EQ(verdict.authors, authors.domains) << c.from;
        EXPECT_EQ(verdict.author.empty(), c.outcome != pass) << c.from;
        EXPECT_NE(verdict.reason, "") << c.from;
    }
}

} // namespace
} // namespace maild::policy::dmarc
