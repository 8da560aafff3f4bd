#include "maild/policy/dkim.hpp"

#include "policy/dkim_header.hpp"
#include "policy/dkim_key.hpp"
#include "policy/lookups.hpp"

#include "maild/base/ensure.hpp"
#include "maild/policy/dmarc.hpp"

#include <algorithm>
#include <utility>

namespace maild::policy::dkim {
namespace {

struct Candidate {
    std::size_t field = 0; // in the header
    SignatureResult signature;
    std::optional<std::size_t> wanted{}; // body hash; none: no signature, or too many lengths
};

Outcome result_for(Fault fault) {
    switch (fault) {
    case Fault::syntax: return Outcome::neutral;
    case Fault::requirement: return Outcome::permerror;
    case Fault::historic: return Outcome::policy;
    }
    return Outcome::neutral;
}

Verdict verdict_for(const Signature& signature) {
    Verdict verdict;
    verdict.domain = signature.domain;
    verdict.selector = signature.selector;
    verdict.identity = signature.identity;
    verdict.algorithm = signature.algorithm;
    verdict.start = signature.start;
    return verdict;
}

void conclude(Verdict& verdict, Outcome outcome, std::string reason) {
    verdict.outcome = outcome;
    verdict.reason = std::move(reason);
}

std::string unsigned_part(std::uint64_t octets) {
    return std::to_string(octets) + " octets of the body are not signed (l=)";
}

} // namespace

std::string_view name_of(Outcome outcome) {
    constexpr std::string_view kNames[] = {"none",    "pass",      "fail",     "policy",
                                           "neutral", "temperror", "permerror"};
    return kNames[static_cast<std::size_t>(outcome)];
}

struct Verification::Impl {
    std::shared_ptr<const MessageHeader> header;
    BodyHashes& hashes;
    Options options;
    std::vector<Candidate> candidates{};
    std::vector<std::size_t> lengths{}; // hashes of a part of the body
    std::size_t too_many = 0;

