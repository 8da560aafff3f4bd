#include "maild/dnscare/records.hpp"

#include "dnscare/certificate.hpp"
#include "dnscare/policy_text.hpp"

#include "maild/net/resolver.hpp"

namespace maild::dnscare {
namespace {

// In which order a client tries what it finds (RFC 6186 §3.4, RFC 8314 §5.1: TLS from the start
// first).
unsigned priority_of(std::string_view service) {
    if (service == "pop3s") return 20;
    if (service == "pop3") return 30;
    return service.ends_with('s') ? 0 : 10;
}

class Writer {
public:
    explicit Writer(const DomainFacts& facts)
        : facts_(facts), certificate_(read_certificate(facts.certificate_for(facts.host))) {}

    Wanted write() {
        add_mail();
        add_senders();
        add_tls();
        add_services();
        add_hints();
        return std::move(out_);
    }

private:
    void add(std::string name, std::string type, std::string value) {
        out_.records.push_back({std::move(name), std::move(type), std::move(value)});
    }

    void add_mail() {
        add(facts_.domain, "MX", "10 " + facts_.host + "."); // RFC 5321 §5.1
        for (const auto& address : facts_.addresses)
            add(facts_.host, address.is_v4() ? "A" : "AAAA", net::format_ip(address));
    }

    void add_senders() {
        add(facts_.domain, "TXT", std::string(kSpfRecord));
        if (facts_.host != facts_.domain) // RFC 7208 §2.3: for HELO, and so for bounces
            add(facts_.host, "TXT", std::string(kHostSpfRecord));
        for (const auto& key : facts_.keys) // RFC 6376 §3.6.2: of retired ones too
            add(key.name, "TXT", key.record());
        add("_dmarc." + facts_.domain, "TXT", dmarc_record(facts_.domain));
    }

    void add_tls() {
        add("_smtp._tls." + facts_.domain, "TXT", tls_report_record(facts_.domain));
        if (!certificate_) return;
        add("_25._tcp." + facts_.host, "TLSA", net::format_tlsa(wanted_tlsa(*certificate_)));
        if (wants_sts(*certificate_, facts_.host)) {
            out_.sts_policy = sts_policy(facts_.host, StsMode::testing);
            add("_mta-sts." + facts_.domain, "TXT", "v=STSv1; id=" + sts_id(out_.sts_policy) + ";");
        }
        if (const auto issuer = caa_domain_of(certificate_->issuer); !issuer.empty())
            add(facts_.host, "CAA", "0 issue \"" + std::string(issuer) + "\"");
    }

    void add_services() {
        for (const auto& service : facts_.services)
            add("_" + service.name + "._tcp." + facts_.domain, "SRV",
                std::to_string(priority_of(service.name)) + " 1 " + std::to_string(service.port) +
                    " " + facts_.host + ".");
    }

    void add_hints() {
        auto& hints = out_.hints;
        if (facts_.addresses.empty())
            hints.push_back("and an A and an AAAA record for " + facts_.host +
                            " with this host's addresses, whose PTR records name it");
        for (const auto& address : facts_.addresses) // at whoever has given the address out
            hints.push_back("in the zone of the address: " + net::reverse_name(address) +
                            ". IN PTR " + facts_.host + ".");
        hints.push_back("the TLSA record counts where the zone is signed (DNSSEC)");
        if (!out_.sts_policy.empty())
            hints.push_back("mta-sts." + facts_.domain +
                            " is to lead to a web server of yours, which serves as "
                            "/.well-known/mta-sts.txt, over HTTPS, the text below");
        else
            hints.push_back("MTA-STS wants a certificate that others trust, which names " +
                            facts_.host + "; then it stands here, too");
        hints.push_back("autoconfig." + facts_.domain + " and autodiscover." + facts_.domain +
                        " are for a web server of yours, if programs are to be set up that do "
                        "not look for SRV records");
    }

    const DomainFacts& facts_;
    std::optional<Certificate> certificate_;
    Wanted out_;
};

} // namespace

Wanted wanted_records(const DomainFacts& facts) { return Writer(facts).write(); }

} // namespace maild::dnscare
