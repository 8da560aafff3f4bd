#include "maild/policy/dkim.hpp"

#include "policy/dkim_header.hpp"
#include "policy/dkim_key.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

namespace maild::policy::dkim {
namespace {

// For all keys together; those that are not there by then are `temperror`.
constexpr std::chrono::milliseconds kKeysTimeout{20'000}; // of all of a message
constexpr std::chrono::milliseconds kKeyTimeout{5'000};

struct Candidate {
    std::size_t field = 0; // in the header
    SignatureResult signature;
    std::size_t wanted = 0; // body hash, if there is a signature
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

} // namespace

std::string_view name_of(Outcome outcome) {
    constexpr std::string_view kNames[] = {"none",    "pass",      "fail",     "policy",
                                           "neutral", "temperror", "permerror"};
    return kNames[static_cast<std::size_t>(outcome)];
}

struct Verification::Impl {
    MessageHeader header;
    BodyHashes& hashes;
    Options options;
    std::vector<Candidate> candidates{};
    std::size_t too_many = 0;

    void collect();
    Verdict judge(const Candidate& candidate, const KeyAnswers& answers) const;
    // Whether the hashes are those of the signature, and what else there is to say.
    void compare(Verdict& verdict, const Candidate& candidate, EVP_PKEY& key) const;
};

void Verification::Impl::collect() {
    for (std::size_t i = 0; i < header.fields().size(); ++i) {
        const auto& field = header.fields()[i];
        if (!field.is("DKIM-Signature")) continue;
        if (candidates.size() == kMaxSignatures) {
            ++too_many;
            continue;
        }
        Candidate candidate{i, std::unexpected(Refusal{Fault::syntax, "the field is too long"}), 0};
        if (field.end - field.begin <= kMaxSignatureField)
            candidate.signature = parse_dkim_signature(field.body);
        if (candidate.signature)
            candidate.wanted = hashes.want(candidate.signature->body_canonicalization,
                                           candidate.signature->length);
        candidates.push_back(std::move(candidate));
    }
}

void Verification::Impl::compare(Verdict& verdict, const Candidate& candidate,
                                 EVP_PKEY& key) const {
    const auto& signature = *candidate.signature;
    const auto size = hashes.size(candidate.wanted);
    if (signature.length && *signature.length > size)
        return conclude(verdict, Outcome::permerror, "more is signed (l=) than the body has");
    if (signature.body_hash != hashes.hash(candidate.wanted))
        return conclude(verdict, Outcome::fail, "the body was changed");
    if (!verify_digest(key, header.data_hash(signature, candidate.field), signature.signature))
        return conclude(verdict, Outcome::fail, "the header was changed, or it is another's key");
    if (const auto name = header.added_field(signature); !name.empty())
        return conclude(verdict, Outcome::policy,
                        "a second " + std::string(name) + ", which is not signed");
    conclude(verdict, Outcome::pass, "signature and body hash are right");
    if (signature.length && *signature.length < size) {
        verdict.unsigned_octets = size - *signature.length;
        verdict.reason += ", but " + std::to_string(*verdict.unsigned_octets) +
                          " octets of the body are not signed (l=)";
    }
}

Verdict Verification::Impl::judge(const Candidate& candidate, const KeyAnswers& answers) const {
    Verdict verdict;
    if (!candidate.signature) {
        const auto& refusal = candidate.signature.error();
        conclude(verdict, result_for(refusal.fault), refusal.reason);
        return verdict;
    }
    const auto& signature = *candidate.signature;
    verdict = verdict_for(signature);
    if (!header.is_whole()) {
        conclude(verdict, Outcome::policy, "the header section is larger than is looked at");
        return verdict;
    }
    if (signature.expires && *signature.expires < options.now) {
        conclude(verdict, Outcome::permerror, "the signature has expired"); // §6.1.1
        return verdict;
    }
    const auto answer = answers.find(signature.key_name());
    const auto key =
        usable_key(signature, answer == answers.end() ? KeyAnswer{} : answer->second, options);
    if (!key) {
        conclude(verdict, key.error().outcome, key.error().reason);
        return verdict;
    }
    compare(verdict, candidate, *key->key);
    verdict.is_testing = key->is_testing;
    // §3.6.1 t=y: as if it were not signed, even should it fail.
    if (key->is_testing && verdict.outcome == Outcome::fail)
        conclude(verdict, Outcome::neutral, verdict.reason + " (the domain is testing)");
    return verdict;
}

Verification::Verification(std::string_view header, BodyHashes& hashes, const Options& options)
    : impl_(new Impl{MessageHeader(header), hashes, options}) {
    impl_->collect();
}

Verification::~Verification() = default;

std::vector<std::string> Verification::questions() const {
    std::vector<std::string> names;
    for (const auto& candidate : impl_->candidates) {
        if (!candidate.signature) continue;
        auto name = candidate.signature->key_name();
        if (std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
    }
    return names;
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
    KeyAnswers answers;
    const auto deadline = std::chrono::steady_clock::now() + kKeysTimeout;
    for (const auto& name : names) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            deadline - std::chrono::steady_clock::now());
        if (left <= std::chrono::milliseconds::zero()) break;
        net::DnsQuestion question{name, net::DnsType::txt};
        // A server that is silent takes its part of the time, and not that of the others.
        auto answer = co_await resolver.lookup(std::move(question), std::min(left, kKeyTimeout));
        auto& key = answers[name];
        if (answer.status == net::DnsStatus::found) {
            key.state = KeyAnswer::State::found;
            key.records = std::move(answer.texts);
        } else if (answer.is_void()) {
            key.state = KeyAnswer::State::absent;
        }
    }
    co_return answers;
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
