#include "support/source_dir.hpp"

#include "maild/imap/structure.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace maild::imap {
namespace {

TEST(ImapStructure, IsRfc9051Text) {
    const auto structure = make_structure(
        "Date: Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\r\n"
        "From: Terry Gray <gray@cac.washington.edu>\r\n"
        "Subject: a \"quoted\" \\ subject\r\n"
        "To: imap@cac.washington.edu, group: a@b, c@d;\r\n"
        "Content-Type: multipart/mixed; boundary=x\r\n"
        "\r\n"
        "--x\r\n\r\nhi\r\n"
        "--x\r\nContent-Type: image/gif; name=a.gif\r\nContent-Transfer-Encoding: base64\r\n"
        "Content-Disposition: attachment; filename=a.gif\r\n\r\nAAAA\r\n--x--\r\n");
    const std::string terry = R"((("Terry Gray" NIL "gray" "cac.washington.edu")))";
    EXPECT_EQ(
        structure.envelope,
        R"x(("Wed, 17 Jul 1996 02:23:25 -0700 (PDT)" "a \"quoted\" \\ subject" )x" + terry + " " +
            terry + " " + terry +
            R"( ((NIL NIL "imap" "cac.washington.edu")(NIL NIL "group" NIL)(NIL NIL "a" "b")(NIL NIL "c" "d"))"
            R"((NIL NIL NIL NIL)) NIL NIL NIL NIL))");
    EXPECT_EQ(
        structure.body,
        R"((("text" "plain" NIL NIL NIL "7bit" 2 1)("image" "gif" ("name" "a.gif") NIL NIL "base64" 4) "mixed"))");
    EXPECT_EQ(
        structure.body_structure,
        R"((("text" "plain" NIL NIL NIL "7bit" 2 1 NIL NIL NIL NIL)("image" "gif" ("name" "a.gif") NIL NIL "base64" 4 )"
        R"(NIL ("attachment" ("filename" "a.gif")) NIL NIL) "mixed" ("boundary" "x") NIL NIL NIL))");
}

TEST(ImapStructure, SaysNothingIn8Bit) {
    const auto structure =
        make_structure("Subject: caf\xc3\xa9\r\nFrom: \xc3\xa9 <\xc3\xa9@b\xc3\xbc"
                       "cher.example>\r\n"
                       "Content-Type: text/plain; name=\"\xe9\"\r\n\r\n");
    EXPECT_TRUE(structure.envelope.contains("\"=?utf-8?B?Y2Fmw6k=?=\""));
    EXPECT_TRUE(structure.envelope.contains("\"xn--bcher-kva.example\""));
    EXPECT_TRUE(structure.body.contains("\"=?utf-8?B?w6k=?=\""));
}

// Parentheses match, quotes close, and nothing but printable US-ASCII stands in it.
bool is_well_formed(std::string_view text) {
    int depth = 0;
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto c = static_cast<unsigned char>(text[i]);
        if (c >= 0x80 || c == '\r' || c == '\n' || c == '\0') return false;
        if (quoted && c == '\\')
            ++i;
        else if (c == '"')
            quoted = !quoted;
        else if (!quoted && c == '(')
            ++depth;
        else if (!quoted && c == ')' && --depth == 0 && i + 1 != text.size())
            return false;
    }
    return depth == 0 && !quoted && text.starts_with('(');
}

TEST(ImapStructure, IsWellFormedForEveryMessageOfTheSuites) {
    const std::string suites = maild::test::source_dir() / "../shared/conformance";
    if (!std::filesystem::exists(suites)) GTEST_SKIP() << "the conformance suites are not here";
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(suites)) {
        if (!entry.is_regular_file() || !entry.path().string().contains("/mime-")) continue;
        std::ifstream file(entry.path(), std::ios::binary);
        const std::string content(std::istreambuf_iterator<char>(file), {});
        const auto structure = make_structure(content);
        EXPECT_TRUE(is_well_formed(structure.envelope)) << entry.path() << structure.envelope;
        EXPECT_TRUE(is_well_formed(structure.body)) << entry.path();
        EXPECT_TRUE(is_well_formed(structure.body_structure)) << entry.path();
        ++count;
    }
    EXPECT_GT(count, 100U);
}

} // namespace
} // namespace maild::imap
