// Signing in two halves, and what the second can tell of the author.
#include "policy/dkim_keys.hpp"
#include "support/linear.hpp"

#include "maild/policy/dkim.hpp"
#include "maild/policy/dkim_private_key.hpp"
#include "maild/policy/dkim_sign.hpp"

#include <gtest/gtest.h>

namespace maild::policy::dkim {
namespace {

using policy::test::ed25519_key;
using policy::test::rsa_key;

constexpr std::string_view kHeader = "Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n"
                                     "FROM:  Ada\r\n\t<ada@example.org> \r\n"
                                     "Subject: of  things\r\n\r\n";
constexpr std::string_view kBody = "The first  line\r\n\r\n";

SigningOptions options() {
    SigningOptions chosen;
    chosen.domain = "example.org";
    chosen.selector = "key";
    return chosen;
}

TEST(DkimPrepare, OnePreparationIsSignedWithManyKeys) {
    const auto message = std::string(kHeader) + std::string(kBody);
    for (const auto way : {Canonicalization::simple, Canonicalization::relaxed}) {
        auto chosen = options();
        chosen.header_canonicalization = chosen.body_canonicalization = way;
        const auto prepared = prepare(kHeader, kBody, chosen);
        ASSERT_TRUE(prepared.has_value()) << prepared.error().internal;
        for (const auto* key : {&rsa_key(), &ed25519_key()}) {
            const auto field = sign_prepared(*prepared, key->signer(), chosen);
            ASSERT_TRUE(field.has_value()) << field.error().internal;
            EXPECT_EQ(*field, sign(message, key->signer(), chosen).value());
            BodyHashes hashes;
            const auto whole = *field + message;
            const Verification verification(whole, hashes, {});
            hashes.take(kBody);
            hashes.finish();
            const auto verdict =
                verification.verdicts({{"key._domainkey.example.org", key->answer()}}).front();
            EXPECT_EQ(verdict.reason, "signature and body hash are right");
        }
    }
}

TEST(DkimPrepare, TellsTheAuthorOfWhatIsToBeSigned) {
    const auto prepared = prepare(kHeader, kBody, options());
    ASSERT_TRUE(prepared.has_value());
    EXPECT_EQ(author_of(*prepared), "Ada <ada@example.org>");

    const struct {
        const char* name;
        std::vector<std::string> names;
        std::string fields;
        std::optional<std::string_view> want;
    } cases[] = {
        {"as it should be", {"from", "from"}, "from:a@b.example\r\n", "a@b.example"},
        {"others around it",
         {"to", "from", "from", "date"},
         "to:x\r\nfrom:a@b.example\r\ndate:y\r\n",
         "a@b.example"},
        {"others that are not there",
         {"to", "from", "cc", "from"},
         "from:a@b.example\r\n",
         "a@b.example"},
        {"empty", {"from", "from"}, "from:\r\n", ""},
        {"nothing", {}, "", std::nullopt},
        {"no From", {"from", "from"}, "", std::nullopt},
        {"somebody may add a From", {"from"}, "from:a@b.example\r\n", std::nullopt},
        {"two of them", {"from", "from"}, "from:a@b.example\r\nfrom:c@b.example\r\n", std::nullopt},
        {"two, and oversigned",
         {"from", "from", "from"},
         "from:a@b.example\r\nfrom:c@b.example\r\n",
         std::nullopt},
        {"another spelling", {"from", "From", "from"}, "from:a@b.example\r\n", std::nullopt},
        {"a field that nobody named",
         {"from", "from"},
         "from:a@b.example\r\nto:x\r\n",
         std::nullopt},
        {"in another order", {"to", "from", "from"}, "from:a@b.example\r\nto:x\r\n", std::nullopt},
        {"no line end", {"from", "from"}, "from:a@b.example", std::nullopt},
        {"hidden in another", {"to", "from", "from"}, "to:x\nfrom:a@b.example\r\n", std::nullopt},
    };
    for (const auto& c : cases)
        EXPECT_EQ(author_of({c.names, c.fields, std::string(32, 'h')}), c.want) << c.name;
}

TEST(DkimPrepare, RefusesWhatCannotBeSigned) {
    const auto said = [](std::string_view header) {
        const auto prepared = prepare(header, "", options());
        return prepared ? std::string("ok") : prepared.error().internal;
    };
    EXPECT_EQ(said("To: x@example.org\r\n\r\n"), "a message without From cannot be signed");
    EXPECT_EQ(said("From: a@example.org\r\nTo: " + std::string(kMaxPreparedFields, 'x') + "\r\n"),
              "a header section larger than can be signed");
    std::string many = "From: a@example.org\r\n";
    for (int i = 0; i < 2'001; ++i) many += "X: y\r\n";
    EXPECT_EQ(said(many), "more header fields than can be signed");
}

TEST(DkimPrepare, ReadsAuthorsInLinearTime) {
    const maild::test::Shape many{
        "a name for each line", 1 << 18,
        [](std::size_t n) { return maild::test::repeated("to:xxxxx\r\n", n / 10); },
        [](const std::string& text) {
            const std::vector<std::string> names(text.size() / 10, "to");
            EXPECT_FALSE(author_of({names, text, {}}));
        }};
    EXPECT_LT(maild::test::growth_of(many), maild::test::kMostGrowth);
}

} // namespace
} // namespace maild::policy::dkim
