#include "maild/policy/authres_report.hpp"

#include <string>
#include <utility>

namespace maild::policy {
namespace {

void add(MethodResult& result, std::string type, std::string name, const std::string& value) {
    if (!value.empty()) result.properties.push_back({std::move(type), std::move(name), value});
}

MethodResult made(std::string method, std::string_view outcome, const std::string& reason) {
    MethodResult result;
    result.method = std::move(method);
    result.result = outcome;
    result.reason = reason;
    return result;
}

} // namespace

// RFC 8601 §2.7.2: without the local part, for no domain's record has said anything of that.
MethodResult result_of(const spf::Report& report) {
    const auto by = report.mechanism.empty() ? std::string() : "by " + report.mechanism;
    auto result =
        made("spf", spf::name_of(report.outcome), report.problem.empty() ? by : report.problem);
    const bool is_helo = report.identity == spf::Identity::helo;
    add(result, "smtp", is_helo ? "helo" : "mailfrom", report.domain);
    return result;
}

// RFC 8601 §2.7.1; header.a and header.s are of RFC 8601, header.b of RFC 6008.
MethodResult result_of(const dkim::Verdict& verdict) {
    auto result = made("dkim", dkim::name_of(verdict.outcome), verdict.reason);
    if (verdict.is_testing) result.comment = "test mode";
    add(result, "header", "d", verdict.domain);
    if (verdict.identity != "@" + verdict.domain) add(result, "header", "i", verdict.identity);
    add(result, "header", "s", verdict.selector);
    add(result, "header", "a", verdict.algorithm);
    add(result, "header", "b", verdict.start);
    return result;
}

// RFC 9989 §9.1: header.from and what is to be done.
MethodResult result_of(const dmarc::Verdict& verdict) {
    auto result = made("dmarc", dmarc::name_of(verdict.outcome), verdict.reason);
    add(result, "header", "from", verdict.author);
    if (!verdict.record_domain.empty() || verdict.policy != dmarc::Policy::none)
        add(result, "policy", "dmarc", std::string(dmarc::name_of(verdict.policy)));
    return result;
}

MethodResult result_of(const arc::Verdict& verdict) {
    auto result = made("arc", arc::name_of(verdict.status), verdict.reason);
    if (verdict.seals.empty()) return result;
    result.comment = "i=" + std::to_string(verdict.seals.back().instance);
    add(result, "header", "d", verdict.seals.back().domain);
    return result;
}

// RFC 8601 §2.7.3, §3: the address. No property is registered for its name.
MethodResult result_of(const iprev::Verdict& verdict) {
    auto result = made("iprev", iprev::name_of(verdict.outcome), verdict.reason);
    result.comment = verdict.name;
    add(result, "policy", "iprev", net::format_ip(verdict.ip));
    return result;
}

} // namespace maild::policy
