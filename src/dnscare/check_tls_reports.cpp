// MTA-STS (RFC 8461) and TLS reports (RFC 8460): TXT records of the domain. The policy itself is a
// web server's; it is not fetched.
#include "dnscare/inquiry.hpp"
#include "dnscare/policy_text.hpp"
#include "dnscare/tags.hpp"

#include "maild/base/ascii.hpp"

#include <algorithm>

namespace maild::dnscare {
namespace {

// §3.1: what does not begin with the version is passed over.
std::vector<std::string> of_version(const std::vector<std::string>& texts,
                                    std::string_view version) {
    std::vector<std::string> out;
    for (const auto& text : texts)
        if (text.starts_with(version) &&
            (text.size() == version.size() || text[version.size()] == ';' ||
             ascii::is_space(text[version.size()])))
            out.push_back(text);
    return out;
}

// sts-id = "id=" 1*32(ALPHA / DIGIT)
std::optional<std::string_view> id_of(std::string_view text) {
    constexpr std::size_t kMost = 32;
    const auto tags = Tags::parse(text);
    if (!tags) return std::nullopt;
    const auto id = tags->find("id");
    if (!id || id->empty() || id->size() > kMost || !std::ranges::all_of(*id, ascii::is_alnum))
        return std::nullopt;
    return id;
}

class StsCheck {
public:
    explicit StsCheck(Inquiry& inquiry)
        : inquiry_(inquiry), name_("_mta-sts." + inquiry.facts().domain) {}

    net::Task<void> look() {
        const auto answer = co_await inquiry_.ask(name_, net::DnsType::txt);
        if (answer.failed()) co_return;
        const auto records = of_version(answer.texts, "v=STSv1");
        if (records.empty()) {
            judge_absence(answer.texts);
            co_return;
        }
        if (records.size() > 1) {
            add(Severity::fault, "sts-several", joined(records),
                "Leave one record: with several, none counts (RFC 8461 §3.1).");
            co_return;
        }
        co_await judge_certificates();
        co_await judge_web_host();
        judge_id(records.front());
    }

private:
    void add(Severity severity, std::string code, std::string found, std::string repair) {
        const auto id = sts_id(sts_policy(inquiry_.facts().host, StsMode::testing));
        inquiry_.add({severity, std::move(code), name_, std::move(found), "v=STSv1; id=" + id + ";",
                      std::move(repair)});
    }

    void judge_absence(const std::vector<std::string>& texts) {
        const auto& certificate = inquiry_.certificate();
        if (!texts.empty())
            add(Severity::fault, "sts-version", joined(texts),
                "Let the record begin with v=STSv1; as it stands it is none.");
        else if (certificate && wants_sts(*certificate, inquiry_.facts().host))
            add(Severity::note, "sts-missing", "no MTA-STS record",
                "Publish a policy: without one, whoever stands in the way can have mail sent "
                "without TLS.");
    }

    // Of each name under which the domain's MX records lead here.
    net::Task<void> judge_certificates() {
        judge_certificate(inquiry_.facts().host);
        const auto names = co_await inquiry_.other_names();
        for (const auto& name : names) judge_certificate(name);
    }

    void judge_certificate(const std::string& host) {
        const auto& certificate = inquiry_.certificate_of(host);
        if (!certificate || wants_sts(*certificate, host)) return;
        add(Severity::fault, "sts-certificate",
            "the certificate for " + host + " is " +
                std::string(certificate->is_self_signed ? "self-signed" : "for other names"),
            "Get a certificate from an authority that names " + host +
                ", or take MTA-STS back (mode: none): those who honour the policy deliver "
                "nothing.");
    }

    // §3.3: without the policy the record is worth nothing.
    net::Task<void> judge_web_host() {
        const auto host = "mta-sts." + inquiry_.facts().domain;
        const auto addresses = co_await inquiry_.addresses_of(host);
        if (addresses.failed || !addresses.all.empty()) co_return;
        inquiry_.add({Severity::fault, "sts-no-host", host, "neither A nor AAAA",
                      "a web server's address",
                      "Lead the name to a web server that serves the policy (mailctl domain dns "
                      "prints it)."});
    }

    void judge_id(const std::string& record) {
        const auto id = id_of(record);
        if (!id) {
            add(Severity::fault, "sts-id", record,
                "Let id= be 1 to 32 letters and digits: without it nobody fetches the policy.");
            return;
        }
        for (const auto mode : {StsMode::testing, StsMode::enforce})
            if (*id == sts_id(sts_policy(inquiry_.facts().host, mode))) return;
        add(Severity::note, "sts-other-id", record,
            "If the policy that is served is that of mailctl domain dns, publish its id; if it is "
            "one of yours, be sure to change the id with it.");
    }

    Inquiry& inquiry_;
    const std::string name_;
};

// RFC 8460 §3: rua= with mailto: or https: URIs.
bool has_good_reports(std::string_view text) {
    const auto tags = Tags::parse(text);
    if (!tags) return false;
    auto rua = tags->find("rua").value_or("");
    bool is_good = !rua.empty();
    while (is_good && !rua.empty()) {
        const auto end = std::min(rua.find(','), rua.size());
        const auto uri = ascii::trim(rua.substr(0, end));
        rua.remove_prefix(std::min(end + 1, rua.size()));
        const auto at = uri.find('@');
        is_good = (uri.starts_with("mailto:") && at != uri.npos && at > 7 && at + 1 < uri.size()) ||
                  (uri.starts_with("https://") && uri.size() > 8);
    }
    return is_good;
}

net::Task<void> check_reports(Inquiry& inquiry) {
    const auto& domain = inquiry.facts().domain;
    const auto name = "_smtp._tls." + domain;
    const auto answer = co_await inquiry.ask(name, net::DnsType::txt);
    if (answer.failed()) co_return;
    const auto records = of_version(answer.texts, "v=TLSRPTv1");
    const auto add = [&](Severity severity, const char* code, std::string found,
                         const char* repair) {
        inquiry.add({severity, code, name, std::move(found), tls_report_record(domain), repair});
    };
    if (answer.texts.empty())
        add(Severity::note, "tlsrpt-missing", "no record",
            "Add it, so that others tell when they cannot deliver over TLS.");
    else if (records.empty())
        add(Severity::warning, "tlsrpt-version", joined(answer.texts),
            "Let the record begin with v=TLSRPTv1; as it stands it is none.");
    else if (records.size() > 1)
        add(Severity::warning, "tlsrpt-several", joined(records),
            "Leave one record: with several, none counts (RFC 8460 §3).");
    else if (!has_good_reports(records.front()))
        add(Severity::warning, "tlsrpt-rua", records.front(),
            "Let rua= have mailto: or https: URIs, else no report comes.");
}

} // namespace

net::Task<void> check_tls_reports(Inquiry& inquiry) {
    StsCheck sts(inquiry);
    co_await sts.look();
    co_await check_reports(inquiry);
}

} // namespace maild::dnscare
