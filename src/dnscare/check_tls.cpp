// The certificates that others meet under this host's names, and what the DNS says of them: DANE
// (RFC 7672) and CAA (RFC 8659).
#include "dnscare/inquiry.hpp"

#include "maild/base/ascii.hpp"

#include <algorithm>
#include <chrono>

namespace maild::dnscare {
namespace {

constexpr std::chrono::days kSoon{14};

void check_dates(Inquiry& inquiry, const std::string& name, const Certificate& certificate) {
    const auto now = inquiry.clock().now();
    const auto add = [&](Severity severity, const char* code, std::string found) {
        inquiry.add({severity, code, name, std::move(found), "",
                     "Put a new certificate into [tls] of the configuration, then: mailctl server "
                     "reload."});
    };
    const auto end = Certificate::date_of(certificate.not_after);
    if (now >= certificate.not_after)
        add(Severity::fault, "certificate-expired", "expired on " + end);
    else if (now < certificate.not_before)
        add(Severity::fault, "certificate-early",
            "not valid before " + Certificate::date_of(certificate.not_before));
    else if (certificate.not_after - now < kSoon)
        add(Severity::warning, "certificate-expires", "expires on " + end);
}

void check_certificate(Inquiry& inquiry, const std::string& host, const Certificate& certificate) {
    check_dates(inquiry, host, certificate);
    if (!certificate.has_name(host))
        inquiry.add({Severity::fault, "certificate-name", host, joined(certificate.names), host,
                     "Get a certificate that names " + host + "."});
    if (certificate.is_self_signed)
        inquiry.add({Severity::note, "certificate-self-signed", host, certificate.issuer, "",
                     "Get one from an authority that users' programs trust; other hosts encrypt "
                     "with this one, too."});
}

class TlsaCheck {
public:
    // Both outlive it.
    TlsaCheck(Inquiry& inquiry, const std::string& host, const Certificate& certificate)
        : inquiry_(inquiry),
          host_(host),
          certificate_(certificate),
          name_("_25._tcp." + host),
          wanted_(net::format_tlsa(wanted_tlsa(certificate))) {}

    net::Task<void> look() {
        const auto answer = co_await inquiry_.ask(name_, net::DnsType::tlsa);
        if (answer.failed()) co_return;
        if (answer.texts.empty()) {
            co_await judge_absence();
            co_return;
        }
        if (inquiry_.options().validates && !answer.is_secure)
            add(Severity::warning, "tlsa-unsigned", "records in a zone that is not signed",
                "Sign the zone (DNSSEC): without that nobody looks at TLSA records.");
        judge_records(answer.texts);
    }

private:
    void add(Severity severity, std::string code, std::string found, std::string repair) {
        inquiry_.add(
            {severity, std::move(code), name_, std::move(found), wanted_, std::move(repair)});
    }

    // Only where it would count.
    net::Task<void> judge_absence() {
        const auto addresses = co_await inquiry_.addresses_of(host_);
        if (!inquiry_.options().validates || !addresses.is_secure) co_return;
        add(Severity::note, "tlsa-missing", "no TLSA record",
            "Add it: in a signed zone it makes others insist on this host's certificate.");
    }

    void judge_records(const std::vector<std::string>& texts) {
        std::vector<std::string> shown;
        bool any_usable = false;
        bool any_fits = false;
        for (const auto& text : texts) {
            const auto tlsa = net::parse_tlsa(text);
            const bool is_usable = net::is_usable_for_mail(tlsa);
            shown.push_back(net::format_tlsa(tlsa));
            if (!is_usable)
                add(Severity::warning, "tlsa-unusable", shown.back(),
                    "Publish 3 1 1: mail hosts use no record with these numbers (RFC 7672 §3.1).");
            any_usable = any_usable || is_usable;
            any_fits = any_fits || fits(tlsa, certificate_);
        }
        if (any_usable && !any_fits)
            add(Severity::fault, "tlsa-mismatch", joined(shown),
                "Publish the record of the certificate that is in use: with these, hosts that "
                "know DANE deliver nothing.");
    }

