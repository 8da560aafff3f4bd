#include "maild/policy/record_audit.hpp"

#include "policy/dkim_key.hpp"
#include "policy/spf_record.hpp"

#include <algorithm>
#include <chrono>
#include <deque>
#include <utility>

namespace maild::policy::spf {
namespace {

constexpr std::chrono::milliseconds kLookupTime{5'000};

Ending ending_of(Qualifier qualifier) {
    switch (qualifier) {
    case Qualifier::pass: return Ending::pass;
    case Qualifier::neutral: return Ending::neutral;
    case Qualifier::softfail: return Ending::softfail;
    case Qualifier::fail: return Ending::fail;
    }
    return Ending::none;
}

bool is_everybody(const Directive& directive) {
    switch (directive.mechanism) {
    case Mechanism::all: return true;
    case Mechanism::ip4: return directive.ip4_prefix == 0;
    case Mechanism::ip6: return directive.ip6_prefix == 0;
    case Mechanism::a:
    case Mechanism::mx: return directive.ip4_prefix == 0 || directive.ip6_prefix == 0;
    default: return false;
    }
}

bool looks_up(Mechanism mechanism) {
    return mechanism != Mechanism::all && mechanism != Mechanism::ip4 &&
           mechanism != Mechanism::ip6;
}

bool has_macros(std::string_view domain_spec) { return domain_spec.contains('%'); }

// One audit: records that are to be read wait in a queue, so that neither depth nor a circle of
// includes matters; kMaxAuditedLookups ends it.
class Auditor {
public:
    explicit Auditor(net::Resolver& resolver) : resolver_(resolver) {}

    net::Task<Audit> run(std::string domain);

private:
    // A record whose results may become ours: `passes` is whether its pass is a pass of ours.
    struct Waiting {
        std::string domain;
        bool passes = true;
        bool is_own = false;
    };

    net::Task<void> read(Waiting waiting);
    net::Task<void> follow(const Record& record, const Waiting& waiting);
    net::Task<void> look_up(const Directive& directive, std::string target);
    net::Task<net::DnsAnswer> ask(const std::string& name, net::DnsType type);
    void note(const Directive& directive, const Waiting& waiting);
    void follow_redirect(const Record& record, const Waiting& waiting);

    net::Resolver& resolver_;
    Audit out_;
    std::deque<Waiting> waiting_;
};

net::Task<Audit> Auditor::run(std::string domain) {
    waiting_.push_back({std::move(domain), true, true});
    while (!waiting_.empty() && out_.lookups < kMaxAuditedLookups) {
        auto next = std::move(waiting_.front());
        waiting_.pop_front();
        co_await read(std::move(next));
    }
    co_return std::move(out_);
}

net::Task<net::DnsAnswer> Auditor::ask(const std::string& name, net::DnsType type) {
    net::DnsQuestion question{name, type};
    auto answer = co_await resolver_.lookup(std::move(question), kLookupTime);
    out_.is_incomplete = out_.is_incomplete || answer.failed();
    co_return answer;
}

net::Task<void> Auditor::read(Waiting waiting) {
    auto answer = co_await ask(waiting.domain, net::DnsType::txt);
    if (answer.failed()) co_return;
    const bool is_void = answer.is_void();
    std::erase_if(answer.texts, [](const std::string& text) { return !is_record(text); });
    if (waiting.is_own) out_.records = answer.texts;
    if (answer.texts.empty() && !waiting.is_own) {
        if (is_void) out_.in_vain.push_back(waiting.domain);
        out_.missing.push_back(waiting.domain);
    }
    if (answer.texts.size() > 1 && !waiting.is_own)
        out_.fault = waiting.domain + " has more than one SPF record";
    if (answer.texts.size() != 1) co_return;
    const auto record = parse_record(answer.texts.front());
    if (!record) {
        out_.fault = "the record of " + waiting.domain + " has a fault at octet " +
                     std::to_string(record.error().offset) +
                     ", where this is wanted: " + std::string(record.error().expected);
        co_return;
    }
    co_await follow(*record, waiting);
}

void Auditor::note(const Directive& directive, const Waiting& waiting) {
    if (waiting.passes && directive.qualifier == Qualifier::pass && is_everybody(directive))
        out_.for_all.push_back(directive.text +
                               (waiting.is_own ? "" : " in the record of " + waiting.domain));
    if (directive.mechanism == Mechanism::ptr) out_.uses_ptr = true;
    if (waiting.is_own && directive.mechanism == Mechanism::all)
        out_.ending = ending_of(directive.qualifier);
}

// §6.1: not where there is an "all".
void Auditor::follow_redirect(const Record& record, const Waiting& waiting) {
    const auto is_all = [](const Directive& each) { return each.mechanism == Mechanism::all; };
    if (!record.redirect || std::ranges::any_of(record.directives, is_all)) return;
    ++out_.lookups;
    if (waiting.is_own) out_.ending = Ending::redirect;
    if (!has_macros(*record.redirect))
        waiting_.push_back({*record.redirect, waiting.passes, false});
}

net::Task<void> Auditor::follow(const Record& record, const Waiting& waiting) {
    for (const auto& directive : record.directives) {
        note(directive, waiting);
        if (directive.mechanism == Mechanism::all) break; // §5.1: nothing behind it counts
        if (!looks_up(directive.mechanism)) continue;
        if (++out_.lookups >= kMaxAuditedLookups) co_return;
        if (has_macros(directive.domain_spec)) continue;
        auto target = directive.domain_spec.empty() ? waiting.domain : directive.domain_spec;
        if (directive.mechanism == Mechanism::include)
            waiting_.push_back({std::move(target),
                                waiting.passes && directive.qualifier == Qualifier::pass, false});
        else
            co_await look_up(directive, std::move(target));
    }
    follow_redirect(record, waiting);
}

// Whether there is anything at all, on either family for "a".
net::Task<void> Auditor::look_up(const Directive& directive, std::string target) {
    if (directive.mechanism == Mechanism::ptr) co_return;
    const bool is_mx = directive.mechanism == Mechanism::mx;
    const auto first = co_await ask(target, is_mx ? net::DnsType::mx : net::DnsType::a);
    if (!first.is_void()) co_return;
    if (directive.mechanism == Mechanism::a) {
        const auto second = co_await ask(target, net::DnsType::aaaa);
        if (!second.is_void()) co_return;
    }
    out_.in_vain.push_back(directive.text);
}

} // namespace

net::Task<Audit> audit(net::Resolver& resolver, std::string domain) {
    Auditor auditor(resolver);
    auto out = co_await auditor.run(std::move(domain));
    co_return out;
}

} // namespace maild::policy::spf

namespace maild::policy::dkim {

std::expected<KeyTraits, std::string> key_traits(std::string_view record) {
    const auto parsed = parse_key_record(record);
    if (!parsed) return std::unexpected(parsed.error());
    return KeyTraits{.is_revoked = parsed->key.empty(),
                     .is_testing = parsed->is_testing,
                     .is_for_mail = parsed->is_for_mail,
                     .takes_sha256 = parsed->takes_sha256};
}

} // namespace maild::policy::dkim
