#include "maild/auth/sasl.hpp"
#include "maild/base/encoding.hpp"

#include <gtest/gtest.h>

#include <string>

namespace maild::auth {
namespace {

using namespace std::string_literals;

TEST(ParsePlain, FollowsTheGrammar) {
    const struct {
        const char* name;
        std::string message;
        bool want;
    } cases[] = {
        {"RFC 4616 §4, first example", "\0tim\0tanstaaftanstaaf"s, true},
        {"RFC 4616 §4, third example", "Ursel\0Kurt\0xipj3plmq"s, true},
        {"UTF-8", "\0j\xc3\xbcrgen\0p\xc3\xa4ss"s, true},
        {"empty password is for login() to refuse", "\0tim\0"s, true},
        {"long password is for login() to refuse", "\0tim\0"s + std::string(4096, 'p'), true},
        {"empty", "", false},
        {"no NUL", "tim", false},
        {"one NUL", "\0tim"s, false},
        {"three NULs", "\0tim\0a\0b"s, false},
        {"NUL at the end", "\0tim\0a\0"s, false},
        {"only NULs", "\0\0"s, false},
        {"empty authcid", "\0\0secret"s, false},
        {"authcid not UTF-8", "\0t\xff\0secret"s, false},
        {"authzid not UTF-8", "\xc0\x80\0tim\0secret"s, false},
        {"password not UTF-8", "\0tim\0\xed\xa0\x80"s, false},
        {"authcid too long", "\0"s + std::string(kMaxAuthcid + 1, 'a') + "\0secret"s, false},
        {"authcid as long as may be", "\0"s + std::string(kMaxAuthcid, 'a') + "\0secret"s, true},
        {"authzid too long", std::string(kMaxAuthcid + 1, 'a') + "\0tim\0secret"s, false},
    };
    for (const auto& c : cases) EXPECT_EQ(parse_plain(c.message).has_value(), c.want) << c.name;
}

TEST(ParsePlain, GivesEachPart) {
    const auto parsed = parse_plain("Ursel\0Kurt\0xipj3plmq"s);
    ASSERT_TRUE(parsed.has_value());
    EXPECT_EQ(parsed->authzid, "Ursel");
    EXPECT_EQ(parsed->authcid, "Kurt");
    EXPECT_EQ(parsed->password, "xipj3plmq");
}

TEST(ParseMechanism, IgnoresCaseAndTakesWhatIsOffered) {
    EXPECT_EQ(parse_mechanism("plain", {}), Mechanism::plain);
    EXPECT_EQ(parse_mechanism("LOGIN", {}), Mechanism::login);
    EXPECT_EQ(parse_mechanism("CRAM-MD5", {}), std::nullopt);
    EXPECT_EQ(parse_mechanism("", {}), std::nullopt);
    EXPECT_EQ(parse_mechanism("scram-sha-256", {}), Mechanism::scram_sha_256);
    EXPECT_EQ(parse_mechanism("SCRAM-SHA-1-PLUS", {}), std::nullopt);
    EXPECT_EQ(parse_mechanism("SCRAM-SHA-1-PLUS", {.is_bound = true}), Mechanism::scram_sha_1_plus);
    EXPECT_EQ(parse_mechanism("SCRAM-SHA-1", {.scram = false}), std::nullopt);
    EXPECT_EQ(parse_mechanism("EXTERNAL", {.is_bound = true}), std::nullopt);
    EXPECT_EQ(parse_mechanism("external", {.has_certificate = true}), Mechanism::external);
}

TEST(SaslMechanisms, AreOfferedTheStrongestFirst) {
    using Names = std::vector<std::string_view>;
    EXPECT_EQ(sasl_mechanisms({}), (Names{"SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN", "LOGIN"}));
    EXPECT_EQ(sasl_mechanisms({.is_bound = true}),
              (Names{"SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-1",
                     "PLAIN", "LOGIN"}));
    EXPECT_EQ(sasl_mechanisms({.scram = false, .is_bound = true}), (Names{"PLAIN", "LOGIN"}));
    EXPECT_EQ(sasl_mechanisms({.scram = false, .has_certificate = true}),
              (Names{"EXTERNAL", "PLAIN", "LOGIN"}));
}

// A step in one word: "334 <challenge>", "malformed", "cancelled", authcid/password, what goes to
// `auth`, or who is logged in.
std::string told(const SaslStep& step) {
    if (const auto* challenge = std::get_if<SaslChallenge>(&step)) return "334 " + challenge->text;
    if (const auto* credentials = std::get_if<Credentials>(&step))
        return credentials->authcid + "/" + credentials->password;
    if (const auto* message = std::get_if<ScramMessage>(&step))
        return "to auth: " + message->text + " with " + message->state;
    if (const auto* external = std::get_if<ExternalLogin>(&step))
        return "certificate of " + std::to_string(external->chain.size()) + " as " +
               external->authzid;
    if (const auto* identity = std::get_if<Identity>(&step)) return "is " + identity->address;
    return std::get<SaslError>(step) == SaslError::cancelled ? "cancelled" : "malformed";
}

struct Talk {
    const char* name;
    Mechanism mechanism;
    std::optional<std::string> initial;
    std::vector<std::string> lines;
    std::vector<std::string> want;
};

TEST(SaslExchange, Talks) {
    const auto tim = base64_encode("\0tim\0pw"s);
    const auto user = base64_encode("tim"), password = base64_encode("pw");
    const Talk talks[] = {
        {"EXTERNAL, RFC 4422 appendix A.2",
         Mechanism::external,
         {},
         {""},
         {"334 ", "certificate of 0 as "}},
        {"EXTERNAL as somebody",
         Mechanism::external,
         {},
         {user},
         {"334 ", "certificate of 0 as tim"}},
        {"EXTERNAL, empty initial response",
         Mechanism::external,
         "=",
         {},
         {"certificate of 0 as "}},
        {"EXTERNAL with initial response",
         Mechanism::external,
         user,
         {},
         {"certificate of 0 as tim"}},
        {"EXTERNAL cancelled", Mechanism::external, {}, {"*"}, {"334 ", "cancelled"}},
        {"EXTERNAL, NUL inside", Mechanism::external, base64_encode("tim\0"s), {}, {"malformed"}},
        {"EXTERNAL, not UTF-8", Mechanism::external, base64_encode("t\xff"), {}, {"malformed"}},
        {"EXTERNAL, no base64", Mechanism::external, "t!", {}, {"malformed"}},
        {"EXTERNAL is over", Mechanism::external, "=", {""}, {"certificate of 0 as ", "malformed"}},
        {"PLAIN with initial response", Mechanism::plain, tim, {}, {"tim/pw"}},
        {"PLAIN without", Mechanism::plain, {}, {tim}, {"334 ", "tim/pw"}},
        {"PLAIN, empty initial response", Mechanism::plain, "=", {}, {"malformed"}},
        {"PLAIN cancelled", Mechanism::plain, {}, {"*"}, {"334 ", "cancelled"}},
        {"PLAIN, cancelled in the command", Mechanism::plain, "*", {}, {"cancelled"}},
        {"PLAIN, bad padding", Mechanism::plain, "AHRpbQBwdw=", {}, {"malformed"}},
        {"PLAIN, '=' on its own line", Mechanism::plain, {}, {"="}, {"334 ", "malformed"}},
        {"PLAIN, empty line", Mechanism::plain, {}, {""}, {"334 ", "malformed"}},
        {"PLAIN, space inside", Mechanism::plain, "AHRp bQBwdw==", {}, {"malformed"}},
        {"PLAIN, line too long",
         Mechanism::plain,
         std::string(kMaxSaslLine + 4, 'A'),
         {},
         {"malformed"}},
        {"no step after the end", Mechanism::plain, tim, {tim}, {"tim/pw", "malformed"}},
        {"no step after an error", Mechanism::plain, "!", {tim}, {"malformed", "malformed"}},
        {"LOGIN",
         Mechanism::login,
         {},
         {user, password},
         {"334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6", "tim/pw"}},
        {"LOGIN with the name in the command",
         Mechanism::login,
         user,
         {password},
         {"334 UGFzc3dvcmQ6", "tim/pw"}},
        {"LOGIN, empty name", Mechanism::login, {}, {""}, {"334 VXNlcm5hbWU6", "malformed"}},
        {"LOGIN cancelled at the password",
         Mechanism::login,
         user,
         {"*"},
         {"334 UGFzc3dvcmQ6", "cancelled"}},
        {"LOGIN, NUL in the name", Mechanism::login, base64_encode("a\0b"s), {}, {"malformed"}},
        {"LOGIN, NUL in the password",
         Mechanism::login,
         user,
         {base64_encode("a\0b"s)},
         {"334 UGFzc3dvcmQ6", "malformed"}},
    };
    for (const auto& talk : talks) {
        SaslExchange exchange(talk.mechanism);
        std::vector<std::string> got = {told(exchange.start(talk.initial))};
        for (const auto& line : talk.lines) got.push_back(told(exchange.step(line)));
        EXPECT_EQ(got, talk.want) << talk.name;
    }
}

TEST(SaslExchange, TakesNoStepBeforeStart) {
    SaslExchange exchange(Mechanism::plain);
    EXPECT_EQ(told(exchange.step(base64_encode("\0tim\0pw"s))), "malformed");
}

ScramAnswer last_word() {
    Identity identity;
    identity.address = "tim@example.org";
    return {.text = "v=word", .state = {}, .identity = identity};
}

TEST(SaslExchange, CarriesScram) {
    SaslExchange exchange(Mechanism::scram_sha_256, {.exporter = "E", .end_point = {}});
    EXPECT_EQ(told(exchange.start(std::nullopt)), "334 ");
    const auto step = exchange.step(base64_encode("first"));
    EXPECT_EQ(told(step), "to auth: first with ");
    const auto& message = std::get<ScramMessage>(step);
    EXPECT_EQ(message.hash, ScramHash::sha256);
    EXPECT_FALSE(message.is_plus);
    EXPECT_EQ(message.binding.exporter, "E") << "by which auth sees that -PLUS was on offer";
    EXPECT_EQ(told(exchange.on_answer({"challenge", "sealed", {}})),
              "334 " + base64_encode("challenge"));
    EXPECT_EQ(told(exchange.step(base64_encode("final"))), "to auth: final with sealed");
    EXPECT_EQ(told(exchange.on_answer(last_word())), "334 " + base64_encode("v=word"));
    EXPECT_EQ(told(exchange.step("")), "is tim@example.org");
    EXPECT_EQ(told(exchange.step("")), "malformed");
}

TEST(SaslExchange, LogsNobodyInWhoDoesNotAgreeToTheLastWord) {
    for (const auto& [line, want] : {std::pair("*", "cancelled"), std::pair("AAAA", "malformed"),
                                     std::pair("!", "malformed")}) {
        SaslExchange exchange(Mechanism::scram_sha_1_plus);
        EXPECT_EQ(told(exchange.start(base64_encode("first"))), "to auth: first with ");
        EXPECT_EQ(told(exchange.on_answer({"challenge", "sealed", {}})),
                  "334 " + base64_encode("challenge"));
        const auto step = exchange.step(base64_encode("final"));
        EXPECT_EQ(std::get<ScramMessage>(step).hash, ScramHash::sha1);
        EXPECT_TRUE(std::get<ScramMessage>(step).is_plus);
        EXPECT_EQ(told(exchange.on_answer(last_word())), "334 " + base64_encode("v=word"));
        EXPECT_EQ(told(exchange.step(line)), want);
        EXPECT_EQ(told(exchange.step("")), "malformed");
    }
}

TEST(SaslExchange, TakesNoAnswerThatItDidNotAskFor) {
    SaslExchange plain(Mechanism::plain);
    EXPECT_EQ(told(plain.on_answer(last_word())), "malformed");
    SaslExchange scram(Mechanism::scram_sha_256);
    EXPECT_EQ(told(scram.start(std::nullopt)), "334 ");
    EXPECT_EQ(told(scram.on_answer(last_word())), "malformed");
    EXPECT_EQ(told(scram.step("")), "malformed");
}

} // namespace
} // namespace maild::auth
