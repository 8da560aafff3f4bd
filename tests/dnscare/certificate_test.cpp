#include "dnscare/certificate.hpp"
#include "dnscare/good_zone.hpp"

#include <gmock/gmock.h>

namespace maild::dnscare {
namespace {

Certificate read(const std::string& pem) { return read_certificate(pem).value(); }

TEST(HostCertificate, FitsItsTlsaRecords) {
    test::GoodZone zone;
    const auto certificate = read(zone.facts.certificate);
    const auto& own = certificate.chain.at(0);
    const auto& authority = certificate.chain.at(1);
    struct Case {
        net::TlsaRecord tlsa;
        bool is_usable;
        bool fits;
    };
    const Case cases[] = {
        {wanted_tlsa(certificate), true, true},
        {{3, 0, 1, sha256(own.der)}, true, true},
        {{3, 0, 0, own.der}, true, true},
        {{3, 1, 0, own.public_key}, true, true},
        {{2, 0, 1, sha256(authority.der)}, true, true},
        {{2, 1, 1, sha256(authority.public_key)}, true, true},
        {{2, 1, 1, sha256(own.public_key)}, true, false},
        {{3, 1, 1, sha256(authority.public_key)}, true, false},
        {{3, 1, 1, sha256(own.der)}, true, false},
        {{1, 1, 1, sha256(own.public_key)}, false, false},
        {{0, 0, 1, sha256(authority.der)}, false, false},
        {{3, 2, 1, sha256(own.public_key)}, false, false},
        {{3, 1, 3, sha256(own.public_key)}, false, false},
        {{3, 1, 2, sha256(own.public_key)}, false, false},
        {{3, 0, 0, ""}, false, false},
    };
    for (const auto& each : cases) {
        const auto text = net::format_tlsa(each.tlsa);
        EXPECT_EQ(net::is_usable_for_mail(each.tlsa), each.is_usable) << text;
        EXPECT_EQ(fits(each.tlsa, certificate), each.fits) << text;
    }
}

TEST(HostCertificate, HasNames) {
    test::GoodZone zone;
    const auto certificate = read(zone.certificate("DNS:mail.example.org,DNS:*.example.net", 1));
    EXPECT_TRUE(certificate.has_name("MAIL.example.org"));
    EXPECT_TRUE(certificate.has_name("a.example.net"));
    EXPECT_FALSE(certificate.has_name("a.b.example.net"));
    EXPECT_FALSE(certificate.has_name("example.net"));
    EXPECT_FALSE(certificate.has_name("example.org"));
    EXPECT_FALSE(certificate.is_self_signed);
    EXPECT_FALSE(read_certificate("").has_value());
    EXPECT_FALSE(read_certificate("-----BEGIN CERTIFICATE-----\n").has_value());
}

TEST(HostCertificate, IssuersAreKnownByTheirOrganization) {
    EXPECT_EQ(caa_domain_of("CN=R11,O=Let's Encrypt,C=US"), "letsencrypt.org");
    EXPECT_EQ(caa_domain_of("CN=WR1,O=Google Trust Services,C=US"), "pki.goog");
    EXPECT_EQ(caa_domain_of("CN=mail.example.org"), "");
}

} // namespace
} // namespace maild::dnscare
