#include "maild/policy/message.hpp"

#include "policy/dkim_header.hpp"

#include <algorithm>
#include <memory>
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

// Those that DMARC may need come first.
std::vector<std::string> questions_of(const dkim::Verification& signatures,
                                      const arc::Validation& chain, const dmarc::Authors& authors) {
    auto names = signatures.questions(authors.domains.empty() ? "" : authors.domains.front());
    for (auto& name : chain.questions()) {
        if (std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
    }
    return names;
}

} // namespace

net::Task<MessageReport> check_message(net::Resolver& resolver, std::string_view content,
                                       SpfIdentifier spf, dkim::Options options) {
    const auto header = std::make_shared<const dkim::MessageHeader>(content);
    dkim::BodyHashes hashes;
    const dkim::Verification signatures(header, hashes, options);
    const arc::Validation chain(header, hashes, options);
    hashes.take(content.substr(header->body_begin()));
    hashes.finish();
    MessageReport report;
    auto authors = dmarc::authors_of(header->section());
    auto names = questions_of(signatures, chain, authors);
    const auto keys = co_await dkim::ask_keys(resolver, std::move(names));
    report.dkim = signatures.verdicts(keys);
    report.arc = chain.verdict(keys);
    auto identifiers = identifiers_of(report.dkim, std::move(spf));
    auto verdict = co_await dmarc::evaluate(resolver, std::move(authors), std::move(identifiers));
    report.dmarc = std::move(verdict);
    co_return report;
}

} // namespace maild::policy
