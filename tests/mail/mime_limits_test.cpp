// What must hold whatever a message is: nesting, limits, and work that does not grow faster than
// the message.
#include "mail/show_parts.hpp"

#include "maild/mail/mime.hpp"

#include <gtest/gtest.h>

#include <random>

namespace maild::mail {
namespace {

using test::broken_invariant;

std::size_t count_parts(const Part& part) {
    std::size_t count = 1;
    for (const auto& child : part.children) count += count_parts(child);
    return count;
}

std::size_t depth_of(const Part& part) {
    std::size_t deepest = 0;
    for (const auto& child : part.children) deepest = std::max(deepest, depth_of(child));
    return deepest + 1;
}

const Part& deepest_of(const Part& part) {
    return part.children.empty() ? part : deepest_of(part.children.back());
}

std::string nested_multiparts(std::size_t depth) {
    std::string content;
    for (std::size_t i = 0; i < depth; ++i) {
        const auto boundary = "b" + std::to_string(i);
        content += "Content-Type: multipart/mixed; boundary=" + boundary + "\r\n\r\n--" + boundary +
                   "\r\n";
    }
    return content + "\r\nhello\r\n";
}

TEST(MimeLimits, MakesAnOpaqueLeafOfWhatIsTooDeep) {
    const auto fits = nested_multiparts(kMaxMimeDepth - 1);
    const auto fitting = parse_message(fits);
    EXPECT_EQ(depth_of(fitting.root), kMaxMimeDepth);
    EXPECT_EQ(deepest_of(fitting.root).subtype, "plain");
    const auto content = nested_multiparts(1000);
    const auto message = parse_message(content);
    EXPECT_EQ(depth_of(message.root), kMaxMimeDepth);
    EXPECT_EQ(deepest_of(message.root).subtype, "octet-stream");
    EXPECT_EQ(broken_invariant(content, message), "");
}

TEST(MimeLimits, OpensAHundredMessagesInEachOther) {
    std::string content;
    for (int i = 0; i < 1000; ++i) content += "Content-Type: message/rfc822\r\n\r\n";
    const auto message = parse_message(content);
    EXPECT_EQ(depth_of(message.root), kMaxMimeDepth);
    EXPECT_EQ(deepest_of(message.root).subtype, "octet-stream");
    EXPECT_EQ(broken_invariant(content, message), "");
}

TEST(MimeLimits, EndsInOneLeafAtTenThousandParts) {
    const auto with = [](std::size_t parts) {
        std::string content = "Content-Type: multipart/mixed; boundary=x\r\n\r\n";
        for (std::size_t i = 0; i < parts; ++i) content += "--x\r\n\r\na\r\n";
        return content + "--x--\r\n";
    };
    const auto fits = with(kMaxMimeParts - 1);
    EXPECT_EQ(count_parts(parse_message(fits).root), kMaxMimeParts);
    EXPECT_EQ(parse_message(fits).root.children.back().lines, 1U);
    const auto content = with(100'000);
    const auto message = parse_message(content);
    EXPECT_EQ(count_parts(message.root), kMaxMimeParts);
    EXPECT_EQ(message.root.children.back().body_end, content.size());
    EXPECT_EQ(broken_invariant(content, message), "");
}

TEST(MimeLimits, CountsEmbeddedMessagesAsParts) {
    std::string content = "Content-Type: multipart/digest; boundary=x\r\n\r\n";
    for (std::size_t i = 0; i < kMaxMimeParts; ++i) content += "--x\r\n\r\nSubject: a\r\n\r\n";
    const auto message = parse_message(content);
    EXPECT_EQ(count_parts(message.root), kMaxMimeParts);
    EXPECT_EQ(broken_invariant(content, message), "");
}

TEST(MimeLimits, TakesBoundariesUpToEightKibibytes) {
    const auto with = [](std::size_t size) {
        const std::string boundary(size, 'b');
        return "Content-Type: multipart/mixed; boundary=" + boundary + "\r\n\r\n--" + boundary +
               "\r\n\r\none\r\n--" + boundary + "--\r\n";
    };
    EXPECT_EQ(count_parts(parse_message(with(kMaxBoundary)).root), 2U);
    EXPECT_EQ(count_parts(parse_message(with(kMaxBoundary + 1)).root), 1U);
}

TEST(MimeLimits, BoundsParametersAndAddresses) {
    std::string type = "Content-Type: text/plain";
    for (std::size_t i = 0; i <= kMaxParameters; ++i) type += ";a=b";
    EXPECT_EQ(parse_message(type + "\r\n\r\n").root.parameters.size(), kMaxParameters);

    std::string many = "Content-Type: multipart/mixed; boundary=x\r\n\r\n";
    const auto fields = kMaxMessageParameters / kMaxParameters + 10;
    for (std::size_t i = 0; i < fields; ++i) many += "--x\r\n" + type + "\r\n\r\n";
    std::size_t parameters = 0;
    for (const auto& part : parse_message(many).root.children) parameters += part.parameters.size();
    EXPECT_LE(parameters, kMaxMessageParameters);
    EXPECT_GT(parameters, kMaxMessageParameters - kMaxParameters);

    std::string to;
    for (std::size_t i = 0; i < 1900; ++i) to += "To: a@b, c@d, e@f, g@h, i@j, k@l\r\n";
    EXPECT_EQ(parse_message(to + "\r\n").envelope.to.size(), kMaxMessageAddresses);
}

// Random bytes have no structure; so lines that mean something are drawn at random instead, seeded.
std::string random_message(std::mt19937& random) {
    static constexpr std::string_view lines[] = {
        "--a\r\n",
        "--b\r\n",
        "--a--\r\n",
        "--b--\r\n",
        "--a-b\n",
        "\r\n",
        "\n",
        "text\r\n",
        " folded\r\n",
        "--\r\n",
        "\r",
        "Content-Type: multipart/mixed; boundary=a\r\n",
        "Content-Type: multipart/digest; boundary=b\r\n",
        "Content-Type: multipart/x; boundary=\"a-b\"\r\n",
        "Content-Type: message/rfc822\r\n",
        "Subject: x\r\n",
        "--a",
        "From: a, b:c;\r\n",
        "no end",
    };
    std::uniform_int_distribution<std::size_t> pick(0, std::size(lines) - 1);
    std::uniform_int_distribution<int> length(0, 60);
    std::string content =
        length(random) % 2 == 0 ? "Content-Type: multipart/mixed; boundary=a\r\n\r\n" : "";
    for (int i = length(random); i > 0; --i) content += lines[pick(random)];
    return content;
}

TEST(MimeLimits, NestsStrictlyWhateverTheLines) {
    std::mt19937 random(20240229);
    for (int i = 0; i < 20'000; ++i) {
        const auto content = random_message(random);
        ASSERT_EQ(broken_invariant(content, parse_message(content)), "") << i << "\n" << content;
    }
}

// Each prefix of a message is a message too: what a connection that broke off could leave behind.
TEST(MimeLimits, NestsStrictlyWhereverAMessageIsCut) {
    const std::string content = "Subject: out\r\nContent-Type: multipart/mixed; boundary=\"out "
                                "er\"\r\n\r\npreamble\r\n--out er\r\n"
                                "Content-Type: message/rfc822\r\n\r\nSubject: in\r\nContent-Type: "
                                "multipart/alternative; boundary=in\r\n\r\n"
                                "--in\r\n\r\na\r\n--in\r\n\r\nb\r\n--in--\r\n\r\n--out "
                                "er\r\n\r\n\r\n--out er--\r\nepilogue\r\n";
    for (std::size_t size = 0; size <= content.size(); ++size) {
        const auto cut = content.substr(0, size);
        ASSERT_EQ(broken_invariant(cut, parse_message(cut)), "") << cut;
    }
}

} // namespace
} // namespace maild::mail
