// MTA-STS (RFC 8461): the domain's TXT record, and the policy that its web server gives.
#include "dnscare/inquiry.hpp"
#include "dnscare/policy_text.hpp"
#include "dnscare/tags.hpp"

#include "maild/base/ascii.hpp"

#include <algorithm>

namespace maild::dnscare {
namespace {

constexpr std::uint64_t kShortAge = 24 * 3600; // §3.2: weeks are what is meant

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
        const bool has_host = co_await has_web_host();
        const bool has_id = judge_syntax(records.front());
        const auto& policy = inquiry_.facts().policy;
        if (has_host && policy) co_await judge_policy(*policy, records.front());
        if (has_id && !policy) judge_unseen(records.front());
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
    net::Task<bool> has_web_host() {
        const auto host = web_host();
        const auto addresses = co_await inquiry_.addresses_of(host);
        if (addresses.failed || !addresses.all.empty()) co_return true;
        inquiry_.add({Severity::fault, "sts-no-host", host, "neither A nor AAAA",
                      "a web server's address",
                      "Lead the name to a web server that serves the policy (mailctl domain dns "
                      "prints it)."});
        co_return false;
    }

    bool judge_syntax(const std::string& record) {
        if (id_of(record)) return true;
        add(Severity::fault, "sts-id", record,
            "Let id= be 1 to 32 letters and digits: without it nobody fetches the policy.");
        return false;
    }

    // Which of the policies that `mailctl domain dns` may have printed has this id.
    std::optional<StsMode> printed_with(std::string_view id) const {
        for (const auto mode : {StsMode::testing, StsMode::enforce})
            if (id == sts_id(sts_policy(inquiry_.facts().host, mode))) return mode;
        return std::nullopt;
    }

    void judge_unseen(const std::string& record) {
        if (printed_with(*id_of(record)))
            add(Severity::note, "sts-unseen", record,
                "Look at the policy itself: no process of this host may fetch it (queue.sending, "
                "queue.mta_sts).");
        else
            add(Severity::note, "sts-other-id", record,
                "If the policy that is served is that of mailctl domain dns, publish its id; if it "
                "is one of yours, be sure to change the id with it.");
    }

    std::string web_host() const { return "mta-sts." + inquiry_.facts().domain; }
    void add_policy(Severity severity, std::string code, std::string found, std::string wanted,
                    std::string repair) {
        inquiry_.add({severity, std::move(code),
                      "https://" + web_host() + "/.well-known/mta-sts.txt", std::move(found),
                      std::move(wanted), std::move(repair)});
    }

    net::Task<void> judge_policy(const ServedPolicy& policy, const std::string& record) {
        if (!policy.fault.empty()) {
            judge_fault(policy);
            co_return;
        }
        judge_id(policy, record);
        judge_terms(policy);
        if (policy.mode != "none") co_await judge_mx(policy);
    }

    void judge_fault(const ServedPolicy& policy) {
        if (policy.fault == "certificate")
            add_policy(Severity::fault, "sts-policy-certificate", policy.words,
                       "a certificate for " + web_host(),
                       "Give the web server a certificate from an authority for " + web_host() +
                           ": others fetch no policy without (RFC 8461 §3.3).");
        else if (policy.fault == "text")
            add_policy(Severity::fault, "sts-policy-broken", policy.words,
                       "the text that mailctl domain dns prints",
                       "Have the policy itself served, line by line: what cannot be read protects "
                       "nobody.");
        else
            add_policy(Severity::fault, "sts-policy-missing", policy.words,
                       "HTTP status 200 and text/plain",
                       "Have the web server give the policy at this address, without a redirect: "
                       "as it is, others find none.");
    }

    // Who has a policy fetches a new one when the id is another (§3.1).
    void judge_id(const ServedPolicy& policy, const std::string& record) {
        const auto id = id_of(record);
        const auto printed = id ? printed_with(*id) : std::nullopt;
        if (!printed || is_printed(policy, *printed)) return;
        add_policy(Severity::warning, "sts-stale-id", record, "another id",
                   "Publish another id: this one is of the other policy that mailctl domain dns "
                   "has printed, and whoever has that one keeps it.");
    }

    bool is_printed(const ServedPolicy& policy, StsMode mode) const {
        return policy.mode == (mode == StsMode::testing ? "testing" : "enforce") &&
               policy.max_age == kStsAge && policy.mx == std::vector{inquiry_.facts().host};
    }

    void judge_terms(const ServedPolicy& policy) {
        if (policy.mode == "none")
            add_policy(Severity::note, "sts-policy-none", "mode: none", "mode: enforce",
                       "If MTA-STS is not being taken back, serve mode: enforce, and publish "
                       "another id.");
        else if (policy.mode == "testing")
            add_policy(Severity::note, "sts-policy-testing", "mode: testing", "mode: enforce",
                       "Once TLS reports tell of no failures, serve mode: enforce, and publish "
                       "another id: until then nobody is kept from anything.");
        if (policy.max_age < kShortAge)
            add_policy(Severity::note, "sts-policy-age",
                       "max_age: " + std::to_string(policy.max_age),
                       "max_age: " + std::to_string(kStsAge),
                       "Serve a longer max_age: whoever can keep the policy from being fetched for "
                       "so long is rid of it.");
    }

    // §4.1: mail for an MX host that the policy does not name is put off, and comes back.
    net::Task<void> judge_mx(const ServedPolicy& policy) {
        const auto answer = co_await inquiry_.ask(inquiry_.facts().domain, net::DnsType::mx);
        std::vector<std::string> missing;
        for (const auto& mx : answer.exchanges) {
            const auto name = ascii::to_lower(mx.exchange);
            const auto is_it = [&](const std::string& pattern) { return covers(pattern, name); };
            if (net::parse_ip(name)) continue; // which is complained of
            if (!name.empty() && std::ranges::none_of(policy.mx, is_it)) missing.push_back(name);
        }
        if (missing.empty()) co_return;
        add_policy(policy.mode == "enforce" ? Severity::fault : Severity::warning, "sts-policy-mx",
                   "mx: " + joined(policy.mx), "mx: " + joined(missing),
                   "Give each MX host a line mx: of its own, and publish another id: in mode "
                   "enforce no mail goes to the others.");
    }

    Inquiry& inquiry_;
    const std::string name_;
};

} // namespace

net::Task<void> check_sts(Inquiry& inquiry) {
    StsCheck sts(inquiry);
    co_await sts.look();
}

} // namespace maild::dnscare
