// TLS reports (RFC 8460): a TXT record of the domain.
#include "dnscare/inquiry.hpp"
#include "dnscare/policy_text.hpp"
#include "dnscare/tags.hpp"

#include "maild/base/ascii.hpp"

#include <algorithm>

namespace maild::dnscare {
namespace {

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

} // namespace

net::Task<void> check_tls_reports(Inquiry& inquiry) {
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

} // namespace maild::dnscare
