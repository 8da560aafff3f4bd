// Signatures over a part of the body (l=), which we never write and others do.
#include "policy/dkim_crypto.hpp"
#include "policy/dkim_header.hpp"
#include "policy/dkim_keys.hpp"
#include "support/memory_resolver.hpp"
#include "support/run_task.hpp"

#include "maild/base/encoding.hpp"
#include "maild/policy/message.hpp"

#include <gtest/gtest.h>

namespace maild::policy::dkim {
namespace {

using policy::test::rsa_key;

constexpr std::string_view kHead = "From: ada@example.org\r\nSubject: x\r\n\r\n";

// `content` behind a signature over the first octets of its body.
std::string signed_part(std::uint64_t length, const std::string& content) {
    const auto body = std::string_view(content).substr(content.find("\r\n\r\n") + 4);
    BodyHashes hashes;
    const auto wanted = hashes.want(Canonicalization::simple, length);
    hashes.take(body);
    hashes.finish();
    const auto field = "DKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=key; h=from; l=" +
                       std::to_string(length) + "; bh=" + base64_encode(hashes.hash(wanted)) +
                       "; b=";
    const auto unsigned_content = field + "AAAA\r\n" + content;
    const MessageHeader header(unsigned_content);
    const auto signature = parse_dkim_signature(header.fields()[0].body);
    const auto digest = header.data_hash(signature.value(), 0);
    return field + base64_encode(rsa_key().signer().sign(digest).value()) + "\r\n" + content;
}

std::string part_of(std::uint64_t length, std::string_view body) {
    return signed_part(length, std::string(kHead) + std::string(body));
}

maild::test::MemoryResolver published() {
    maild::test::MemoryResolver dns;
    dns.add_txt("key._domainkey.example.org", rsa_key().record);
    dns.add_txt("_dmarc.example.org", "v=DMARC1; p=reject");
    return dns;
}

std::vector<std::string> verified(const std::string& message, Options options = {}) {
    auto dns = published();
    std::vector<std::string> out;
    for (const auto& verdict : maild::test::run_task(verify(dns, message, options)))
        out.push_back(std::string(name_of(verdict.outcome)) + ": " + verdict.reason);
    return out;
}

constexpr const char* kPass = "pass: signature and body hash are right";
constexpr const char* kSaid = "6 octets of the body are not signed (l=)";

// Whoever writes many lengths into a large message must not make it hashed as many times.
TEST(DkimLength, HashesEachOctetOnceForAllLengths) {
    const std::string body = "Hello \t there\r\n\r\nand  on\r\n" + std::string(1000, 'x') + "\r\n";
    const std::optional<std::uint64_t> lengths[] = {900, std::nullopt, 0, 3, 901, 5000};
    for (const std::size_t piece : {1UL, 7UL, 10'000UL}) {
        BodyHashes together;
        std::vector<std::size_t> wanted;
        for (const auto kind : {Canonicalization::relaxed, Canonicalization::simple})
            for (const auto length : lengths) wanted.push_back(together.want(kind, length));
        for (std::size_t at = 0; at < body.size(); at += piece)
            together.take(std::string_view(body).substr(at, piece));
        together.finish();
        EXPECT_LE(together.octets_hashed(), 2 * body.size());
        auto next = wanted.begin();
        for (const auto kind : {Canonicalization::relaxed, Canonicalization::simple}) {
            for (const auto length : lengths) {
                BodyHashes alone;
                const auto one = alone.want(kind, length);
                alone.take(body);
                alone.finish();
                EXPECT_EQ(together.hash(*next), alone.hash(one)) << length.value_or(9999);
                EXPECT_EQ(together.size(*next++), alone.size(one));
            }
        }
    }
    BodyHashes part;
    const auto hello = part.want(Canonicalization::simple, 5);
    part.take(body);
    part.finish();
    EXPECT_EQ(part.octets_hashed(), 5U) << "and nothing behind the greatest";
    Sha256 digest;
    digest.update("Hello");
    EXPECT_EQ(part.hash(hello), digest.finish());
}

TEST(DkimLength, IsNotEnoughForMoreThanIsSigned) { // RFC 6376 §8.2
    const auto whole = part_of(7, "Hello\r\n");
    EXPECT_EQ(verified(whole).front(), kPass);
    EXPECT_EQ(verified(whole + "\r\n\r\n").front(), kPass); // empty lines do not count
    EXPECT_EQ(verified(whole + "more\r\n").front(), "policy: " + std::string(kSaid));
    EXPECT_EQ(verified(whole + "more\r\n", {.accepts_unsigned_octets = true}).front(),
              std::string(kPass) + ", but " + kSaid);
    EXPECT_EQ(verified(whole + "more\r\n", {.asks_all_keys = true}).front(),
              "policy: signature and body hash are right, but " + std::string(kSaid));
    EXPECT_EQ(verified(part_of(5, "Hello\r\n")).front().substr(0, 7), "policy:");
    EXPECT_EQ(verified(part_of(2, "")).front(), kPass);
    auto shorter = whole;
    shorter.replace(shorter.find("Hello"), 5, "Hell");
    EXPECT_EQ(verified(shorter).front(), "permerror: more is signed (l=) than the body has");
    auto other = whole;
    other.replace(other.find("Hello"), 5, "Jello");
    EXPECT_EQ(verified(other).front(), "fail: the body was changed");
}

TEST(DkimLength, DoesNotCountForDmarc) {
    auto dns = published();
    const auto whole = part_of(7, "Hello\r\n");
    const auto outcome = [&dns](const std::string& message, Options options) {
        return maild::test::run_task(check_message(dns, message, {}, options)).dmarc.outcome;
    };
    EXPECT_EQ(outcome(whole, {}), dmarc::Outcome::pass);
    EXPECT_EQ(outcome(whole + "more\r\n", {}), dmarc::Outcome::fail);
    EXPECT_EQ(outcome(whole + "more\r\n", {.accepts_unsigned_octets = true}), dmarc::Outcome::pass);
}

TEST(DkimLength, HashesThreeLengths) {
    std::string text = std::string(kHead) + "Hello\r\n";
    for (const auto length : {7U, 0U, 7U, 1U, 2U, 3U, 7U}) text = signed_part(length, text);
    const auto verdicts = verified(text, {.accepts_unsigned_octets = true});
    const auto outcomes = [&verdicts] {
        std::string out;
        for (const auto& verdict : verdicts) out += verdict.substr(0, verdict.find(':')) + " ";
        return out;
    };
    // From the top: 7, 3 and 2 are hashed, and 7 again.
    EXPECT_EQ(outcomes(), "pass pass pass policy pass policy pass ");
    EXPECT_EQ(verdicts[3], "policy: there are too many lengths (l=) to look at");
}

} // namespace
} // namespace maild::policy::dkim
