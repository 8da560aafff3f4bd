#include "dnscare/inquiry.hpp"

#include "maild/base/ascii.hpp"

#include <algorithm>

namespace maild::dnscare {

net::Task<net::DnsAnswer> Inquiry::lookup(net::DnsQuestion question,
                                          std::chrono::milliseconds timeout) {
    const std::pair key(ascii::to_lower(question.name), question.type);
    if (const auto known = answers_.find(key); known != answers_.end()) co_return known->second;
    net::DnsAnswer answer;
    answer.problem = "too many questions";
    if (answers_.size() < kMaxQuestions) {
        auto asked = question;
        auto said = co_await inner_.lookup(std::move(asked), timeout);
        answer = std::move(said);
    }
    if (answer.failed()) complain(question, answer);
    answers_.emplace(key, answer);
    co_return answer;
}

net::Task<net::DnsAnswer> Inquiry::ask(const std::string& name, net::DnsType type) {
    net::DnsQuestion question{name, type};
    auto answer = co_await lookup(std::move(question), kLookupTime);
    co_return answer;
}

void Inquiry::complain(const net::DnsQuestion& question, const net::DnsAnswer& answer) {
    const auto what = std::string(net::name_of(question.type));
    const auto found =
        answer.problem.empty() ? std::string(net::name_of(answer.status)) : answer.problem;
    if (answer.status == net::DnsStatus::bogus)
        add({Severity::fault, "dnssec-bogus", question.name, what + ": " + found,
             "signatures that are valid",
             "Sign the zone again, or correct the DS record at the registrar: whoever validates "
             "sees nothing of it."});
    else
        add({Severity::warning, "dns-failure", question.name, what + ": " + found, "an answer",
             "See whether the name servers of this zone answer; what depends on it was not "
             "checked."});
}

net::Task<Inquiry::Addresses> Inquiry::addresses_of(const std::string& name) {
    const auto v4 = co_await ask(name, net::DnsType::a);
    const auto v6 = co_await ask(name, net::DnsType::aaaa);
    Addresses out;
    out.all = v4.addresses;
    out.all.insert(out.all.end(), v6.addresses.begin(), v6.addresses.end());
    out.failed = v4.failed() || v6.failed();
    out.is_secure = v4.is_secure && v6.is_secure;
    co_return out;
}

net::Task<std::string> Inquiry::alias_of(const std::string& name) {
    const auto answer = co_await ask(name, net::DnsType::cname);
    co_return answer.names.empty() ? std::string() : answer.names.front();
}

const std::optional<Certificate>& Inquiry::certificate_of(const std::string& name) {
    const auto& text = facts_.certificate_for(name);
    const auto known = certificates_.find(&text);
    if (known != certificates_.end()) return known->second;
    return certificates_.emplace(&text, read_certificate(text)).first->second;
}

net::Task<bool> Inquiry::leads_here(const std::string& name) {
    const auto found = co_await addresses_of(name);
    co_return std::ranges::any_of(found.all, [this](const net::IpAddress& address) {
        return std::ranges::find(host_addresses, address) != host_addresses.end();
    });
}

net::Task<std::vector<std::string>> Inquiry::other_names() {
    const auto answer = co_await ask(facts_.domain, net::DnsType::mx);
    std::vector<std::string> out;
    std::size_t looked = 0;
    for (const auto& mx : answer.exchanges) {
        const auto name = ascii::to_lower(mx.exchange);
        if (name.empty() || name == facts_.host || net::parse_ip(name)) continue;
        if (std::ranges::find(out, name) != out.end()) continue;
        if (++looked > kMaxTargets) break;
        const auto alias = co_await alias_of(name);
        if (!alias.empty()) continue;
        const bool is_here = co_await leads_here(name);
        if (is_here) out.push_back(name);
    }
    co_return out;
}

std::vector<Finding> Inquiry::take() {
    std::ranges::stable_sort(findings_, std::ranges::greater(), &Finding::severity);
    return std::move(findings_);
}

std::string joined(const std::vector<std::string>& items) {
    std::string out;
    for (const auto& item : items) out += (out.empty() ? "" : ", ") + item;
    return out;
}

} // namespace maild::dnscare
