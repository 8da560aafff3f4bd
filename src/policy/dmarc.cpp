#include "maild/policy/dmarc.hpp"

#include "policy/dmarc_walk.hpp"

#include <algorithm>
#include <utility>

// GCC 12 takes Asio's frame allocator, inlined in parts, for a mismatch.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace maild::policy::dmarc {
namespace {

bool says_suffix(const Walk& walk) {
    return std::ranges::any_of(walk.found, [](const Found& found) {
        return found.record.public_suffix != PublicSuffix::unknown;
    });
}

// RFC 9989 §4.7 t=: one step less than what is asked for.
Policy eased(Policy policy) { return policy == Policy::reject ? Policy::quarantine : Policy::none; }

class Evaluation {
public:
    Evaluation(Walker& walker, Identifiers identifiers, Discovery discovery)
        : walker_(walker), identifiers_(std::move(identifiers)), discovery_(discovery) {
        verdict_.author = identifiers_.author;
        verdict_.authors = {identifiers_.author};
    }

    net::Task<Verdict> run();

private:
    // The author's record and organizational domain; false: the verdict is there.
    net::Task<bool> discover();
    net::Task<bool> discover_by_walk();
    net::Task<bool> discover_by_list();
    std::vector<std::string> domains_by_list() const;
    void choose_record(const Walk& walk);
    net::Task<void> apply_policy();
    net::Task<void> align_all();
    net::Task<void> align_undecided();
    net::Task<bool> is_aligned(std::string domain, AlignmentMode mode);
    bool conclude(Outcome outcome, std::string reason);
    void compare();

