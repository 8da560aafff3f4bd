// What is asked of the DNS for signatures, and what is not.
#include "policy/dkim_keys.hpp"
#include "support/memory_resolver.hpp"
#include "support/run_task.hpp"

#include "maild/policy/dkim.hpp"
#include "maild/policy/dkim_sign.hpp"

#include <gtest/gtest.h>

namespace maild::policy::dkim {
namespace {

using policy::test::ed25519_key;
using policy::test::rsa_key;

const std::string kMessage = "From: Ada <ada@example.org>\r\nSubject: x\r\n\r\nHello\r\n";

SigningOptions options() {
    SigningOptions chosen;
    chosen.domain = "example.org";
    chosen.selector = "key";
    return chosen;
}

std::string signed_with(const policy::test::TestKey& key, const SigningOptions& chosen,
                        const std::string& message = kMessage) {
    return sign(message, key.signer(), chosen).value() + message;
}

TEST(DkimQuestions, AsksTheResolver) {
    auto chosen = options();
    auto text = signed_with(ed25519_key(), chosen);
    text = signed_with(ed25519_key(), chosen, text); // the same key
    chosen.selector = "gone";
    text = signed_with(rsa_key(), chosen, text);
    chosen.selector = "slow";
    text = signed_with(rsa_key(), chosen, text);
    maild::test::MemoryResolver dns;
    dns.add_txt("key._domainkey.example.org", ed25519_key().record);
    dns.fail("slow._domainkey.example.org");
    const auto verdicts = maild::test::run_task(verify(dns, text, Options{}));
    ASSERT_EQ(verdicts.size(), 4U);
    EXPECT_EQ(verdicts[0].outcome, Outcome::temperror);
    EXPECT_EQ(verdicts[1].outcome, Outcome::permerror);
    EXPECT_EQ(verdicts[2].outcome, Outcome::pass);
    EXPECT_EQ(verdicts[3].outcome, Outcome::pass);
    EXPECT_EQ(dns.asked.size(), 3U);
}

// What the body alone decides needs no key.
TEST(DkimQuestions, AsksForNothingThatCannotPass) {
    auto chosen = options();
    chosen.expires = 1'700'000'100;
    const auto text = signed_with(rsa_key(), chosen);
    auto without_domain = text;
    without_domain.replace(text.find("d=example.org"), 13, "d=example");
    maild::test::MemoryResolver dns;
    dns.add_txt("key._domainkey.example.org", rsa_key().record);
    const auto outcome = [&dns](const std::string& message, Options given) {
        return maild::test::run_task(verify(dns, message, given)).front().outcome;
    };
    EXPECT_EQ(outcome(text + "more", {}), Outcome::fail);
    EXPECT_EQ(outcome(text, {.now = 1'800'000'000}), Outcome::permerror);
    EXPECT_EQ(outcome(without_domain, {}), Outcome::neutral);
    EXPECT_TRUE(dns.asked.empty());
    EXPECT_EQ(outcome(text + "more", {.asks_all_keys = true}), Outcome::fail);
    EXPECT_EQ(dns.asked.size(), 1U);
    dns.asked.clear();
    EXPECT_EQ(outcome(text, {}), Outcome::pass);
    EXPECT_EQ(dns.asked.size(), 1U);
}

TEST(DkimQuestions, AsksForTheAuthorsKeysFirst) {
    auto chosen = options();
    auto text = kMessage;
    for (const auto* domain :
         {"mail.example.org", "other.example", "example.org", "list.example"}) {
        chosen.domain = domain;
        text = signed_with(rsa_key(), chosen, text);
    }
    BodyHashes hashes;
    const Verification verification(text, hashes, {});
    hashes.take(std::string_view(text).substr(text.find("\r\n\r\n") + 4));
    hashes.finish();
    EXPECT_EQ(
        verification.questions("a.example.org"),
        (std::vector<std::string>{"key._domainkey.example.org", "key._domainkey.mail.example.org",
                                  "key._domainkey.list.example", "key._domainkey.other.example"}));
    EXPECT_EQ(verification.questions().front(), "key._domainkey.list.example");
}

} // namespace
} // namespace maild::policy::dkim
