#include "maild/policy/arc.hpp"

#include "policy/arc_sets.hpp"
#include "policy/dkim_canonical.hpp"
#include "policy/dkim_key.hpp"

#include "maild/base/ensure.hpp"

#include <algorithm>
#include <utility>

namespace maild::policy::arc {
namespace {

using dkim::Canonicalization;

std::string relaxed(const dkim::MessageHeader& header, std::size_t field) {
    return dkim::canonical_field(Canonicalization::relaxed, header.raw(field));
}

} // namespace

std::string_view name_of(ChainStatus status) {
    constexpr std::string_view kNames[] = {"none", "fail", "pass"};
    return kNames[static_cast<std::size_t>(status)];
}

struct Validation::Impl {
    std::shared_ptr<const dkim::MessageHeader> header;
    dkim::BodyHashes& hashes;
    dkim::Options options;
    std::expected<std::vector<Set>, std::string> sets{};
    std::size_t wanted = 0; // the body hash of the newest message signature

    // What is wrong, in words; none: it is right, as far as no key is needed to tell.
    std::optional<std::string> check_body() const;
    std::optional<std::string> verify(const dkim::Signature& signature, std::string_view digest,
                                      const dkim::KeyAnswers& answers) const;
    std::optional<std::string> verify_message(const dkim::KeyAnswers& answers) const;
    std::optional<std::string> verify_seals(const dkim::KeyAnswers& answers) const;
};

std::optional<std::string> Validation::Impl::verify(const dkim::Signature& signature,
                                                    std::string_view digest,
                                                    const dkim::KeyAnswers& answers) const {
    const auto answer = answers.find(signature.key_name());
    const auto key = dkim::usable_key(
        signature, answer == answers.end() ? dkim::KeyAnswer{} : answer->second, options);
    if (!key) return key.error().reason;
    if (!dkim::verify_digest(*key->key, digest, signature.signature))
        return "the signature is wrong";
    return std::nullopt;
}

// With unsigned octets at its end a body is not as it was sealed: RFC 6376 §8.2.
std::optional<std::string> Validation::Impl::check_body() const {
    const auto& signature = sets->back().message_signature;
    const auto size = hashes.size(wanted);
    if (signature.expires && *signature.expires < options.now) return "it has expired";
    if (signature.length && *signature.length > size)
        return "more is signed (l=) than the body has";
    if (signature.body_hash != hashes.hash(wanted)) return "the body was changed";
    if (signature.length && *signature.length < size && !options.accepts_unsigned_octets)
        return "a part of the body is not signed (l=)";
    return std::nullopt;
}

// §5.2 step 4: the newest one alone tells whether the message is as it was sealed.
std::optional<std::string> Validation::Impl::verify_message(const dkim::KeyAnswers& answers) const {
    const auto& set = sets->back();
    const auto& signature = set.message_signature;
    const auto prefix = "ARC-Message-Signature " + std::to_string(sets->size()) + ": ";
    auto problem = check_body();
    if (problem) return prefix + *problem;
    problem = verify(signature, header->data_hash(signature, set.message), answers);
    if (!problem) return std::nullopt;
    if (signature.names_canonicalization) return prefix + *problem;
    // Without c= it is simple (RFC 6376 §3.5); early sealers have meant relaxed (dkimpy 0.7).
    auto relaxed_one = signature;
    relaxed_one.header_canonicalization = Canonicalization::relaxed;
    problem = verify(relaxed_one, header->data_hash(relaxed_one, set.message), answers);
    return problem ? std::optional(prefix + *problem) : std::nullopt;
}

// §5.2 step 6 and §5.1.1: a seal signs all sets up to its own. The hash over them goes on from
// set to set, so fifty sets are hashed once and not fifty times; the newest is verified first all
// the same, because what is wrong there is worth more to know.
std::optional<std::string> Validation::Impl::verify_seals(const dkim::KeyAnswers& answers) const {
    std::vector<std::string> digests;
    dkim::Sha256 before;
    for (const auto& set : *sets) {
        before.update(relaxed(*header, set.results));
        before.update(relaxed(*header, set.message));
        auto digest = before;
        digest.update(dkim::unsigned_form(set.seal_signature, header->raw(set.seal)));
        digests.push_back(digest.finish());
        before.update(relaxed(*header, set.seal));
    }
    for (auto i = sets->size(); i > 0; --i) {
        if (auto problem = verify((*sets)[i - 1].seal_signature, digests[i - 1], answers))
            return "ARC-Seal " + std::to_string(i) + ": " + *problem;
    }
    return std::nullopt;
}

Validation::Validation(std::string_view header, dkim::BodyHashes& hashes,
                       const dkim::Options& options)
    : Validation(std::make_shared<const dkim::MessageHeader>(header), hashes, options) {}

Validation::Validation(std::shared_ptr<const dkim::MessageHeader> header, dkim::BodyHashes& hashes,
                       const dkim::Options& options)
    : impl_(new Impl{std::move(header), hashes, options}) {
    impl_->sets = collect_sets(*impl_->header);
    if (!impl_->sets || impl_->sets->empty()) return;
    const auto& newest = impl_->sets->back().message_signature;
    impl_->wanted = hashes.want(newest.body_canonicalization, newest.length);
}

Validation::~Validation() = default;

std::vector<std::string> Validation::questions() const {
    std::vector<std::string> names;
    const auto add = [&names](std::string name) {
        if (std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
    };
    ensure(impl_->hashes.is_finished(), "the body comes before the keys");
    if (!impl_->sets || impl_->sets->empty() || impl_->check_body()) return names;
    add(impl_->sets->back().message_signature.key_name());
    for (auto i = impl_->sets->size(); i > 0; --i)
        add((*impl_->sets)[i - 1].seal_signature.key_name());
    return names;
}

Verdict Validation::verdict(const dkim::KeyAnswers& answers) const {
    if (!impl_->sets) return {ChainStatus::fail, impl_->sets.error()};
    Verdict verdict{ChainStatus::none, "there is no chain"};
    if (impl_->sets->empty()) return verdict;
    for (const auto& set : *impl_->sets) {
        const auto& seal = set.seal_signature;
        verdict.seals.push_back({seal.instance, seal.domain, seal.selector});
    }
    const auto& newest = impl_->sets->back();
    const auto& results = impl_->header->fields()[newest.results].body;
    verdict.results = results.substr(std::min(results.find(';'), results.size() - 1) + 1);
    verdict.added_field = impl_->header->added_field(newest.message_signature);
    auto problem = impl_->verify_message(answers);
    if (!problem) problem = impl_->verify_seals(answers);
    verdict.is_undecided = problem && std::ranges::any_of(questions(), [&](const auto& name) {
                               const auto answer = answers.find(name);
                               return answer == answers.end() ||
                                      answer->second.state == dkim::KeyAnswer::State::failed;
                           });
    verdict.status = problem ? ChainStatus::fail : ChainStatus::pass;
    verdict.reason = problem ? std::move(*problem)
                             : "all " + std::to_string(verdict.seals.size()) + " seals are right";
    return verdict;
}

net::Task<Verdict> validate(net::Resolver& resolver, std::string_view content,
                            dkim::Options options) {
    dkim::BodyHashes hashes;
    const Validation validation(content, hashes, options);
    hashes.take(content.substr(mail::parse_header(content).body_begin));
    hashes.finish();
    auto names = validation.questions();
    auto answers = co_await dkim::ask_keys(resolver, std::move(names));
    co_return validation.verdict(answers);
}

} // namespace maild::policy::arc
