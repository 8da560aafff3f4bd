#include "maild/dnscare/check.hpp"

#include "dnscare/inquiry.hpp"

#include "maild/base/ascii.hpp"

#include <algorithm>
#include <utility>

namespace maild::dnscare {
namespace {

// What a stranger's record says may be no UTF-8, and is shown on terminals.
std::string plain(std::string_view text) {
    constexpr std::string_view digits = "0123456789abcdef";
    constexpr std::size_t kMost = 2000;
    std::string out;
    for (const char c : text.substr(0, kMost)) {
        if (!ascii::is_control(c) && !ascii::is_8bit(c)) {
            out += c;
            continue;
        }
        const auto octet = static_cast<unsigned char>(c);
        out += {'\\', 'x', digits[octet >> 4U], digits[octet & 15U]};
    }
    return out;
}

// Without the domain itself nothing else below it can be there.
net::Task<bool> has_domain(Inquiry& inquiry) {
    const auto& domain = inquiry.facts().domain;
    const auto answer = co_await inquiry.ask(domain, net::DnsType::mx);
    if (answer.status != net::DnsStatus::no_such_name) co_return true;
    inquiry.add({Severity::fault, "domain-missing", domain, "the DNS knows no such name",
                 "a zone, or records in the zone above",
                 "Register the domain, or have its name servers set at the registrar."});
    co_return false;
}

} // namespace

std::string_view name_of(Severity severity) {
    constexpr std::string_view kNames[] = {"note", "warning", "fault"};
    return kNames[static_cast<std::size_t>(severity)];
}

boost::json::object to_json(const Finding& finding) {
    return {{"severity", name_of(finding.severity)}, {"code", finding.code},
            {"name", plain(finding.name)},           {"found", plain(finding.found)},
            {"wanted", plain(finding.wanted)},       {"repair", plain(finding.repair)}};
}

net::Task<std::vector<Finding>> check(net::Resolver& resolver, const Clock& clock,
                                      DomainFacts facts, CheckOptions options) {
    Inquiry inquiry(resolver, clock, std::move(facts), std::move(options));
    co_await check_host(inquiry);
    const bool is_there = co_await has_domain(inquiry);
    if (is_there) {
        co_await check_mx(inquiry);
        co_await check_spf(inquiry);
        co_await check_dkim(inquiry);
        co_await check_dmarc(inquiry);
        co_await check_sts(inquiry);
        co_await check_tls_reports(inquiry);
        co_await check_services(inquiry);
    }
    co_await check_tls(inquiry);
    co_await check_lists(inquiry);
    co_return inquiry.take();
}

} // namespace maild::dnscare
