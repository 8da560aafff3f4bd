// OAUTHBEARER's and XOAUTH2's messages, and the whole exchange with a double of `auth`.
#include "support/bearer_tokens.hpp"
#include "support/run_task.hpp"

#include "maild/auth/bearer.hpp"
#include "maild/auth/sasl_login.hpp"
#include "maild/base/encoding.hpp"

#include <gtest/gtest.h>

namespace maild::auth {
namespace {

using namespace std::string_literals;

const std::string kToken = "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg=="; // RFC 7628 §4.1

struct Case {
    const char* name;
    std::string message;
    const char* want; // "authzid token", nullptr: refused
};

template <class Parse> void check(const Case& c, Parse parse) {
    const auto parsed = parse(c.message);
    EXPECT_EQ(parsed.has_value(), c.want != nullptr) << c.name;
    if (!parsed || c.want == nullptr) return;
    EXPECT_EQ(parsed->authzid + " " + parsed->token, c.want) << c.name;
}

TEST(ParseOauthbearer, FollowsTheGrammar) {
    const std::string longest(kMaxBearerToken, 'x');
    const auto as_longest = " " + longest;
    const Case cases[] = {
        {"RFC 7628 §4.1",
         "n,a=user@example.com,\1host=server.example.com\1port=143\1auth=Bearer " + kToken + "\1\1",
         "user@example.com vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg=="},
        {"§4.3: a question for the scope",
         "n,a=user@example.com,\1host=server.example.com\1port=143\1auth=\1\1",
         "user@example.com "},
        {"without authzid", "n,,\1auth=Bearer t\1\1", " t"},
        {"y", "y,,\1auth=Bearer t\1\1", " t"},
        {"scheme in any case", "n,,\1auth=bEARER t\1\1", " t"},
        {"several spaces", "n,,\1auth=Bearer   t\1\1", " t"},
        {"scheme alone", "n,,\1auth=Bearer \1\1", " "},
        {"encoded authzid", "n,a=a=2Cb=3Dc@d,\1auth=Bearer t\1\1", "a,b=c@d t"},
        {"every character of a token", "n,,\1auth=Bearer aZ09-._~+/==\1\1", " aZ09-._~+/=="},
        {"unknown keys", "n,,\1qs=a=b&c\1auth=Bearer t\1X=\r\n\t\1\1", " t"},
        {"the longest token", "n,,\1auth=Bearer " + longest + "\1\1", as_longest.c_str()},
        {"too long a token", "n,,\1auth=Bearer x" + longest + "\1\1", nullptr},
        {"%x01 is for the end of a failure", "\1", nullptr},
        {"empty", "", nullptr},
        {"header alone", "n,,", nullptr},
        {"no pairs", "n,,\1\1", nullptr},
        {"no auth", "n,,\1host=x\1\1", nullptr},
        {"no end", "n,,\1auth=Bearer t\1", nullptr},
        {"no kvsep behind the value", "n,,\1auth=Bearer t", nullptr},
        {"something behind the end", "n,,\1auth=Bearer t\1\1x", nullptr},
        {"auth twice", "n,,\1auth=Bearer t\1auth=Bearer u\1\1", nullptr},
        {"key with a digit", "n,,\1auth1=Bearer t\1\1", nullptr},
        {"no key", "n,,\1=Bearer t\1\1", nullptr},
        {"no =", "n,,\1auth\1\1", nullptr},
        {"channel binding", "p=tls-exporter,,\1auth=Bearer t\1\1", nullptr},
        {"no flag", ",,\1auth=Bearer t\1\1", nullptr},
        {"user= is no authzid", "n,user=a@b,\1auth=Bearer t\1\1", nullptr},
        {"empty authzid", "n,a=,\1auth=Bearer t\1\1", nullptr},
        {"authzid with a bare =", "n,a=a=b,\1auth=Bearer t\1\1", nullptr},
        {"another scheme", "n,,\1auth=Basic dDp0\1\1", nullptr},
        {"scheme and token in one", "n,,\1auth=Bearert\1\1", nullptr},
        {"space in the token", "n,,\1auth=Bearer a b\1\1", nullptr},
        {"space behind the token", "n,,\1auth=Bearer a \1\1", nullptr},
        {"= within the token", "n,,\1auth=Bearer a=b\1\1", nullptr},
        {"a token of =", "n,,\1auth=Bearer ==\1\1", nullptr},
        {"NUL in a value", "n,,\1host=a\0b\1auth=Bearer t\1\1"s, nullptr},
        {"eight bits in a value", "n,,\1host=\xc3\xa4\1auth=Bearer t\1\1", nullptr},
    };
    for (const auto& c : cases) check(c, parse_oauthbearer);
}

TEST(ParseXoauth2, FollowsTheFormat) {
    const Case cases[] = {
        {"as it is documented", "user=someuser@example.com\1auth=Bearer " + kToken + "\1\1",
         "someuser@example.com vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg=="},
        {"the other way round", "auth=Bearer t\1user=a@b\1\1", "a@b t"},
        {"UTF-8", "user=j\xc3\xbcrgen@b\1auth=Bearer t\1\1", "j\xc3\xbcrgen@b t"},
        {"without a name", "user=\1auth=Bearer t\1\1", " t"},
        {"without a user", "auth=Bearer t\1\1", " t"},
        {"no token", "user=a@b\1auth=Bearer \1\1", "a@b "},
        {"not UTF-8", "user=j\xfc@b\1auth=Bearer t\1\1", nullptr},
        {"too long a name", "user=" + std::string(kMaxAuthcid + 1, 'a') + "\1auth=Bearer t\1\1",
         nullptr},
        {"no auth", "user=a@b\1\1", nullptr},
        {"user twice", "user=a@b\1user=c@d\1auth=Bearer t\1\1", nullptr},
        {"no end", "user=a@b\1auth=Bearer t\1", nullptr},
        {"a GS2 header", "n,a=a@b,\1auth=Bearer t\1\1", nullptr},
        {"empty", "", nullptr},
    };
    for (const auto& c : cases) check(c, parse_xoauth2);
}

TEST(BearerErrors, SayWhatTheHostHas) {
    EXPECT_EQ(format_oauthbearer_error({"mail", "https://id.example/.well-known/x"}),
              R"({"status":"invalid_token","scope":"mail",)"
              R"("openid-configuration":"https://id.example/.well-known/x"})");
    EXPECT_EQ(format_oauthbearer_error({}), R"({"status":"invalid_token"})");
    EXPECT_EQ(format_xoauth2_error({"mail", "https://id.example/x"}),
              R"({"status":"401","schemes":"bearer","scope":"mail"})");
    EXPECT_EQ(format_xoauth2_error({}), R"({"status":"401","schemes":"bearer"})");
}

class Double final : public Authenticator {
public:
    net::Task<LoginResult> login(Credentials, const net::Peer&) override { co_return no(); }
    net::Task<LoginResult> external(ExternalLogin, const net::Peer&) override { co_return no(); }
    net::Task<LoginResult> bearer(BearerLogin login, const net::Peer&) override {
        ++asked;
        if (failure) co_return fail(*failure);
        auto name = test::bearer_of(login);
        if (!name) co_return no();
        co_return Identity{AccountId(1), std::move(*name), {}, {}};
    }
    net::Task<ScramResult> scram(ScramMessage, const net::Peer&) override {
        co_return fail(Errc::authentication_failed);
    }
    std::unexpected<LoginRefusal> no() const {
        return std::unexpected<LoginRefusal>(std::in_place, Error{Errc::authentication_failed, {}},
                                             std::chrono::seconds(4));
    }
    int asked = 0;
    std::optional<Errc> failure;
};

class BearerExchange : public ::testing::Test {
protected:
    SaslLogin begin(Mechanism mechanism) { return {mechanism, offer_, {}, host_, peer_}; }
    static std::string told(const SaslOutcome& outcome) {
        if (const auto* challenge = std::get_if<SaslChallenge>(&outcome))
            return "334 " + base64_decode(challenge->text).value_or("?");
        if (const auto* identity = std::get_if<Identity>(&outcome)) return identity->address;
        if (const auto* refusal = std::get_if<LoginRefusal>(&outcome))
            return std::string(name_of(refusal->code)) + " " +
                   std::to_string(refusal->delay.count());
        return std::get<SaslError>(outcome) == SaslError::cancelled ? "cancelled" : "malformed";
    }
    std::string start(SaslLogin& login, std::optional<std::string> message) {
        if (message) *message = base64_encode(*message);
        return told(test::run_task(login.start(message)));
    }
    std::string step(SaslLogin& login, std::string_view line) {
        return told(test::run_task(login.step(line)));
    }

    SaslOffer offer_{.bearer = std::make_shared<const BearerOffer>(BearerOffer{"mail", {}})};
    Double host_;
    net::Peer peer_;
};

const std::string kRefused = R"(334 {"status":"invalid_token","scope":"mail"})";
const std::string kFailed = "authentication_failed 4000";

TEST_F(BearerExchange, LogsIn) {
    const auto good = "n,a=ada@a.example,\1auth=Bearer of-ada~a.example\1\1"s;
    auto login = begin(Mechanism::oauthbearer);
    EXPECT_EQ(start(login, good), "ada@a.example");
    auto later = begin(Mechanism::oauthbearer);
    EXPECT_EQ(start(later, std::nullopt), "334 ");
    EXPECT_EQ(step(later, base64_encode(good)), "ada@a.example");
    auto other = begin(Mechanism::xoauth2);
    EXPECT_EQ(start(other, "user=ada@a.example\1auth=Bearer of-ada~a.example\1\1"),
              "ada@a.example");
    EXPECT_EQ(step(other, ""), "malformed") << "it is over";
}

// RFC 7628 §3.2.3: whatever the client says to the explanation, the login has failed.
TEST_F(BearerExchange, ExplainsAFailureAndThenFails) {
    for (const std::string answer : {"AQ==", "*", "", "no base64"}) {
        auto login = begin(Mechanism::oauthbearer);
        EXPECT_EQ(start(login, "n,,\1auth=Bearer wrong\1\1"), kRefused);
        EXPECT_EQ(step(login, answer), kFailed) << answer;
        EXPECT_EQ(step(login, answer == "*" ? "" : answer), "malformed") << "only once";
    }
    auto other = begin(Mechanism::xoauth2);
    EXPECT_EQ(start(other, "user=a@b\1auth=Bearer wrong\1\1"),
              R"(334 {"status":"401","schemes":"bearer","scope":"mail"})");
    EXPECT_EQ(step(other, ""), kFailed);
}

TEST_F(BearerExchange, TellsTheScopeToWhoHasNoToken) { // RFC 7628 §4.3
    auto login = begin(Mechanism::oauthbearer);
    EXPECT_EQ(start(login, "n,,\1auth=\1\1"), kRefused);
    EXPECT_EQ(step(login, "*"), "authentication_failed 0");
    EXPECT_EQ(host_.asked, 0);
}

TEST_F(BearerExchange, SaysNothingOfTheTokenWhenItCouldNotBeChecked) {
    for (const auto code : {Errc::unavailable, Errc::busy, Errc::limit_exceeded}) {
        host_.failure = code;
        auto login = begin(Mechanism::oauthbearer);
        EXPECT_EQ(start(login, "n,,\1auth=Bearer of-ada\1\1"), std::string(name_of(code)) + " 0");
    }
}

TEST_F(BearerExchange, RefusesWhatIsNoMessage) {
    for (const auto mechanism : {Mechanism::oauthbearer, Mechanism::xoauth2}) {
        auto login = begin(mechanism);
        EXPECT_EQ(start(login, "nonsense"), "malformed");
        auto cancelled = begin(mechanism);
        EXPECT_EQ(start(cancelled, std::nullopt), "334 ");
        EXPECT_EQ(step(cancelled, "*"), "cancelled");
    }
    EXPECT_EQ(host_.asked, 0);
}

TEST(BearerOffered, OnlyWithAnIssuer) {
    EXPECT_EQ(parse_mechanism("OAUTHBEARER", {}), std::nullopt);
    EXPECT_EQ(parse_mechanism("XOAUTH2", {}), std::nullopt);
    const SaslOffer offer{.scram = false, .bearer = std::make_shared<const BearerOffer>()};
    EXPECT_EQ(parse_mechanism("oauthbearer", offer), Mechanism::oauthbearer);
    EXPECT_EQ(sasl_mechanisms(offer),
              (std::vector<std::string_view>{"OAUTHBEARER", "XOAUTH2", "PLAIN", "LOGIN"}));
}

} // namespace
} // namespace maild::auth
