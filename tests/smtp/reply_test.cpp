#include "maild/smtp/reply.hpp"

#include <gtest/gtest.h>

#include <string>

namespace maild::smtp {
namespace {

TEST(Reply, CarriesCodeAndStatusOnEveryLine) { // RFC 5321 §4.2.1, RFC 2034 §4
    EXPECT_EQ(format_reply({250, Status{1, 5}, "Ok"}), "250 2.1.5 Ok\r\n");
    EXPECT_EQ(format_reply({550, Status{7, 26}, "a\nb"}), "550-5.7.26 a\r\n550 5.7.26 b\r\n");
    EXPECT_EQ(format_reply({354, std::nullopt, "Go on"}), "354 Go on\r\n");
    EXPECT_EQ(format_reply({250, std::nullopt, ""}), "250 \r\n");
    EXPECT_EQ(format_reply({250, std::nullopt, "a\n"}), "250-a\r\n250 \r\n");
}

TEST(Reply, AnswersErrors) {
    const struct {
        Errc code;
        Step step;
        std::string_view want;
    } cases[] = {
        {Errc::no_such_account, Step::recipient, "550 5.1.1"},
        {Errc::not_found, Step::recipient, "550 5.1.1"},
        {Errc::no_such_domain, Step::recipient, "554 5.7.1 Relay access denied"},
        {Errc::disabled, Step::recipient, "550 5.2.1"},
        {Errc::over_quota, Step::recipient, "452 4.2.2"},
        {Errc::over_quota, Step::content, "452 4.2.2"},
        {Errc::no_space, Step::sender, "452 4.3.1"},
        {Errc::no_space, Step::content, "452 4.3.1"},
        {Errc::too_large, Step::sender, "552 5.3.4"},
        {Errc::limit_exceeded, Step::recipient, "452 4.5.3"},
        {Errc::not_permitted, Step::sender, "553 5.7.1"},
        {Errc::not_permitted, Step::recipient, "550 5.7.1"},
        {Errc::cannot, Step::recipient, "550 5.1.3"},
        {Errc::cannot, Step::content, "554 5.4.6"},
        {Errc::busy, Step::content, "451 4.3.0"},
        {Errc::unavailable, Step::sender, "451 4.3.0"},
        {Errc::io, Step::content, "451 4.3.0"},
        {Errc::corrupt, Step::content, "451 4.3.0"},
        {Errc::internal, Step::recipient, "451 4.3.0"},
        {Errc::authentication_failed, Step::login, "535 5.7.8"},
        {Errc::disabled, Step::login, "535 5.7.8"},
        {Errc::busy, Step::login, "454 4.7.0"},
        {Errc::unavailable, Step::login, "454 4.7.0"},
    };
    for (const auto& test : cases)
        EXPECT_TRUE(format_reply(reply_for(test.code, test.step)).starts_with(test.want))
            << name_of(test.code) << " at step " << static_cast<int>(test.step);
}

TEST(Reply, TellsNothingInternal) {
    const Refusal refusal(Error{Errc::io, "/var/lib/maild: Input/output error"});
    EXPECT_FALSE(format_reply(reply_for(refusal, Step::content)).contains("var"));
}

TEST(Reply, LetsABackendSpeakForItself) {
    const Refusal refusal(Reply{550, Status{7, 26}, "No DMARC"}, "dmarc=fail");
    EXPECT_EQ(format_reply(reply_for(refusal, Step::content)), "550 5.7.26 No DMARC\r\n");
}

} // namespace
} // namespace maild::smtp