    Inquiry& inquiry_;
    const std::string& host_;
    const Certificate& certificate_;
    const std::string name_;
    const std::string wanted_;
};

struct Property {
    bool is_critical = false;
    std::string tag;
    std::string value;
};

// As DnsAnswer::texts has it: "flags tag value".
Property property_of(std::string_view text) {
    const auto first = text.find(' ');
    const auto second = std::min(text.find(' ', first + 1), text.size());
    Property out;
    // The highest bit of the flags, RFC 8659 §4.1.
    out.is_critical = first == 3 && text.substr(0, first) >= "128";
    out.tag = ascii::to_lower(text.substr(first + 1, second - first - 1));
    out.value = text.substr(std::min(second + 1, text.size()));
    return out;
}

// issue-value = [issuer-domain-name] [";" parameters], RFC 8659 §4.2.
std::string_view issuer_of(std::string_view value) {
    return ascii::trim(value.substr(0, value.find(';')));
}

class CaaCheck {
public:
    CaaCheck(Inquiry& inquiry, std::string name, const std::vector<std::string>& texts)
        : inquiry_(inquiry), name_(std::move(name)) {
        for (const auto& text : texts) {
            if (!shown_.empty()) shown_ += ", ";
            shown_ += text;
            properties_.push_back(property_of(text));
        }
    }

    void look(std::string_view issuer) {
        judge_critical();
        std::vector<std::string_view> allowed;
        for (const auto& property : properties_)
            if (property.tag == "issue") allowed.push_back(issuer_of(property.value));
        if (allowed.empty()) {
            add(Severity::note, "caa-open", issuer,
                "Add an issue property: these records let every authority issue certificates.");
            return;
        }
        const bool forbids_all =
            std::ranges::all_of(allowed, [](std::string_view each) { return each.empty(); });
        const bool is_known = !issuer.empty();
        const bool is_allowed = std::ranges::any_of(
            allowed, [&](std::string_view each) { return ascii::equals_icase(each, issuer); });
        if (forbids_all || (is_known && !is_allowed))
            add(Severity::fault, "caa-forbids", issuer,
                "Allow the authority of this host's certificate: else it cannot be renewed.");
    }

private:
    void add(Severity severity, std::string code, std::string_view issuer, std::string repair) {
        inquiry_.add({severity, std::move(code), name_, shown_,
                      issuer.empty() ? "" : "0 issue \"" + std::string(issuer) + "\"",
                      std::move(repair)});
    }

    // RFC 8659 §4.1: an authority that does not know a critical property must not issue.
    void judge_critical() {
        constexpr std::string_view kKnown[] = {
            "issue", "issuewild", "iodef", "issuemail", "issuevmc", "contactemail", "contactphone"};
        for (const auto& property : properties_)
            if (property.is_critical && std::ranges::find(kKnown, property.tag) == std::end(kKnown))
                add(Severity::fault, "caa-critical", "",
                    "Take the flag 128 from " + property.tag +
                        ": no authority may issue a certificate that does not know it.");
    }

    Inquiry& inquiry_;
    const std::string name_;
    std::string shown_;
    std::vector<Property> properties_;
};

// RFC 8659 §3: the records of the name, else of the nearest one above that has some.
net::Task<void> check_caa(Inquiry& inquiry, const std::string& host,
                          const Certificate& certificate) {
    if (certificate.is_self_signed) co_return;
    const auto issuer = caa_domain_of(certificate.issuer);
    for (std::string name = host; name.contains('.'); name.erase(0, name.find('.') + 1)) {
        const auto answer = co_await inquiry.ask(name, net::DnsType::caa);
        if (answer.failed()) co_return;
        if (answer.texts.empty()) continue;
        CaaCheck check(inquiry, name, answer.texts);
        check.look(issuer);
        co_return;
    }
    if (issuer.empty()) co_return;
    inquiry.add({Severity::note, "caa-missing", host, "no CAA record",
                 "0 issue \"" + std::string(issuer) + "\"",
                 "Add it, so that no other authority issues certificates for this name."});
}

// Under another name others look for that name's TLSA records (RFC 7672 §2.2.1), and may meet a
// certificate of its own.
net::Task<void> check_other_names(Inquiry& inquiry) {
    const auto names = co_await inquiry.other_names();
    for (const auto& name : names) {
        const auto& certificate = inquiry.certificate_of(name);
        if (!certificate) continue;
        const bool is_own = inquiry.facts().named_certificate(name) != nullptr;
        if (is_own) check_certificate(inquiry, name, *certificate);
        TlsaCheck tlsa(inquiry, name, *certificate);
        co_await tlsa.look();
        if (is_own) co_await check_caa(inquiry, name, *certificate);
    }
}

} // namespace

net::Task<void> check_tls(Inquiry& inquiry) {
    const auto& host = inquiry.facts().host;
    const auto& certificate = inquiry.certificate();
    if (!certificate) {
        inquiry.add({Severity::fault, "certificate-unreadable", host,
                     "no certificate that can be read", "",
                     "See what mailctl tls list says, and the log."});
        co_return;
    }
    check_certificate(inquiry, host, *certificate);
    TlsaCheck tlsa(inquiry, host, *certificate);
    co_await tlsa.look();
    co_await check_caa(inquiry, host, *certificate);
    co_await check_other_names(inquiry);
}

} // namespace maild::dnscare
