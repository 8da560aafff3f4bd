#include "policy/dkim_key.hpp"

#include "maild/base/ascii.hpp"

#include <algorithm>

namespace maild::policy::dkim {
namespace {

bool lists(const TagList& tags, std::string_view name, std::string_view word) {
    const auto* tag = tags.find(name);
    if (tag == nullptr) return false;
    const auto items = split_colons(tag->value);
    return std::ranges::any_of(
        items, [word](std::string_view item) { return ascii::equals_icase(item, word); });
}

std::unexpected<KeyProblem> no_key(Outcome outcome, std::string reason) {
    return std::unexpected(KeyProblem{outcome, std::move(reason)});
}

// Several records for a name leave the choice to the verifier (§3.6.2.2): the first that can be
// read and whose kind fits, else the first that can be read.
std::expected<KeyRecord, std::string> choose(const std::vector<std::string>& records,
                                             KeyKind kind) {
    std::expected<KeyRecord, std::string> chosen = std::unexpected("no key record");
    for (const auto& text : records) {
        auto record = parse_key_record(text);
        if (record && record->kind == kind) return record;
        if (!chosen) chosen = std::move(record);
    }
    return chosen;
}

// §6.1.2 step 3 onwards.
std::optional<std::string> mismatch(const Signature& signature, const KeyRecord& record) {
    if (!record.is_for_mail) return "the key is not for mail (s=)";
    if (!record.takes_sha256) return "the key does not go with sha256 (h=)";
    if (record.kind != signature.key_kind) return "the key is of another kind (k=)";
    if (record.key.empty()) return "the key was revoked";
    const auto at = signature.identity.rfind('@');
    if (record.wants_same_domain && at != std::string::npos &&
        signature.identity.substr(at + 1) != signature.domain)
        return "the key forbids subdomains in i= (t=s)";
    return std::nullopt;
}

} // namespace

std::expected<KeyRecord, std::string> parse_key_record(std::string_view text) {
    const auto tags = parse_tag_list(text);
    if (!tags) return std::unexpected("the key record is no list of tags");
    const auto* version = tags->find("v");
    if (version != nullptr && (version != tags->tags.data() || version->value != "DKIM1"))
        return std::unexpected("the key record is of another version");
    KeyRecord record;
    if (const auto* kind = tags->find("k")) {
        if (ascii::equals_icase(kind->value, "ed25519"))
            record.kind = KeyKind::ed25519;
        else if (!ascii::equals_icase(kind->value, "rsa"))
            return std::unexpected("the key is of an unknown kind (k=)");
    }
    const auto* key = tags->find("p");
    if (key == nullptr) return std::unexpected("the key record has no key (p=)");
    auto octets = decode_base64(key->value);
    if (!octets) return std::unexpected("the key is not base64 (p=)");
    record.key = std::move(*octets);
    record.takes_sha256 = tags->find("h") == nullptr || lists(*tags, "h", "sha256");
    record.is_for_mail =
        tags->find("s") == nullptr || lists(*tags, "s", "*") || lists(*tags, "s", "email");
    record.is_testing = lists(*tags, "t", "y");
    record.wants_same_domain = lists(*tags, "t", "s");
    return record;
}

std::expected<SigningDomainKey, KeyProblem>
usable_key(const Signature& signature, const KeyAnswer& answer, const Options& options) {
    if (answer.state == KeyAnswer::State::failed)
        return no_key(Outcome::temperror, "the DNS does not answer for the key");
    if (answer.state == KeyAnswer::State::absent)
        return no_key(Outcome::permerror, "there is no key at " + signature.key_name());
    const auto record = choose(answer.records, signature.key_kind);
    if (!record) return no_key(Outcome::permerror, record.error());
    if (auto problem = mismatch(signature, *record))
        return no_key(Outcome::permerror, std::move(*problem));
    auto key = public_key(record->kind, record->key);
    if (!key) return no_key(Outcome::permerror, key.error().internal);
    SigningDomainKey usable{std::move(*key), 0, record->is_testing};
    if (record->kind != KeyKind::rsa) return usable;
    usable.bits = bits_of(*usable.key);
    const auto size = "an RSA key of " + std::to_string(usable.bits) + " bits";
    if (usable.bits < kLeastRsaBits)
        return no_key(Outcome::permerror, size + " (RFC 8301, section 3.2)");
    if (usable.bits > kMostRsaBits) return no_key(Outcome::permerror, size + " is too large");
    if (usable.bits < options.least_rsa_bits)
        return no_key(Outcome::policy, size + " is not enough here");
    return usable;
}

} // namespace maild::policy::dkim
