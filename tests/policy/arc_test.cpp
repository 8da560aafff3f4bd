// Chains that are sealed here, whole and broken.
#include "policy/arc_sets.hpp"
#include "policy/dkim_canonical.hpp"
#include "policy/dkim_keys.hpp"
#include "support/linear.hpp"
#include "support/memory_resolver.hpp"
#include "support/run_task.hpp"

#include "maild/base/ascii.hpp"
#include "maild/base/encoding.hpp"
#include "maild/policy/arc.hpp"

#include <gtest/gtest.h>

namespace maild::policy::arc {
namespace {

using dkim::Canonicalization;
using policy::test::rsa_key;

constexpr std::string_view kMessage = "From: ada@example.org\r\nSubject: x\r\n\r\nHello\r\n";
constexpr std::string_view kKeyName = "key._domainkey.example.org";

// The fields of one more set, by RFC 8617 §5.1; only tests seal.
class Sealer {
public:
    explicit Sealer(std::string_view message) : message_(message) {}

    void seal(unsigned instance, std::string_view status) {
        const auto i = "i=" + std::to_string(instance) + "; ";
        const auto results = "ARC-Authentication-Results: " + i + "a.example; none\r\n";
        const auto message =
            signed_field("ARC-Message-Signature: " + i + "a=rsa-sha256;" + tags() +
                             " c=relaxed/simple; h=from:subject; bh=" + body_hash() + "; b=",
                         "from:ada@example.org\r\nsubject:x\r\n");
        before_ += relaxed(results) + relaxed(message);
        const auto seal = signed_field("ARC-Seal: " + i + "a=rsa-sha256;" + tags() +
                                           " cv=" + std::string(status) + "; b=",
                                       before_);
        before_ += relaxed(seal);
        message_ = seal + message + results + message_;
    }
    const std::string& message() const { return message_; }

private:
    static std::string tags() { return " d=example.org; s=key;"; }
    static std::string relaxed(std::string_view field) {
        return dkim::canonical_field(Canonicalization::relaxed, field);
    }
    std::string body_hash() const {
        dkim::BodyHashes hashes;
        const auto wanted = hashes.want(Canonicalization::simple, std::nullopt);
        hashes.take(std::string_view(message_).substr(message_.find("\r\n\r\n") + 4));
        hashes.finish();
        return base64_encode(hashes.hash(wanted));
    }
    static std::string signed_field(std::string field, std::string_view before) {
        auto own = relaxed(field);
        own.resize(own.size() - 2);
        dkim::Sha256 digest;
        digest.update(before);
        digest.update(own);
        field += base64_encode(rsa_key().signer().sign(digest.finish()).value());
        return field + "\r\n";
    }

