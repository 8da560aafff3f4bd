// Keys that are made, kept as text and published.
#include "policy/dkim_keys.hpp"

#include "maild/policy/dkim.hpp"
#include "maild/policy/dkim_private_key.hpp"

#include <gtest/gtest.h>

namespace maild::policy::dkim {
namespace {

constexpr std::string_view kMessage = "From: ada@example.org\r\n\r\nHello.\r\n";

std::string verified(const PrivateKey& key, const std::string& record) {
    const auto field =
        sign(kMessage, key.signer(), {.domain = "example.org", .selector = "key"}).value();
    const auto whole = field + std::string(kMessage);
    BodyHashes hashes;
    const Verification verification(whole, hashes, {});
    hashes.take("Hello.\r\n");
    hashes.finish();
    return verification
        .verdicts({{"key._domainkey.example.org", {KeyAnswer::State::found, {record}}}})
        .front()
        .reason;
}

TEST(DkimPrivateKey, IsMadeKeptAndPublished) {
    const struct {
        Algorithm algorithm;
        std::string_view name;
        std::string_view start;
        unsigned bits;
    } cases[] = {{Algorithm::rsa_sha256, "rsa-sha256", "v=DKIM1; k=rsa; p=MII", 2048},
                 {Algorithm::ed25519_sha256, "ed25519-sha256", "v=DKIM1; k=ed25519; p=", 256}};
    for (const auto& c : cases) {
        const auto made = PrivateKey::generate(c.algorithm);
        ASSERT_TRUE(made.has_value());
        EXPECT_EQ(name_of(made->algorithm()), c.name);
        EXPECT_EQ(parse_algorithm(c.name), c.algorithm);
        EXPECT_GE(made->bits(), c.bits - 3);
        const auto record = key_record(c.algorithm, made->public_key());
        EXPECT_TRUE(record.starts_with(c.start)) << record;
        const auto kept = PrivateKey::from_pem(made->pem());
        ASSERT_TRUE(kept.has_value());
        EXPECT_EQ(kept->public_key(), made->public_key());
        EXPECT_EQ(verified(*kept, record), "signature and body hash are right");
    }
}

TEST(DkimPrivateKey, IsRefusedWhereVerifiersWould) {
    const auto said = [](const std::string& pem) {
        const auto key = PrivateKey::from_pem(pem);
        return key ? std::string("ok") : key.error().internal;
    };
    EXPECT_EQ(said(policy::test::rsa_key().pem), "ok");
    EXPECT_EQ(said(policy::test::make_rsa_key(512).pem), "an RSA key of 512 bits");
    EXPECT_EQ(said(""), "no unencrypted PEM key can be read");
    EXPECT_EQ(said("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
              "no unencrypted PEM key can be read");
}

TEST(DkimPrivateKey, KnowsWhetherItIsPublished) {
    const auto key = PrivateKey::generate(Algorithm::ed25519_sha256).value();
    const auto other = PrivateKey::generate(Algorithm::ed25519_sha256).value();
    const auto text = key.public_key();
    const auto record = key_record(Algorithm::ed25519_sha256, text);
    const auto elsewhere = key_record(Algorithm::ed25519_sha256, other.public_key());
    const struct {
        std::vector<std::string> records;
        Publication want;
    } cases[] = {
        {{record}, Publication::right},
        {{"k=ed25519 ; t=y; p=" + text.substr(0, 9) + " " + text.substr(9) + ";"},
         Publication::right},
        {{}, Publication::none},
        {{record, elsewhere}, Publication::several},
        {{elsewhere}, Publication::another},
        {{"p=" + text}, Publication::another}, // that would be RSA
        {{record + "; h=sha1"}, Publication::another},
        {{record + "; s=tlsrpt"}, Publication::another},
        {{"v=spf1 -all"}, Publication::another},
        {{"v=DKIM1; k=ed25519; p="}, Publication::revoked},
    };
    for (const auto& c : cases)
        EXPECT_EQ(publication_of(c.records, Algorithm::ed25519_sha256, text), c.want)
            << (c.records.empty() ? "" : c.records.front());
    EXPECT_EQ(parse_algorithm("RSA"), Algorithm::rsa_sha256);
    EXPECT_EQ(parse_algorithm("ed25519"), Algorithm::ed25519_sha256);
    EXPECT_EQ(parse_algorithm("rsa-sha1"), std::nullopt);
}

} // namespace
} // namespace maild::policy::dkim
