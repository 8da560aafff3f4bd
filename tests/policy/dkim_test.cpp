// Signing, and verifying what was signed and then changed.
#include "policy/dkim_keys.hpp"
#include "policy/dkim_signature.hpp"
#include "support/linear.hpp"

#include "maild/mail/header.hpp"
#include "maild/policy/dkim.hpp"
#include "maild/policy/dkim_sign.hpp"

#include <gtest/gtest.h>

namespace maild::policy::dkim {
namespace {

using policy::test::ed25519_key;
using policy::test::rsa_key;
using policy::test::TestKey;

constexpr std::string_view kMessage = "Received: from a.example by b.example\r\n"
                                      "From: Ada <ada@example.org>\r\n"
                                      "To: Bob <bob@example.net>,\r\n Eve <eve@example.net>\r\n"
                                      "Subject: of  things\r\n"
                                      "Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n"
                                      "\r\n"
                                      "The first  line\r\n"
                                      "and another. \r\n"
                                      "\r\n";

SigningOptions options() {
    SigningOptions chosen;
    chosen.domain = "example.org";
    chosen.selector = "key";
    chosen.time = 1'700'000'000;
    return chosen;
}

std::string signed_with(const TestKey& key, const SigningOptions& chosen,
                        std::string_view message = kMessage) {
    auto field = sign(message, key.signer(), chosen);
    return field ? *field + std::string(message) : field.error().internal;
}

std::vector<Verdict> verdicts_of(std::string_view message, const KeyAnswers& answers,
                                 Options chosen = {}) {
    BodyHashes hashes;
    const Verification verification(message, hashes, chosen);
    const auto body = message.find("\r\n\r\n");
    if (body != std::string_view::npos) hashes.take(message.substr(body + 4));
    hashes.finish();
    return verification.verdicts(answers);
}

std::string verify_with(const TestKey& key, std::string_view message, Options chosen = {}) {
    const auto verdicts =
        verdicts_of(message, {{"key._domainkey.example.org", key.answer()}}, chosen);
    return std::string(name_of(verdicts.front().outcome)) + ": " + verdicts.front().reason;
}

std::string replaced(std::string text, std::string_view what, std::string_view by) {
    const auto at = text.find(what);
    EXPECT_NE(at, text.npos) << what;
    if (at != text.npos) text.replace(at, what.size(), by);
    return text;
}

constexpr const char* kPass = "pass: signature and body hash are right";
constexpr const char* kBodyChanged = "fail: the body was changed";
constexpr const char* kHeaderChanged = "fail: the header was changed, or it is another's key";

TEST(Dkim, VerifiesWhatItSigned) {
    for (const auto* key : {&rsa_key(), &ed25519_key()}) {
        for (const auto header : {Canonicalization::simple, Canonicalization::relaxed}) {
            for (const auto body : {Canonicalization::simple, Canonicalization::relaxed}) {
                auto chosen = options();
                chosen.header_canonicalization = header;
                chosen.body_canonicalization = body;
                chosen.identity = "ada@mail.example.org";
                EXPECT_EQ(verify_with(*key, signed_with(*key, chosen)), kPass);
            }
        }
    }
}

TEST(Dkim, FoldsItsField) {
    const auto text = signed_with(rsa_key(), options());
    const auto field = text.substr(0, text.find("Received:"));
    EXPECT_TRUE(field.starts_with("DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;"));
    EXPECT_NE(field.find("from:from:"), field.npos) << field; // oversigned
    EXPECT_NE(field.find("to:to:"), field.npos) << field;
    EXPECT_EQ(field.find("received"), field.npos) << field;
    for (std::size_t at = 0; at < field.size();) {
        const auto end = field.find("\r\n", at);
        EXPECT_LE(end - at, 78U) << field;
        at = end + 2;
    }
}

TEST(Dkim, SignsWhatIsAskedFor) {
    auto chosen = options();
    chosen.fields = {"Subject", "From", "subject"};
    chosen.oversigned = {"From"};
    const auto text = signed_with(rsa_key(), chosen);
    EXPECT_NE(text.find("h=subject:from:from;"), text.npos) << text;
    EXPECT_EQ(verify_with(rsa_key(), replaced(text, "To: Bob", "To: Rob")), kPass);
    EXPECT_EQ(verify_with(rsa_key(), replaced(text, "of  things", "or things")), kHeaderChanged);
}

TEST(Dkim, RefusesToSignNonsense) {
    const auto refused = [](const SigningOptions& chosen, std::string_view message = kMessage) {
        return !sign(message, rsa_key().signer(), chosen);
    };
    for (const auto* domain : {"", "org", "exa mple.org", "a..org"}) {
        auto chosen = options();
        chosen.domain = domain;
        EXPECT_TRUE(refused(chosen)) << domain;
    }
    auto chosen = options();
    chosen.selector = "a;b";
    EXPECT_TRUE(refused(chosen));
    chosen = options();
    chosen.fields = {"From", "To;b=x"};
    EXPECT_TRUE(refused(chosen));
    chosen = options();
    chosen.identity = "ada@example.net";
    EXPECT_TRUE(refused(chosen));
    for (const auto* identity : {"x\r\nBcc:y@example.org", "a\x01@example.org"}) {
        chosen.identity = identity;
        EXPECT_TRUE(refused(chosen)) << identity;
    }
    // What could end the tag is encoded, RFC 6376 §2.11.
    for (const auto* identity :
         {"prvs=aa11=bob@example.org", "a; l=0@example.org", "ada+x=y@example.org"}) {
        chosen.identity = identity;
        const auto field = sign(kMessage, rsa_key().signer(), chosen);
        ASSERT_TRUE(field) << identity;
        const auto signature = parse_dkim_signature(field->substr(field->find(':') + 1));
        ASSERT_TRUE(signature) << *field;
        EXPECT_EQ(signature->identity, identity);
        EXPECT_EQ(signature->length, std::nullopt);
    }
    chosen = options();
    chosen.expires = 1;
    EXPECT_TRUE(refused(chosen));
    EXPECT_TRUE(refused(options(), "To: bob@example.net\r\n\r\n"));
    EXPECT_FALSE(signer_from_pem("no key"));
    EXPECT_FALSE(signer_from_pem(policy::test::make_rsa_key(768).pem)); // RFC 8301 §3.2
}

struct Change {
    const char* what;
    const char* by;
    const char* relaxed;
    const char* simple;
};

TEST(Dkim, SeesChanges) {
    const Change changes[] = {
        {"ada@example.org", "eve@example.org", kHeaderChanged, kHeaderChanged},
        {"of  things", "of things", kPass, kHeaderChanged},
        {"Subject: ", "SUBJECT:", kPass, kHeaderChanged},
        {",\r\n Eve", ", Eve", kPass, kHeaderChanged},
        {"Received: from a", "Received: from z", kPass, kPass}, // not signed
        {"first  line", "first line", kPass, kBodyChanged},
        {"another. \r\n", "another.\r\n", kPass, kBodyChanged},
        {"another. ", "another!", kBodyChanged, kBodyChanged},
        {"\r\n\r\nThe", "\r\n\r\n\r\nThe", kBodyChanged, kBodyChanged},
        {"another. \r\n\r\n", "another. \r\n", kPass, kPass},
        {"another. \r\n\r\n", "another. \r\n\r\n\r\n\r\n", kPass, kPass},
        {"another. \r\n\r\n", "another. ", kPass, kPass},
        {"Subject:", "To: eve@example.net\r\nSubject:", kHeaderChanged, kHeaderChanged},
        {"From:", "From: eve@example.net\r\nFrom:", kHeaderChanged, kHeaderChanged},
        {"Subject:", "Cc: eve@example.net\r\nSubject:", kHeaderChanged, kHeaderChanged},
        {"Subject:", "X-Other: eve@example.net\r\nSubject:", kPass, kPass},
    };
    auto chosen = options();
    const auto relaxed = signed_with(rsa_key(), chosen);
    chosen.header_canonicalization = Canonicalization::simple;
    chosen.body_canonicalization = Canonicalization::simple;
    const auto simple = signed_with(rsa_key(), chosen);
    for (const auto& change : changes) {
        EXPECT_EQ(verify_with(rsa_key(), replaced(relaxed, change.what, change.by)), change.relaxed)
            << change.by;
        EXPECT_EQ(verify_with(rsa_key(), replaced(simple, change.what, change.by)), change.simple)
            << change.by;
    }
}

// RFC 6376 §8.15: signed once, shown twice.
TEST(Dkim, SeesFieldsThatWereAdded) {
    auto chosen = options();
    chosen.oversigned = {"X-None"};
    const auto text = signed_with(rsa_key(), chosen);
    EXPECT_EQ(verify_with(rsa_key(), text), kPass);
    EXPECT_EQ(verify_with(rsa_key(), "Subject: other\r\n" + text),
              "policy: a second Subject, which is not signed");
    EXPECT_EQ(verify_with(rsa_key(), "from: eve@example.net\r\n" + text),
              "policy: a second From, which is not signed");
    // Relays add and mend these, and nobody is shown them.
    for (const auto* field : {"Message-ID", "MIME-Version", "Content-Transfer-Encoding"}) {
        const auto line = std::string(field) + ": x\r\n";
        chosen.fields = {"From", field};
        const auto message = line + std::string(kMessage);
        EXPECT_EQ(verify_with(rsa_key(), line + signed_with(rsa_key(), chosen, message)), kPass);
    }
}

// What stands behind the fields that are parsed could be a second Subject.
TEST(Dkim, BelievesNoHeaderThatItDoesNotSeeWhole) {
    const auto text = signed_with(rsa_key(), options());
    const auto body = text.find("\r\n\r\n") + 2;
    const auto fill = [&](std::size_t fields) {
        return text.substr(0, body) + maild::test::repeated("X: y\r\n", fields) + text.substr(body);
    };
    EXPECT_EQ(verify_with(rsa_key(), fill(mail::kMaxHeaderFields - 6)), kPass);
    EXPECT_EQ(verify_with(rsa_key(), fill(mail::kMaxHeaderFields)),
              "policy: the header section is larger than is looked at");
}

TEST(Dkim, TakesFieldsFromTheBottomUp) {
    constexpr std::string_view message = "X: 1\r\nX: 2\r\nX: 3\r\nFrom: a@example.org\r\n\r\n";
    auto chosen = options();
    chosen.fields = {"From", "X"};
    const auto all = signed_with(rsa_key(), chosen, message);
    EXPECT_EQ(verify_with(rsa_key(), all), kPass);
    EXPECT_EQ(verify_with(rsa_key(), "X: 0\r\n" + all), kPass);
    EXPECT_EQ(verify_with(rsa_key(), replaced(all, "X: 3\r\n", "X: 3\r\nX: 4\r\n")),
              kHeaderChanged);
    EXPECT_EQ(verify_with(rsa_key(), replaced(all, "X: 1\r\nX: 2", "X: 2\r\nX: 1")),
              kHeaderChanged);
}

TEST(Dkim, SignsOtherSignaturesButNotItself) {
    auto chosen = options();
    const auto once = signed_with(ed25519_key(), chosen);
    chosen.fields = {"From", "DKIM-Signature"};
    const auto twice = signed_with(rsa_key(), chosen, once);
    EXPECT_NE(twice.find("dkim-signature:"), twice.npos);
    EXPECT_EQ(verify_with(rsa_key(), twice), kPass);
    auto first = twice.rfind("DKIM-Signature:");
    auto changed = twice;
    changed.replace(first, 0, "X-Was-");
    EXPECT_EQ(verify_with(rsa_key(), changed), kHeaderChanged);
}

TEST(Dkim, KnowsTime) {
    auto chosen = options();
    chosen.expires = 1'700'000'100;
    const auto text = signed_with(rsa_key(), chosen);
    EXPECT_EQ(verify_with(rsa_key(), text, {.now = 1'700'000'100}), kPass);
    EXPECT_EQ(verify_with(rsa_key(), text, {.now = 1'700'000'101}),
              "permerror: the signature has expired");
    EXPECT_EQ(verify_with(rsa_key(), text, {.now = 1}), kPass); // clocks differ
}

TEST(Dkim, AsksForLongEnoughKeys) {
    const auto text = signed_with(rsa_key(), options());
    EXPECT_EQ(verify_with(rsa_key(), text, {.least_rsa_bits = 1025}),
              "policy: an RSA key of 1024 bits is not enough here");
    EXPECT_EQ(verify_with(policy::test::make_rsa_key(768), text, {.least_rsa_bits = 512}),
              "permerror: an RSA key of 768 bits (RFC 8301, section 3.2)");
    EXPECT_EQ(verify_with(policy::test::make_rsa_key(1032), text), kHeaderChanged);
    EXPECT_EQ(verify_with(ed25519_key(), text), "permerror: the key is of another kind (k=)");
}

TEST(Dkim, RefusesKeysThatAreSlowToVerify) {
    const auto usual = policy::test::make_rsa_key(1024, 32);
    EXPECT_EQ(verify_with(usual, signed_with(usual, options())), kPass);
    const auto slow = policy::test::make_rsa_key(1024, 70);
    EXPECT_EQ(verify_with(slow, signed_with(slow, options())),
              "permerror: the key record has no key that can be read");
}

TEST(Dkim, TestingDomainsDoNotFail) {
    auto key = rsa_key();
    key.record += "; t=y";
    const auto text = signed_with(key, options());
    const KeyAnswers answers{{"key._domainkey.example.org", key.answer()}};
    EXPECT_EQ(verify_with(key, text), kPass);
    EXPECT_TRUE(verdicts_of(text, answers).front().is_testing);
    EXPECT_EQ(verify_with(key, replaced(text, "of  things", "or things")),
              "neutral: the header was changed, or it is another's key (the domain is testing)");
    EXPECT_EQ(verify_with(key, text + "more"), kBodyChanged); // without a look at the key
    EXPECT_EQ(verify_with(key, text + "more", {.asks_all_keys = true}),
              "neutral: the body was changed (the domain is testing)");
}

TEST(Dkim, TakesTheRecordThatFits) {
    const auto text = signed_with(rsa_key(), options());
    const KeyAnswer several{KeyAnswer::State::found,
                            {"some text", ed25519_key().record, rsa_key().record}};
    const auto verdicts = verdicts_of(text, {{"key._domainkey.example.org", several}});
    EXPECT_EQ(verdicts.front().outcome, Outcome::pass);
}

TEST(Dkim, SaysWhatTheDnsSaid) {
    const auto text = signed_with(rsa_key(), options());
    const auto result = [&](const KeyAnswer& answer) {
        return verdicts_of(text, {{"key._domainkey.example.org", answer}}).front().outcome;
    };
    EXPECT_EQ(result({KeyAnswer::State::failed}), Outcome::temperror);
    EXPECT_EQ(result({KeyAnswer::State::absent}), Outcome::permerror);
    EXPECT_EQ(result({KeyAnswer::State::found, {"no record"}}), Outcome::permerror);
    EXPECT_EQ(verdicts_of(text, {}).front().outcome, Outcome::temperror);
}

TEST(Dkim, ReportsEachSignature) {
    auto chosen = options();
    auto text = signed_with(ed25519_key(), chosen);
    chosen.selector = "other";
    text = signed_with(rsa_key(), chosen, text);
    text = "DKIM-Signature: nonsense\r\n" + text;
    const KeyAnswers answers{{"key._domainkey.example.org", ed25519_key().answer()},
                             {"other._domainkey.example.org", rsa_key().answer()}};
    const auto verdicts = verdicts_of(text, answers);
    ASSERT_EQ(verdicts.size(), 3U);
    EXPECT_EQ(verdicts[0].outcome, Outcome::neutral);
    EXPECT_EQ(verdicts[0].domain, "");
    EXPECT_EQ(verdicts[1].outcome, Outcome::pass);
    EXPECT_EQ(verdicts[1].selector, "other");
    EXPECT_EQ(verdicts[1].identity, "@example.org");
    EXPECT_EQ(verdicts[1].start.size(), 8U);
    EXPECT_EQ(verdicts[2].outcome, Outcome::pass);
    EXPECT_EQ(verdicts[2].algorithm, "ed25519-sha256");
    EXPECT_EQ(verdicts_of(kMessage, {}).front().outcome, Outcome::none);
}

TEST(Dkim, LooksAtTenSignatures) {
    auto text = signed_with(rsa_key(), options());
    const auto field = text.substr(0, text.find("Received:"));
    for (int i = 0; i < 9; ++i) text = field + text;
    const KeyAnswers answers{{"key._domainkey.example.org", rsa_key().answer()}};
    EXPECT_EQ(verdicts_of(text, answers).size(), 10U);
    const auto verdicts = verdicts_of(field + field + text, answers);
    ASSERT_EQ(verdicts.size(), 11U);
    EXPECT_EQ(verdicts[9].outcome, Outcome::pass);
    EXPECT_EQ(verdicts[10].outcome, Outcome::policy);
    EXPECT_EQ(verdicts[10].reason, "2 more signatures are not looked at");
    const auto longest = "DKIM-Signature: v=1; x=" + std::string(kMaxSignatureField, 'a') + "\r\n";
    EXPECT_EQ(verdicts_of(longest + text, answers).front().reason, "the field is too long");
}

TEST(Dkim, IsLinear) {
    const KeyAnswers answers{{"key._domainkey.example.org", rsa_key().answer()}};
    const auto work = [&answers](const std::string& text) { (void)verdicts_of(text, answers); };
    const std::string field = signed_with(rsa_key(), options());
    const maild::test::Shape shapes[] = {
        {"a large body", 1 << 20, [&](std::size_t n) { return field + std::string(n, 'x'); }, work},
        {"a large header", 1 << 18,
         [&](std::size_t n) {
             return maild::test::repeated("X: " + std::string(1'000, ' ') + "y\r\n", n / 1'000) +
                    field;
         },
         work}};
    for (const auto& shape : shapes)
        EXPECT_LT(maild::test::growth_of(shape), maild::test::kMostGrowth) << shape.name;
}

} // namespace
} // namespace maild::policy::dkim
