#include "daemon/channel.hpp"
#include "daemon/config_file.hpp"
#include "daemon/messages.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace maild::daemon {
namespace {

class ChannelTest : public testing::Test {
protected:
    void SetUp() override {
        auto pair = Channel::create_pair();
        ASSERT_TRUE(pair);
        left_.emplace(std::move(pair->first));
        right_.emplace(std::move(pair->second));
    }
    static UniqueFd null() { return UniqueFd(::open("/dev/null", O_RDONLY)); }
    static Descriptors nulls(std::size_t count) {
        Descriptors out;
        for (std::size_t i = 0; i < count; ++i) out.push_back(null());
        return out;
    }
    std::optional<Channel> left_;
    std::optional<Channel> right_;
};

TEST_F(ChannelTest, KeepsMessagesApartAndDescriptorsBesideThem) {
    ASSERT_TRUE(left_->send({"one", nulls(2)}));
    ASSERT_TRUE(left_->send({"two", {}}));
    const auto first = right_->receive(kMaxDescriptors);
    ASSERT_TRUE(first);
    EXPECT_EQ(first->bytes, "one");
    ASSERT_EQ(first->descriptors.size(), 2u);
    struct stat facts{};
    ASSERT_EQ(::fstat(first->descriptors[1].get(), &facts), 0);
    EXPECT_TRUE(S_ISCHR(facts.st_mode));
    EXPECT_EQ(::fcntl(first->descriptors[0].get(), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    const auto second = right_->receive(kMaxDescriptors);
    ASSERT_TRUE(second);
    EXPECT_EQ(second->bytes, "two");
    EXPECT_TRUE(second->descriptors.empty());
    EXPECT_EQ(right_->receive(0).error().code, Errc::busy);
}

TEST_F(ChannelTest, TheSupervisorTakesNoDescriptors) {
    const auto before = null().get(); // the lowest free number
    ASSERT_TRUE(left_->send({"here, take this", nulls(4)}));
    const auto got = right_->receive(0);
    ASSERT_TRUE(got);
    EXPECT_TRUE(got->descriptors.empty());
    EXPECT_EQ(null().get(), before);
}

TEST_F(ChannelTest, TooMuchIsRefusedAtBothEnds) {
    EXPECT_EQ(left_->send({std::string(kMaxMessageBytes + 1, 'x'), {}}).error().code,
              Errc::too_large);
    EXPECT_EQ(left_->send({"x", nulls(kMaxDescriptors + 1)}).error().code, Errc::too_large);
    const std::string longer(kMaxMessageBytes + 1, 'x');
    ASSERT_EQ(::send(left_->fd(), longer.data(), longer.size(), 0),
              static_cast<ssize_t>(longer.size()));
    EXPECT_EQ(right_->receive(0).error().code, Errc::too_large);
    const std::string longest(kMaxMessageBytes, 'x');
    ASSERT_TRUE(left_->send({longest, {}}));
    EXPECT_EQ(right_->receive(0)->bytes, longest);
}

TEST_F(ChannelTest, TheOtherEndIsGone) {
    right_.reset();
    EXPECT_EQ(left_->receive(0).error().code, Errc::closed);
    EXPECT_EQ(left_->send({"x", {}}).error().code, Errc::closed);
}

TEST_F(ChannelTest, WhatTheSocketDoesNotTakeWaitsWithinABound) {
    Result<void> sent;
    int count = 0;
    while (sent) {
        sent = left_->send({std::to_string(count), nulls(1)});
        if (sent) ++count;
        ASSERT_LT(count, 100'000);
    }
    EXPECT_EQ(sent.error().code, Errc::limit_exceeded);
    EXPECT_TRUE(left_->wants_write());
    for (int i = 0; i < count; ++i) {
        const auto got = right_->receive(kMaxDescriptors);
        ASSERT_TRUE(got) << i;
        ASSERT_EQ(got->bytes, std::to_string(i));
        ASSERT_EQ(got->descriptors.size(), 1u);
        ASSERT_TRUE(left_->flush());
    }
    EXPECT_FALSE(left_->wants_write());
}

template <class Message> Message there_and_back(Message message) {
    const auto back = decode_supervisor_message(encode_message(SupervisorMessage(message)));
    if (!back) throw std::runtime_error(back.error().internal);
    return std::get<Message>(*back);
}

TEST(Messages, HelloKeepsTheConfiguration) {
    Hello hello;
    hello.role = Role::store;
    hello.index = 3;
    hello.config.hostname = "mx.example.org";
    hello.config.listeners.resize(2);
    hello.config.listeners[1] = {.service = Service::imap,
                                 .address = "::",
                                 .port = 993,
                                 .path = {},
                                 .tls = TlsMode::implicit,
                                 .is_optional = true};
    hello.config.trusted.push_back(*net::parse_network("2001:db8::/32"));
    hello.config.limits.imap_idle = std::chrono::hours(2);
    hello.config.limits.pop3_idle = std::chrono::hours(3);
    hello.config.plaintext = PlaintextLogin::loopback;
    hello.config.offers_scram = false;
    hello.config.login_limits.ban_time = std::chrono::minutes(3);
    hello.identity = {"maild-store", 7, 8, true};
    hello.token_secret = std::string(32, '\0');
    const auto got = there_and_back(hello);
    EXPECT_EQ(got.role, Role::store);
    EXPECT_EQ(got.index, 3u);
    EXPECT_EQ(got.config.hostname, hello.config.hostname);
    ASSERT_EQ(got.config.listeners.size(), 2u);
    EXPECT_EQ(got.config.listeners[1].endpoint(), "[::]:993");
    EXPECT_EQ(got.config.listeners[1].tls, TlsMode::implicit);
    EXPECT_EQ(got.config.trusted, hello.config.trusted);
    EXPECT_EQ(got.config.limits.imap_idle, std::chrono::hours(2));
    EXPECT_EQ(got.config.limits.pop3_idle, std::chrono::hours(3));
    EXPECT_EQ(got.config.plaintext, PlaintextLogin::loopback);
    EXPECT_FALSE(got.config.offers_scram);
    EXPECT_EQ(got.config.login_limits.ban_time, std::chrono::minutes(3));
    EXPECT_EQ(got.identity.gid, 8u);
    EXPECT_EQ(got.token_secret, hello.token_secret);
}

TEST(Messages, TheLargestConfigurationAndStatusFit) {
    Hello hello;
    ListenerConfig listener;
    listener.path = std::string(107, 'x');
    hello.config.listeners.resize(2 * kMaxListeners, listener);
    hello.config.trusted.resize(kMaxNetworks);
    hello.config.proxies.resize(kMaxNetworks);
    hello.config.tls.named.resize(kMaxNamedCertificates, {std::string(200, 'c'), "/key", {"name"}});
    EXPECT_LT(encode_message(SupervisorMessage(hello)).size(), kMaxMessageBytes);
    TellStatus status;
    ProcessStatus process;
    process.user = std::string(32, 'u');
    process.text = std::string(kMaxStatusText, 't');
    process.sandbox.lost = std::string(kMaxStatusText, 'l');
    status.status.processes.resize(256 + 3, process);
    EXPECT_LT(encode_message(SupervisorMessage(status)).size(), kMaxMessageBytes);
}

TEST(Messages, AnswerCarriesTheFault) {
    const auto got = there_and_back(Answer{9, fail(Errc::invalid_argument, "line 3")});
    EXPECT_EQ(got.number, 9u);
    EXPECT_EQ(got.result.error().internal, "line 3");
}

TEST(Messages, ATextOfAChildIsCut) {
    const auto got =
        decode_child_message(encode_message(ChildMessage(StatusText{std::string(90'000, 'x')})));
    ASSERT_TRUE(got);
    EXPECT_EQ(std::get<StatusText>(*got).text.size(), kMaxStatusText);
}

TEST(Messages, WhatNoChildSaysIsRefused) {
    const auto ask = encode_message(ChildMessage(Ask{1, SupervisorRequest::reopen_logs}));
    auto unknown = ask;
    unknown.back() = 77;
    const struct {
        const char* name;
        std::string bytes;
    } cases[] = {{"empty", ""},
                 {"no such message", "\x7f"},
                 {"no such request", unknown},
                 {"cut short", ask.substr(0, ask.size() - 1)},
                 {"something behind it", ask + "x"},
                 {"a length without bytes", std::string("\x03\xff\xff\xff\xff", 5)}};
    for (const auto& [name, bytes] : cases) EXPECT_FALSE(decode_child_message(bytes)) << name;
    EXPECT_TRUE(decode_child_message(ask));
}

} // namespace
} // namespace maild::daemon
