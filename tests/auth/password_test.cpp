#include "support/fake_clock.hpp"

#include "maild/auth/password.hpp"

#include <gtest/gtest.h>

#include <string>

namespace maild::auth {
namespace {

using namespace std::string_literals;

struct Vector {
    const char* name;
    const char* password;
    const char* hash;
};

// argon2: the reference implementation's test vectors; bcrypt and crypt: glibc's crypt(3).
constexpr Vector kVectors[] = {
    {"argon2id", "password",
     "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"},
    {"argon2id, small", "password",
     "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"},
    {"argon2i", "password",
     "$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA"},
    {"Dovecot's argon2id", "password",
     "{ARGON2ID}$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/"
     "uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"},
    {"bcrypt", "pencil", "$2b$05$abcdefghijklmnopqrstuu680Yiaj5hFUaJTH/rTAcbA2PQEGfiZu"},
    {"Dovecot's bcrypt", "pencil",
     "{BLF-CRYPT}$2y$05$abcdefghijklmnopqrstuu680Yiaj5hFUaJTH/rTAcbA2PQEGfiZu"},
    {"SHA-512-crypt", "pencil",
     "$6$saltsalt$rD9fW1BwIrjB90WCgCTdIQc3phTBhf04I6Iw/"
     "XlgKD9E9aEbzqGZipjiFxGo/4wWXDA6jV6/vZO.kKdDSfUJb0"},
    {"SHA-256-crypt with rounds", "pencil",
     "{SHA256-CRYPT}$5$rounds=2000$saltsalt$g1L9nztJTLHypME9U4ncU5.kZtQ5IaQWD7NamHPsATB"},
    {"yescrypt", "pencil",
     "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$rPeawue/nS.5CE6nTU9GpACAbn46u5ZGm.W6wf1Q.RD"},
    {"SSHA", "pencil", "{SSHA}dFWAdLXeDBTj01WbdotiS4s3zKlzYWx0"},
    {"ssha256", "pencil", "{ssha256}IYelL73vS+N1Dkg7GnOUyJVYF5JifvEjClIz+j2xsMtzYWx0"},
    {"SSHA512", "pencil",
     "{SSHA512}i+D5SE7oOTxtkWXKlKHrQFnLB6mUMJx0OsVpWYhRi1RnUIQeI+9gQr+ANhi3p4fmzzh6sx3Lx4cvamioIp/"
     "8sXNhbHQ="},
};

TEST(PasswordHash, VerifiesWhatOtherHostsWrote) {
    for (const auto& v : kVectors) {
        EXPECT_TRUE(is_password_hash(v.hash)) << v.name;
        const auto stored = parse_password_hash(v.hash);
        ASSERT_TRUE(stored.has_value()) << v.name << ": " << stored.error().internal;
        EXPECT_TRUE(verify_password(v.password, *stored)) << v.name;
        EXPECT_FALSE(verify_password(v.password + "x"s, *stored)) << v.name;
        EXPECT_FALSE(verify_password("", *stored)) << v.name;
        EXPECT_EQ(parse_password_hash(*stored).value(), *stored)
            << v.name << ": stored form is stable";
    }
}

TEST(PasswordHash, RefusesAtImport) {
    const auto tag = "$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"s;
    const struct {
        const char* name;
        std::string hash;
        const char* want; // in the sentence
    } cases[] = {
        {"MD5-crypt", "$1$salt$qJH7.N4xYta3aEG/dfqo/0", "not supported"},
        {"plain scheme", "{PLAIN}secret", "{PLAIN} is not supported"},
        {"unsalted", "{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=", "{SHA} is not supported"},
        {"argon2d", "$argon2d$v=19$m=256,t=2,p=1" + tag, "not supported"},
        {"argon2, old version", "$argon2id$v=16$m=256,t=2,p=1" + tag, "damaged"},
        {"argon2, no parameters", "$argon2id$", "damaged"},
        {"argon2, no tag", "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ", "damaged"},
        {"argon2, no passes", "$argon2id$v=19$m=256,t=0,p=1" + tag, "damaged"},
        {"argon2, memory below the lanes", "$argon2id$v=19$m=8,t=2,p=2" + tag, "damaged"},
        {"argon2, number overflow", "$argon2id$v=19$m=4294967296,t=2,p=1" + tag, "damaged"},
        {"argon2, too much memory", "$argon2id$v=19$m=262145,t=2,p=1" + tag, "more memory or time"},
        {"argon2, too many passes", "$argon2id$v=19$m=256,t=17,p=1" + tag, "more memory or time"},
        {"argon2, cut tag", "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65", "damaged"},
        {"argon2, bad base64", "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHR$nf65!!!!", "damaged"},
        {"bcrypt, cut", "$2b$05$abcdefghijklmnopqrstuu680Yiaj5hFUaJTH", "damaged"},
        {"bcrypt, cost", "$2b$15$abcdefghijklmnopqrstuu680Yiaj5hFUaJTH/rTAcbA2PQEGfiZu",
         "more memory or time"},
        {"SHA-crypt, rounds", "$6$rounds=1000001$salt$" + std::string(86, 'a'),
         "more memory or time"},
        {"SHA-crypt, hash of the other", "$6$salt$" + std::string(43, 'a'), "damaged"},
        {"yescrypt, other cost", "$y$jFT$salt$" + std::string(43, 'a'), "more memory or time"},
        {"salted digest without salt", "{SSHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=", "damaged"},
        {"braces around nothing of ours", "{SSHA}", "damaged"},
        {"too long", "{SSHA}" + std::string(600, 'A'), "too long"},
    };
    for (const auto& c : cases) {
        const auto got = parse_password_hash(c.hash);
        ASSERT_FALSE(got.has_value()) << c.name;
        EXPECT_EQ(got.error().code, Errc::invalid_argument) << c.name;
        EXPECT_NE(got.error().internal.find(c.want), std::string::npos)
            << c.name << ": " << got.error().internal;
        EXPECT_FALSE(verify_password("password", c.hash)) << c.name;
    }
}

TEST(PasswordHash, TellsPlainPasswordsApart) {
    for (const auto* plain : {"", "secret", "$", "$$", "{}", "{ssha", "$dollar", "{a b}c", "a$6$b"})
        EXPECT_FALSE(is_password_hash(plain)) << plain;
}

TEST(HashPassword, MakesWhatItVerifies) {
    test::SeededRandom random(1);
    const PasswordCost cheap{.memory_kib = 256, .passes = 1, .lanes = 1};
    const auto hash = hash_password("p\xc3\xa4ss", cheap, random);
    ASSERT_TRUE(hash.has_value());
    EXPECT_TRUE(hash->starts_with("$argon2id$v=19$m=256,t=1,p=1$")) << *hash;
    EXPECT_EQ(parse_password_hash(*hash).value(), *hash);
    EXPECT_TRUE(verify_password("p\xc3\xa4ss", *hash));
    EXPECT_FALSE(verify_password("pass", *hash));
    const auto again = hash_password("p\xc3\xa4ss", cheap, random);
    EXPECT_NE(again.value(), hash.value()) << "salted";
}

TEST(HashPassword, RefusesWhatNobodyCanLogInWith) {
    test::SeededRandom random(1);
    for (const auto& password : {""s, "a\0b"s, std::string(kMaxPassword + 1, 'p'), "\xff"s})
        EXPECT_FALSE(hash_password(password, PasswordCost{256, 1, 1}, random).has_value());
    EXPECT_TRUE(
        hash_password(std::string(kMaxPassword, 'p'), PasswordCost{256, 1, 1}, random).has_value());
}

// The hash is SSHA of the empty password and of one with a NUL: both would match if they were
// looked at.
TEST(VerifyPassword, NeverMatchesAnImpossiblePassword) {
    EXPECT_FALSE(verify_password("", "{SSHA}HAo8jGYeCzLBbTz0dTiXZlpaiYRzYWx0"));
    EXPECT_FALSE(verify_password("pencil\0x"s,
                                 "$2b$05$abcdefghijklmnopqrstuu680Yiaj5hFUaJTH/rTAcbA2PQEGfiZu"));
    EXPECT_FALSE(verify_password(std::string(kMaxPassword + 1, 'p'), kVectors[1].hash));
}

} // namespace
} // namespace maild::auth