    void collect();
    std::optional<std::size_t> want_hash(const Signature& signature);
    // The verdict as far as no key is needed for it; its outcome is `none` where one is.
    Verdict judge_alone(const Candidate& candidate) const;
    void judge_body(Verdict& verdict, const Candidate& candidate) const;
    Verdict judge(const Candidate& candidate, const KeyAnswers& answers) const;
    // Whether the signature is the key's, and what else there is to say.
    void judge_header(Verdict& verdict, const Candidate& candidate, EVP_PKEY& key) const;
};

void Verification::Impl::collect() {
    const auto& fields = header->fields();
    for (std::size_t i = 0; i < fields.size(); ++i) {
        if (!fields[i].is("DKIM-Signature")) continue;
        if (candidates.size() == kMaxSignatures) {
            ++too_many;
            continue;
        }
        Candidate candidate{i, std::unexpected(Refusal{Fault::syntax, "the field is too long"})};
        if (fields[i].end - fields[i].begin <= kMaxSignatureField)
            candidate.signature = parse_dkim_signature(fields[i].body);
        if (candidate.signature) candidate.wanted = want_hash(*candidate.signature);
        candidates.push_back(std::move(candidate));
    }
}

std::optional<std::size_t> Verification::Impl::want_hash(const Signature& signature) {
    const auto kind = signature.body_canonicalization;
    if (!signature.length) return hashes.want(kind, std::nullopt);
    const auto known = hashes.find(kind, signature.length);
    if (known) return known;
    if (lengths.size() == kMaxLengths) return std::nullopt;
    return lengths.emplace_back(hashes.want(kind, signature.length));
}

void Verification::Impl::judge_body(Verdict& verdict, const Candidate& candidate) const {
    const auto& signature = *candidate.signature;
    if (!candidate.wanted)
        return conclude(verdict, Outcome::policy, "there are too many lengths (l=) to look at");
    const auto size = hashes.size(*candidate.wanted);
    if (signature.length && *signature.length > size)
        return conclude(verdict, Outcome::permerror, "more is signed (l=) than the body has");
    if (signature.body_hash != hashes.hash(*candidate.wanted))
        return conclude(verdict, Outcome::fail, "the body was changed");
    if (!signature.length || *signature.length == size) return;
    verdict.unsigned_octets = size - *signature.length;
    // §8.2, whether the signature is right or not, unless somebody wants to know that.
    if (!options.accepts_unsigned_octets && !options.asks_all_keys)
        conclude(verdict, Outcome::policy, unsigned_part(*verdict.unsigned_octets));
}

Verdict Verification::Impl::judge_alone(const Candidate& candidate) const {
    Verdict verdict;
    if (!candidate.signature) {
        const auto& refusal = candidate.signature.error();
        conclude(verdict, result_for(refusal.fault), refusal.reason);
        return verdict;
    }
    const auto& signature = *candidate.signature;
    verdict = verdict_for(signature);
    if (!header->is_whole())
        conclude(verdict, Outcome::policy, "the header section is larger than is looked at");
    else if (signature.expires && *signature.expires < options.now)
        conclude(verdict, Outcome::permerror, "the signature has expired"); // §6.1.1
    else if (!options.asks_all_keys)
        judge_body(verdict, candidate);
    return verdict;
}

void Verification::Impl::judge_header(Verdict& verdict, const Candidate& candidate,
                                      EVP_PKEY& key) const {
    const auto& signature = *candidate.signature;
    if (!verify_digest(key, header->data_hash(signature, candidate.field), signature.signature))
        return conclude(verdict, Outcome::fail, "the header was changed, or it is another's key");
    if (const auto name = header->added_field(signature); !name.empty())
        return conclude(verdict, Outcome::policy,
                        "a second " + std::string(name) + ", which is not signed");
    conclude(verdict, Outcome::pass, "signature and body hash are right");
    if (!verdict.unsigned_octets) return;
    verdict.reason += ", but " + unsigned_part(*verdict.unsigned_octets);
    if (!options.accepts_unsigned_octets) verdict.outcome = Outcome::policy; // §8.2
}

Verdict Verification::Impl::judge(const Candidate& candidate, const KeyAnswers& answers) const {
    auto verdict = judge_alone(candidate);
    if (verdict.outcome != Outcome::none) return verdict;
    const auto& signature = *candidate.signature;
    const auto answer = answers.find(signature.key_name());
    const auto key =
        usable_key(signature, answer == answers.end() ? KeyAnswer{} : answer->second, options);
    if (!key) {
        conclude(verdict, key.error().outcome, key.error().reason);
        return verdict;
    }
    if (options.asks_all_keys) judge_body(verdict, candidate);
    if (verdict.outcome == Outcome::none) judge_header(verdict, candidate, *key->key);
    verdict.is_testing = key->is_testing;
    // §3.6.1 t=y: as if it were not signed, even should it fail.
    if (key->is_testing && verdict.outcome == Outcome::fail)
        conclude(verdict, Outcome::neutral, verdict.reason + " (the domain is testing)");
    return verdict;
}

Verification::Verification(std::string_view header, BodyHashes& hashes, const Options& options)
    : Verification(std::make_shared<const MessageHeader>(header), hashes, options) {}

Verification::Verification(std::shared_ptr<const MessageHeader> header, BodyHashes& hashes,
                           const Options& options)
    : impl_(new Impl{std::move(header), hashes, options}) {
    impl_->collect();
}

Verification::~Verification() = default;

std::vector<std::string> Verification::questions(std::string_view author) const {
    ensure(impl_->hashes.is_finished(), "the body comes before the keys");
    std::vector<std::string> related;
    std::vector<std::string> others;
    for (const auto& candidate : impl_->candidates) {
        if (impl_->judge_alone(candidate).outcome != Outcome::none) continue;
        const auto& signature = *candidate.signature;
        auto& names = dmarc::may_be_aligned(signature.domain, author) ? related : others;
        auto name = signature.key_name();
        if (std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
    }
    std::ranges::move(others, std::back_inserter(related));
    return related;
}

std::vector<Verdict> Verification::verdicts(const KeyAnswers& answers) const {
    std::vector<Verdict> all;
    for (const auto& candidate : impl_->candidates) all.push_back(impl_->judge(candidate, answers));
    if (impl_->too_many > 0) {
        auto& rest = all.emplace_back();
        conclude(rest, Outcome::policy,
                 std::to_string(impl_->too_many) + " more signatures are not looked at");
    }
    if (all.empty()) conclude(all.emplace_back(), Outcome::none, "the message is not signed");
    return all;
}

net::Task<KeyAnswers> ask_keys(net::Resolver& resolver, std::vector<std::string> names) {
    KeyAnswers keys;
    if (names.empty()) co_return keys;
    std::vector<net::DnsQuestion> questions;
    for (const auto& name : names) questions.push_back({name, net::DnsType::txt});
    auto answers = co_await ask_all(resolver, std::move(questions), LookupLimits{});
    for (std::size_t i = 0; i < names.size(); ++i) {
        auto& key = keys[names[i]];
        if (answers[i].status == net::DnsStatus::found) {
            key.state = KeyAnswer::State::found;
            key.records = std::move(answers[i].texts);
        } else if (answers[i].is_void()) {
            key.state = KeyAnswer::State::absent;
        }
    }
    co_return keys;
}

net::Task<std::vector<Verdict>> verify(net::Resolver& resolver, std::string_view content,
                                       Options options) {
    BodyHashes hashes;
    const Verification verification(content, hashes, options);
    hashes.take(content.substr(mail::parse_header(content).body_begin));
    hashes.finish();
    auto names = verification.questions();
    auto answers = co_await ask_keys(resolver, std::move(names));
    co_return verification.verdicts(answers);
}

} // namespace maild::policy::dkim
