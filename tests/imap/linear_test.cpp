// No input makes work grow faster than its size (promise 5): the hostile shapes of HARDENING's
// list.
#include "imap/fragmenter.hpp"
#include "imap/list_pattern.hpp"
#include "imap/mailbox_view.hpp"
#include "imap/parse.hpp"
#include "imap/preview.hpp"
#include "imap/sequence_set.hpp"
#include "support/linear.hpp"

#include "maild/imap/structure.hpp"
#include "maild/mail/binary_content.hpp"
#include "maild/mail/text.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace maild::imap {
namespace {

using maild::test::repeated;
using maild::test::Shape;

void parse_message(const std::string& content) {
    const auto structure = make_structure(content);
    EXPECT_FALSE(structure.body_structure.empty());
}
// All literals of a command, one after the other.
void scan(const std::string& bytes) {
    Fragmenter fragmenter;
    fragmenter.set_authenticated(bytes.size());
    fragmenter.append(bytes);
    EXPECT_NE(fragmenter.next(), Event::need_literal);
}
void encode_nul(const std::string& content) { (void)mail::without_nul(content); }
void strip(const std::string& html) { (void)preview_of(html, true); }
void parse_line(const std::string& line) { (void)parse_command(line); }

std::string with_fields(std::string_view field, std::size_t count) {
    return repeated(field, count) + "\r\nbody\r\n";
}

std::vector<Shape> shapes() {
    const auto fields = [](std::string_view field) {
        return [field](std::size_t n) { return with_fields(field, n); };
    };
    const auto line = [](std::string_view begin, std::string_view again, std::string_view end) {
        return [=](std::size_t n) {
            return std::string(begin) + repeated(again, n) + std::string(end);
        };
    };
    constexpr std::string_view mixed = "Content-Type: multipart/mixed; boundary=a\r\n\r\n";
    return {
        {"headers", 100'000, fields("X: y\r\n"), parse_message}, // HARDENING 60
        {"to_fields", 50'000, fields("To: a@b\r\n"), parse_message},
        {"long_field", 2'000'000, line("Subject: ", "x", "\r\n\r\n"), parse_message},
        {"folded_field", 200'000, line("Subject: x", "\r\n y", "\r\n\r\n"), parse_message},
        {"references", 50'000, line("References:", " <a@b.example>", "\r\n\r\n"), parse_message},
        {"group", 100'000, line("To: g:", "a@b,", ";\r\n\r\n"), parse_message},
        {"comments", 200'000, line("To: ", "(", "\r\n\r\n"), parse_message},
        {"no_colon", 100'000, fields("nothing\r\n"), parse_message},
        {"lines", 500'000, line("\r\n", "x\r\n", ""), parse_message},
        {"boundaries", 100'000, line(mixed, "--a\r\n\r\n", ""), parse_message}, // 61
        {"near_boundaries", 200'000, line(mixed, "--ab\r\n", ""), parse_message},
        {"dashes", 2'000'000, line(mixed, "-", ""), parse_message},
        {"nested", 20'000, line("", "Content-Type: message/rfc822\r\n\r\n", ""), parse_message},
        {"parameters", 50'000, line("Content-Type: a/b", ";c=d", "\r\n\r\n"), parse_message}, // 62
        {"segments", 50'000, line("Content-Type: a/b", ";c*0*=utf-8''d", "\r\n\r\n"),
         parse_message},
        {"encoded_words", 50'000, line("Subject:", " =?utf-8?q?=C3=A9?=", "\r\n\r\n"),
         [](const std::string& text) { (void)mail::decoded_header_text(text); }}, // 63
        {"open_encoded_words", 100'000, line("", "=?utf-8?q?", ""),
         [](const std::string& text) { (void)mail::decoded_header_text(text); }},
        {"collation_key", 200'000, line("", "\xc7\x85\xcc\x81", ""),
         [](const std::string& text) { (void)mail::collation_key(text); }},
        {"parentheses", 500'000, line("a FETCH 1 ", "(", ""), parse_line}, // 42
        {"not", 100'000, line("a SEARCH ", "NOT ", "ALL"), parse_line},
        {"or", 100'000, line("a SEARCH ", "OR ALL ", "ALL"), parse_line},
        {"section", 200'000, line("a FETCH 1 BODY[1", ".1", "]"), parse_line},
        {"sequence_set", 100'000, line("a FETCH 1", ",4:*", " FLAGS"), parse_line}, // 45
        {"list_patterns", 200'000, line("a LIST \"\" (x", " y", ")"), parse_line},
        {"known_uids", 50'000, // 53
         [](std::size_t n) {
             std::string out = "a SELECT x (QRESYNC (1 2 1";
             for (std::size_t i = 1; i < n; ++i) out += "," + std::to_string(2 * i + 1);
             return out + "))";
         },
         parse_line},
        {"appended_messages", 3'500, line("a APPEND x", " {1+}\r\na", "\r\n"), scan},
        {"catenated_urls", 4'000,
         line("a APPEND x CATENATE (URL a", " URL a", " TEXT {1+}\r\nx)\r\n"), scan},
        {"catenated_lists", 3'000, line("a APPEND x", " CATENATE (URL a)", " {1+}\r\nx\r\n"), scan},
        {"header_list", 50'000, line("a FETCH 1 BODY[HEADER.FIELDS (A", " B", ")]"), parse_line},
        {"nul_octets", 2'000'000, [](std::size_t n) { return "\r\n" + std::string(n, '\0'); },
         encode_nul},
        {"nul_parts", 5'000, // 59
         [](std::size_t n) {
             std::string out = "Content-Type: multipart/mixed; boundary=a\r\n\r\n";
             for (std::size_t i = 0; i < n; ++i) out.append("--a\r\n\r\n").append("\0\r\n", 3);
             return out;
         },
         encode_nul},
        {"preview_tags", 500'000, line("", "<a", ">"), strip},
        {"preview_comments", 200'000, line("<!--", "--", ""), strip},
        {"preview_text", 500'000, line("<p>", " &amp;", ""), strip},
        {"list_pattern", 2'000, line("", "%*", "x"), // 50
         [](const std::string& pattern) {
             const ListPattern compiled(pattern);
             for (int i = 0; i < 2'000; ++i) (void)compiled.matches("a/b/c/d/e/f/g/h");
         }},
    };
}

// What another session's STORE does to a view of as many messages as the input has octets. Each
// FlagsChanged is of ascending UIDs; together they come in any order.
enum class Viewed : std::uint8_t { whole, unknown, tracked };
using Pieces = std::vector<store::UidSet>;

MailboxView view_of(std::uint32_t messages, Viewed viewed) {
    store::OpenedMailbox opened;
    opened.status.messages = messages;
    opened.status.uid_next = Uid(messages + 1);
    for (std::uint32_t uid = 1; uid <= messages && viewed != Viewed::unknown; ++uid)
        opened.messages.push_back({Uid(uid), {}, ModSeq(1)});
    MailboxView view(std::move(opened), false, {});
    if (viewed == Viewed::tracked) view.track();
    return view;
}

void tell(MailboxView& view, const Pieces& pieces) {
    for (std::size_t i = 0; i < pieces.size(); ++i)
        view.apply(store::Change(store::FlagsChanged{pieces[i], {i + 1}, ModSeq(i + 2)}));
}

store::UidRange one(std::uint32_t uid) { return {Uid(uid), Uid(uid)}; }

// Messages 1 and those of the second half look alike, and so do those between.
Pieces halves(std::uint32_t messages) {
    const auto half = messages / 2;
    return {{one(1), {Uid(half), Uid(messages)}}, {{Uid(2), Uid(half - 1)}}};
}
// The flags of each one in the first half are also those of one in the second.
Pieces pairs(std::uint32_t messages) {
    Pieces out;
    for (std::uint32_t uid = 1; uid <= messages / 2; ++uid)
        out.push_back({one(uid), one(messages / 2 + uid)});
    return out;
}
// No two look alike.
Pieces even_then_odd(std::uint32_t messages) {
    Pieces out;
    for (const std::uint32_t first : {2U, 1U})
        for (auto uid = first; uid <= messages; uid += 2) out.push_back({one(uid)});
    return out;
}

Shape news(const char* name, std::size_t size, Viewed viewed, Pieces (*pieces)(std::uint32_t)) {
    return {name, size, [](std::size_t n) { return std::string(n, ' '); },
            [=](const std::string& input) {
                const auto messages = static_cast<std::uint32_t>(input.size());
                auto view = view_of(messages, viewed);
                tell(view, pieces(messages));
                EXPECT_GT(view.told_modseq(), ModSeq());
                EXPECT_EQ(view.take_touched().size(), viewed == Viewed::tracked ? messages : 0);
                if (viewed == Viewed::unknown) return;
                std::string out;
                EXPECT_EQ(view.announce_flags(out, false).size(), messages);
            }};
}

std::vector<Shape> shapes_of_news() {
    return {
        news("halves_of_unknown", 20'000, Viewed::unknown, halves),
        news("halves_of_tracked", 100'000, Viewed::tracked, halves),
        news("pairs", 10'000, Viewed::whole, pairs),
        news("pairs_of_unknown", 10'000, Viewed::unknown, pairs),
        news("pairs_of_tracked", 50'000, Viewed::tracked, pairs),
        news("even_then_odd", 50'000, Viewed::whole, even_then_odd),
        news("even_then_odd_of_unknown", 20'000, Viewed::unknown, even_then_odd),
        news("even_then_odd_of_tracked", 50'000, Viewed::tracked, even_then_odd),
    };
}

class Linear : public testing::TestWithParam<Shape> {};

TEST_P(Linear, GrowsNoFasterThanItsInput) {
    EXPECT_LT(maild::test::growth_of(GetParam()), maild::test::kMostGrowth);
}

INSTANTIATE_TEST_SUITE_P(Input, Linear, testing::ValuesIn(shapes()),
                         [](const testing::TestParamInfo<Shape>& shape) {
                             return std::string(shape.param.name);
                         });

INSTANTIATE_TEST_SUITE_P(News, Linear, testing::ValuesIn(shapes_of_news()),
                         [](const testing::TestParamInfo<Shape>& shape) {
                             return std::string(shape.param.name);
                         });

} // namespace
} // namespace maild::imap
