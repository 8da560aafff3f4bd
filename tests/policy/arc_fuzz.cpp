// Input: a message. DKIM and ARC look for their fields in it; nobody answers for any key but with
// the message itself.
#include "maild/base/ensure.hpp"
#include "maild/policy/arc.hpp"

#include <cstddef>
#include <cstdint>

using namespace maild;
using namespace maild::policy;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    dkim::BodyHashes hashes;
    const dkim::Verification signatures(text, hashes, {});
    const arc::Validation chain(text, hashes, {});
    hashes.take(text.substr(text.size() / 2));
    hashes.finish();
    dkim::KeyAnswers answers;
    const auto found = dkim::KeyAnswer::State::found;
    for (const auto& name : signatures.questions()) answers[name] = {found, {std::string(text)}};
    for (const auto& name : chain.questions()) answers[name] = {found, {std::string(text)}};
    ensure(answers.size() <= dkim::kMaxSignatures + arc::kMaxInstances + 1);
    const auto verdicts = signatures.verdicts(answers);
    ensure(!verdicts.empty() && verdicts.size() <= dkim::kMaxSignatures + 1);
    for (const auto& verdict : verdicts) ensure(verdict.outcome != dkim::Outcome::pass);
    const auto verdict = chain.verdict(answers);
    ensure(verdict.status != arc::ChainStatus::pass && verdict.seals.size() <= arc::kMaxInstances);
    return 0;
}
