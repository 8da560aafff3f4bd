// Which client certificates are believed, and whom they name.
#include "support/client_authority.hpp"

#include "maild/net/client_trust.hpp"

#include <gtest/gtest.h>

namespace maild::net {
namespace {

using test::ClientAuthority;
using test::ClientFacts;
using Names = std::vector<std::string>;

ClientAuthority& authority() {
    static ClientAuthority made;
    return made;
}

// The names, or the reason in place of them.
Names verified(const ClientTrust& trust, const std::vector<std::string>& chain,
               WallTime now = SystemClock().now()) {
    auto names = trust.verify(chain, now);
    if (names) return std::move(*names);
    EXPECT_EQ(names.error().code, Errc::authentication_failed);
    return {"refused: " + names.error().internal};
}
bool is_refused(const Names& names) {
    return names.size() == 1 && names.front().starts_with("refused: client certificate: ");
}

TEST(ClientTrust, NamesTheAddressesOfAnIssuedCertificate) {
    const auto trust = ClientTrust::create(authority().pem()).value();
    const struct {
        const char* name;
        ClientFacts facts;
        Names want;
    } cases[] = {
        {"one address", {}, {"ada@example.org"}},
        {"several",
         {.names = "email:a@b.example,DNS:b.example,email:c@d.example"},
         {"a@b.example", "c@d.example"}},
        {"none", {.names = ""}, {}},
        {"only a host name", {.names = "DNS:ada.example.org"}, {}},
        {"no usage at all", {.usage = ""}, {"ada@example.org"}},
        {"NUL inside, CVE-2019-3814",
         {.raw_email = std::string("ada@example.org\0@evil.example", 29)},
         {}},
        {"a line break", {.raw_email = "ada@example.org\r\n"}, {}},
        {"8 bits", {.raw_email = "ad\xc3\xa4@example.org"}, {}},
        {"too long", {.raw_email = std::string(1'025, 'a')}, {}},
    };
    for (const auto& c : cases)
        EXPECT_EQ(verified(*trust, {authority().issue(c.facts).der}), c.want) << c.name;
}

TEST(ClientTrust, RefusesWhatNobodyVouchesFor) {
    const auto trust = ClientTrust::create(authority().pem()).value();
    ClientAuthority other; // of the same name
    const auto good = authority().issue();
    const auto now = SystemClock().now();
    EXPECT_TRUE(is_refused(verified(*trust, {other.issue().der})));
    EXPECT_TRUE(is_refused(verified(*trust, {other.issue().der, other.der()})));
    EXPECT_TRUE(is_refused(verified(*trust, {authority().issue({.usage = "serverAuth"}).der})));
    EXPECT_TRUE(is_refused(verified(*trust, {authority().issue({.until = -60}).der})));
    EXPECT_TRUE(is_refused(verified(*trust, {authority().issue({.from = 600}).der})));
    EXPECT_TRUE(is_refused(verified(*trust, {good.der}, now + std::chrono::hours(2))));
    EXPECT_TRUE(is_refused(verified(*trust, {})));
    EXPECT_TRUE(is_refused(verified(*trust, {"no certificate"})));
    EXPECT_TRUE(is_refused(verified(*trust, {good.der + "x"})));
    EXPECT_TRUE(is_refused(verified(*trust, {good.der.substr(0, good.der.size() - 1)})));
    EXPECT_TRUE(is_refused(verified(*trust, {good.der, "no certificate"})));
    EXPECT_TRUE(is_refused(verified(*trust, std::vector(kMaxClientChain + 1, good.der))));
    EXPECT_TRUE(is_refused(verified(*trust, {good.der, std::string(kMaxClientChainOctets, 'x')})));
    EXPECT_EQ(verified(*trust, {good.der, other.der()}), Names{"ada@example.org"})
        << "what is too much";
    auto changed = good.der;
    changed.back() = static_cast<char>(changed.back() ^ 1); // in the signature
    EXPECT_TRUE(is_refused(verified(*trust, {changed})));
}

TEST(ClientTrust, AsksTheRevocationList) {
    const auto good = authority().issue();
    const auto bad = authority().issue();
    const auto trust =
        ClientTrust::create(authority().pem() + authority().crl({bad.serial})).value();
    EXPECT_EQ(verified(*trust, {good.der}), Names{"ada@example.org"});
    EXPECT_TRUE(is_refused(verified(*trust, {bad.der})));
    const auto old = ClientTrust::create(authority().pem() + authority().crl({}, -60)).value();
    EXPECT_TRUE(is_refused(verified(*old, {good.der}))) << "nobody knows what it would say today";
    ClientAuthority other("Others");
    const auto missing =
        ClientTrust::create(authority().pem() + other.pem() + other.crl({})).value();
    EXPECT_TRUE(is_refused(verified(*missing, {good.der}))) << "its issuer has none";
    EXPECT_EQ(verified(*missing, {other.issue().der}), Names{"ada@example.org"});
}

TEST(ClientTrust, SaysWhatIsWrongWithItsText) {
    const auto pem = authority().pem();
    const struct {
        const char* name;
        std::string text;
        const char* want; // "": it is good
    } cases[] = {
        {"good", pem, ""},
        {"with text around", "subject: Clients\n" + pem + "end\n", ""},
        {"empty", "", "no certificate in the file"},
        {"no PEM", "hello", "no certificate in the file"},
        {"only a CRL", authority().crl({}), "no certificate in the file"},
        {"a client's", pem + authority().issue().pem, "no authority's"},
        {"cut off", pem.substr(0, pem.size() / 2), "client authorities"},
        {"the second cut off", pem + pem.substr(0, pem.size() / 2), "client authorities"},
        {"not base64", "-----BEGIN CERTIFICATE-----\nAA!A\n-----END CERTIFICATE-----\n",
         "client authorities"},
    };
    for (const auto& c : cases) {
        const auto trust = ClientTrust::create(c.text);
        EXPECT_EQ(trust.has_value(), *c.want == '\0') << c.name;
        if (!trust) {
            EXPECT_TRUE(trust.error().internal.contains(c.want))
                << c.name << trust.error().internal;
        }
    }
}

} // namespace
} // namespace maild::net
