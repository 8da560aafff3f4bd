#include "auth/sasl_prep.hpp"
#include "support/fake_clock.hpp"
#include "support/scram_client.hpp"

#include "maild/auth/login_secret.hpp"
#include "maild/auth/sasl.hpp"
#include "maild/auth/scram.hpp"

#include <gtest/gtest.h>

#include <string>

namespace maild::auth {
namespace {

using namespace std::string_literals;
using test::ScramClient;

TEST(ScramFirst, FollowsTheGrammar) {
    const struct {
        const char* name;
        std::string message;
        bool want;
    } cases[] = {
        {"RFC 5802 §5", "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL", true},
        {"client could bind", "y,,n=user,r=abc", true},
        {"bound", "p=tls-exporter,,n=user,r=abc", true},
        {"authzid", "n,a=other,n=user,r=abc", true},
        {"escapes", "n,a=a=2Cb=3D,n==2C=3D,r=abc", true},
        {"UTF-8", "n,,n=j\xc3\xbcrgen,r=abc", true},
        {"extension", "n,,n=user,r=abc,x=1", true},
        {"longest nonce", "n,,n=user,r=" + std::string(kMaxScramNonce, 'n'), true},
        {"empty", "", false},
        {"no header", "n=user,r=abc", false},
        {"half a header", "n,n=user,r=abc", false},
        {"unknown flag", "x,,n=user,r=abc", false},
        {"flag with a value", "n=x,,n=user,r=abc", false},
        {"p without a name", "p=,,n=user,r=abc", false},
        {"p without =", "p,,n=user,r=abc", false},
        {"bad binding name", "p=tls exporter,,n=user,r=abc", false},
        {"empty authzid", "n,a=,n=user,r=abc", false},
        {"mandatory extension, §5.1", "n,,m=must,n=user,r=abc", false},
        {"mandatory extension at the end", "n,,n=user,r=abc,m=must", false},
        {"no name", "n,,n=,r=abc", false},
        {"name without n=", "n,,user,r=abc", false},
        {"bare =", "n,,n=us=er,r=abc", false},
        {"lower-case escape", "n,,n=us=2cer,r=abc", false},
        {"NUL in the name", "n,,n=us\0er,r=abc"s, false},
        {"name not UTF-8", "n,,n=\xff,r=abc", false},
        {"name too long", "n,,n=" + std::string(kMaxAuthcid + 1, 'a') + ",r=abc", false},
        {"no nonce", "n,,n=user", false},
        {"empty nonce", "n,,n=user,r=", false},
        {"space in the nonce", "n,,n=user,r=a b", false},
        {"nonce too long", "n,,n=user,r=" + std::string(kMaxScramNonce + 1, 'n'), false},
        {"extension without a name", "n,,n=user,r=abc,=1", false},
        {"extension without a value", "n,,n=user,r=abc,x=", false},
        {"comma at the end", "n,,n=user,r=abc,", false},
    };
    for (const auto& c : cases)
        EXPECT_EQ(parse_scram_first(c.message).has_value(), c.want) << c.name;
    const auto parsed = parse_scram_first("p=tls-exporter,a=a=2Cb=3D,n==2C=3D,r=abc,x=1");
    ASSERT_TRUE(parsed.has_value());
    EXPECT_EQ(parsed->flag, 'p');
    EXPECT_EQ(parsed->binding_name, "tls-exporter");
    EXPECT_EQ(parsed->authzid, "a,b=");
    EXPECT_EQ(parsed->authcid, ",=");
    EXPECT_EQ(parsed->nonce, "abc");
    EXPECT_EQ(parsed->gs2_header, "p=tls-exporter,a=a=2Cb=3D,");
    EXPECT_EQ(parsed->bare, "n==2C=3D,r=abc,x=1");
}

TEST(ScramFinal, FollowsTheGrammar) {
    const struct {
        const char* name;
        std::string message;
        bool want;
    } cases[] = {
        {"plain", "c=biws,r=abc,p=AAAA", true},
        {"extension", "c=biws,r=abc,x=1,y=2,p=AAAA", true},
        {"empty", "", false},
        {"no binding", "r=abc,p=AAAA", false},
        {"bad base64 in c=", "c=biw,r=abc,p=AAAA", false},
        {"no nonce", "c=biws,p=AAAA", false},
        {"empty nonce", "c=biws,r=,p=AAAA", false},
        {"no proof", "c=biws,r=abc", false},
        {"empty proof", "c=biws,r=abc,p=", false},
        {"bad base64 in p=", "c=biws,r=abc,p=AAA", false},
        {"behind the proof", "c=biws,r=abc,p=AAAA,x=1", false},
        {"proof in the nonce's place", "c=biws,p=AAAA,r=abc", false},
        {"nothing between", "c=biws,r=abc,,p=AAAA", false},
    };
    for (const auto& c : cases)
        EXPECT_EQ(parse_scram_final(c.message).has_value(), c.want) << c.name;
}

// One exchange as `auth` sees it: "v=…", or why not.
std::string exchange(ScramClient& client, const ScramMessage& message,
                     const ScramKeys& keys = make_scram_keys(ScramHash::sha256, "pencil", "salt")) {
    const auto first = parse_scram_first(client.first());
    const auto challenge = format_scram_challenge(client.nonce + "server", keys);
    const auto final = parse_scram_final(client.final(challenge));
    if (!first || !final) return "malformed";
    const auto word = verify_scram(keys, *first, challenge, *final);
    const auto* unbound = check_scram_binding(*first, *final, message);
    if (unbound != nullptr) return unbound;
    return word.value_or("wrong proof");
}

TEST(Scram, AgreesWithAnotherImplementation) {
    for (const auto* name : {"SHA1", "SHA256"}) {
        ScramClient client("user", "pencil", name);
        const auto hash = name == "SHA1"s ? ScramHash::sha1 : ScramHash::sha256;
        const auto keys = make_scram_keys(hash, "pencil", "salt");
        const auto word = exchange(client, {.hash = hash}, keys);
        EXPECT_EQ(word, client.last_word());
        ScramClient wrong("user", "pencils", name);
        EXPECT_EQ(exchange(wrong, {.hash = hash}, keys), "wrong proof");
    }
    ScramClient other("user", "pencil", "SHA1");
    EXPECT_EQ(exchange(other, {}), "wrong proof") << "a proof of another size";
}

TEST(Scram, BindsToTheConnection) { // RFC 5802 §6, RFC 9266, RFC 5929
    const net::TlsBinding ours{.exporter = std::string(32, 'E'), .end_point = std::string(32, 'P')};
    const struct {
        const char* name;
        std::string header;
        std::string data;
        bool is_plus;
        net::TlsBinding binding;
        const char* want; // null: success
    } cases[] = {
        {"tls-exporter", "p=tls-exporter,,", ours.exporter, true, ours, nullptr},
        {"tls-server-end-point", "p=tls-server-end-point,,", ours.end_point, true, ours, nullptr},
        {"another connection", "p=tls-exporter,,", std::string(32, 'X'), true, ours,
         "channel binding of another connection"},
        {"the other kind's data", "p=tls-exporter,,", ours.end_point, true, ours,
         "channel binding of another connection"},
        {"no data", "p=tls-exporter,,", "", true, ours, "channel binding of another connection"},
        {"unknown kind", "p=tls-unique,,", ours.exporter, true, ours, "unknown channel binding"},
        {"a kind that is not there",
         "p=tls-exporter,,",
         "",
         true,
         {{}, ours.end_point},
         "unknown channel binding"},
        {"-PLUS without binding", "n,,", "", true, ours,
         "channel binding and the mechanism's name do not agree"},
        {"-PLUS with y", "y,,", "", true, ours,
         "channel binding and the mechanism's name do not agree"},
        {"binding without -PLUS", "p=tls-exporter,,", ours.exporter, false, ours,
         "channel binding and the mechanism's name do not agree"},
        {"no binding under TLS", "n,,", "", false, ours, nullptr},
        {"y: the offer was hidden", "y,,", "", false, ours,
         "the offer of channel binding was hidden from the client"},
        {"y where there is none", "y,,", "", false, {}, nullptr},
        {"data where there is none",
         "n,,",
         "x",
         false,
         {},
         "channel binding of another connection"},
    };
    for (const auto& c : cases) {
        ScramClient client("user", "pencil");
        client.gs2_header = c.header;
        client.binding = c.data;
        const auto got = exchange(client, {.is_plus = c.is_plus, .binding = c.binding});
        EXPECT_EQ(got, c.want == nullptr ? client.last_word() : c.want) << c.name;
    }
}

TEST(ScramKeys, AreReadOnlyWhole) {
    const auto whole = format_scram_keys(make_scram_keys(ScramHash::sha256, "pencil", "salt"));
    EXPECT_TRUE(parse_scram_keys(whole).has_value());
    for (std::size_t i = 0; i < whole.size(); ++i)
        EXPECT_FALSE(parse_scram_keys(whole.substr(0, i)).has_value()) << i;
    EXPECT_FALSE(parse_scram_keys(whole + "A").has_value());
    EXPECT_FALSE(parse_scram_keys("SCRAM-SHA-1" + whole.substr(13)).has_value()) << "other sizes";
    EXPECT_FALSE(parse_scram_keys("SCRAM-MD5" + whole.substr(13)).has_value());
}

TEST(ScramStates, OpensWhatItSealedForAMinute) {
    test::FakeClock clock;
    test::SeededRandom random(1);
    ScramStates states(clock, random), others(clock, random);
    const auto sealed = states.seal({ScramHash::sha1, true, "first", "challenge"});
    const auto opened = states.open(sealed);
    ASSERT_TRUE(opened.has_value());
    EXPECT_EQ(opened->hash, ScramHash::sha1);
    EXPECT_TRUE(opened->is_plus);
    EXPECT_EQ(opened->first, "first");
    EXPECT_EQ(opened->challenge, "challenge");
    for (std::size_t i = 0; i < sealed.size(); ++i) {
        auto forged = sealed;
        forged[i] = static_cast<char>(forged[i] ^ 1);
        EXPECT_FALSE(states.open(forged).has_value()) << i;
        EXPECT_FALSE(states.open(sealed.substr(0, i)).has_value()) << i;
    }
    EXPECT_FALSE(others.open(sealed).has_value());
    clock.advance(ScramStates::kLifetime - std::chrono::seconds(1));
    EXPECT_TRUE(states.open(sealed).has_value());
    clock.advance(std::chrono::seconds(1));
    EXPECT_FALSE(states.open(sealed).has_value());
}

TEST(ScramStates, SpendsEachNonceOnce) {
    test::FakeClock clock;
    test::SeededRandom random(1);
    ScramStates states(clock, random);
    const auto nonce = states.make_nonce();
    EXPECT_EQ(nonce.size(), 24U);
    EXPECT_NE(states.make_nonce(), nonce);
    using Spent = ScramStates::Spent;
    EXPECT_EQ(states.spend(nonce), Spent::now);
    EXPECT_EQ(states.spend(nonce), Spent::before);
    clock.advance(ScramStates::kLifetime);
    EXPECT_EQ(states.spend(nonce), Spent::before) << "whose state was opened in time may wait";
    clock.advance(ScramStates::kRemembered - ScramStates::kLifetime);
    EXPECT_EQ(states.spend(nonce), Spent::now) << "no state of that time is under way any more";
    for (std::size_t i = 1; i < ScramStates::kMostSpent; ++i)
        EXPECT_EQ(states.spend(std::to_string(i)), Spent::now);
    EXPECT_EQ(states.spend("one more"), Spent::no_room) << "memory has a bound";
    EXPECT_EQ(states.spend(nonce), Spent::before);
}

TEST(LoginSecret, GivesTheSameNameTheSameAnswer) {
    const LoginSecret secret(std::string(LoginSecret::kSize, 's'));
    const LoginSecret again(secret.bytes()), other(std::string(LoginSecret::kSize, 't'));
    EXPECT_EQ(secret.salt_for("eve@example.org").size(), kScramSalt);
    EXPECT_EQ(secret.salt_for("eve@example.org"), again.salt_for("eve@example.org"));
    EXPECT_NE(secret.salt_for("eve@example.org"), other.salt_for("eve@example.org"));
    EXPECT_NE(secret.salt_for("eve@example.org"), secret.salt_for("ada@example.org"));
    for (const auto hash : {ScramHash::sha1, ScramHash::sha256}) {
        const auto real = make_scram_keys(hash, "pencil", secret.salt_for("eve@example.org"));
        const auto decoy = secret.decoy_for(hash, "eve@example.org");
        EXPECT_EQ(decoy.salt, real.salt);
        EXPECT_EQ(decoy.iterations, real.iterations);
        EXPECT_EQ(decoy.stored_key.size(), real.stored_key.size());
        EXPECT_EQ(decoy.server_key.size(), real.server_key.size());
    }
}

TEST(SaslPrep, FollowsRfc4013) {
    const struct {
        const char* name;
        std::string text;
        std::string want;
    } cases[] = {
        {"§3, 1: SOFT HYPHEN mapped to nothing", "I\xc2\xadX", "IX"},
        {"§3, 2: no transformation", "user", "user"},
        {"§3, 3: case preserved", "USER", "USER"},
        {"§3, 4: NFKC, a ordinal", "\xc2\xaa", "a"},
        {"§3, 5: NFKC, Roman nine", "\xe2\x85\xa8", "IX"},
        {"non-ASCII space",
         "a\xc2\xa0"
         "b",
         "a b"},
        {"decomposed", "u\xcc\x88", "\xc3\xbc"},
        {"§3, 6: prohibited, left alone", "\x07", "\x07"},
        {"§3, 7: mixed directions, left alone",
         "\xd8\xa7"
         "1",
         "\xd8\xa7"
         "1"},
        {"the longest expansion", "\xef\xb7\xba",
         "\xd8\xb5\xd9\x84\xd9\x89 \xd8\xa7\xd9\x84\xd9\x84\xd9\x87 "
         "\xd8\xb9\xd9\x84\xd9\x8a\xd9\x87 \xd9\x88\xd8\xb3\xd9\x84\xd9\x85"},
        {"no UTF-8, left alone", "\xff\xfe", "\xff\xfe"},
    };
    for (const auto& c : cases) EXPECT_EQ(sasl_prep(c.text), c.want) << c.name;
    ScramClient client("user", "IX");
    EXPECT_EQ(exchange(client, {}, make_scram_keys(ScramHash::sha256, "I\xc2\xadX", "salt")),
              client.last_word());
}

} // namespace
} // namespace maild::auth
