#include "maild/relay/capabilities.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace maild::relay {
namespace {

using ::testing::ElementsAre;

Result<Reply> read(const std::vector<std::string>& lines) {
    ReplyBuilder builder;
    for (const auto& line : lines) {
        const auto is_whole = builder.put(line);
        if (!is_whole) return std::unexpected(is_whole.error());
        if (*is_whole) return builder.take();
    }
    return fail(Errc::closed, "more is to come");
}

TEST(Reply, IsReadWithItsStatus) {
    struct Case {
        std::vector<std::string> lines;
        int code;
        std::string status;
        std::string words;
    };
    const Case cases[] = {
        {{"250 OK"}, 250, "2.0.0", "250 OK"},
        {{"250"}, 250, "2.0.0", "250"},
        {{"250 "}, 250, "2.0.0", "250"},
        {{"354 go on"}, 354, "3.0.0", "354 go on"},
        {{"550 5.1.1 No such user"}, 550, "5.1.1", "550 5.1.1 No such user"},
        {{"550-5.7.1 No", "550 5.7.1 way"}, 550, "5.7.1", "550 5.7.1 No way"},
        {{"550-see", "550-", "550 5.7.1 there"}, 550, "5.7.1", "550 see there"},
        {{"550 4.1.1 another class"}, 550, "5.0.0", "550 4.1.1 another class"},
        {{"550 5.1.1x"}, 550, "5.0.0", "550 5.1.1x"},
        {{"550 5.01.1 zeros"}, 550, "5.0.0", "550 5.01.1 zeros"},
        {{"550 5.1.1000 long"}, 550, "5.0.0", "550 5.1.1000 long"},
        {{"450 4.7.1"}, 450, "4.7.1", "450 4.7.1"},
        {{std::string("550 a\0b\x1b[31m", 12)}, 550, "5.0.0", "550 a b [31m"},
        {{"550 gr\xc3\xbc\xc3\x9f"}, 550, "5.0.0", "550 gr\xc3\xbc\xc3\x9f"},
        {{"550 gr\xfc\xdf"}, 550, "5.0.0", "550 gr??"},
        {{"550 a\xc2\x9b"
          "b"},
         550,
         "5.0.0",
         "550 a b"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.words);
        const auto reply = read(c.lines);
        ASSERT_TRUE(reply) << reply.error().internal;
        EXPECT_EQ(reply->code, c.code);
        EXPECT_EQ(reply->status_or_class().format(), c.status);
        EXPECT_EQ(reply->words(), c.words);
    }
}

TEST(Reply, ThatBreaksTheGrammarIsNone) {
    const std::vector<std::string> cases[] = {
        {""},          {"25"},        {"199 low"},        {"600 high"},          {"2x0 OK"},
        {"250+"},      {"SSH-2.0-x"}, {"250-a", "251 b"}, {"250-a", "no reply"}, {" 250 OK"},
        {"2500 long"}, {"250\tOK"},
    };
    for (const auto& lines : cases) {
        SCOPED_TRACE(lines.front());
        const auto reply = read(lines);
        ASSERT_FALSE(reply);
        EXPECT_EQ(reply.error().code, Errc::protocol_error);
    }
}

TEST(Reply, HasLimits) {
    std::vector<std::string> lines(kMaxReplyLines - 1, "250-x");
    lines.push_back("250 end");
    EXPECT_TRUE(read(lines));
    lines.insert(lines.begin(), "250-x");
    EXPECT_EQ(read(lines).error().code, Errc::too_large);

    std::vector<std::string> wide(40, "250-" + std::string(kMaxReplyLine - 4, 'x'));
    EXPECT_EQ(read(wide).error().code, Errc::too_large);
    const auto cut = read({"250 " + std::string(3 * kMaxReplyLine, 'x')});
    ASSERT_TRUE(cut);
    EXPECT_EQ(cut->lines.front().size(), kMaxReplyLine);
}

TEST(Reply, BuilderBeginsAnewBehindEachOne) {
    ReplyBuilder builder;
    EXPECT_TRUE(builder.put("550 5.1.1 a").value());
    EXPECT_EQ(builder.take().code, 550);
    EXPECT_FALSE(builder.put("250-b").value());
    EXPECT_TRUE(builder.put("250 c").value());
    const auto reply = builder.take();
    EXPECT_EQ(reply.words(), "250 b c");
    EXPECT_FALSE(reply.status);
}

Capabilities offered(std::vector<std::string> keywords) {
    Reply reply{250, std::nullopt, {"mx.example.org at your service"}};
    for (auto& keyword : keywords) reply.lines.push_back(std::move(keyword));
    return parse_capabilities(reply);
}

TEST(Capabilities, AreReadInAnyCase) {
    const auto got =
        offered({"pipelining", "8BitMIME", "SMTPUTF8", "STARTTLS", "DSN", "CHUNKING", "BINARYMIME",
                 "REQUIRETLS", "ENHANCEDSTATUSCODES", "X-UNKNOWN a=b", "MT-PRIORITY MIXER"});
    EXPECT_EQ(got.name, "mx.example.org");
    EXPECT_TRUE(got.is_extended && got.pipelining && got.eight_bit_mime && got.smtputf8);
    EXPECT_TRUE(got.starttls && got.dsn && got.chunking && got.binary_mime && got.requiretls);
    EXPECT_TRUE(got.enhanced_status_codes && got.mt_priority);
    EXPECT_FALSE(got.size || got.most_octets || got.deliver_by || got.future_release);
}

TEST(Capabilities, NeedChunkingForBinaryMime) { EXPECT_FALSE(offered({"BINARYMIME"}).binary_mime); }

TEST(Capabilities, HaveParameters) {
    EXPECT_EQ(offered({"SIZE 1000"}).most_octets, 1000U);
    EXPECT_FALSE(offered({"SIZE 0"}).most_octets);
    EXPECT_TRUE(offered({"SIZE"}).size);
    EXPECT_FALSE(offered({"SIZE 99999999999999999999"}).most_octets);
    EXPECT_FALSE(offered({"SIZE x"}).most_octets);
    EXPECT_THAT(offered({"AUTH plain LOGIN", "AUTH=LOGIN"}).mechanisms,
                ElementsAre("PLAIN", "LOGIN"));
    EXPECT_THAT(offered({"AUTH=LOGIN"}).mechanisms, ElementsAre("LOGIN"));
    EXPECT_FALSE(offered({"DSN=x"}).dsn);
    const auto limits = offered({"LIMITS RCPTMAX=20 mailmax=5 RCPTDOMAINMAX=0 X Y=1"});
    EXPECT_EQ(limits.most_recipients, 20U);
    EXPECT_EQ(limits.most_transactions, 5U);
    EXPECT_FALSE(limits.most_domains);
    EXPECT_EQ(offered({"DELIVERBY"}).deliver_by, std::chrono::seconds(0));
    EXPECT_EQ(offered({"DELIVERBY 240"}).deliver_by, std::chrono::seconds(240));
    EXPECT_FALSE(offered({"DELIVERBY soon"}).deliver_by);
    EXPECT_EQ(offered({"FUTURERELEASE 86400 2027-01-01T00:00:00Z"}).future_release,
              std::chrono::seconds(86400));
}

TEST(Capabilities, KeepSoManyMechanisms) {
    std::string line = "AUTH";
    for (int i = 0; i < 100; ++i) line += " M" + std::to_string(i);
    EXPECT_EQ(offered({line}).mechanisms.size(), kMaxMechanisms);
}

} // namespace
} // namespace maild::relay
