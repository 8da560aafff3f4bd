// What a signature and a key record say, before any hash is made.
#include "policy/dkim_key.hpp"
#include "policy/dkim_signature.hpp"
#include "support/linear.hpp"

#include <gtest/gtest.h>

namespace maild::policy::dkim {
namespace {

constexpr std::string_view kGood =
    "v=1; a=rsa-sha256; d=example.org; s=key; h=From:To; bh=AAAA; b=BBBB";

// The good one with one tag in place of another, or added.
std::string with(std::string_view tag, std::string_view instead) {
    std::string text(kGood);
    const auto name = std::string(tag) + "=";
    auto at = text.starts_with(name) ? 0 : text.find(" " + name);
    if (at == std::string::npos) return text + "; " + std::string(instead);
    if (at > 0) ++at;
    const auto end = std::min(text.find(';', at), text.size());
    text.replace(at, end - at, instead);
    return text;
}

std::string refusal_of(std::string_view body) {
    const auto signature = parse_dkim_signature(body);
    if (signature) return "good";
    constexpr std::string_view kFaults[] = {"syntax: ", "requirement: ", "historic: "};
    return std::string(kFaults[static_cast<std::size_t>(signature.error().fault)]) +
           signature.error().reason;
}

TEST(DkimSignature, ReadsEveryTag) {
    const auto body =
        " v=1; a=RSA-SHA256; q=dns/txt; c=relaxed/simple;\r\n\td=Example.ORG;"
        " s=May.2024; t=1; x=2; l=10;\r\n i=ada=40home@mail.example.org;"
        " h=from : to:\r\n  subject; z=From:ada|To:bob; bh=AA AA; b=BB\r\n BBCA==; n=1";
    const auto signature = parse_dkim_signature(body);
    ASSERT_TRUE(signature) << signature.error().reason;
    EXPECT_EQ(signature->key_kind, KeyKind::rsa);
    EXPECT_EQ(signature->algorithm, "rsa-sha256");
    EXPECT_EQ(signature->header_canonicalization, Canonicalization::relaxed);
    EXPECT_EQ(signature->body_canonicalization, Canonicalization::simple);
    EXPECT_EQ(signature->key_name(), "may.2024._domainkey.example.org");
    EXPECT_EQ(signature->identity, "ada@home@mail.example.org");
    EXPECT_EQ(signature->fields, (std::vector<std::string_view>{"from", "to", "subject"}));
    EXPECT_EQ(signature->length, 10U);
    EXPECT_EQ(signature->start, "BBBBCA==");
    EXPECT_EQ(signature->expires, 2U);
    EXPECT_EQ(signature->body_hash, std::string(3, '\0'));
    EXPECT_EQ(std::string_view(body).substr(signature->value_begin,
                                            signature->value_end - signature->value_begin),
              "BB\r\n BBCA==");
}

TEST(DkimSignature, Defaults) {
    const auto signature = parse_dkim_signature(kGood);
    ASSERT_TRUE(signature);
    EXPECT_EQ(signature->header_canonicalization, Canonicalization::simple);
    EXPECT_EQ(signature->body_canonicalization, Canonicalization::simple);
    EXPECT_EQ(signature->identity, "@example.org");
    EXPECT_EQ(signature->length, std::nullopt);
    EXPECT_EQ(signature->start, "BBBB");
}

struct Case {
    const char* tag;
    const char* instead;
    const char* want;
};

TEST(DkimSignature, RefusesWhatCannotBeVerified) {
    const Case cases[] = {
        {"v", "v=2", "syntax: an unknown version of DKIM signatures"},
        {"v", "v=1.0", "syntax: an unknown version of DKIM signatures"},
        {"v", "y=1", "syntax: no tag v="},
        {"a", "a=rsa-sha1", "historic: rsa-sha1 proves nothing any more (RFC 8301)"},
        {"a", "a=rsa-sha512", "syntax: an unknown algorithm"},
        {"a", "a=", "syntax: an unknown algorithm"},
        {"a", "y=1", "syntax: no tag a="},
        {"b", "b=", "syntax: tag b= is not base64"},
        {"b", "b=A", "syntax: tag b= is not base64"},
        {"b", "y=1", "syntax: no tag b="},
        {"bh", "bh=*", "syntax: tag bh= is not base64"},
        {"bh", "y=1", "syntax: no tag bh="},
        {"c", "c=", "syntax: an unknown canonicalization"},
        {"c", "c=relaxed/", "syntax: an unknown canonicalization"},
        {"c", "c=relaxed/relaxed/relaxed", "syntax: an unknown canonicalization"},
        {"c", "c=nowsp", "syntax: an unknown canonicalization"},
        {"d", "d=org", "syntax: tag d= is no domain"},
        {"d", "d=", "syntax: tag d= is no domain"},
        {"d", "d=a..org", "syntax: tag d= is no domain"},
        {"d", "d=[192.0.2.1]", "syntax: tag d= is no domain"},
        {"s", "s=", "syntax: tag s= is no selector"},
        {"s", "s=a b", "syntax: tag s= is no selector"},
        {"i", "i==22a=0D=0AX:=20y=22@example.org", "syntax: tag i= has a control character"},
        {"i", "i=a=00@example.org", "syntax: tag i= has a control character"},
        {"h", "h=", "syntax: tag h= is no list of field names"},
        {"h", "h=From::To", "syntax: tag h= is no list of field names"},
        {"h", "h=From:T o", "syntax: tag h= is no list of field names"},
        {"h", "h=To:Subject", "requirement: From is not signed"},
        {"i", "i=example.org", "syntax: tag i= is no identity"},
        {"i", "i=ada=4@example.org", "syntax: tag i= is no identity"},
        {"i", "i=@", "syntax: tag i= has no domain"},
        {"i", "i=@example.net", "requirement: the domain of i= is not below that of d="},
        {"i", "i=@badexample.org", "requirement: the domain of i= is not below that of d="},
        {"i", "i=@org", "requirement: the domain of i= is not below that of d="},
        {"l", "l=", "syntax: tag l= is no number"},
        {"l", "l=-1", "syntax: tag l= is no number"},
        {"l", "l=1 0", "syntax: tag l= is no number"},
        {"q", "q=", "syntax: tag q= names no way to the key that is known"},
        {"q", "q=dns", "syntax: tag q= names no way to the key that is known"},
        {"t", "t=", "syntax: tag t= is no time"},
        {"t", "t=1 2", "syntax: tag t= is no time"},
        {"x", "x=yesterday", "syntax: tag x= is no time"},
        {"x", "t=2; x=2", "requirement: it expires before it was made"},
        {"y", "a=rsa-sha256", "syntax: no list of tags: each tag once expected"},
    };
    for (const auto& c : cases) EXPECT_EQ(refusal_of(with(c.tag, c.instead)), c.want) << c.instead;
}

TEST(DkimSignature, TakesWhatIsUnusual) {
    for (const auto* tag :
         {"i=@example.org", "i=@Mail.example.org", "q=http/well-known : dns/txt", "c=relaxed",
          "l="
          "9999999999999999999999999999999999999999999999999999999999999999999999999999",
          "t=0; x=1", "unknown_tag=with ; ", "r="}) {
        EXPECT_EQ(refusal_of(with("y", tag)), "good") << tag;
    }
    const auto huge = parse_dkim_signature(with("y", "l=99999999999999999999"));
    ASSERT_TRUE(huge);
    EXPECT_EQ(huge->length, std::numeric_limits<std::uint64_t>::max());
    const auto relaxed = parse_dkim_signature(with("y", "c=relaxed"));
    ASSERT_TRUE(relaxed);
    EXPECT_EQ(relaxed->body_canonicalization, Canonicalization::simple);
    EXPECT_EQ(refusal_of(with("d", "d=b\xc3\xbc"
                                   "cher.example")),
              "good"); // RFC 8616 §4
}

TEST(DkimSignature, ArcFields) {
    const auto message = [](std::string_view extra) {
        return parse_arc_message_signature("a=rsa-sha256; d=example.org; s=key; bh=AAAA; b=BBBB; " +
                                           std::string(extra));
    };
    EXPECT_TRUE(message("i=1; h=to"));
    EXPECT_TRUE(message("i=50; h="));
    EXPECT_TRUE(message("i=2; h=from::to:arc-message-signature; v=7"));
    EXPECT_FALSE(message("i=51; h=to"));
    EXPECT_FALSE(message("i=0; h=to"));
    EXPECT_FALSE(message("i=; h=to"));
    EXPECT_FALSE(message("i=@example.org; h=to"));
    EXPECT_FALSE(message("h=to"));
    EXPECT_FALSE(message("i=1"));
    EXPECT_FALSE(message("i=1; h=from:ARC-Seal"));

    const auto seal = [](std::string_view extra) {
        return parse_arc_seal("a=rsa-sha256; d=example.org; s=key; b=BBBB; " + std::string(extra));
    };
    EXPECT_TRUE(seal("i=1; cv=none"));
    EXPECT_TRUE(seal("i=1; cv=FAIL; t=1; x_1=y"));
    EXPECT_FALSE(seal("i=1"));
    EXPECT_FALSE(seal("i=1; cv="));
    EXPECT_FALSE(seal("i=1; cv=maybe"));
    EXPECT_FALSE(seal("i=1; cv=none; t="));
    EXPECT_FALSE(seal("i=1; cv=none; h=from")); // RFC 8617 §4.1.3
}

TEST(DkimKey, ReadsRecords) {
    const auto key = parse_key_record(" v=DKIM1 ; k=ed25519; h=sha1:SHA256; s=other : email;"
                                      " t=y:s:x; n=a note; g=*; p=AA AA");
    ASSERT_TRUE(key);
    EXPECT_EQ(key->kind, KeyKind::ed25519);
    EXPECT_EQ(key->key.size(), 3U);
    EXPECT_TRUE(key->takes_sha256 && key->is_for_mail && key->is_testing && key->wants_same_domain);
    const auto plain = parse_key_record("p=");
    ASSERT_TRUE(plain);
    EXPECT_EQ(plain->kind, KeyKind::rsa);
    EXPECT_TRUE(plain->key.empty() && plain->takes_sha256 && plain->is_for_mail);
    EXPECT_FALSE(plain->is_testing || plain->wants_same_domain);
}

TEST(DkimKey, RefusesRecords) {
    for (const auto* text : {"", "v=DKIM2; p=AAAA", "v=dkim1; p=AAAA", "v=DKIM1.0; p=AAAA",
                             "p=AAAA; v=DKIM1", "k=ed2024; p=AAAA", "k=; p=AAAA", "v=DKIM1", "p=A",
                             "p=AAAA; p=AAAA", "some text", "v=DKIM1; k=rsa; omg"}) {
        EXPECT_FALSE(parse_key_record(text)) << text;
    }
}

std::string problem_with(std::string_view record, std::string_view extra = "") {
    const auto signature = parse_dkim_signature(with("y", extra.empty() ? "y=1" : extra));
    const KeyAnswer answer{KeyAnswer::State::found, {std::string(record)}};
    const auto key = usable_key(signature.value(), answer, {});
    return key ? "good" : std::string(name_of(key.error().outcome)) + ": " + key.error().reason;
}

TEST(DkimKey, FitsTheSignature) {
    EXPECT_EQ(problem_with("p="), "permerror: the key was revoked");
    EXPECT_EQ(problem_with("s=tlsrpt; p=AAAA"), "permerror: the key is not for mail (s=)");
    EXPECT_EQ(problem_with("h=sha1; p=AAAA"), "permerror: the key does not go with sha256 (h=)");
    EXPECT_EQ(problem_with("k=ed25519; p=AAAA"), "permerror: the key is of another kind (k=)");
    EXPECT_EQ(problem_with("t=s; p=AAAA", "i=@mail.example.org"),
              "permerror: the key forbids subdomains in i= (t=s)");
    EXPECT_EQ(problem_with("t=s; p=AAAA", "i=ada@example.org"),
              "permerror: the key record has no key that can be read");
}

TEST(DkimSignature, IsLinear) {
    const maild::test::Shape shapes[] = {
        {"names", 1 << 17,
         [](std::size_t n) {
             return "v=1; a=rsa-sha256; d=a.b; s=k; bh=AAAA; b=BBBB; h=From" +
                    maild::test::repeated(":x", n);
         },
         [](const std::string& body) { (void)parse_dkim_signature(body); }},
        {"identity", 1 << 19,
         [](std::size_t n) {
             return "v=1; a=rsa-sha256; d=a.b; s=k; bh=AAAA; b=BBBB; h=From; i=" +
                    maild::test::repeated("@", n);
         },
         [](const std::string& body) { (void)parse_dkim_signature(body); }}};
    for (const auto& shape : shapes)
        EXPECT_LT(maild::test::growth_of(shape), maild::test::kMostGrowth) << shape.name;
}

} // namespace
} // namespace maild::policy::dkim
