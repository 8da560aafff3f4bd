// Content on its way through a session: LMTP's replies, chunks, refusals in the middle, large and
// broken contents, and what a server's limits make of it.
#include "relay/session_fixture.hpp"

#include <gmock/gmock.h>

namespace maild::relay {
namespace {

TEST_F(SessionTest, ReadsARefusalInTheMiddleOfTheContent) {
    start(std::string(kPipelined) + R"(
        C? MAIL
        C? RCPT
        C: DATA
        S: 250 OK
        S: 250 OK
        S: 354 go on
        B: 100000
        S: 552 5.3.4 too much
        X)");
    EXPECT_EQ(open(), "good");
    const auto outcome = send(envelope_to({"a@example.net"}), std::string(900'000, 'x')).front();
    // Where the kernel has told of the closed connection before the words were read, they are lost.
    EXPECT_TRUE(outcome == "failed 552 5.3.4 end of data" ||
                outcome == "deferred 0 4.4.2 end of data")
        << outcome;
    EXPECT_FALSE(session_->is_usable());
    EXPECT_EQ(finish(), "");
}

TEST_F(SessionTest, SpeaksLmtp) {
    start(R"(
        S: 220 lmtp
        C: LHLO client.example
        S: 250-lmtp
        S: 250 PIPELINING
        C? MAIL
        C: RCPT TO:<a@example.net>
        C: RCPT TO:<b@example.net>
        C: RCPT TO:<c@example.net>
        C: DATA
        S: 250 OK
        S: 250 OK
        S: 550 5.1.1 no b
        S: 250 OK
        S: 354 go on
        C.
        S: 250 2.1.5 a has it
        S: 452 4.2.2 c is full)",
          {.protocol = Protocol::lmtp});
    EXPECT_EQ(open(), "good");
    EXPECT_EQ(send(envelope_to({"a@example.net", "b@example.net", "c@example.net"})),
              (Told{"delivered", "failed 550 5.1.1 RCPT TO", "deferred 452 4.2.2 end of data"}));
    EXPECT_EQ(finish(), "");
}

TEST_F(SessionTest, TellsLmtpRepliesThatDidNotComeApart) {
    start(R"(
        S: 220 lmtp
        C? LHLO
        S: 250 lmtp
        C? MAIL
        S: 250 OK
        C? RCPT
        S: 250 OK
        C? RCPT
        S: 250 OK
        C: DATA
        S: 354 go on
        C.
        S: 250 a has it
        X)",
          {.protocol = Protocol::lmtp});
    EXPECT_EQ(open(), "good");
    EXPECT_EQ(send(envelope_to({"a@example.net", "b@example.net"})),
              (Told{"delivered", "deferred 0 4.4.2 end of data (twice)"}));
    EXPECT_EQ(finish(), "");
}

TEST_F(SessionTest, SendsChunks) {
    start(R"(
        S: 220 mx
        C? EHLO
        S: 250-mx
        S: 250 CHUNKING
        C? MAIL
        S: 250 OK
        C? RCPT
        S: 250 OK
        C: BDAT 65536
        B: 65536
        S: 250 OK
        C: BDAT 34464 LAST
        B: 34464
        S: 250 taken
        C? MAIL
        S: 250 OK
        C? RCPT
        S: 250 OK
        C: BDAT 65536
        B: 65536
        S: 552 5.3.4 too much
        C: RSET
        S: 250 OK
        C? MAIL
        S: 250 OK
        C? RCPT
        S: 250 OK
        C: BDAT 3 LAST
        B: 3
        S: 250 taken)",
          {.uses_chunking = true});
    std::string text;
    while (text.size() < 100'000) text += std::string(98, '.') + "\r\n";
    EXPECT_EQ(open(), "good");
    EXPECT_EQ(send(envelope_to({"a@example.net"}), text), Told{"delivered"});
    EXPECT_EQ(send(envelope_to({"a@example.net"}), text), Told{"failed 552 5.3.4 end of data"});
    EXPECT_EQ(send(envelope_to({"a@example.net"}), "."), Told{"delivered"});
    EXPECT_EQ(finish(), "");
    EXPECT_TRUE(peer_->content().starts_with(text));
}

class BrokenContent final : public Content {
public:
    std::uint64_t size() const override { return 1'000'000; }
    net::Task<Result<std::string_view>> read(std::uint64_t offset, std::size_t) override {
        if (offset > 0) co_return fail(Errc::unavailable, "the store is away");
        co_return std::string_view("Subject: x\r\n\r\n");
    }
};

TEST_F(SessionTest, NeverEndsAContentThatItCouldNotRead) {
    start(std::string(kPipelined) + R"(
        C? MAIL
        C? RCPT
        C: DATA
        S: 250 OK
        S: 250 OK
        S: 354 go on
        C.)");
    EXPECT_EQ(open(), "good");
    BrokenContent content;
    const auto envelope = envelope_to({"a@example.net"});
    const auto outcomes = test::finish(io_, session_->send(envelope, content));
    EXPECT_EQ(told(outcomes.front()), "deferred 0 4.3.0 end of data");
    EXPECT_FALSE(session_->is_usable());
    finish();
    EXPECT_FALSE(peer_->content().contains("\r\n.\r\n"));
}

TEST_F(SessionTest, KeepsTheServersLimits) {
    start(R"(
        S: 220 mx
        C? EHLO
        S: 250-mx
        S: 250 LIMITS RCPTMAX=2 MAILMAX=1
        C? MAIL
        S: 250 OK
        C? RCPT
        S: 250 OK
        C: DATA
        S: 354 go on
        C.
        S: 250 taken)");
    EXPECT_EQ(open(), "good");
    EXPECT_EQ(session_->most_recipients(), 2U);
    EXPECT_EQ(send(envelope_to({"a@example.net"})), Told{"delivered"});
    EXPECT_FALSE(session_->is_usable());
    finish();
}

TEST_F(SessionTest, TellsAServerThatWentMeanwhile) {
    start(std::string(kPipelined) + "X");
    EXPECT_EQ(open(), "good");
    EXPECT_EQ(send(envelope_to({"a@example.net"})), Told{"deferred 0 4.4.2 MAIL FROM"});
    EXPECT_EQ(outcomes_[0].scope, Scope::host);
    finish();
}

// 100 MB never lie in memory: content is made while it is read.
class EndlessContent final : public Content {
public:
    explicit EndlessContent(std::uint64_t size) : size_(size) {}
    std::uint64_t size() const override { return size_; }
    net::Task<Result<std::string_view>> read(std::uint64_t offset, std::size_t at_most) override {
        largest = std::max(largest, at_most);
        co_return std::string_view(block_).substr(
            0, std::min<std::uint64_t>({at_most, size_ - offset, block_.size()}));
    }
    std::size_t largest = 0;

private:
    std::uint64_t size_;
    std::string block_ = std::string(65534, 'x') + "\r\n";
};

TEST_F(SessionTest, StreamsLargeContent) {
    start(R"(
        S: 220 mx
        C? EHLO
        S: 250-mx
        S: 250 8BITMIME
        C? MAIL
        S: 250 OK
        C? RCPT
        S: 250 OK
        C: DATA
        S: 354 go on
        C.
        S: 250 taken)");
    EXPECT_EQ(open(), "good");
    EndlessContent content(20'000'000);
    const auto envelope = envelope_to({"a@example.net"});
    const auto outcomes = test::finish(io_, session_->send(envelope, content));
    EXPECT_EQ(told(outcomes.front()), "delivered");
    EXPECT_LE(content.largest, 65'536U);
    finish();
    EXPECT_GT(peer_->content().size(), 20'000'000U);
}

} // namespace
} // namespace maild::relay
