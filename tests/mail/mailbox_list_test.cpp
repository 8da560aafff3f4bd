#include "maild/mail/mailbox_list.hpp"

#include <gtest/gtest.h>

#include <string>

namespace maild::mail {
namespace {

// The addresses with spaces between, or what was expected instead.
std::string show(std::string_view body) {
    const auto list = parse_mailbox_list(body);
    if (!list) return "? " + std::string(list.error().expected);
    std::string out;
    for (const auto& address : *list) out += (out.empty() ? "" : " ") + address.format();
    return out;
}

struct Case {
    std::string_view body;
    std::string_view want;
};

TEST(MailboxList, ReadsWhatRfc5322Writes) {
    const Case cases[] = {
        {" ada@example.org", "ada@example.org"},
        {" <ada@example.org>", "ada@example.org"},
        {" Ada Lovelace <ada@example.org>", "ada@example.org"},
        {" J. Ada Lovelace <Ada@Example.ORG>", "Ada@example.org"},
        {R"( "Lovelace, Ada (Dr.) <x@y>" <ada@example.org>)", "ada@example.org"},
        {R"( "a\"b" c <ada@example.org>)", "ada@example.org"},
        {" =?utf-8?q?ceo=40bank=2Eexample?= <ada@example.org>", "ada@example.org"},
        {" =?utf-8?B?w4VkYQ==?=\r\n =?utf-8?B?IFA=?= <ada@example.org>", "ada@example.org"},
        {" Åda <ada@example.org>", "ada@example.org"},
        {" \xc5"
         "da <ada@example.org>",
         "ada@example.org"},
        {" ada@example.org (Ada, at home)", "ada@example.org"},
        {" (a (nested \\) one)) Ada <ada@example.org> (b)", "ada@example.org"},
        {"\r\n\tada@example.org,\r\n Bob <bob@example.org>", "ada@example.org bob@example.org"},
        {R"( "two words"@example.org)", R"("two words"@example.org)"},
        {R"( "ada"@example.org)", "ada@example.org"},
        {" ada@[192.0.2.1]", "ada@[192.0.2.1]"},
        {" åda@münchen.example", "åda@xn--mnchen-3ya.example"},
    };
    for (const auto& c : cases) EXPECT_EQ(show(c.body), c.want) << c.body;
}

TEST(MailboxList, RefusesWhatCanBeReadInTwoWays) {
    const Case cases[] = {
        {"", "? <"},
        {" ", "? <"},
        {" ada", "? <"},
        {" ada@", "? <"},
        {" <>", "? localpart"},
        {" Ada <ada@example.org", "? >"},
        {" ada@example.org,", "? <"},
        {" ,ada@example.org", "? <"},
        {" ada@example.org bob@example.org", "? <"},
        {" ada@example.org <bob@example.org>", "? <"},
        {" ceo@bank.example <ada@example.org>", "? <"},
        {" <ceo@bank.example> <ada@example.org>", "? end of mailbox"},
        {" Ada <ada@example.org> ceo@bank.example", "? end of mailbox"},
        {" <ceo@bank.example>, <ada@example.org> x", "? end of mailbox"},
        {" Ada: <ada@example.org>;", "? <"},
        {" ada@example.org; ceo@bank.example", "? <"},
        {" <@a.example:ada@example.org>", "? localpart"},
        {" ada @example.org", "? <"},
        {" ada(x)@example.org", "? <"},
        {" < ada@example.org >", "? localpart"},
        {" \"Ada <ada@example.org>", "? closing quote"},
        {" (Ada <ada@example.org>", "? end of comment"},
        {" ada@example.org (Ada", "? <"},
        {" \x01 <ada@example.org>", "? <"},
        {" \"\x1b[2J\" <ada@example.org>", "? closing quote"},
        {" (\x7f) <ada@example.org>", "? printable character"},
        {" ada@-example.org", "? <"},
        {" Lovelace, Ada <ada@example.org>", "? <"},
    };
    for (const auto& c : cases) EXPECT_EQ(show(c.body), c.want) << c.body;
}

TEST(MailboxList, HasALimit) {
    std::string body = " a@example.org";
    for (std::size_t i = 1; i < kMaxMailboxes; ++i) body += ", a@example.org";
    EXPECT_EQ(parse_mailbox_list(body)->size(), kMaxMailboxes);
    EXPECT_EQ(show(body + ", a@example.org"), "? fewer mailboxes");
    EXPECT_EQ(show(std::string(60'000, '(')), "? end of comment");
}

} // namespace
} // namespace maild::mail
