#include "maild/policy/message.hpp"

#include "maild/mail/header.hpp"

#include <utility>

namespace maild::policy {
namespace {

// A key in test mode (t=y) counts when its signature is right: many domains have forgotten that it
// is there, and refusing their mail would help nobody.
dmarc::Identifiers identifiers_of(const std::vector<dkim::Verdict>& verdicts, SpfIdentifier spf) {
    dmarc::Identifiers identifiers;
    (spf.is_undecided ? identifiers.undecided_spf : identifiers.spf) = std::move(spf.domain);
    for (const auto& verdict : verdicts) {
        if (verdict.outcome == dkim::Outcome::pass) identifiers.dkim.push_back(verdict.domain);
        if (verdict.outcome == dkim::Outcome::temperror)
            identifiers.undecided_dkim.push_back(verdict.domain);
    }
    return identifiers;
}

} // namespace

net::Task<MessageReport> check_message(net::Resolver& resolver, std::string_view content,
                                       SpfIdentifier spf, dkim::Options options) {
    dkim::BodyHashes hashes;
    const dkim::Verification signatures(content, hashes, options);
    const arc::Validation chain(content, hashes, options);
    hashes.take(content.substr(mail::parse_header(content).body_begin));
    hashes.finish();
    MessageReport report;
    auto names = signatures.questions();
    auto keys = co_await dkim::ask_keys(resolver, std::move(names));
    report.dkim = signatures.verdicts(keys);
    names = chain.questions();
    auto chain_keys = co_await dkim::ask_keys(resolver, std::move(names));
    report.arc = chain.verdict(chain_keys);
    auto authors = dmarc::authors_of(mail::parse_header(content));
    auto identifiers = identifiers_of(report.dkim, std::move(spf));
    auto verdict = co_await dmarc::evaluate(resolver, std::move(authors), std::move(identifiers));
    report.dmarc = std::move(verdict);
    co_return report;
}

} // namespace maild::policy
