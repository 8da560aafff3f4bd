// Each fault that can be planted in a zone is found, and nothing else with it; in the good zone
// there is nothing to find.
#include "dnscare/certificate.hpp"
#include "dnscare/good_zone.hpp"
#include "support/run_task.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <functional>
#include <set>

namespace maild::dnscare {
namespace {

using net::DnsType;
using test::GoodZone;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* kTlsa = "_25._tcp.mail.example.org";
constexpr const char* kSts = "_mta-sts.example.org";
constexpr const char* kReports = "_smtp._tls.example.org";
constexpr const char* kDmarc = "_dmarc.example.org";
constexpr const char* kKey = "one._domainkey.example.org";
constexpr const char* kReverse = "25.2.0.192.in-addr.arpa";

std::vector<Finding> look(GoodZone& zone) {
    return maild::test::run_task(check(zone.dns, zone.clock, zone.facts, zone.options));
}

std::vector<std::string> codes(const std::vector<Finding>& findings) {
    std::vector<std::string> out;
    for (const auto& finding : findings) out.push_back(finding.code);
    return out;
}

struct Case {
    std::vector<std::string> codes; // all that is found
    std::function<void(GoodZone&)> plant;
};

void spf(GoodZone& zone, const char* text) { zone.replace_txt("example.org", text); }
void dmarc(GoodZone& zone, const char* text) { zone.replace_txt(kDmarc, text); }
void key(GoodZone& zone, const std::string& before, const std::string& after) {
    auto text = zone.facts.keys.front().record();
    text.replace(text.find(before), before.size(), after);
    zone.replace_txt(kKey, text);
}
void use(GoodZone& zone, std::string certificate) {
    zone.facts.certificate = std::move(certificate);
    const auto tlsa = wanted_tlsa(read_certificate(zone.facts.certificate).value());
    zone.replace_record(kTlsa, DnsType::tlsa, std::string("\3\1\1") + tlsa.data);
}
// The host under another name, which has an MX record, a certificate and its TLSA record.
void second_name(GoodZone& zone, const std::string& names = "DNS:mx.example.net", long days = 90) {
    zone.dns.add_mx("example.org", 20, "mx.example.net");
    zone.dns.add_a("mx.example.net", "192.0.2.25");
    const auto chain = zone.certificate(names, days);
    zone.facts.certificates.push_back({{"mx.example.net"}, chain});
    const auto tlsa = wanted_tlsa(read_certificate(chain).value());
    zone.dns.add_record("_25._tcp.mx.example.net", DnsType::tlsa,
                        std::string("\3\1\1") + tlsa.data);
    zone.dns.add_record("mx.example.net", DnsType::caa, "0 issue letsencrypt.org");
}
// The policy that `mailctl domain dns` prints, in either mode, and its id.
std::string printed_text(const GoodZone& zone, const std::string& mode) {
    auto text = wanted_records(zone.facts).sts_policy;
    return text.replace(text.find("testing"), 7, mode);
}
void publish_printed(GoodZone& zone, const std::string& mode) {
    const auto id = hex_encode(sha256(printed_text(zone, mode))).substr(0, 16);
    zone.replace_txt(kSts, "v=STSv1; id=" + id);
}
ServedPolicy printed(const GoodZone& zone, const std::string& mode) {
    return {.mode = mode, .max_age = 604'800, .mx = {zone.facts.host}};
}
void list(GoodZone& zone, const char* answer) {
    zone.options.block_lists = {"dnsbl.example"};
    zone.dns.add_a("25.2.0.192.dnsbl.example", answer);
    zone.dns.add_txt("25.2.0.192.dnsbl.example", "sends spam");
}
std::string includes(int count) {
    std::string out = "v=spf1 mx";
    for (int i = 0; i < count; ++i) out += " exists:e" + std::to_string(i) + ".example.net";
    return out + " -all";
}

const std::vector<Case> kMailCases = {
    {{"domain-missing"},
     [](GoodZone& z) {
         z.facts.domain = "gone.example";
         z.facts.keys.clear();
     }},
    {{"mx-missing", "spf-not-us", "spf-not-us"},
     [](GoodZone& z) { z.dns.remove("example.org", DnsType::mx); }},
    {{"mx-null", "spf-not-us", "spf-not-us"},
     [](GoodZone& z) {
         z.dns.remove("example.org", DnsType::mx);
         z.dns.add_mx("example.org", 0, "");
     }},
    {{"mx-null-mixed"}, [](GoodZone& z) { z.dns.add_mx("example.org", 0, ""); }},
    {{"mx-is-address", "mx-others"},
     [](GoodZone& z) { z.dns.add_mx("example.org", 20, "192.0.2.25"); }},
    {{"mx-alias", "mx-others"},
     [](GoodZone& z) {
         z.dns.add_mx("example.org", 20, "alias.example.org");
         z.dns.add_cname("alias.example.org", "mail.example.org");
     }},
    {{"mx-no-address", "mx-others"},
     [](GoodZone& z) { z.dns.add_mx("example.org", 20, "nowhere.example.org"); }},
    {{"spf-not-us", "spf-not-us", "mx-elsewhere"},
     [](GoodZone& z) {
         z.dns.remove("example.org", DnsType::mx);
         z.dns.add_mx("example.org", 10, "mx.example.net");
         z.dns.add_a("mx.example.net", "198.51.100.1");
     }},
    {{"host-no-address", "mx-no-address", "spf-not-us", "spf-not-us", "spf-helo"},
     [](GoodZone& z) {
         z.dns.remove("mail.example.org", DnsType::a);
         z.dns.remove("mail.example.org", DnsType::aaaa);
     }},
    {{"host-elsewhere"},
     [](GoodZone& z) { z.facts.addresses[0] = net::parse_ip("192.0.2.26").value(); }},
    {{"host-private"},
     [](GoodZone& z) {
         z.facts.addresses.push_back(net::parse_ip("10.1.2.3").value());
         z.dns.add_a("mail.example.org", "10.1.2.3");
     }},
    {{"ptr-missing"}, [](GoodZone& z) { z.dns.remove(kReverse, DnsType::ptr); }},
    {{"ptr-missing"}, // of IPv6
     [](GoodZone& z) { z.dns.remove(net::reverse_name(z.facts.addresses[1]), DnsType::ptr); }},
    {{"ptr-mismatch"},
     [](GoodZone& z) {
         z.dns.remove(kReverse, DnsType::ptr);
         z.dns.add_ptr(kReverse, "old.example.org");
     }},
    {{"ptr-generic"},
     [](GoodZone& z) {
         z.dns.remove(kReverse, DnsType::ptr);
         z.dns.add_ptr(kReverse, "host-192-0-2-25.isp.example");
         z.dns.add_a("host-192-0-2-25.isp.example", "192.0.2.25");
     }},
    {{"ptr-other-name"},
     [](GoodZone& z) {
         z.dns.remove(kReverse, DnsType::ptr);
         z.dns.add_ptr(kReverse, "www.example.org");
         z.dns.add_a("www.example.org", "192.0.2.25");
     }},
    {{"dnssec-bogus", "dnssec-bogus"}, // both kinds of address
     [](GoodZone& z) {
         z.dns.condemn("mail.example.org", DnsType::a);
         z.dns.condemn("mail.example.org", DnsType::aaaa);
     }},
    {{"dns-failure"}, [](GoodZone& z) { z.dns.fail(kDmarc); }},
};

const std::vector<Case> kSenderCases = {
    {{"spf-missing"}, [](GoodZone& z) { z.dns.remove("example.org", DnsType::txt); }},
    {{"spf-several"}, [](GoodZone& z) { z.dns.add_txt("example.org", "v=spf1 a -all"); }},
    {{"spf-syntax"}, [](GoodZone& z) { spf(z, "v=spf1 mx ipv4:192.0.2.1 -all"); }},
    {{"spf-include"}, [](GoodZone& z) { spf(z, "v=spf1 mx include:gone.example.net -all"); }},
    {{"spf-not-us", "spf-not-us"}, [](GoodZone& z) { spf(z, "v=spf1 ip4:198.51.100.0/24 -all"); }},
    {{"spf-not-us"}, // of IPv6 alone
     [](GoodZone& z) { spf(z, "v=spf1 ip4:192.0.2.25 -all"); }},
    {{"spf-lookups", "spf-void-lookups"}, [](GoodZone& z) { spf(z, includes(10).c_str()); }},
    {{"spf-void-lookups"}, [](GoodZone& z) { spf(z, includes(3).c_str()); }},
    {{"spf-for-all"}, [](GoodZone& z) { spf(z, "v=spf1 mx +all"); }},
    {{"spf-ptr"}, [](GoodZone& z) { spf(z, "v=spf1 mx ptr -all"); }},
    {{"spf-open-end"}, [](GoodZone& z) { spf(z, "v=spf1 mx"); }},
    {{"spf-open-end"}, [](GoodZone& z) { spf(z, "v=spf1 mx ?all"); }},
    {{"spf-helo-missing"}, [](GoodZone& z) { z.dns.remove("mail.example.org", DnsType::txt); }},
    {{"spf-helo"}, [](GoodZone& z) { z.replace_txt("mail.example.org", "v=spf1 -all"); }},
    {{"dkim-no-key"}, [](GoodZone& z) { z.facts.keys.clear(); }},
    {{"dkim-missing"}, [](GoodZone& z) { z.dns.remove(kKey, DnsType::txt); }},
    {{"dkim-other-key"}, [](GoodZone& z) { z.replace_txt(kKey, z.facts.keys.back().record()); }},
    {{"dkim-revoked"}, [](GoodZone& z) { z.replace_txt(kKey, "v=DKIM1; k=ed25519; p="); }},
    {{"dkim-several"}, [](GoodZone& z) { z.dns.add_txt(kKey, "v=DKIM1; p=AAAA"); }},
    {{"dkim-testing"}, [](GoodZone& z) { key(z, "; p=", "; t=y; p="); }},
    {{"dkim-broken"}, [](GoodZone& z) { key(z, "v=DKIM1", "v=DKIM2"); }},
    {{"dkim-not-for-mail"}, [](GoodZone& z) { key(z, "; p=", "; s=web; p="); }},
    {{"dkim-no-sha256"}, [](GoodZone& z) { key(z, "; p=", "; h=sha1; p="); }},
    {{"dmarc-missing"}, [](GoodZone& z) { z.dns.remove(kDmarc, DnsType::txt); }},
    {{"dmarc-several"}, [](GoodZone& z) { z.dns.add_txt(kDmarc, "v=DMARC1; p=reject"); }},
    {{"dmarc-broken"}, [](GoodZone& z) { dmarc(z, "v=dmarc1; p=reject"); }},
    {{"dmarc-broken"}, [](GoodZone& z) { dmarc(z, "v=DMARC1; p=strict"); }},
    {{"dmarc-broken"}, [](GoodZone& z) { dmarc(z, "v=DMARC1; rua=mailto:a@example.org"); }},
    {{"dmarc-broken"}, [](GoodZone& z) { dmarc(z, "v=DMARC1; p=none; p=reject"); }},
    {{"dmarc-none"}, [](GoodZone& z) { dmarc(z, "v=DMARC1; p=none; rua=mailto:a@example.org"); }},
    {{"dmarc-weaker-below"},
     [](GoodZone& z) { dmarc(z, "v=DMARC1; p=reject; sp=none; rua=mailto:a@example.org"); }},
    {{"dmarc-testing"},
     [](GoodZone& z) { dmarc(z, "v=DMARC1; p=reject; t=y; rua=mailto:a@example.org"); }},
    {{"dmarc-testing"},
     [](GoodZone& z) { dmarc(z, "v=DMARC1; p=reject; pct=10; rua=mailto:a@example.org"); }},
    {{"dmarc-no-reports"}, [](GoodZone& z) { dmarc(z, "v=DMARC1; p=reject"); }},
    {{"dmarc-rua"}, [](GoodZone& z) { dmarc(z, "v=DMARC1; p=reject; rua=https://example.org/r"); }},
    {{"dmarc-rua-unauthorized"},
     [](GoodZone& z) { dmarc(z, "v=DMARC1; p=reject; rua=mailto:a@reports.example"); }},
};

const std::vector<Case> kTlsCases = {
    {{"certificate-expired"}, [](GoodZone& z) { z.clock.advance(std::chrono::days(91)); }},
    {{"certificate-early"}, [](GoodZone& z) { z.clock.advance(-std::chrono::hours(2)); }},
    {{"certificate-expires"}, [](GoodZone& z) { z.clock.advance(std::chrono::days(80)); }},
    {{"sts-certificate", "certificate-name"},
     [](GoodZone& z) { use(z, z.certificate("DNS:other.example.org", 90)); }},
    {{"certificate-unreadable"}, [](GoodZone& z) { z.facts.certificate = "none"; }},
    {{"sts-certificate", "certificate-self-signed"},
     [](GoodZone& z) {
         use(z, net::make_self_signed({"mail.example.org"}, 90, z.clock.now()).value().certificate);
     }},
    {{"tlsa-mismatch"},
     [](GoodZone& z) { z.facts.certificate = z.certificate("DNS:mail.example.org", 90); }},
    {{"tlsa-unusable"},
     [](GoodZone& z) {
         z.dns.add_record(kTlsa, DnsType::tlsa, std::string("\1\1\1") + std::string(32, 'x'));
     }},
    {{"tlsa-unusable"}, [](GoodZone& z) { z.dns.add_record(kTlsa, DnsType::tlsa, "\3\1\1short"); }},
    {{"tlsa-unsigned"}, [](GoodZone& z) { z.dns.set_secure(false); }},
    {{"tlsa-missing"}, [](GoodZone& z) { z.dns.remove(kTlsa, DnsType::tlsa); }},
    {{"tlsa-mismatch"}, // the record of the certificate that whoever asks for no name gets
     [](GoodZone& z) {
         z.facts.certificates = {{{"mail.example.org"}, z.certificate("DNS:mail.example.org", 90)}};
     }},
    {{"sts-certificate", "certificate-name"}, // of the host's name, though the other one fits
     [](GoodZone& z) {
         const auto good = z.facts.certificate;
         use(z, z.certificate("DNS:other.example.org", 90));
         z.facts.certificates = {{{"*.example.org"}, z.facts.certificate}};
         z.facts.certificate = good;
     }},
    {{}, // its own name is nearer than another one's wildcard
     [](GoodZone& z) {
         z.facts.certificates = {{{"*.example.org"}, z.certificate("DNS:other.example.org", 90)},
                                 {{"mail.example.org"}, z.facts.certificate}};
     }},
    {{"tlsa-mismatch"}, // of the other name
     [](GoodZone& z) {
         second_name(z);
         z.facts.certificates[0].chain = z.certificate("DNS:mx.example.net", 90);
     }},
    {{"tlsa-missing"},
     [](GoodZone& z) {
         second_name(z);
         z.dns.remove("_25._tcp.mx.example.net", DnsType::tlsa);
     }},
    {{"sts-certificate", "tlsa-mismatch", "mx-others"}, // another name without one of its own
     [](GoodZone& z) {
         second_name(z);
         z.facts.certificates.clear();
     }},
    {{"sts-certificate", "certificate-name"},
     [](GoodZone& z) { second_name(z, "DNS:mx2.example.net"); }},
    {{"certificate-expires"}, [](GoodZone& z) { second_name(z, "DNS:mx.example.net", 10); }},
    {{"caa-forbids"},
     [](GoodZone& z) {
         second_name(z);
         z.replace_record("mx.example.net", DnsType::caa, "0 issue other.example");
     }},
    {{"caa-forbids"},
     [](GoodZone& z) {
         z.replace_record("mail.example.org", DnsType::caa, "0 issue other.example");
     }},
    {{"caa-forbids"},
     [](GoodZone& z) { z.replace_record("mail.example.org", DnsType::caa, "0 issue ;"); }},
    {{"caa-open"},
     [](GoodZone& z) {
         z.replace_record("mail.example.org", DnsType::caa, "0 iodef mailto:a@example.org");
     }},
    {{"caa-critical"},
     [](GoodZone& z) { z.dns.add_record("mail.example.org", DnsType::caa, "128 tbs x"); }},
    {{"caa-missing"}, [](GoodZone& z) { z.dns.remove("mail.example.org", DnsType::caa); }},
    {{"sts-missing"}, [](GoodZone& z) { z.dns.remove(kSts, DnsType::txt); }},
    {{"sts-several"}, [](GoodZone& z) { z.dns.add_txt(kSts, "v=STSv1; id=2;"); }},
    {{"sts-version"}, [](GoodZone& z) { z.replace_txt(kSts, "v=STS1; id=2;"); }},
    {{"sts-id"}, [](GoodZone& z) { z.replace_txt(kSts, "v=STSv1;"); }},
    {{"sts-id"}, [](GoodZone& z) { z.replace_txt(kSts, "v=STSv1; id=2026-11-29;"); }},
    {{"sts-other-id"}, [](GoodZone& z) { z.facts.policy.reset(); }},
    {{"sts-unseen"},
     [](GoodZone& z) {
         publish_printed(z, "testing");
         z.facts.policy.reset();
     }},
    {{"sts-stale-id"},
     [](GoodZone& z) {
         publish_printed(z, "testing");
         z.facts.policy = printed(z, "enforce");
     }},
    {{"sts-stale-id"}, [](GoodZone& z) { publish_printed(z, "enforce"); }},
    {{"sts-policy-testing"},
     [](GoodZone& z) {
         publish_printed(z, "testing");
         z.facts.policy = printed(z, "testing");
     }},
    {{"sts-policy-none"}, [](GoodZone& z) { z.facts.policy->mode = "none"; }},
    {{"sts-policy-age"}, [](GoodZone& z) { z.facts.policy->max_age = 24 * 3600 - 1; }},
    {{"sts-policy-mx"}, [](GoodZone& z) { z.facts.policy->mx = {"mx.example.net"}; }},
    {{"sts-policy-mx", "sts-policy-testing"},
     [](GoodZone& z) {
         z.facts.policy->mode = "testing";
         z.facts.policy->mx = {"*.mail.example.org", "example.org"};
     }},
    {{"sts-policy-missing"},
     [](GoodZone& z) { z.facts.policy = ServedPolicy{.fault = "fetch", .words = "HTTP 404"}; }},
    {{"sts-policy-certificate"},
     [](GoodZone& z) { z.facts.policy = ServedPolicy{.fault = "certificate", .words = "old"}; }},
    {{"sts-policy-broken"},
     [](GoodZone& z) { z.facts.policy = ServedPolicy{.fault = "text", .words = "no mode"}; }},
    {{"sts-no-host"}, // which is why
     [](GoodZone& z) {
         z.dns.remove("mta-sts.example.org", DnsType::a);
         z.facts.policy = ServedPolicy{.fault = "fetch", .words = "no address"};
     }},
    {{"sts-no-host"}, [](GoodZone& z) { z.dns.remove("mta-sts.example.org", DnsType::a); }},
    {{"tlsrpt-missing"}, [](GoodZone& z) { z.dns.remove(kReports, DnsType::txt); }},
    {{"tlsrpt-several"},
     [](GoodZone& z) { z.dns.add_txt(kReports, "v=TLSRPTv1; rua=mailto:a@example.org"); }},
    {{"tlsrpt-version"},
     [](GoodZone& z) { z.replace_txt(kReports, "v=TLSRPT1; rua=mailto:a@example.org"); }},
    {{"tlsrpt-rua"}, [](GoodZone& z) { z.replace_txt(kReports, "v=TLSRPTv1;"); }},
    {{"tlsrpt-rua"}, [](GoodZone& z) { z.replace_txt(kReports, "v=TLSRPTv1; rua=a@example.org"); }},
};

const std::vector<Case> kServiceCases = {
    {{"srv-missing"}, [](GoodZone& z) { z.dns.remove("_imaps._tcp.example.org", DnsType::srv); }},
    {{"srv-denied"},
     [](GoodZone& z) { z.replace_record("_imaps._tcp.example.org", DnsType::srv, "0 0 0 ."); }},
    {{"srv-port"},
     [](GoodZone& z) {
         z.replace_record("_imaps._tcp.example.org", DnsType::srv, "0 1 143 mail.example.org");
     }},
    {{"srv-not-offered"},
     [](GoodZone& z) {
         z.dns.add_record("_sieve._tcp.example.org", DnsType::srv, "0 1 4190 mail.example.org");
     }},
    {{"srv-alias"},
     [](GoodZone& z) {
         z.dns.add_cname("imap.example.org", "mail.example.org");
         z.replace_record("_imaps._tcp.example.org", DnsType::srv, "0 1 993 imap.example.org");
     }},
    {{"srv-no-address"},
     [](GoodZone& z) {
         z.replace_record("_imaps._tcp.example.org", DnsType::srv, "0 1 993 imap.example.org");
     }},
    {{"srv-port"}, // under another name
     [](GoodZone& z) {
         second_name(z);
         z.replace_record("_imaps._tcp.example.org", DnsType::srv, "0 1 143 mx.example.net");
     }},
    {{"srv-certificate"},
     [](GoodZone& z) {
         z.dns.add_a("imap.example.net", "192.0.2.25");
         z.replace_record("_imaps._tcp.example.org", DnsType::srv, "0 1 993 imap.example.net");
     }},
    {{"srv-elsewhere"},
     [](GoodZone& z) {
         z.dns.add_a("imap.example.net", "198.51.100.7");
         z.replace_record("_imaps._tcp.example.org", DnsType::srv, "0 1 993 imap.example.net");
     }},
    {{"listed"}, [](GoodZone& z) { list(z, "127.0.0.2"); }},
    {{"list-unusable"}, [](GoodZone& z) { list(z, "127.255.255.254"); }},
    {{"list-unusable"}, [](GoodZone& z) { list(z, "203.0.113.9"); }},
};

// The codes that were found.
std::set<std::string> run(const std::vector<Case>& cases) {
    std::set<std::string> seen;
    for (const auto& each : cases) {
        GoodZone zone;
        each.plant(zone);
        const auto findings = look(zone);
        std::string shown;
        for (const auto& f : findings)
            shown += f.code + " " + f.name + ": " + f.found + " / " + f.repair + "\n";
        EXPECT_EQ(codes(findings), each.codes) << shown;
        for (const auto& finding : findings) {
            EXPECT_TRUE(finding.repair.ends_with('.')) << finding.code;
            seen.insert(finding.code);
        }
    }
    return seen;
}

TEST(DnsCheck, FindsNothingInTheGoodZone) {
    GoodZone zone;
    EXPECT_THAT(codes(look(zone)), IsEmpty());
    zone.options.validates = false;
    EXPECT_THAT(codes(look(zone)), IsEmpty());
    zone.options.block_lists = {"dnsbl.example"};
    EXPECT_THAT(codes(look(zone)), IsEmpty());
}

TEST(DnsCheck, FindsNothingInOtherGoodZones) {
    struct Good {
        const char* what;
        std::function<void(GoodZone&)> change;
    };
    const Good zones[] = {
        {"addresses are not known here", [](GoodZone& z) { z.facts.addresses.clear(); }},
        {"no IPv6",
         [](GoodZone& z) {
             z.facts.addresses.pop_back();
             z.dns.remove("mail.example.org", DnsType::aaaa);
         }},
        {"a null MX of a domain that has no accounts",
         [](GoodZone& z) {
             z.facts.accounts = 0;
             z.dns.remove("example.org", DnsType::mx);
             z.dns.add_mx("example.org", 0, "");
             spf(z, "v=spf1 a:mail.example.org -all");
         }},
        {"upper case",
         [](GoodZone& z) {
             z.dns.remove("example.org", DnsType::mx);
             z.dns.add_mx("example.org", 10, "MAIL.Example.ORG");
         }},
        {"SPF by redirect",
         [](GoodZone& z) {
             spf(z, "v=spf1 redirect=_spf.example.org");
             z.dns.add_txt("_spf.example.org", "v=spf1 mx:example.org ~all");
         }},
        {"the host's name has a certificate of its own",
         [](GoodZone& z) {
             z.facts.certificates = {{{"mail.example.org"}, z.facts.certificate}};
             z.facts.certificate = z.certificate("DNS:other.example.org", 90);
         }},
        {"an MX record that names this host otherwise", [](GoodZone& z) { second_name(z); }},
        {"a service under another name",
         [](GoodZone& z) {
             second_name(z);
             z.replace_record("_imaps._tcp.example.org", DnsType::srv, "0 1 993 mx.example.net");
         }},
        {"other TXT records", [](GoodZone& z) { z.dns.add_txt("example.org", "token=x"); }},
        {"MTA-STS as it is printed, enforced",
         [](GoodZone& z) {
             publish_printed(z, "enforce");
             z.facts.policy = printed(z, "enforce");
         }},
        {"MTA-STS as it is printed, under another id",
         [](GoodZone& z) { z.facts.policy = printed(z, "enforce"); }},
        {"the next certificate's TLSA beside",
         [](GoodZone& z) {
             z.dns.add_record(kTlsa, DnsType::tlsa, std::string("\3\1\1") + std::string(32, 'x'));
         }},
        {"TLSA of the authority",
         [](GoodZone& z) {
             const auto chain = read_certificate(z.facts.certificate).value().chain;
             z.replace_record(kTlsa, DnsType::tlsa,
                              std::string("\2\0\1", 3) + sha256(chain.at(1).der));
         }},
        {"CAA of the domain",
         [](GoodZone& z) {
             z.dns.remove("mail.example.org", DnsType::caa);
             z.dns.add_record("example.org", DnsType::caa,
                              "0 issue letsencrypt.org; validationmethods=dns-01");
         }},
        {"reports elsewhere, with leave",
         [](GoodZone& z) {
             dmarc(z, "v=DMARC1; p=reject; rua=mailto:a@reports.example");
             z.dns.add_txt("example.org._report._dmarc.reports.example", "v=DMARC1");
         }},
        {"a service that is denied and not there",
         [](GoodZone& z) { z.dns.add_record("_sieve._tcp.example.org", DnsType::srv, "0 0 0 ."); }},
        {"TLS reports over HTTPS",
         [](GoodZone& z) {
             z.replace_txt(kReports, "v=TLSRPTv1; rua=mailto:a@example.org,https://r.example/v1");
         }},
    };
    for (const auto& each : zones) {
        GoodZone zone;
        each.change(zone);
        EXPECT_THAT(codes(look(zone)), IsEmpty()) << each.what;
    }
}

TEST(DnsCheck, FindsEveryPlantedFault) {
    std::set<std::string> seen;
    for (const auto* cases : {&kMailCases, &kSenderCases, &kTlsCases, &kServiceCases})
        seen.merge(run(*cases));
    EXPECT_GE(seen.size(), 40U);
}

TEST(DnsCheck, OfADomainBelowLooksAtTheRecordAbove) {
    GoodZone zone;
    zone.facts.domain = "sub.example.org";
    zone.facts.keys.clear();
    zone.dns.add_mx("sub.example.org", 10, "mail.example.org");
    zone.dns.add_txt("sub.example.org", "v=spf1 mx -all");
    zone.facts.services.clear();
    dmarc(zone, "v=DMARC1; p=reject; sp=none; rua=mailto:a@example.org");
    EXPECT_THAT(codes(look(zone)),
                ElementsAre("dkim-no-key", "dmarc-none", "sts-missing", "tlsrpt-missing"));
}

TEST(DnsCheck, KeysThatDoNotSignYetAreNoFault) {
    GoodZone zone;
    zone.facts.keys.push_back(test::new_key("three", KeyUse::waiting));
    const auto findings = look(zone);
    EXPECT_THAT(codes(findings), ElementsAre("dkim-missing"));
    EXPECT_EQ(findings.at(0).severity, Severity::warning);
}

TEST(DnsCheck, TheWorstComesFirst) {
    GoodZone zone;
    spf(zone, "v=spf1 mx");
    dmarc(zone, "v=DMARC1; p=none; rua=mailto:a@example.org");
    zone.dns.remove(kKey, DnsType::txt);
    EXPECT_THAT(codes(look(zone)), ElementsAre("dkim-missing", "spf-open-end", "dmarc-none"));
}

TEST(DnsCheck, ShowsNothingHarmful) {
    GoodZone zone;
    zone.replace_txt(kSts, "v=STSv1; id=\x1b[2J\xff");
    const auto findings = look(zone);
    ASSERT_THAT(codes(findings), ElementsAre("sts-id"));
    EXPECT_EQ(to_json(findings[0]).at("found").as_string(), "v=STSv1; id=\\x1b[2J\\xff");
}

TEST(DnsCheck, ANestOfIncludesEnds) {
    GoodZone zone;
    spf(zone, "v=spf1 include:example.org include:example.org -all");
    EXPECT_THAT(codes(look(zone)), ElementsAre("spf-lookups"));
    EXPECT_LT(zone.dns.asked.size(), 100U);
}

} // namespace
} // namespace maild::dnscare
