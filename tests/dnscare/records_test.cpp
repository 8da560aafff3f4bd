#include "dnscare/good_zone.hpp"

#include "maild/dnscare/records.hpp"

#include <gmock/gmock.h>

namespace maild::dnscare {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

std::vector<std::string> lines(const Wanted& wanted) {
    std::vector<std::string> out;
    for (const auto& record : wanted.records)
        out.push_back(record.name + " " + record.type + " " + zone_value(record));
    return out;
}

TEST(WantedRecords, OfAHostWithEverything) {
    test::GoodZone zone;
    zone.facts.services = {{"imaps", 993}, {"pop3s", 995}};
    const auto wanted = wanted_records(zone.facts);
    const auto got = lines(wanted);
    for (const std::string line : {
             "example.org MX 10 mail.example.org.",
             "mail.example.org A 192.0.2.25",
             "mail.example.org AAAA 2001:db8::25",
             "example.org TXT \"v=spf1 mx -all\"",
             "mail.example.org TXT \"v=spf1 a -all\"",
             "_dmarc.example.org TXT \"v=DMARC1; p=quarantine; rua=mailto:postmaster@example.org\"",
             "_smtp._tls.example.org TXT \"v=TLSRPTv1; rua=mailto:postmaster@example.org\"",
             "_imaps._tcp.example.org SRV 0 1 993 mail.example.org.",
             "_pop3s._tcp.example.org SRV 20 1 995 mail.example.org.",
             "mail.example.org CAA 0 issue \"letsencrypt.org\"",
         })
        EXPECT_THAT(got, Contains(line));
    EXPECT_THAT(got, Contains(HasSubstr("_25._tcp.mail.example.org TLSA 3 1 1 ")));
    EXPECT_THAT(got, Contains(HasSubstr("_mta-sts.example.org TXT \"v=STSv1; id=")));
    EXPECT_THAT(got, Contains(HasSubstr("one._domainkey.example.org TXT \"v=DKIM1; k=ed25519")));
    EXPECT_EQ(wanted.sts_policy, "version: STSv1\r\nmode: testing\r\nmx: mail.example.org\r\n"
                                 "max_age: 604800\r\n");
}

TEST(WantedRecords, NoMtaStsWithACertificateThatOthersDoNotTrust) {
    test::GoodZone zone;
    zone.facts.certificate =
        net::make_self_signed({"mail.example.org"}, 10, zone.clock.now()).value().certificate;
    const auto wanted = wanted_records(zone.facts);
    EXPECT_EQ(wanted.sts_policy, "");
    EXPECT_THAT(lines(wanted), Not(Contains(HasSubstr("_mta-sts"))));
    EXPECT_THAT(lines(wanted), Not(Contains(HasSubstr("CAA"))));
    EXPECT_THAT(lines(wanted), Contains(HasSubstr("TLSA")));
    zone.facts.certificate.clear();
    EXPECT_THAT(lines(wanted_records(zone.facts)), Not(Contains(HasSubstr("TLSA"))));
}

TEST(ZoneText, SplitsAndQuotes) {
    const std::string longer(300, 'x');
    EXPECT_EQ(zone_value({"d", "TXT", longer}),
              "( \"" + longer.substr(0, 255) + "\" \"" + longer.substr(255) + "\" )");
    EXPECT_EQ(zone_value({"d", "TXT", "a\"b\\c\x01"}), "\"a\\\"b\\\\c\\001\"");
    EXPECT_EQ(zone_value({"d", "TXT", ""}), "\"\"");
    EXPECT_EQ(zone_value({"d", "A", "192.0.2.1"}), "192.0.2.1");
}

TEST(ZoneText, CommentsWhatIsNoRecord) {
    const Wanted wanted{
        {{"example.org", "MX", "10 m."}}, "version: STSv1\r\nmx: m\r\n", {"a hint"}};
    EXPECT_EQ(zone_text(wanted), "example.org.                            IN MX   10 m.\n"
                                 "; a hint\n;\n; version: STSv1\n; mx: m\n");
}

} // namespace
} // namespace maild::dnscare
