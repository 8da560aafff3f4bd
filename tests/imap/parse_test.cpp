#include "imap/parse.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace maild::imap {
namespace {

struct Case {
    std::string_view name;
    std::string command;
    bool good;
};

std::string repeated(std::string_view text, int times) {
    std::string out;
    for (int i = 0; i < times; ++i) out += text;
    return out;
}

TEST(ImapParse, AcceptsAndRefuses) {
    const auto cases = std::to_array<Case>({
        {"noop", "a NOOP", true},
        {"name in any case", "a nOoP", true},
        {"noop with argument", "a NOOP x", false},
        {"trailing space", "a NOOP ", false},
        {"two spaces", "a  NOOP", false},
        {"tag alone", "a", false},
        {"empty", "", false},
        {"tag with plus", "a+ NOOP", false},
        {"tag with bracket", "<script>( NOOP", false},
        {"tag of 65 octets", std::string(65, 'a') + " NOOP", false},
        {"tag of 64 octets", std::string(64, 'a') + " NOOP", true},
        {"login atoms", "a LOGIN user pass", true},
        {"login quoted", R"(a LOGIN "us\"er" "pa\\ss")", true},
        {"login literal", "a LOGIN {4}\r\nuser {4+}\r\npass", true},
        {"login without password", "a LOGIN user", false},
        {"quoted with 8-bit", "a LOGIN \"us\xc3\xa9r\" pass", false},
        {"quoted with NUL", std::string("a LOGIN \"us\0er\" pass", 20), false},
        {"quoted with LF", "a LOGIN \"us\ner\" pass", false},
        {"quoted with wrong escape", R"(a LOGIN "us\er" pass)", false},
        {"unterminated", "a LOGIN \"user", false},
        {"trailing backslash", "a LOGIN user \"pass\\", false},
        {"literal with NUL", std::string("a LOGIN {2}\r\na\0 pass", 20), false},
        {"literal that is too short", "a LOGIN {9}\r\nuser", false},
        {"authenticate", "a AUTHENTICATE PLAIN", true},
        {"authenticate with response", "a AUTHENTICATE PLAIN AGEAYg==", true},
        {"authenticate with empty response", "a AUTHENTICATE PLAIN =", true},
        {"id nil", "a ID NIL", true},
        {"id list", R"(a ID ("name" "x" "version" NIL))", true},
        {"id without value", R"(a ID ("name"))", false},
        {"enable", "a ENABLE CONDSTORE X-GOOD-IDEA", true},
        {"enable nothing", "a ENABLE", false},
        {"compress", "a COMPRESS deflate", true},
        {"compress otherwise", "a COMPRESS GZIP", false},
        {"compress nothing", "a COMPRESS", false},
        {"compress twice", "a COMPRESS DEFLATE DEFLATE", false},
        {"create with use", R"(a CREATE x (USE (\Sent)))", true},
        {"create with empty use", "a CREATE x (USE ())", false},
        {"list", R"(a LIST "" *)", true},
        {"list with literal pattern", "a LIST \"\" {1}\r\n%", true},
        {"list extended", R"(a LIST (SUBSCRIBED RECURSIVEMATCH) "" (a "b c" %) RETURN (CHILDREN))",
         true},
        {"list nothing selected", R"(a LIST () "" *)", true},
        {"list recursive alone", R"(a LIST (RECURSIVEMATCH) "" *)", false},
        {"list no patterns", R"(a LIST "" ())", false},
        {"list status", R"(a LIST "" * RETURN (STATUS (SIZE UNSEEN) SUBSCRIBED))", true},
        {"list status of nothing", R"(a LIST "" * RETURN (STATUS ()))", false},
        {"list returns twice", R"(a LIST "" * RETURN () RETURN ())", false},
        {"list too many patterns",
         R"(a LIST "" (a b c d e f g h i j k l m n o p q r s t u v w x y z 1 2 3 4 5 6 7))", false},
        {"lsub extended", R"(a LSUB "" (a))", false},
        {"select qresync", "a SELECT x (QRESYNC (1 2))", true},
        {"select qresync with all", "a SELECT x (QRESYNC (1 2 3:4 (1,2 3:4)) CONDSTORE)", true},
        {"select qresync with match data", "a SELECT x (QRESYNC (1 2 (1:2 3:4)))", true},
        {"select qresync twice", "a SELECT x (QRESYNC (1 2) QRESYNC (1 2))", false},
        {"select qresync with a star", "a SELECT x (QRESYNC (1 2 3:*))", false},
        {"select qresync with what was saved", "a SELECT x (QRESYNC (1 2 $))", false},
        {"select qresync backwards", "a SELECT x (QRESYNC (1 2 4:3))", false},
        {"select qresync not paired", "a SELECT x (QRESYNC (1 2 (1:2 3)))", false},
        {"select qresync validity zero", "a SELECT x (QRESYNC (0 2))", false},
        {"status", "a STATUS x (MESSAGES UIDNEXT)", true},
        {"status without items", "a STATUS x ()", false},
        {"status of an unknown item", "a STATUS x (X-ITEM)", false},
        {"status of what is deleted", "a STATUS x (DELETED DELETED-STORAGE)", true},
        {"getmetadata", "a GETMETADATA INBOX /private/comment", true},
        {"getmetadata of the server", "a GETMETADATA \"\" (/shared/comment /shared/admin)", true},
        {"getmetadata with options", "a GETMETADATA (MAXSIZE 9 DEPTH infinity) x /private", true},
        {"getmetadata with options behind", "a GETMETADATA x (depth 1) (\"/shared/a\" /shared/b)",
         true},
        {"getmetadata of several entries", "a GETMETADATA x /private/a /shared/b", true},
        {"getmetadata with options twice", "a GETMETADATA (DEPTH 0) x (DEPTH 1) /private/a", false},
        {"getmetadata with one option twice", "a GETMETADATA (DEPTH 0 DEPTH 1) x /shared/a", false},
        {"getmetadata of depth 2", "a GETMETADATA (DEPTH 2) x /private/a", false},
        {"getmetadata of depth 10", "a GETMETADATA (DEPTH 10) x /private/a", false},
        {"getmetadata of no size", "a GETMETADATA (MAXSIZE) x /private/a", false},
        {"getmetadata of 33 bits", "a GETMETADATA (MAXSIZE 4294967296) x /private/a", false},
        {"getmetadata with an unknown option", "a GETMETADATA (X 1) x /private/a", false},
        {"getmetadata of no entry", "a GETMETADATA x ()", false},
        {"getmetadata without entries", "a GETMETADATA x", false},
        {"getmetadata of another scope", "a GETMETADATA x /comment", false},
        {"getmetadata with a star", "a GETMETADATA x \"/private/*\"", false},
        {"getmetadata with two slashes", "a GETMETADATA x /private//a", false},
        {"getmetadata with a slash at the end", "a GETMETADATA x /private/a/", false},
        {"getmetadata of 8 bits", "a GETMETADATA x {10}\r\n/private/\xc3", false},
        {"setmetadata", "a SETMETADATA x (/private/comment \"hi\")", true},
        {"setmetadata of several",
         "a SETMETADATA x (/private/a NIL /Shared/B {2}\r\nhi /private/c ~{2+}\r\nho)", true},
        {"setmetadata of NUL", std::string("a SETMETADATA x (/private/a ~{1}\r\n\0)", 36), true},
        {"setmetadata of NUL in a literal",
         std::string("a SETMETADATA x (/private/a {1}\r\n\0)", 35), false},
        {"setmetadata of an atom", "a SETMETADATA x (/private/a hi)", false},
        {"setmetadata without value", "a SETMETADATA x (/private/a)", false},
        {"setmetadata without list", "a SETMETADATA x /private/a \"hi\"", false},
        {"setmetadata of nothing", "a SETMETADATA x ()", false},
        {"setmetadata of a scope", "a SETMETADATA x (/private NIL)", false},
        {"setmetadata of a vendor", "a SETMETADATA x (/shared/vendor/x NIL)", false},
        {"setmetadata below a vendor", "a SETMETADATA x (/shared/vendor/x/y NIL)", true},
        {"list metadata", "a LIST \"\" % RETURN (METADATA (/shared/a \"/private/b\") CHILDREN)",
         true},
        {"list metadata of nothing", "a LIST \"\" % RETURN (METADATA ())", false},
        {"list metadata without list", "a LIST \"\" % RETURN (METADATA /shared/a)", false},
        {"getquota", "a GETQUOTA \"\"", true},
        {"getquota without root", "a GETQUOTA", false},
        {"getquotaroot", "a GETQUOTAROOT INBOX", true},
        {"setquota", "a SETQUOTA #user/x (STORAGE 512 MESSAGE 0)", true},
        {"setquota of nothing", "a SETQUOTA #user/x ()", true},
        {"setquota of 63 bits", "a SETQUOTA x (STORAGE 9223372036854775807)", true},
        {"setquota of 64 bits", "a SETQUOTA x (STORAGE 9223372036854775808)", false},
        {"setquota negative", "a SETQUOTA x (STORAGE -1)", false},
        {"setquota without limit", "a SETQUOTA x (STORAGE)", false},
        {"setquota without list", "a SETQUOTA x STORAGE 1", false},
        {"setquota with a trailing space", "a SETQUOTA x (STORAGE 1 )", false},
        {"status highestmodseq", "a STATUS x (HIGHESTMODSEQ)", true},
        {"select condstore", "a SELECT x (CONDSTORE)", true},
        {"select without parameters", "a SELECT x ()", false},
        {"select unknown parameter", "a SELECT x (CONDSTOREX)", false},
        {"append", "a APPEND x {2}\r\nhi", true},
        {"append with flags and date",
         "a APPEND x (\\Seen k) \" 7-Feb-1994 22:43:04 -0800\" {2}\r\nhi", true},
        {"append with \\Recent", "a APPEND x (\\Recent) {2}\r\nhi", false},
        {"append on 31 February", "a APPEND x \"31-Feb-1994 22:43:04 -0800\" {2}\r\nhi", false},
        {"append without literal", "a APPEND x hi", false},
        {"append literal8", std::string("a APPEND x ~{2}\r\n\0b", 19), true},
        {"append literal8 without waiting", "a APPEND x (k) ~{2+}\r\nhi {1}\r\nx ~{1}\r\ny", true},
        {"append to literal8", "a APPEND ~{1}\r\nx {2}\r\nhi", false},
        {"append two tildes", "a APPEND x ~~{2}\r\nhi", false},
        {"login literal8", "a LOGIN ~{4}\r\nuser pass", false},
        {"append utf8", "a APPEND x (k) UTF8 (~{2}\r\nhi) {2+}\r\nho", true},
        {"append utf8 without tilde", "a APPEND x UTF8 ({2}\r\nhi)", false},
        {"append utf8 left open", "a APPEND x UTF8 (~{2}\r\nhi", false},
        {"append utf8 of two", "a APPEND x UTF8 (~{2}\r\nhi {2}\r\nho)", false},
        {"catenate",
         "a APPEND x (k) CATENATE (TEXT {2}\r\nhi URL \"/y/;UID=1\" URL {8+}\r\n/y/;UID= TEXT "
         "~{1}\r\nx UTF8 (~{1}\r\ny)) \" 7-Feb-1994 22:43:04 -0800\" {2+}\r\nho CATENATE (URL x)",
         true},
        {"catenate nothing", "a APPEND x CATENATE ()", false},
        {"catenate an unknown part", "a APPEND x CATENATE (FILE {1}\r\nx)", false},
        {"catenate a bare literal", "a APPEND x CATENATE ({1}\r\nx)", false},
        {"catenate left open", "a APPEND x CATENATE (TEXT {1}\r\nx", false},
        {"catenate without space", "a APPEND x CATENATE (TEXT {1}\r\nxTEXT {1}\r\nx)", false},
        {"catenate a long URL", "a APPEND x CATENATE (URL " + std::string(4097, 'u') + ")", false},
        {"append of two messages", "a APPEND x {2}\r\nhi (k) {2}\r\nho", true},
        {"append of two without space", "a APPEND x {2}\r\nhi{2}\r\nho", false},
        {"append with a trailing space", "a APPEND x {2}\r\nhi ", false},
        {"replace", "a REPLACE * x (\\Seen) {2}\r\nhi", true},
        {"uid replace", "a UID REPLACE 7 {1}\r\nx \" 7-Feb-1994 22:43:04 -0800\" {2}\r\nhi", true},
        {"replace a range", "a REPLACE 1:2 x {2}\r\nhi", false},
        {"replace zero", "a REPLACE 0 x {2}\r\nhi", false},
        {"replace by two", "a REPLACE 1 x {2}\r\nhi {2}\r\nho", false},
        {"fetch preview", "a FETCH 1 PREVIEW", true},
        {"fetch lazy preview", "a FETCH 1 (PREVIEW (LAZY) FLAGS) (CHANGEDSINCE 1)", true},
        {"fetch preview of nothing", "a FETCH 1 (PREVIEW ())", false},
        {"fetch macro", "a FETCH 1 FULL", true},
        {"fetch macro in a list", "a FETCH 1 (FULL)", false},
        {"fetch section", "a FETCH 1:* BODY.PEEK[1.2.HEADER.FIELDS.NOT (FROM \"To\")]<0.1>", true},
        {"fetch part", "a FETCH 1 BODY[1.2]", true},
        {"fetch mime of a part", "a FETCH 1 BODY[1.MIME]", true},
        {"fetch mime of the whole", "a FETCH 1 BODY[MIME]", false},
        {"fetch part zero", "a FETCH 1 BODY[0]", false},
        {"fetch part with dot", "a FETCH 1 BODY[1.]", false},
        {"fetch fields without names", "a FETCH 1 BODY[HEADER.FIELDS ()]", false},
        {"fetch partial of no length", "a FETCH 1 BODY[]<0.0>", false},
        {"fetch partial of 64 bits", "a FETCH 1 BODY[]<18446744073709551615.1>", true},
        {"fetch partial beyond 64 bits", "a FETCH 1 BODY[]<18446744073709551616.1>", false},
        {"fetch unknown item", "a FETCH 1 (FLAGS TEXT[1])", false},
        {"fetch binary", "a FETCH 1 (BINARY[] BINARY.PEEK[1.2]<5.10> BINARY.SIZE[1])", true},
        {"fetch binary text", "a FETCH 1 BINARY[1.TEXT]", false},
        {"fetch binary header", "a FETCH 1 BINARY[HEADER]", false},
        {"fetch binary part with dot", "a FETCH 1 BINARY[1.]", false},
        {"fetch binary part zero", "a FETCH 1 BINARY[0]", false},
        {"fetch binary without section", "a FETCH 1 BINARY", false},
        {"fetch part of a size", "a FETCH 1 BINARY.SIZE[1]<0.1>", false},
        {"fetch binary of no length", "a FETCH 1 BINARY[1]<0.0>", false},
        {"fetch nothing", "a FETCH 1 ()", false},
        {"fetch changedsince", "a FETCH 1 FLAGS (CHANGEDSINCE 1)", true},
        {"fetch changedsince zero", "a FETCH 1 FLAGS (CHANGEDSINCE 0)", false},
        {"fetch changedsince of 63 bits", "a FETCH 1 FLAGS (CHANGEDSINCE 9223372036854775807)",
         true},
        {"fetch changedsince of 64 bits", "a FETCH 1 FLAGS (CHANGEDSINCE 9223372036854775808)",
         false},
        {"fetch changedsince twice", "a FETCH 1 FLAGS (CHANGEDSINCE 1 CHANGEDSINCE 2)", false},
        {"fetch without modifiers", "a FETCH 1 FLAGS ()", false},
        {"fetch vanished", "a UID FETCH 1 FLAGS (CHANGEDSINCE 1 VANISHED)", true},
        {"fetch partial", "a UID FETCH 1 FLAGS (PARTIAL -1:-2)", true},
        {"fetch partial of mixed ends", "a UID FETCH 1 FLAGS (PARTIAL 1:-2)", false},
        {"fetch partial zero", "a UID FETCH 1 FLAGS (PARTIAL 0:2)", false},
        {"fetch saved", "a FETCH $ (SAVEDATE EMAILID THREADID)", true},
        {"fetch saved and more", "a FETCH $,1 FLAGS", false},
        {"set zero", "a FETCH 0 FLAGS", false},
        {"set beyond 32 bits", "a FETCH 4294967296 FLAGS", false},
        {"set with space", "a FETCH 1, 2 FLAGS", false},
        {"set half a range", "a FETCH 1: FLAGS", false},
        {"set backwards", "a FETCH *:1,4294967295:* FLAGS", true},
        {"uid fetch", "a UID FETCH 1 FLAGS", true},
        {"uid noop", "a UID NOOP", false},
        {"uid alone", "a UID", false},
        {"store", "a STORE 1 +FLAGS.SILENT (\\Seen)", true},
        {"store bare", "a STORE 1 -FLAGS \\Seen $Label1", true},
        {"store nothing", "a STORE 1 FLAGS ()", true},
        {"store keyword with bracket", "a STORE 1 FLAGS (a])", false},
        {"store keyword of 101 octets", "a STORE 1 FLAGS (" + std::string(101, 'k') + ")", false},
        {"store unchangedsince zero", "a STORE 1 (UNCHANGEDSINCE 0) FLAGS (\\Seen)", true},
        {"store unchangedsince open", "a STORE 1 (UNCHANGEDSINCE 1 FLAGS (\\Seen)", false},
        {"store unchangedsince alone", "a STORE 1 (UNCHANGEDSINCE 1)", false},
        {"copy", "a COPY 1:3 \"x y\"", true},
        {"uid expunge", "a UID EXPUNGE 1:3", true},
        {"expunge with set", "a EXPUNGE 1:3", false},
        {"search", "a SEARCH ALL", true},
        {"search nothing", "a SEARCH", false},
        {"search nested", "a SEARCH OR (SEEN NOT 1:2) (FROM x SINCE 1-Feb-1994)", true},
        {"search charset", "a SEARCH CHARSET UTF-8 TEXT {2}\r\n\xc3\xa9", true},
        {"search or with one", "a SEARCH OR SEEN", false},
        {"search not of nothing", "a SEARCH NOT", false},
        {"search open group", "a SEARCH (SEEN", false},
        {"search closed too often", "a SEARCH SEEN)", false},
        {"search not before close", "a SEARCH (NOT)", false},
        {"search empty group", "a SEARCH ()", false},
        {"search return", "a SEARCH RETURN (MIN MAX ALL COUNT SAVE) ALL", true},
        {"search return nothing", "a SEARCH RETURN () CHARSET UTF-8 ALL", true},
        {"search return after charset", "a SEARCH CHARSET UTF-8 RETURN () ALL", false},
        {"search return partial", "a SEARCH RETURN (PARTIAL 1:4294967295 COUNT) ALL", true},
        {"search return two partials", "a SEARCH RETURN (PARTIAL 1:2 PARTIAL 1:2) ALL", false},
        {"search return partial and all", "a SEARCH RETURN (PARTIAL 1:2 ALL) ALL", false},
        {"search return unknown", "a SEARCH RETURN (RELEVANCY) ALL", false},
        {"esearch", "a ESEARCH UNSEEN", true},
        {"esearch in", R"(a ESEARCH IN (mailboxes "x" subtree-one (y "z")) RETURN (COUNT) UNSEEN)",
         true},
        {"esearch in all",
         "a ESEARCH IN (selected inboxes personal subscribed subtree x) CHARSET UTF-8 ALL", true},
        {"esearch in nothing", "a ESEARCH IN () ALL", false},
        {"esearch in no mailbox", "a ESEARCH IN (mailboxes) ALL", false},
        {"esearch delayed", "a ESEARCH IN (selected-delayed) ALL", false},
        {"esearch in twice", "a ESEARCH IN (personal) IN (personal) ALL", false},
        {"esearch in without keys", "a ESEARCH IN (personal)", false},
        {"uid esearch", "a UID ESEARCH ALL", false},
        {"search return context", "a SEARCH RETURN (CONTEXT UPDATE COUNT) ALL", true},
        {"cancelupdate", R"(a CANCELUPDATE "x" "y")", true},
        {"cancelupdate nothing", "a CANCELUPDATE", false},
        {"cancelupdate an atom", "a CANCELUPDATE x", false},
        {"search younger", "a SEARCH YOUNGER 1", true},
        {"search older zero", "a SEARCH OLDER 0", false},
        {"search fuzzily", "a SEARCH FUZZY SUBJECT x NOT FUZZY (BODY y OR SEEN FROM z)", true},
        {"search fuzzily for nothing", "a SEARCH FUZZY", false},
        {"search fuzzily twice", "a SEARCH FUZZY FUZZY TEXT x", true},
        {"search fuzzily without word", R"(a SEARCH FUZZY TEXT "!?" FUZZY TEXT "")", true},
        {"search fuzzily for many words", "a SEARCH FUZZY TEXT {1001+}\r\nx" + repeated(" x", 500),
         true},
        {"search fuzzily with too many keys",
         "a SEARCH" + repeated(" FUZZY TEXT \"a b c d e f g h\"", 40), false},
        {"search fuzzily among numbers", "a SEARCH RETURN (RELEVANCY) FUZZY 1:5 FUZZY $", true},
        {"search for relevancy", "a SEARCH RETURN (RELEVANCY) FUZZY TEXT x", true},
        {"search for relevancy of nothing", "a SEARCH RETURN (RELEVANCY) TEXT x", false},
        {"sort by relevancy", "a SORT (REVERSE RELEVANCY) UTF-8 FUZZY TEXT x", true},
        {"sort by relevancy of nothing", "a SORT (RELEVANCY) UTF-8 TEXT x", false},
        {"search objects", "a SEARCH EMAILID M1 THREADID T_-9", true},
        {"search object with dot", "a SEARCH EMAILID M.1", false},
        {"search saved", "a SEARCH $ UID $ SAVEDON 1-Feb-1994", true},
        {"search modseq", "a SEARCH MODSEQ 0", true},
        {"search modseq of a flag", R"(a SEARCH MODSEQ "/flags/\\seen" all 1)", true},
        {"search modseq of no flag", R"(a SEARCH MODSEQ "seen" all 1)", false},
        {"search modseq without type", R"(a SEARCH MODSEQ "/flags/\\seen" 1)", false},
        {"search quoted date", "a SEARCH ON \"1-Feb-1994\"", true},
        {"search wrong date", "a SEARCH ON 32-Feb-1994", false},
        {"bare CR", "a NOOP\r", false},
        {"bare LF", "a\nNOOP", false},
    });
    for (const auto& c : cases) EXPECT_EQ(parse_command(c.command).has_value(), c.good) << c.name;
}

TEST(ImapParse, NestsNoDeeperThanItsLimit) {
    const auto nested = [](std::size_t depth, std::string_view open, std::string_view close) {
        std::string out = "a SEARCH ";
        for (std::size_t i = 0; i < depth; ++i) out += open;
        out += "SEEN";
        for (std::size_t i = 0; i < depth; ++i) out += close;
        return parse_command(out).has_value();
    };
    EXPECT_TRUE(nested(40, "(", ")"));
    EXPECT_TRUE(nested(40, "NOT ", ""));
    for (const std::size_t depth : {60, 10'000}) {
        EXPECT_FALSE(nested(depth, "(", ")"));
        EXPECT_FALSE(nested(depth, "NOT ", ""));
        EXPECT_FALSE(nested(depth, "OR ", " SEEN"));
    }
    std::string part = "a FETCH 1 BODY[1";
    for (int i = 0; i < 100'000; ++i) part += ".1";
    EXPECT_FALSE(parse_command(part + "]"));
}

TEST(ImapParse, KeepsTheOrderOfASearchProgram) {
    const auto command = parse_command("a SEARCH OR SEEN (NOT DRAFT 3) ALL");
    ASSERT_TRUE(command);
    using enum SearchOp;
    std::vector<SearchOp> got;
    for (const auto& key : std::get<Search>(command->arguments).program) got.push_back(key.op);
    const std::vector<SearchOp> want = {flag_set, flag_set, op_not, sequence,
                                        op_and,   op_or,    all,    op_and};
    EXPECT_EQ(got, want);
}

TEST(ImapParse, LabelsSectionsAsTheyAreAnswered) {
    struct Label {
        std::string_view item;
        std::string_view want;
    };
    const auto cases = std::to_array<Label>({
        {"BODY[]", "BODY[]"},
        {"body.peek[header]", "BODY[HEADER]"},
        {"BODY[1.2.text]<5.10>", "BODY[1.2.TEXT]<5>"},
        {"BODY[header.fields (From \"x y\")]", "BODY[HEADER.FIELDS (From \"x y\")]"},
        {"BODY[3]", "BODY[3]"},
        {"binary.peek[1.2]<5.10>", "BINARY[1.2]<5>"},
        {"binary[]", "BINARY[]"},
        {"binary.size[3]", "BINARY.SIZE[3]"},
        {"RFC822", "RFC822"},
        {"rfc822.header", "RFC822.HEADER"},
    });
    for (const auto& [item, want] : cases) {
        const auto command = parse_command("a FETCH 1 " + std::string(item));
        ASSERT_TRUE(command) << item;
        EXPECT_EQ(std::get<Fetch>(command->arguments).items.at(0).section.label, want);
    }
}

TEST(ImapParse, NeverSaysAMalformedTagBack) {
    const auto command = parse_command("<script>alert(1)</script> NOOP");
    ASSERT_FALSE(command);
    EXPECT_EQ(command.error().tag, "");
}

TEST(ImapParse, TakesUtf8InQuotedStringsFromWhoHasEnabledIt) {
    struct Text {
        std::string command;
        bool is_ascii; // outside of literals
        bool is_utf8;
    };
    const auto cases = std::to_array<Text>({
        {"a CREATE \"x\"", true, true},
        {"a CREATE \"\xc3\xa9\"", false, true},
        {"a CREATE \"\xc3\"", false, false},
        {"a CREATE \xc3\xa9", false, false},
        {"a CREATE {2}\r\n\xc3\xa9", true, true},
        {"a RENAME {2}\r\n\xc3\xa9 \"\xc3\xa9\"", false, true},
        {"a RENAME {2+}\r\n\r\n {3+}\r\n\xff\r\n", true, true},
        {"a APPEND x \"\xc3\xa9\" {1}\r\nx", false, false},
    });
    for (const auto& [command, is_ascii, is_utf8] : cases) {
        EXPECT_EQ(parse_command(command).has_value(), is_ascii) << command;
        EXPECT_EQ(parse_command(command, Quoting::utf8).has_value(), is_utf8) << command;
    }
}

TEST(ImapParse, KnowsHttp) {
    EXPECT_TRUE(is_http_request("GET / HTTP/1.1"));
    EXPECT_TRUE(is_http_request("POST /x HTTP/1.0"));
    EXPECT_TRUE(is_http_request("PRI * HTTP/2.0"));
    EXPECT_TRUE(is_http_request("host: mail.example.org"));
    EXPECT_FALSE(is_http_request("GET NOOP"));
    EXPECT_FALSE(is_http_request("Host: NOOP"));
}

} // namespace
} // namespace maild::imap
