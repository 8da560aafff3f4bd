// What the domain wants done with mail that only claims to be from it (RFC 9989).
#include "dnscare/inquiry.hpp"
#include "dnscare/policy_text.hpp"
#include "dnscare/tags.hpp"

#include "maild/base/ascii.hpp"
#include "maild/policy/dmarc.hpp"
#include "maild/report/outgoing.hpp"

#include <algorithm>

namespace maild::dnscare {
namespace {

namespace dmarc = policy::dmarc;

struct Place {
    std::string name; // of the record
    std::string domain;
    std::string text;
    bool is_above = false; // the domain's own; else of one above it
};

struct KnownTag {
    std::string_view name;
    std::string_view values; // between spaces; empty: not looked at here
};
constexpr KnownTag kTags[] = {
    {"v", ""},
    {"p", " none quarantine reject "},
    {"sp", " none quarantine reject "},
    {"np", " none quarantine reject "},
    {"adkim", " r s "},
    {"aspf", " r s "},
    {"t", " y n "},
    {"psd", " y n u "},
    {"fo", ""},
    {"rua", ""},
    {"ruf", ""},
    {"pct", ""},
    {"rf", ""},
    {"ri", ""},
};

// What readers pass over in silence, so that the record says something else than it seems to.
std::string fault_of(const std::string& text) {
    const auto tags = Tags::parse(text);
    if (!tags) return "the record is no list of tags, each of them once";
    if (!tags->has("p")) return "there is no p=";
    for (const auto& known : kTags) {
        const auto value = tags->find(known.name);
        if (!value || known.values.empty()) continue;
        if (value->empty() || value->contains(' ') ||
            !known.values.contains(" " + ascii::to_lower(*value) + " "))
            return std::string(known.name) + "= has no value that is known";
    }
    const auto record = dmarc::parse_record(text);
    if (!record) return record.error();
    const auto rua = tags->find("rua");
    if (rua && record->aggregate_reports.empty()) return "rua= has no URI";
    return {};
}

class DmarcCheck {
public:
    DmarcCheck(Inquiry& inquiry, Place place) : inquiry_(inquiry), place_(std::move(place)) {}

    net::Task<void> look() {
        if (auto fault = fault_of(place_.text); !fault.empty()) {
            add(Severity::fault, "dmarc-broken", fault,
                "Correct the record; readers leave out what they do not know, or all of it.");
            co_return;
        }
        const auto record = dmarc::parse_record(place_.text);
        judge_policy(*record);
        co_await judge_reports(*record);
    }

private:
    void add(Severity severity, std::string code, std::string found, std::string repair) {
        inquiry_.add({severity, std::move(code), place_.name, std::move(found),
                      dmarc_record(place_.domain), std::move(repair)});
    }

    void judge_policy(const dmarc::Record& record) {
        const auto own =
            place_.is_above ? record.subdomain_policy.value_or(record.policy) : record.policy;
        if (own == dmarc::Policy::none)
            add(Severity::note, "dmarc-none", place_.text,
                "Set p=quarantine once the reports show that all of the domain's mail passes.");
        for (const auto& [name, below] :
             {std::pair{"sp=", record.subdomain_policy}, std::pair{"np=", record.absent_policy}})
            if (!place_.is_above && below && *below < record.policy)
                add(Severity::warning, "dmarc-weaker-below", name + std::string(name_of(*below)),
                    "Make it as strict as p=: names below the domain are forged as easily.");
        const auto tags = Tags::parse(place_.text);
        const auto percent = tags->find("pct");
        if (record.is_testing || (percent && *percent != "100"))
            add(Severity::warning, "dmarc-testing", place_.text,
                "Take t=y and pct= out: they say that the policy is not meant for all mail.");
    }

    net::Task<void> judge_reports(const dmarc::Record& record) {
        if (record.aggregate_reports.empty()) {
            add(Severity::note, "dmarc-no-reports", place_.text,
                "Add rua=mailto:, so that others tell what is sent with the domain's name.");
            co_return;
        }
        auto destinations = report::destinations_of(place_.text);
        if (destinations.empty()) {
            add(Severity::warning, "dmarc-rua", place_.text,
                "Let rua= have a mailto: URI; nobody sends reports to others.");
            co_return;
        }
        std::string domain = place_.domain;
        const auto verified = co_await report::verify_destinations(inquiry_, std::move(domain),
                                                                   std::move(destinations));
        for (const auto& refused : verified.refused)
            add(Severity::warning, "dmarc-rua-unauthorized", refused,
                "Have its domain publish v=DMARC1 at " + place_.domain + "._report._dmarc." +
                    refused.substr(refused.rfind('@') + 1) +
                    ": without that no report is sent there.");
    }

    Inquiry& inquiry_;
    const Place place_;
};

// The record of a domain above, which holds for this one too (RFC 9989 §4.10).
net::Task<void> look_above(Inquiry& inquiry) {
    const auto& domain = inquiry.facts().domain;
    dmarc::Identifiers identifiers{.author = domain};
    const auto verdict = co_await dmarc::evaluate(inquiry, std::move(identifiers));
    if (verdict.outcome == dmarc::Outcome::temperror) co_return;
    if (verdict.record_domain.empty()) {
        inquiry.add({Severity::fault, "dmarc-missing", "_dmarc." + domain, "no DMARC record",
                     dmarc_record(domain),
                     "Add the TXT record; large hosts refuse mail of domains without one."});
        co_return;
    }
    DmarcCheck check(
        inquiry, {"_dmarc." + verdict.record_domain, verdict.record_domain, verdict.record, true});
    co_await check.look();
}

} // namespace

net::Task<void> check_dmarc(Inquiry& inquiry) {
    const auto& domain = inquiry.facts().domain;
    const auto name = "_dmarc." + domain;
    const auto answer = co_await inquiry.ask(name, net::DnsType::txt);
    if (answer.failed()) co_return;
    auto records = answer.texts;
    std::erase_if(records, [](const std::string& text) { return !dmarc::is_record(text); });
    if (records.size() > 1) {
        inquiry.add({Severity::fault, "dmarc-several", name, joined(records), dmarc_record(domain),
                     "Leave one record: with several, none counts (RFC 9989 §4.10)."});
    } else if (records.size() == 1) {
        DmarcCheck check(inquiry, {name, domain, records.front(), false});
        co_await check.look();
    } else if (!answer.texts.empty()) {
        inquiry.add({Severity::fault, "dmarc-broken", name, joined(answer.texts),
                     dmarc_record(domain),
                     "Let the record begin with v=DMARC1; as it stands it is "
                     "none."});
    } else {
        co_await look_above(inquiry);
    }
}

} // namespace maild::dnscare
