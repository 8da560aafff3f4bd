// Who may send with the domain's name, and with this host's (RFC 7208).
#include "dnscare/inquiry.hpp"
#include "dnscare/policy_text.hpp"

#include "maild/policy/record_audit.hpp"
#include "maild/policy/spf.hpp"

namespace maild::dnscare {
namespace {

namespace spf = policy::spf;

constexpr int kMostLookups = 10;            // RFC 7208 §4.6.4
constexpr std::size_t kMostVoidLookups = 2; // likewise

class SpfCheck {
public:
    SpfCheck(Inquiry& inquiry, const spf::Audit& audit) : inquiry_(inquiry), audit_(audit) {}

    // Whether the record can be evaluated at all.
    bool look() {
        if (audit_.records.size() != 1) {
            judge_number();
            return false;
        }
        judge_syntax();
        judge_costs();
        judge_openness();
        return audit_.fault.empty();
    }

private:
    void add(Severity severity, std::string code, std::string found, std::string repair) {
        inquiry_.add({severity, std::move(code), inquiry_.facts().domain, std::move(found),
                      std::string(kSpfRecord), std::move(repair)});
    }

    void judge_number() {
        if (audit_.records.empty()) {
            if (audit_.is_incomplete) return;
            add(Severity::fault, "spf-missing", "no SPF record",
                "Add a TXT record that names who sends the domain's mail.");
            return;
        }
        add(Severity::fault, "spf-several", joined(audit_.records),
            "Make one record of them: with several, none counts (RFC 7208 §4.5).");
    }

    void judge_syntax() {
        if (!audit_.fault.empty())
            add(Severity::fault, "spf-syntax", audit_.fault,
                "Correct the record: with a fault anywhere in it all of it is void.");
        if (!audit_.missing.empty())
            add(Severity::fault, "spf-include", joined(audit_.missing) + " has no SPF record",
                "Take that include or redirect out: whoever comes to it gives up.");
    }

    void judge_costs() {
        if (audit_.lookups > kMostLookups)
            add(Severity::fault, "spf-lookups",
                std::to_string(audit_.lookups) +
                    (audit_.lookups >= spf::kMaxAuditedLookups ? " or more" : "") +
                    " terms that look something up",
                "Come down to 10, with ip4 and ip6 in place of include, a and mx.");
        if (audit_.in_vain.size() > kMostVoidLookups)
            add(Severity::fault, "spf-void-lookups", "nothing found for " + joined(audit_.in_vain),
                "Take out the terms that find nothing; more than two make the record void.");
    }

    void judge_openness() {
        if (!audit_.for_all.empty())
            add(Severity::fault, "spf-for-all", joined(audit_.for_all),
                "Take that out: it lets everybody send with the domain's name.");
        if (audit_.uses_ptr)
            add(Severity::warning, "spf-ptr", "the mechanism ptr",
                "Name addresses in place of ptr, which is slow and not to be used (RFC 7208 "
                "§5.5).");
        const bool is_open =
            audit_.ending == spf::Ending::none || audit_.ending == spf::Ending::neutral;
        if (is_open && audit_.fault.empty())
            add(Severity::warning, "spf-open-end", audit_.records.front(),
                "End the record with -all (or ~all): so it says nothing of strangers.");
    }

    Inquiry& inquiry_;
    const spf::Audit& audit_;
};

net::Task<spf::Report> ask_spf(Inquiry& inquiry, net::IpAddress address, std::string domain) {
    const auto& host = inquiry.facts().host;
    const spf::Verifier verifier{inquiry, inquiry.clock(), host};
    spf::Query query{address, domain, "", domain, host};
    auto report = co_await spf::check_host(verifier, std::move(query));
    co_return report;
}

std::string words_of(const net::IpAddress& address, const spf::Report& report) {
    return net::format_ip(address) + ": " + std::string(spf::name_of(report.outcome)) +
           (report.problem.empty() ? " by " + report.mechanism : ", " + report.problem);
}

// What other hosts make of mail from here. A record that is void was complained of.
net::Task<void> check_own_addresses(Inquiry& inquiry) {
    for (const auto& address : inquiry.host_addresses) {
        std::string domain = inquiry.facts().domain;
        const auto report = co_await ask_spf(inquiry, address, std::move(domain));
        using enum spf::Outcome;
        if (report.outcome == pass || report.outcome == temperror || report.outcome == permerror)
            continue;
        inquiry.add({Severity::fault, "spf-not-us", inquiry.facts().domain,
                     words_of(address, report), std::string(kSpfRecord),
                     "Let the record pass this host's address, by mx, a:" + inquiry.facts().host +
                         " or " + (address.is_v4() ? "ip4:" : "ip6:") + net::format_ip(address) +
                         "."});
    }
}

// RFC 7208 §2.3, §2.4: what stands for bounces.
net::Task<void> check_helo(Inquiry& inquiry) {
    const auto& facts = inquiry.facts();
    if (facts.host == facts.domain) co_return;
    for (const auto& address : inquiry.host_addresses) {
        std::string host = facts.host;
        const auto report = co_await ask_spf(inquiry, address, std::move(host));
        using enum spf::Outcome;
        if (report.outcome == pass || report.outcome == temperror) continue;
        const bool is_absent = report.outcome == none;
        inquiry.add({is_absent ? Severity::note : Severity::fault,
                     is_absent ? "spf-helo-missing" : "spf-helo", facts.host,
                     words_of(address, report), std::string(kHostSpfRecord),
                     "Publish at the host's name that it may send: bounces are judged by it."});
        co_return;
    }
}

} // namespace

net::Task<void> check_spf(Inquiry& inquiry) {
    std::string domain = inquiry.facts().domain;
    const auto audit = co_await spf::audit(inquiry, std::move(domain));
    const bool can_be_asked = SpfCheck(inquiry, audit).look();
    if (can_be_asked) co_await check_own_addresses(inquiry);
    co_await check_helo(inquiry);
}

} // namespace maild::dnscare