    std::string message_;
    std::string before_;
};

std::string sealed(unsigned times) {
    Sealer sealer(kMessage);
    for (unsigned i = 1; i <= times; ++i) sealer.seal(i, i == 1 ? "none" : "pass");
    return sealer.message();
}

Verdict verdict_of(std::string_view message, const dkim::KeyAnswers& answers) {
    dkim::BodyHashes hashes;
    const Validation validation(message, hashes, {});
    hashes.take(message.substr(message.find("\r\n\r\n") + 4));
    hashes.finish();
    return validation.verdict(answers);
}

Verdict verdict_of(std::string_view message) {
    return verdict_of(message, {{std::string(kKeyName), rsa_key().answer()}});
}

std::string shown(const Verdict& verdict) {
    return std::string(name_of(verdict.status)) + ": " + verdict.reason;
}

std::string replaced(std::string text, std::string_view what, std::string_view by) {
    const auto at = text.find(what);
    EXPECT_NE(at, text.npos) << what;
    if (at != text.npos) text.replace(at, what.size(), by);
    return text;
}

TEST(Arc, ValidatesChains) {
    EXPECT_EQ(shown(verdict_of(kMessage)), "none: there is no chain");
    for (const unsigned times : {1U, 2U, 3U, 50U}) {
        const auto verdict = verdict_of(sealed(times));
        EXPECT_EQ(verdict.status, ChainStatus::pass) << verdict.reason;
        ASSERT_EQ(verdict.seals.size(), times);
        EXPECT_EQ(verdict.seals.back().instance, times);
        EXPECT_EQ(verdict.seals.back().domain, "example.org");
    }
    EXPECT_EQ(verdict_of(sealed(51)).status, ChainStatus::fail);
}

TEST(Arc, OnlyTheNewestMessageSignatureCounts) {
    Sealer sealer(kMessage);
    sealer.seal(1, "none");
    sealer.seal(2, "pass");
    EXPECT_EQ(verdict_of(sealer.message()).status, ChainStatus::pass);
    EXPECT_EQ(shown(verdict_of(replaced(sealer.message(), "Hello", "hello"))),
              "fail: ARC-Message-Signature 2: the body was changed");
    EXPECT_EQ(shown(verdict_of(replaced(sealer.message(), "Subject: x", "Subject: y"))),
              "fail: ARC-Message-Signature 2: the signature is wrong");
}

struct Change {
    const char* name;
    const char* what;
    const char* by;
    const char* want;
};

TEST(Arc, SeesBrokenChains) {
    const Change changes[] = {
        {"results changed", "a.example; none", "b.example; none",
         "fail: ARC-Seal 2: the signature is wrong"},
        {"results gone", "ARC-Authentication-Results: i=1", "X: i=1", "fail: set 1 is not whole"},
        {"message signature gone", "ARC-Message-Signature: i=1", "X: i=1",
         "fail: set 1 is not whole"},
        {"seal gone", "ARC-Seal: i=1", "X: i=1", "fail: set 1 is not whole"},
        {"wrong cv of the second", "cv=pass", "cv=none", "fail: ARC-Seal 2: it has the wrong cv="},
        {"wrong cv of the first", "cv=none", "cv=pass", "fail: ARC-Seal 1: it has the wrong cv="},
        {"cv=fail of the second", "cv=pass", "cv=fail",
         "fail: the last sealer found the chain broken"},
        {"cv=fail of the first", "cv=none", "cv=fail", "fail: ARC-Seal 1: it has the wrong cv="},
        {"a set twice", "ARC-Authentication-Results: i=2;", "ARC-Authentication-Results: i=1;",
         "fail: ARC-Authentication-Results 1: it is there twice"},
        {"a gap", "ARC-Seal: i=2;", "ARC-Seal: i=3;", "fail: set 2 is not whole"},
        {"h= in a seal", "cv=pass;", "cv=pass; h=from;", "fail: ARC-Seal: a seal must not have h="},
        {"no instance", "ARC-Seal: i=2;", "ARC-Seal: ", "fail: ARC-Seal: no tag i="},
    };
    for (const auto& change : changes)
        EXPECT_EQ(shown(verdict_of(replaced(sealed(2), change.what, change.by))), change.want)
            << change.name;
}

TEST(Arc, DnsFailuresArePermanent) { // RFC 8617 §5.2.1
    using State = dkim::KeyAnswer::State;
    for (const auto state : {State::absent, State::failed}) {
        const auto verdict = verdict_of(sealed(1), {{std::string(kKeyName), {state, {}}}});
        EXPECT_EQ(verdict.status, ChainStatus::fail) << verdict.reason;
    }
}

TEST(Arc, TellsWhatTheNewestSealerSays) {
    Sealer sealer(kMessage);
    sealer.seal(1, "none");
    maild::test::MemoryResolver dns;
    dns.fail(kKeyName);
    const auto silent = maild::test::run_task(validate(dns, sealer.message(), {}));
    EXPECT_EQ(silent.status, ChainStatus::fail);
    EXPECT_TRUE(silent.is_undecided);
    EXPECT_EQ(silent.results, " a.example; none");
    EXPECT_EQ(silent.added_field, "");
    const auto more =
        maild::test::run_task(validate(dns, "From: eve@evil.example\r\n" + sealer.message(), {}));
    EXPECT_EQ(ascii::to_lower(more.added_field), "from");
}

TEST(Arc, AsksTheResolver) {
    maild::test::MemoryResolver dns;
    dns.add_txt(kKeyName, rsa_key().record);
    const auto text = sealed(3);
    const auto verdict = maild::test::run_task(validate(dns, text, {}));
    EXPECT_EQ(verdict.status, ChainStatus::pass) << verdict.reason;
    EXPECT_EQ(dns.asked.size(), 1U);
}

TEST(Arc, ReadsInstancesOfResults) {
    for (const auto* body : {" i=1; a", "i=1;", " (c) i (c) = (c(d)) 1 (c) ; x", "i=50;x", "i=01;"})
        EXPECT_TRUE(results_instance(body)) << body;
    for (const auto* body : {"", "i=1", "i=; a", "i=0; a", "i=51; a", "i=100; a", "i=x; a",
                             "i=1 a;", "a; i=1;", "(i=1; a", "i=1 (;", "I=1;"})
        EXPECT_FALSE(results_instance(body)) << body;
}

TEST(Arc, IsLinear) {
    const maild::test::Shape shape{"comments", 1 << 19,
                                   [](std::size_t n) { return maild::test::repeated("(", n); },
                                   [](const std::string& body) { (void)results_instance(body); }};
    EXPECT_LT(maild::test::growth_of(shape), maild::test::kMostGrowth);
}

} // namespace
} // namespace maild::policy::arc
