#include "maild/mail/part_index.hpp"

#include <gtest/gtest.h>

namespace maild::mail {
namespace {

using Section = std::vector<std::uint32_t>;

// RFC 9051 §6.4.5.1's example, in short: 1 text, 2 octets, 3 message with two parts, 4 multipart
// with an image and a message with a text and a multipart in it.
constexpr std::string_view kExample =
    "Content-Type: multipart/mixed; boundary=a\r\n\r\n"
    "--a\r\n\r\none\r\n"
    "--a\r\nContent-Type: application/octet-stream\r\n\r\ntwo\r\n"
    "--a\r\nContent-Type: message/rfc822\r\n\r\n"
    "Subject: three\r\nContent-Type: multipart/mixed; "
    "boundary=b\r\n\r\n--b\r\n\r\n3.1\r\n--b\r\n\r\n3.2\r\n--b--\r\n"
    "--a\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n"
    "--c\r\nContent-Type: image/gif\r\n\r\n4.1\r\n"
    "--c\r\nContent-Type: message/rfc822\r\n\r\n"
    "Content-Type: multipart/mixed; boundary=d\r\n\r\n--d\r\n\r\n4.2.1\r\n"
    "--d\r\nContent-Type: multipart/alternative; "
    "boundary=e\r\n\r\n--e\r\n\r\n4.2.2.1\r\n--e\r\n\r\n4.2.2.2\r\n--e--\r\n"
    "--d--\r\n--c--\r\n--a--\r\n";

PartIndex index_of(std::string_view content) {
    return decode_parts(encode_parts(parse_message(content).root)).value();
}

std::string_view body_of(std::string_view content, const IndexedPart& part) {
    return content.substr(part.body_begin, part.body_end - part.body_begin);
}

TEST(PartIndex, FindsSectionsOfTheRfc) {
    const auto index = index_of(kExample);
    const std::pair<Section, std::string_view> cases[] = {
        {{1}, "one"},    {{2}, "two"},         {{3, 1}, "3.1"},           {{3, 2}, "3.2"},
        {{4, 1}, "4.1"}, {{4, 2, 1}, "4.2.1"}, {{4, 2, 2, 1}, "4.2.2.1"}, {{4, 2, 2, 2}, "4.2.2.2"},
    };
    for (const auto& [section, want] : cases) {
        const auto* part = index.find(section);
        ASSERT_NE(part, nullptr) << want;
        EXPECT_EQ(body_of(kExample, *part), want);
    }
    EXPECT_EQ(index.find(Section{}), &index.root());
    EXPECT_EQ(index.find(Section{3})->kind, PartKind::message);
    EXPECT_EQ(index.find(Section{4})->kind, PartKind::multipart);
    EXPECT_EQ(index.find(Section{4, 2, 2})->kind, PartKind::multipart);
}

TEST(PartIndex, KnowsWhatIsNotThere) {
    const auto index = index_of(kExample);
    const Section cases[] = {{0},    {5},       {1, 1}, {2, 1},       {3, 3},
                             {3, 0}, {3, 1, 1}, {4, 3}, {4, 2, 2, 3}, {4294967295}};
    for (const auto& section : cases) {
        EXPECT_EQ(index.find(section), nullptr) << section.front();
        EXPECT_EQ(index.message_at(section), nullptr) << section.front();
    }
    const Section endless(100'000, 1);
    EXPECT_EQ(index.find(endless), nullptr);
}

TEST(PartIndex, GivesTheMessageInsideAPart) {
    const auto index = index_of(kExample);
    const auto* message = index.message_at(Section{3});
    ASSERT_NE(message, nullptr);
    const auto header =
        kExample.substr(message->header_begin, message->body_begin - message->header_begin);
    EXPECT_EQ(header, "Subject: three\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n");
    EXPECT_EQ(index.message_at(Section{}), &index.root());
    EXPECT_EQ(index.message_at(Section{1}), nullptr)
        << "no message: HEADER and TEXT are not allowed there";
    EXPECT_EQ(index.message_at(Section{4}), nullptr);
}

// "1" of a message without parts is its body; of a message that is a message, RFC 9051 §6.4.5.1.
TEST(PartIndex, NumbersTheOnlyPartOne) {
    const auto plain = index_of("Subject: x\r\n\r\nhello");
    EXPECT_EQ(plain.find(Section{1}), &plain.root());
    EXPECT_EQ(plain.find(Section{2}), nullptr);
    EXPECT_EQ(plain.find(Section{1, 1}), nullptr);
    const auto forwarded = index_of("Content-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\nhello");
    EXPECT_EQ(forwarded.find(Section{1}), &forwarded.root());
    EXPECT_EQ(forwarded.find(Section{1, 1}), &forwarded.root() + 1);
    EXPECT_EQ(forwarded.message_at(Section{1}), &forwarded.root() + 1);
    EXPECT_EQ(forwarded.find(Section{1, 2}), nullptr);
}

void expect_same(const Part& part, const IndexedPart*& indexed) {
    EXPECT_EQ(indexed->kind, part.kind);
    EXPECT_EQ(indexed->encoding, part.encoding);
    EXPECT_EQ(indexed->header_begin, part.header_begin);
    EXPECT_EQ(indexed->body_begin, part.body_begin);
    EXPECT_EQ(indexed->body_end, part.body_end);
    EXPECT_EQ(indexed->lines, part.lines);
    EXPECT_EQ(indexed->child_count, part.children.size());
    ++indexed;
    for (const auto& child : part.children) expect_same(child, indexed);
}

TEST(PartIndex, DecodesWhatWasEncoded) {
    const auto root = parse_message(kExample).root;
    const auto index = decode_parts(encode_parts(root));
    ASSERT_TRUE(index);
    const auto* indexed = &index->root();
    expect_same(root, indexed);
    EXPECT_EQ(indexed, index->parts().data() + index->parts().size());
}

TEST(PartIndex, IsSmall) {
    EXPECT_LE(encode_parts(parse_message("Subject: x\r\n\r\nhello\r\n").root).size(), 6U);
    EXPECT_LE(encode_parts(parse_message(kExample).root).size(), 100U);
}

TEST(PartIndex, RefusesEveryTruncationAndWhatFollows) {
    const auto bytes = encode_parts(parse_message(kExample).root);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        const auto got = decode_parts(std::string_view(bytes).substr(0, size));
        ASSERT_FALSE(got) << size;
        EXPECT_EQ(got.error().code, Errc::corrupt);
    }
    EXPECT_FALSE(decode_parts(bytes + '\0'));
}

struct BrokenCase {
    std::string_view what;
    std::string bytes;
};

TEST(PartIndex, RefusesWhatNobodyEncoded) {
    const auto deep = [](std::size_t depth) {
        std::string bytes(1, '\x01');
        for (std::size_t i = 1; i < depth; ++i) bytes += std::string("\x02\0\0\0\0", 5);
        return bytes + std::string("\0\0\0\0\0", 5);
    };
    EXPECT_TRUE(decode_parts(deep(kMaxMimeDepth)));
    const auto wide = [](std::size_t count) {
        std::string bytes("\x01\x01\0\0\0\0", 6);
        bytes += static_cast<char>((count & 0x7fU) | 0x80U);
        bytes += static_cast<char>(count >> 7U);
        for (std::size_t i = 0; i < count; ++i) bytes += std::string("\0\0\0\0\0", 5);
        return bytes;
    };
    EXPECT_TRUE(decode_parts(wide(kMaxMimeParts - 1)));
    const BrokenCase cases[] = {
        {"empty", ""},
        {"version", std::string("\x02\0\0\0\0\0", 6)},
        {"kind", std::string("\x01\x03\0\0\0\0", 6)},
        {"encoding", std::string("\x01\x18\0\0\0\0", 6)},
        {"more lines than octets", std::string("\x01\0\0\0\x01\x02", 6)},
        {"multipart without children", std::string("\x01\x01\0\0\0\0\0", 7)},
        {"child beyond its parent", std::string("\x01\x02\0\0\x01\0\0\0\0\x02\0", 11)},
        {"child count", std::string("\x01\x01\0\0\0\0\xff\xff\xff\xff\x0f", 11)},
        {"number too great", std::string("\x01\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\x7f\0", 14)},
        {"number not shortest", std::string("\x01\0\0\0\x80\0\0", 7)},
        {"too deep", deep(kMaxMimeDepth + 1)},
        {"too many", wide(kMaxMimeParts)},
    };
    for (const auto& c : cases) EXPECT_FALSE(decode_parts(c.bytes)) << c.what;
}

} // namespace
} // namespace maild::mail
