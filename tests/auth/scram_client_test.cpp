#include "support/scram_host.hpp"

#include "maild/auth/scram_client.hpp"

#include <gtest/gtest.h>

namespace maild::auth {
namespace {

// RFC 7677 §3
TEST(ScramClient, SaysWhatTheStandardSays) {
    ScramClient client(ScramHash::sha256, "user", "pencil", "rOprNGfwEbeRWgbNEkqO");
    EXPECT_EQ(client.first(), "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
    const auto final = client.final("r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
                                    "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096");
    ASSERT_TRUE(final);
    EXPECT_EQ(*final, "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
                      "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
    EXPECT_TRUE(client.is_proven_by("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="));
    EXPECT_FALSE(client.is_proven_by("v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="));
    EXPECT_FALSE(client.is_proven_by("e=invalid-proof"));
    EXPECT_FALSE(client.is_proven_by(""));
}

TEST(ScramClient, LogsInAtOurOwnServer) {
    for (const auto hash : {ScramHash::sha1, ScramHash::sha256}) {
        test::ScramHost host("sesame");
        ScramClient client(hash, "a,b=c@example.org", "sesame", "nonce");
        const auto challenge = host.on_message({.hash = hash, .text = client.first()});
        ASSERT_TRUE(challenge);
        const auto final = client.final(challenge->text);
        ASSERT_TRUE(final);
        const auto last =
            host.on_message({.hash = hash, .text = *final, .state = challenge->state});
        ASSERT_TRUE(last);
        EXPECT_TRUE(client.is_proven_by(last->text));
        EXPECT_EQ(last->identity->address, "a,b=c@example.org");
    }
}

TEST(ScramClient, RefusesChallengesThatAreNone) {
    const char* cases[] = {
        "",
        "r=nonceX",
        "r=nonceX,s=,i=4096",
        "r=nonceX,s=!,i=4096",
        "r=nonceX,s=AAAA,i=0",
        "r=nonceX,s=AAAA,i=100001",
        "r=nonceX,s=AAAA,i=4096x",
        "r=nonce,s=AAAA,i=4096",
        "r=other,s=AAAA,i=4096",
        "m=1,r=nonceX,s=AAAA,i=4096",
    };
    for (const auto* challenge : cases) {
        ScramClient client(ScramHash::sha256, "user", "pencil", "nonce");
        EXPECT_FALSE(client.final(challenge)) << challenge;
        EXPECT_FALSE(client.is_proven_by("v=")) << challenge;
    }
}

} // namespace
} // namespace maild::auth