    Walker& walker_;
    Identifiers identifiers_;
    Discovery discovery_;
    Verdict verdict_;
    std::optional<Record> record_;
    bool is_uncertain_ = false; // some walk was incomplete
    bool says_suffix_ = false;  // the author's walk has met psd=
};

bool Evaluation::conclude(Outcome outcome, std::string reason) {
    verdict_.outcome = outcome;
    verdict_.reason = std::move(reason);
    return false;
}

// §4.10.1: the author domain's record, else the organizational domain's, else the public suffix
// domain's, which is the one that ended the walk.
void Evaluation::choose_record(const Walk& walk) {
    const auto at = [&walk](std::string_view domain) {
        return std::ranges::find(walk.found, domain, &Found::domain);
    };
    auto chosen = at(verdict_.author);
    if (chosen == walk.found.end()) chosen = at(verdict_.organizational_domain);
    if (chosen == walk.found.end() && !walk.found.empty() &&
        walk.found.back().record.public_suffix == PublicSuffix::yes)
        chosen = walk.found.end() - 1;
    if (chosen == walk.found.end()) return;
    record_ = chosen->record;
    verdict_.record_domain = chosen->domain;
    verdict_.record = chosen->text;
}

net::Task<bool> Evaluation::discover_by_walk() {
    auto walk = co_await walker_.walk(verdict_.author);
    is_uncertain_ = walk.is_incomplete;
    says_suffix_ = says_suffix(walk);
    verdict_.organizational_domain = organizational_domain(walk, verdict_.author);
    choose_record(walk);
    // The author's own record is certain. Another could stand higher up, unseen.
    if (walk.is_incomplete && verdict_.record_domain != verdict_.author)
        co_return conclude(Outcome::temperror, "the DNS does not answer for the policy");
    co_return true;
}

std::vector<std::string> Evaluation::domains_by_list() const {
    return {verdict_.author, verdict_.organizational_domain};
}

// RFC 7489 §6.6.3.
net::Task<bool> Evaluation::discover_by_list() {
    verdict_.organizational_domain = registrable_domain(verdict_.author).value_or(verdict_.author);
    const std::vector<std::string> domains = domains_by_list();
    for (const auto& domain : domains) {
        auto place = co_await walker_.look(domain);
        if (place.state == Place::State::failed)
            co_return conclude(Outcome::temperror, "the DNS does not answer for the policy");
        if (place.state != Place::State::record) continue;
        record_ = std::move(place.record);
        verdict_.record_domain = domain;
        verdict_.record = std::move(place.text);
        break;
    }
    co_return true;
}

net::Task<bool> Evaluation::discover() {
    auto place = co_await walker_.look(verdict_.author);
    if (place.state == Place::State::failed)
        co_return conclude(Outcome::temperror, "the DNS does not answer for the policy");
    if (place.state == Place::State::broken) co_return conclude(Outcome::permerror, place.problem);
    // RFC 7489 §6.6.3 step 5 ends here. RFC 9989 §4.10 discards them and does not say that what is
    // above would then count: a domain that has records of its own has not asked for another's.
    if (place.state == Place::State::many)
        co_return conclude(Outcome::none, "the author domain has several records");
    bool is_found = false;
    if (discovery_ == Discovery::tree_walk)
        is_found = co_await discover_by_walk();
    else
        is_found = co_await discover_by_list();
    if (!is_found) co_return false;
    if (!record_) co_return conclude(Outcome::none, "no policy is published");
    if (!record_->is_usable)
        co_return conclude(Outcome::none, "the record has neither a policy nor a report address");
    co_return true;
}

// §4.10.1: p= for the domain itself; below it sp=, and np= for names that do not exist.
net::Task<void> Evaluation::apply_policy() {
    auto policy = record_->policy;
    if (verdict_.record_domain != verdict_.author) {
        const auto below = record_->subdomain_policy.value_or(policy);
        policy = below;
        if (record_->absent_policy && *record_->absent_policy != below) {
            const bool exists = co_await walker_.exists(verdict_.author);
            if (!exists) policy = *record_->absent_policy;
        }
    }
    verdict_.policy = record_->is_testing ? eased(policy) : policy;
}

// §4.4.1, §4.4.2: the same domain, or the same organizational domain.
net::Task<bool> Evaluation::is_aligned(std::string domain, AlignmentMode mode) {
    if (domain == verdict_.author) co_return true;
    if (mode == AlignmentMode::strict) co_return false;
    const bool is_listed = have_same_registrable_domain(domain, verdict_.author);
    if (discovery_ == Discovery::public_suffix_list) co_return is_listed;
    // Who is not below the author's organizational domain cannot have the same.
    const bool is_below = is_at_or_below(domain, verdict_.organizational_domain);
    if (!is_below && !is_listed) co_return false;
    auto walk = co_await walker_.walk(domain);
    if (walk.is_incomplete) {
        is_uncertain_ = true;
        co_return false;
    }
    const auto organization = organizational_domain(walk, domain);
    if (organization == verdict_.organizational_domain) co_return true;
    // A domain that has a record of its own and none above was of its parent's organization in RFC
    // 7489 §3.2, by the list, and relies on it: for it psd= did not exist. Who uses psd= is
    // believed.
    co_return is_listed && !says_suffix_ && !says_suffix(walk);
}

net::Task<void> Evaluation::align_all() {
    verdict_.dkim.mode = record_->dkim_mode;
    verdict_.spf.mode = record_->spf_mode;
    if (identifiers_.dkim.size() > kMaxIdentifiers) identifiers_.dkim.resize(kMaxIdentifiers);
    for (const auto& identifier : identifiers_.dkim) {
        const auto domain = domain_name(identifier);
        if (!domain) continue;
        const bool aligned = co_await is_aligned(*domain, record_->dkim_mode);
        if (!aligned) continue;
        verdict_.dkim.domain = *domain;
        break;
    }
    if (const auto domain = domain_name(identifiers_.spf)) {
        const bool aligned = co_await is_aligned(*domain, record_->spf_mode);
        if (aligned) verdict_.spf.domain = *domain;
    }
    if (verdict_.dkim.domain.empty() && verdict_.spf.domain.empty()) co_await align_undecided();
}

net::Task<void> Evaluation::align_undecided() {
    auto& names = identifiers_.undecided_dkim;
    if (names.size() > kMaxIdentifiers) names.resize(kMaxIdentifiers);
    for (const auto& identifier : names) {
        const auto domain = domain_name(identifier);
        if (!domain || is_uncertain_) continue;
        const bool aligned = co_await is_aligned(*domain, record_->dkim_mode);
        is_uncertain_ = is_uncertain_ || aligned;
    }
    const auto domain = domain_name(identifiers_.undecided_spf);
    if (!domain || is_uncertain_) co_return;
    const bool aligned = co_await is_aligned(*domain, record_->spf_mode);
    is_uncertain_ = is_uncertain_ || aligned;
}

void Evaluation::compare() {
    const bool by_dkim = !verdict_.dkim.domain.empty();
    const bool by_spf = !verdict_.spf.domain.empty();
    if (by_dkim || by_spf) {
        conclude(Outcome::pass, std::string(by_dkim ? "DKIM" : "") +
                                    (by_dkim && by_spf ? " and " : "") + (by_spf ? "SPF" : "") +
                                    " aligned with " + verdict_.author);
        return;
    }
    if (is_uncertain_)
        conclude(Outcome::temperror, "the DNS does not answer, and so alignment cannot be told");
    else
        conclude(Outcome::fail,
                 "nothing that was authenticated is aligned with " + verdict_.author);
}

net::Task<Verdict> Evaluation::run() {
    const bool is_found = co_await discover();
    if (!is_found) co_return std::move(verdict_);
    co_await apply_policy();
    co_await align_all();
    compare();
    co_return std::move(verdict_);
}

// Of several domains that may be meant, none of which is the author's alone.
Verdict strictest(const Authors& authors, std::vector<Verdict> verdicts) {
    Verdict all;
    bool is_undecided = false;
    for (auto& verdict : verdicts) {
        const bool is_open = verdict.outcome == Outcome::temperror;
        is_undecided = is_undecided || is_open;
        if (is_open || verdict.outcome == Outcome::pass) continue;
        if (verdict.policy > all.policy) all = std::move(verdict);
    }
    if (authors.has_more) all.policy = Policy::reject;
    is_undecided = is_undecided && all.policy == Policy::none;
    all.outcome = is_undecided ? Outcome::temperror : Outcome::permerror;
    all.reason = authors.problem;
    for (const auto& domain : authors.domains)
        all.reason += (&domain == authors.domains.data() ? ": " : ", ") + domain;
    all.author.clear();
    all.authors = authors.domains;
    return all;
}

} // namespace

