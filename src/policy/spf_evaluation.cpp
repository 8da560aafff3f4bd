#include "policy/spf_evaluation.hpp"

#include "maild/base/ascii.hpp"

#include <algorithm>
#include <utility>

namespace maild::policy::spf {
namespace {

// RFC 7208 §4.6.4
constexpr int kMaxTerms = 10;
constexpr int kMaxVoids = 2;

// §4.3: not malformed, of several labels, no address literal; U-labels are none (§4.3 wants
// A-labels).
bool is_checkable(std::string_view domain) {
    if (domain.ends_with('.')) domain.remove_suffix(1);
    return net::is_dns_name(domain) && domain.contains('.') && !domain.starts_with('[') &&
           !ascii::has_8bit(domain);
}

Outcome outcome_of(Qualifier qualifier) {
    switch (qualifier) {
    case Qualifier::pass: return Outcome::pass;
    case Qualifier::fail: return Outcome::fail;
    case Qualifier::softfail: return Outcome::softfail;
    case Qualifier::neutral: return Outcome::neutral;
    }
    return Outcome::neutral;
}

} // namespace

Evaluation::Evaluation(const Verifier& verifier, Query query, SteadyTime deadline)
    : verifier_(verifier), query_(std::move(query)), deadline_(deadline) {}

net::Task<Report> Evaluation::run() {
    const auto judgement = co_await check(query_.domain);
    Report report;
    report.outcome = judgement.outcome;
    report.domain = query_.domain;
    report.mechanism = judgement.mechanism;
    const bool is_judged = report.outcome != Outcome::none &&
                           report.outcome != Outcome::temperror &&
                           report.outcome != Outcome::permerror;
    if (!is_judged) report.problem = problem_;
    if (report.outcome != Outcome::fail) co_return report;
    auto explanation = co_await explain(judgement);
    report.explanation = std::move(explanation);
    co_return report;
}

// §4.3 to §4.7, also for the targets of include and redirect: kMaxTerms bounds how deep.
net::Task<Evaluation::Judgement> Evaluation::check(const std::string& domain) {
    Judgement judgement;
    judgement.domain = domain;
    const auto record = co_await fetch(domain, judgement);
    if (!record) co_return judgement;
    for (const auto& directive : record->directives) {
        const auto matched = co_await match(directive, domain);
        if (matched == Match::no) continue;
        judgement.mechanism = directive.text;
        judgement.outcome = matched == Match::temperror   ? Outcome::temperror
                            : matched == Match::permerror ? Outcome::permerror
                                                          : outcome_of(directive.qualifier);
        judgement.explanation = record->explanation;
        co_return judgement;
    }
    if (record->redirect) { // §6.1
        const auto redirected = co_await redirect(*record->redirect, domain);
        co_return redirected;
    }
    judgement.outcome = Outcome::neutral; // §4.7
    co_return judgement;
}

// The record (§4.4, §4.5), or why there is none as the judgement's outcome.
net::Task<std::optional<Record>> Evaluation::fetch(const std::string& domain,
                                                   Judgement& judgement) {
    if (!is_checkable(domain)) {
        problem_ = "not a domain name of several labels";
        co_return std::nullopt;
    }
    auto answer = co_await ask(domain, net::DnsType::txt);
    if (answer.failed()) {
        fail_lookup(answer, domain);
        judgement.outcome = Outcome::temperror;
        co_return std::nullopt;
    }
    std::erase_if(answer.texts, [](const std::string& text) { return !is_record(text); });
    if (answer.texts.empty()) {
        problem_ = "no SPF record at " + domain;
        co_return std::nullopt;
    }
    judgement.outcome = Outcome::permerror;
    if (answer.texts.size() > 1) {
        problem_ = "more than one SPF record at " + domain;
        co_return std::nullopt;
    }
    auto record = parse_record(answer.texts.front());
    if (!record) {
        problem_ = "the record of " + domain + " has a fault at octet " +
                   std::to_string(record.error().offset) +
                   ", where this is wanted: " + std::string(record.error().expected);
        co_return std::nullopt;
    }
    co_return std::move(*record);
}

net::Task<Evaluation::Judgement> Evaluation::redirect(const std::string& domain_spec,
                                                      const std::string& domain) {
    Judgement judgement;
    judgement.domain = domain;
    judgement.mechanism = "redirect=" + domain_spec;
    judgement.outcome = Outcome::permerror;
    if (!take_term()) co_return judgement;
    const auto target = co_await target_of(domain_spec, domain, true);
    if (terms_ > kMaxTerms) co_return judgement;
    const auto name = target.value_or(""); // RFC 8616 §4: none, which is no name
    auto redirected = co_await check(name);
    if (redirected.outcome != Outcome::none) co_return redirected;
    co_return judgement; // §6.1: none becomes permerror
}

net::Task<Evaluation::Match> Evaluation::match(const Directive& directive,
                                               const std::string& domain) {
    switch (directive.mechanism) {
    case Mechanism::all: co_return Match::yes;
    case Mechanism::ip4:
    case Mechanism::ip6: co_return is_in(directive, directive.network) ? Match::yes : Match::no;
    default: break;
    }
    if (!take_term()) co_return Match::permerror;
    if (directive.domain_spec.empty()) {
        const auto matched = co_await match_target(directive, domain);
        co_return matched;
    }
    const auto target = co_await target_of(directive.domain_spec, domain, true);
    if (terms_ > kMaxTerms) co_return Match::permerror;
    if (!target) co_return Match::no; // RFC 8616 §4
    const auto matched = co_await match_target(directive, *target);
    co_return matched;
}

net::Task<Evaluation::Match> Evaluation::match_target(const Directive& directive,
                                                      const std::string& target) {
    // What cannot be asked for does not exist (§4.8 leaves it open), and costs no question.
    if (!net::is_dns_name(target) && directive.mechanism != Mechanism::include) co_return Match::no;
    Match matched = Match::no;
    switch (directive.mechanism) {
    case Mechanism::include: matched = co_await match_include(target); break;
    case Mechanism::a: matched = co_await match_a(directive, target); break;
    case Mechanism::mx: matched = co_await match_mx(directive, target); break;
    case Mechanism::ptr: matched = co_await match_ptr(target); break;
    case Mechanism::exists: matched = co_await match_exists(target); break;
    default: break;
    }
    co_return matched;
}

net::Task<std::optional<MacroValues>>
Evaluation::values_for(const std::string& text, const std::string& domain, bool counts) {
    std::string validated;
    if (uses_validated_name(text)) {
        if (counts && !validated_ && !take_term()) co_return std::nullopt;
        auto name = co_await validated_name(domain);
        validated = std::move(name);
    }
    co_return values(domain, std::move(validated));
}

net::Task<std::optional<std::string>>
Evaluation::target_of(const std::string& domain_spec, const std::string& domain, bool counts) {
    const auto meanings = co_await values_for(domain_spec, domain, counts);
    if (!meanings) co_return std::nullopt;
    co_return expand_domain(domain_spec, *meanings);
}

// §6.2: what the owner of the domain says to who is refused. Its lookups count nowhere.
net::Task<std::optional<std::string>> Evaluation::explain(const Judgement& judgement) {
    constexpr std::size_t kMaxExplanation = 1000; // octets; a reply is no page
    if (!judgement.explanation) co_return std::nullopt;
    const auto target = co_await target_of(*judgement.explanation, judgement.domain, false);
    if (!target) co_return std::nullopt;
    const auto answer = co_await ask(*target, net::DnsType::txt);
    if (answer.texts.size() != 1 || !is_explain_string(answer.texts[0])) co_return std::nullopt;
    const auto meanings = co_await values_for(answer.texts[0], judgement.domain, false);
    auto text = expand(answer.texts[0], *meanings);
    // What a client has said may stand in it by now, and it goes into a reply.
    if (!text || text->size() > kMaxExplanation || std::ranges::any_of(*text, [](char c) {
            return ascii::is_control(c) || ascii::is_8bit(c);
        }))
        co_return std::nullopt;
    co_return text;
}

net::Task<net::DnsAnswer> Evaluation::ask(const std::string& name, net::DnsType type) {
    net::DnsAnswer unasked;
    if (!net::is_dns_name(name)) {
        unasked.status = net::DnsStatus::no_such_name;
        co_return unasked;
    }
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline_ - verifier_.clock.steady_now());
    if (left <= std::chrono::milliseconds(0)) {
        unasked.problem = "the time for all lookups is over";
        co_return unasked;
    }
    net::DnsQuestion question{name, type};
    auto answer = co_await verifier_.resolver.lookup(std::move(question),
                                                     std::min(left, verifier_.lookup_timeout));
    co_return answer;
}

Evaluation::Match Evaluation::condemn(Match match, std::string problem) {
    problem_ = std::move(problem);
    return match;
}

Evaluation::Match Evaluation::fail_lookup(const net::DnsAnswer& answer, const std::string& name) {
    return condemn(Match::temperror,
                   "no answer for " + name + (answer.problem.empty() ? "" : ": " + answer.problem));
}

bool Evaluation::take_term() {
    if (++terms_ <= kMaxTerms) return true;
    problem_ = "more than 10 terms that look something up";
    return false;
}

Evaluation::Match Evaluation::judge_void(bool is_void) {
    if (!is_void || ++voids_ <= kMaxVoids) return Match::no;
    return condemn(Match::permerror, "more than 2 lookups without an answer");
}

MacroValues Evaluation::values(const std::string& domain, std::string validated) const {
    MacroValues out;
    out.local_part = query_.local_part.empty() ? "postmaster" : query_.local_part;
    out.sender_domain = query_.sender_domain;
    out.domain = domain;
    out.ip = query_.ip;
    out.helo = query_.helo;
    out.validated = std::move(validated);
    out.receiver = verifier_.receiver;
    out.now = to_unix_seconds(verifier_.clock.now());
    return out;
}

} // namespace maild::policy::spf
