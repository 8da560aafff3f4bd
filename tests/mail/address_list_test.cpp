#include "maild/mail/address_list.hpp"

#include <gtest/gtest.h>

namespace maild::mail {
namespace {

// A list as text, so that a table shows it: name|route|localpart|domain, groups as name[...].
std::string show(const NamedAddress& a) {
    return a.name + "|" + a.route + "|" + a.localpart + "|" + a.domain;
}

std::string show(const AddressList& list) {
    std::string out;
    for (const auto& item : list) {
        if (!out.empty()) out += " ; ";
        if (const auto* mailbox = std::get_if<NamedAddress>(&item)) {
            out += show(*mailbox);
            continue;
        }
        const auto& group = std::get<AddressGroup>(item);
        out += group.name + "[";
        for (const auto& member : group.members)
            out += (&member == &group.members.front() ? "" : " ; ") + show(member);
        out += "]";
    }
    return out;
}

struct ListCase {
    std::string_view body;
    std::string_view want;
};

TEST(AddressList, ReadsWhatRfc5322Allows) {
    const ListCase cases[] = {
        {"ada@example.org", "||ada|example.org"},
        {" Ada Lovelace <ada@example.org>", "Ada Lovelace||ada|example.org"},
        {R"("Joe Q. Public" <john.q.public@example.com>)",
         "Joe Q. Public||john.q.public|example.com"},
        {R"("Giant; \"Big\" Box" <sysservices@example.net>)",
         "Giant; \"Big\" Box||sysservices|example.net"},
        {"a@b, c@d", "||a|b ; ||c|d"},
        {"A Group:Ed Jones <c@a.test>,joe@where.test,John <jdoe@one.test>;",
         "A Group[Ed Jones||c|a.test ; ||joe|where.test ; John||jdoe|one.test]"},
        {"Undisclosed recipients:;", "Undisclosed recipients[]"},
        {"x@y, G:a@b;, z@w", "||x|y ; G[||a|b] ; ||z|w"},
        {R"(Pete(A nice \) chap) <pete(his account)@silly.test(his host)>)",
         "Pete||pete|silly.test"},
        {"\"quoted local\"@x.org", "||quoted local|x.org"},
        {"a@[192.0.2.1]", "||a|[192.0.2.1]"},
        {"a@[IPv6:::1], b@c", "||a|[IPv6:::1] ; ||b|c"},
        {"<a@b>", "||a|b"},
        {"a@b (Ada)", "Ada||a|b"},
        {"=?utf-8?q?=C3=A4?= <a@b>", "=?utf-8?q?=C3=A4?=||a|b"},
        {"Ada\r\n Lovelace <ada\r\n @example.org>", "Ada Lovelace||ada|example.org"},
    };
    for (const auto& c : cases) EXPECT_EQ(show(parse_address_list(c.body)), c.want) << c.body;
}

TEST(AddressList, ReadsObsoleteForms) {
    const ListCase cases[] = {
        {"Mary Smith <@node.test:mary@example.net>, , jdoe@test  . example",
         "Mary Smith|@node.test|mary|example.net ; ||jdoe|test.example"},
        {"<@a,@b,,@c:x@y>", "|@a,@b,@c|x|y"},
        {"Joe Q. Public <john.q.public@example.com>", "Joe Q. Public||john.q.public|example.com"},
        {"john . q . public @ example.com", "||john.q.public|example.com"},
        {"\"a\".b@c", "||a.b|c"},
        {",,a@b,,", "||a|b"},
    };
    for (const auto& c : cases) EXPECT_EQ(show(parse_address_list(c.body)), c.want) << c.body;
}

TEST(AddressList, ReadsBrokenOnes) {
    const ListCase cases[] = {
        {"", ""},
        {" \t\r\n ", ""},
        {"root", "||root|"},
        {"Ada Lovelace", "Ada Lovelace|||"},
        {"ada@example.org <ada@example.org>", "ada@example.org||ada|example.org"},
        {"Ada <ada@example.org", "Ada||ada|example.org"},
        {"Ada <ada@example.org, Bob <bob@x>", "Ada||ada|example.org ; Bob||bob|x"},
        {"Ada <ada>", "Ada||ada|"},
        {"<>", "|||"},
        {"@b", "|||b"},
        {"a@", "||a|"},
        {"a@b@c", "||a|b@c"},
        {"\"unclosed <a@b>", "unclosed||a|b"},
        {"(unclosed <a@b>", "unclosed||a|b"},
        {"a@[1.2.3", "||a|1.2.3"},
        {"G: a@b", "G[||a|b]"},
        {"G: a@b; c@d", "G[||a|b] ; ||c|d"},
        {"G: H: a@b;", "G[||H:a|b]"},
        {";;;", ""},
        {">>>", ""},
        {"a@b; c@d", "||a|b ; ||c|d"},
        {"[Ada] <a@b>", "[Ada]||a|b"},
        {"Ada <a@b> junk \"x, y\" z, c@d", "Ada||a|b ; ||c|d"},
        {"<mailto:a@b>", "||mailto:a|b"},
        {"\xff\xfe <a@b>", "\xff\xfe||a|b"},
    };
    for (const auto& c : cases) EXPECT_EQ(show(parse_address_list(c.body)), c.want) << c.body;
}

TEST(AddressList, StopsAtTenThousand) {
    std::string body;
    for (std::size_t i = 0; i < kMaxListedAddresses + 10; ++i) body += "a@b,";
    EXPECT_EQ(parse_address_list(body).size(), kMaxListedAddresses);
    std::string groups;
    for (std::size_t i = 0; i < kMaxListedAddresses + 10; ++i) groups += "g:;";
    EXPECT_EQ(parse_address_list(groups).size(), kMaxListedAddresses);
    const auto one = parse_address_list("g:" + body);
    ASSERT_EQ(one.size(), 1U);
    EXPECT_EQ(mailboxes_of(one).size(), kMaxListedAddresses - 1);
}

TEST(AddressList, GivesEnvelopeAddresses) {
    const auto list = parse_address_list("\"Ada\" <\"ada\"@Example.org>, root, grå@bücher.example");
    const auto all = mailboxes_of(list);
    ASSERT_EQ(all.size(), 3U);
    EXPECT_EQ(all[0].address(), parse_address("ada@example.org", Utf8::refused).value());
    EXPECT_EQ(all[1].address(), std::nullopt);
    EXPECT_TRUE(all[2].address());
    EXPECT_FALSE(all[2].address(Utf8::refused));
}

} // namespace
} // namespace maild::mail
