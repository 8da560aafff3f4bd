// Sequence sets, modified UTF-7, mailbox names, LIST patterns and the values of responses.
#include "imap/list_pattern.hpp"
#include "imap/mailbox_name.hpp"
#include "imap/respond.hpp"
#include "imap/sequence_set.hpp"

#include <gtest/gtest.h>

#include <array>

namespace maild::imap {
namespace {

Ranges resolve(std::string_view text, std::uint32_t star) {
    Cursor in(text);
    const auto set = parse_sequence_set(in);
    EXPECT_TRUE(set && in.at_end()) << text;
    return set ? set->resolve(star) : Ranges{};
}

TEST(ImapSequenceSet, ResolvesWithoutExpanding) {
    EXPECT_EQ(resolve("1:*", 5), (Ranges{{1, 5}}));
    EXPECT_EQ(resolve("*:1", 5), (Ranges{{1, 5}}));
    EXPECT_EQ(resolve("999:*", 5), (Ranges{{5, 999}}));
    EXPECT_EQ(resolve("3,1:2,9", 5), (Ranges{{1, 3}, {9, 9}}));
    EXPECT_EQ(resolve("1:4294967295,1:4294967295,4294967295", 5), (Ranges{{1, 4294967295}}));
    EXPECT_EQ(resolve("*", 0), Ranges{});
    std::string many = "1";
    for (int i = 0; i < 32'000; ++i) many += ",1";
    EXPECT_EQ(resolve(many, 5), (Ranges{{1, 1}}));
}

TEST(ImapUtf7, HasOneSpellingForEachName) {
    struct Case {
        std::string_view encoded;
        std::string_view utf8;
    };
    const auto good = std::to_array<Case>({
        {"plain", "plain"},
        {"&-", "&"},
        {"a&-b", "a&b"},
        {"~peter/mail/&U,BTFw-/&ZeVnLIqe-",
         "~peter/mail/\u53f0\u5317/\u65e5\u672c\u8a9e"}, // RFC 3501 §5.1.3
        {"&2D3eAA-", "\U0001F600"},
        {"Entw&APw-rfe", "Entw\u00fcrfe"},
    });
    for (const auto& [encoded, utf8] : good) {
        EXPECT_EQ(decode_utf7(encoded), utf8);
        EXPECT_EQ(encode_utf7(utf8), encoded);
    }
    const auto wrong = std::to_array<std::string_view>(
        {"&", "&x", "&-&", "&AAA-", "&AGE-", "&2D0-", "&3gA-", "&2D3YPd4A-", "&APx-", "&APwA-",
         "&AP-", "&U,BTFw-&ZeVnLIqe-", "&A/w-", "caf\xc3\xa9", "a\tb", "a\x7f"});
    for (const auto text : wrong) EXPECT_EQ(decode_utf7(text), std::nullopt) << text;
}

TEST(ImapMailboxName, TakesOnlyNamesThatTheStoreCanHave) {
    struct Case {
        std::string sent;
        std::string want; // empty: refused
    };
    const auto cases = std::to_array<Case>({
        {"inbox", "INBOX"},
        {"InBoX/sub", "INBOX/sub"},
        {"inboxes", "inboxes"},
        {"a/inbox", "a/inbox"},
        {"a/b/", "a/b"},
        {"a//b", ""},
        {"/a", ""},
        {"", ""},
        {"/", ""},
        {".", ""},
        {"..", ""},
        {"a/../b", ""},
        {"../../etc/passwd", ""},
        {"a*", ""},
        {"a%b", ""},
        {"a b", "a b"},
        {"&", ""},
        {"a\rb", ""},
        {"e&AwE-", "\u00e9"}, // e and a combining acute accent: NFC
        {"&AIU-", ""},
        {"&ICg-", ""},
        {std::string(1000, 'x'), std::string(1000, 'x')},
        {std::string(1001, 'x'), ""},
    });
    for (const auto& [sent, want] : cases)
        EXPECT_EQ(to_mailbox_name(sent, NameForm::utf7).value_or(""), want) << sent;
    std::string deep = "a";
    for (int i = 1; i < 32; ++i) deep += "/a";
    EXPECT_TRUE(to_mailbox_name(deep, NameForm::utf7));
    EXPECT_FALSE(to_mailbox_name(deep + "/a", NameForm::utf7));
}

TEST(ImapListPattern, Matches) {
    struct Case {
        std::string_view pattern;
        std::string_view name;
        bool want;
    };
    const auto cases = std::to_array<Case>({
        {"*", "a/b", true},
        {"%", "a/b", false},
        {"%", "a", true},
        {"a/%", "a/b", true},
        {"a/%", "a/b/c", false},
        {"a*", "a", true},
        {"*b", "a/b", true},
        {"%b", "a/b", false},
        {"%/%", "a/b", true},
        {"inbox", "INBOX", true},
        {"InB%", "INBOX", true},
        {"inbox/Sub", "INBOX/sub", false},
        {"INBOX", "inboxes", false},
        {"a", "A", false},
        {"%*", "a/b", true},
        {"*%", "a/b", true},
        {"a", "ab", false},
        {"ab", "a", false},
    });
    for (const auto& c : cases)
        EXPECT_EQ(ListPattern(c.pattern).matches(c.name), c.want) << c.pattern << " " << c.name;
}

TEST(ImapListPattern, TakesLinearTimeForManyWildcards) {
    std::string pattern;
    for (int i = 0; i < 1000; ++i) pattern += "%*a";
    const ListPattern hostile(pattern + "b");
    for (int i = 0; i < 20; ++i) EXPECT_FALSE(hostile.matches(std::string(1000, 'a')));
}

// In words of 64 states that are looked at, whatever the machine.
TEST(ImapListPattern, WorksByWordsThatHaveLiveStates) {
    const auto repeat = [](std::string_view text, std::size_t count) {
        std::string out;
        for (std::size_t i = 0; i < count; ++i) out += text;
        return out;
    };
    struct Case {
        const char* what;
        std::string pattern;
        std::string name;
        bool want;
        std::uint64_t most;
    };
    const std::string name(1000, 'a');
    const Case cases[] = {
        {"all states live", repeat("*a", 999), name, true, 1000 * 16},
        {"and none matches", repeat("*a", 998) + "b", name, false, 1000 * 16},
        {"levels", repeat("%/", 500), repeat("a/", 500), true, 1000 * 2},
        {"one state lives", "*b*" + repeat("*a", 900), name, false, 1000 * 2},
        {"another beginning", "b" + repeat("*a", 900), name, false, 1},
        {"longer than the name", repeat("*a", 1001), name, false, 1},
        {"longer than any name", repeat("*a", 100'000), name, false, 1},
        {"no wildcard", name, name, true, 1},
    };
    for (const auto& [what, pattern, with, want, most] : cases) {
        std::uint64_t work = 0;
        EXPECT_EQ(ListPattern(pattern).matches(with, work), want) << what;
        EXPECT_LE(work, most + 1) << what;
    }
}

TEST(ImapListPattern, KnowsHowItsNamesBegin) {
    const auto may = [](std::string_view pattern) {
        return ListPattern(pattern).may_begin("Other Users");
    };
    for (const auto* pattern :
         {"*", "%", "O*", "Other Users", "Other Users/%", "Other Users/a@b/c"})
        EXPECT_TRUE(may(pattern)) << pattern;
    for (const auto* pattern : {"", "INBOX", "Other", "P*", "other users/*"})
        EXPECT_FALSE(may(pattern)) << pattern;
}

TEST(ImapRespond, WritesStringsThatClientsCanRead) {
    const auto written = [](std::string_view text) {
        std::string out;
        append_astring(out, text);
        return out;
    };
    EXPECT_EQ(written("INBOX"), "INBOX");
    EXPECT_EQ(written(""), "\"\"");
    EXPECT_EQ(written("nil"), "\"nil\"");
    EXPECT_EQ(written("a b"), "\"a b\"");
    EXPECT_EQ(written("a\"b\\"), "\"a\\\"b\\\\\"");
    EXPECT_EQ(written("a\r\nb"), "{4}\r\na\r\nb");
    EXPECT_EQ(written(std::string_view("a\0b", 3)), "\"ab\"");
}

TEST(ImapRespond, WritesDatesAndSets) {
    std::string out;
    append_internal_date(out, from_unix_seconds(837'596'665));
    EXPECT_EQ(out, "\"17-Jul-1996 09:44:25 +0000\""); // RFC 9051's 02:44:25 -0700
    out.clear();
    append_internal_date(out, from_unix_seconds(-1));
    EXPECT_EQ(out, "\"31-Dec-1969 23:59:59 +0000\"");
    out.clear();
    append_number_set(out, std::vector<std::uint32_t>{1, 2, 3, 7, 9, 10});
    EXPECT_EQ(out, "1:3,7,9:10");
}

TEST(ImapRespond, GivesEachErrorAResponseCode) {
    for (int code = 0; code <= static_cast<int>(Errc::internal); ++code) {
        const auto response = response_for(static_cast<Errc>(code));
        EXPECT_EQ(response.kind, Response::Kind::no);
        EXPECT_TRUE(response.text.starts_with('['));
    }
}

} // namespace
} // namespace maild::imap
