#include "directory/dkim_keyring.hpp"

#include <optional>
#include <utility>

namespace maild::directory {
namespace {

constexpr std::size_t kMaxKnown = 10'000; // names

} // namespace

// Those activated last.
Result<DkimKeyring::Keys> DkimKeyring::read(Repository& rows, const std::string& domain) {
    using policy::dkim::Algorithm;
    const auto all = rows.list_dkim_keys(domain);
    if (!all) return std::unexpected(all.error());
    Keys keys;
    for (const auto algorithm : {Algorithm::rsa_sha256, Algorithm::ed25519_sha256}) {
        const StoredDkimKey* newest = nullptr;
        for (const auto& key : *all) {
            if (key.shown.state != DkimState::active || key.shown.algorithm != algorithm) continue;
            if (newest == nullptr || key.shown.activated >= newest->shown.activated) newest = &key;
        }
        if (newest == nullptr) continue;
        const auto key = policy::dkim::PrivateKey::from_pem(newest->private_key);
        if (!key) return fail(Errc::corrupt, "the DKIM key " + newest->shown.record_name());
        keys.push_back({newest->shown.selector, key->signer()});
    }
    return keys;
}

Result<DkimKeyring::Signing> DkimKeyring::find(Repository& rows, std::string_view domain) {
    while (domain.contains('.')) {
        const auto known = known_.find(domain);
        if (known != known_.end()) return Signing{known->first, &known->second};
        auto keys = read(rows, std::string(domain));
        if (!keys) return std::unexpected(std::move(keys.error()));
        if (!keys->empty()) {
            if (known_.size() >= kMaxKnown) known_.clear();
            const auto [place, is_new] = known_.emplace(domain, std::move(*keys));
            return Signing{place->first, &place->second};
        }
        domain.remove_prefix(domain.find('.') + 1);
    }
    return Signing{};
}

} // namespace maild::directory
