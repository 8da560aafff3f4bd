// What `mailctl message verify` says of a message. Names and reasons hold what a stranger wrote, so
// all of it is made printable, for the terminal and for JSON.
#include "control/render.hpp"
#include "control/verify.hpp"

#include "maild/policy/authres_report.hpp"

namespace maild::control {
namespace json = boost::json;
namespace dkim = policy::dkim;
namespace dmarc = policy::dmarc;
namespace {

std::string line(const policy::MethodResult& result) {
    return printable(policy::format_method_result(result)) + "\n";
}

json::object dkim_json(const dkim::Verdict& verdict) {
    json::object out{{"result", dkim::name_of(verdict.outcome)},
                     {"reason", printable(verdict.reason)},
                     {"domain", printable(verdict.domain)},
                     {"selector", printable(verdict.selector)},
                     {"identity", printable(verdict.identity)},
                     {"algorithm", printable(verdict.algorithm)},
                     {"testing", verdict.is_testing}};
    if (verdict.unsigned_octets) out["unsigned_octets"] = *verdict.unsigned_octets;
    return out;
}

json::object dmarc_json(const dmarc::Verdict& verdict) {
    json::array authors;
    for (const auto& domain : verdict.authors) authors.emplace_back(printable(domain));
    return {{"result", dmarc::name_of(verdict.outcome)},
            {"reason", printable(verdict.reason)},
            {"policy", dmarc::name_of(verdict.policy)},
            {"from", printable(verdict.author)},
            {"authors", std::move(authors)},
            {"record_domain", printable(verdict.record_domain)},
            {"record", printable(verdict.record)},
            {"organizational_domain", printable(verdict.organizational_domain)},
            {"dkim_aligned", printable(verdict.dkim.domain)},
            {"spf_aligned", printable(verdict.spf.domain)}};
}

json::object arc_json(const policy::arc::Verdict& verdict) {
    json::array seals;
    for (const auto& seal : verdict.seals) {
        seals.push_back(json::object{{"instance", seal.instance},
                                     {"domain", printable(seal.domain)},
                                     {"selector", printable(seal.selector)}});
    }
    return {{"result", policy::arc::name_of(verdict.status)},
            {"reason", printable(verdict.reason)},
            {"seals", std::move(seals)}};
}

} // namespace

json::object message_json(const MessageCheck& check) {
    json::array signatures;
    for (const auto& verdict : check.report.dkim) signatures.push_back(dkim_json(verdict));
    json::object out{{"dkim", std::move(signatures)},
                     {"dmarc", dmarc_json(check.report.dmarc)},
                     {"arc", arc_json(check.report.arc)}};
    if (check.spf) out["spf"] = spf_json(check.spf->decisive());
    return out;
}

std::string message_text(const MessageCheck& check) {
    std::string out;
    out += check.spf ? line(policy::result_of(check.spf->decisive()))
                     : "spf=none reason=\"no client was given (--ip)\"\n";
    for (const auto& verdict : check.report.dkim) out += line(policy::result_of(verdict));
    out += line(policy::result_of(check.report.dmarc));
    out += line(policy::result_of(check.report.arc));
    const auto& dmarc = check.report.dmarc;
    if (!dmarc.organizational_domain.empty())
        out += "organizational domain: " + printable(dmarc.organizational_domain) + "\n";
    if (!dmarc.record_domain.empty())
        out += "policy of " + printable(dmarc.record_domain + ": " + dmarc.record) + "\n";
    for (const auto& seal : check.report.arc.seals)
        out += "sealed by " + printable(seal.domain + ", key " + seal.selector) + "\n";
    return out;
}

} // namespace maild::control