std::string_view name_of(Outcome outcome) {
    constexpr std::string_view kNames[] = {"none", "pass", "fail", "temperror", "permerror"};
    return kNames[static_cast<std::size_t>(outcome)];
}

net::Task<Verdict> evaluate(net::Resolver& resolver, Identifiers identifiers, Discovery discovery) {
    auto author = domain_name(identifiers.author);
    if (!author) {
        Verdict verdict{Outcome::permerror, "there is no author domain"};
        co_return verdict;
    }
    identifiers.author = std::move(*author);
    Walker walker(resolver);
    Evaluation evaluation(walker, std::move(identifiers), discovery);
    auto verdict = co_await evaluation.run();
    co_return verdict;
}

net::Task<Verdict> evaluate(net::Resolver& resolver, Authors authors, Identifiers identifiers,
                            Discovery discovery) {
    Walker walker(resolver);
    std::vector<Verdict> verdicts;
    for (const auto& domain : authors.domains) {
        identifiers.author = domain;
        Evaluation evaluation(walker, identifiers, discovery);
        auto verdict = co_await evaluation.run();
        if (authors.problem.empty()) co_return verdict;
        verdicts.push_back(std::move(verdict));
    }
    co_return strictest(authors, std::move(verdicts));
}

} // namespace maild::policy::dmarc
