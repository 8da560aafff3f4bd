#include "daemon/worker_offers.hpp"

#include <memory>
#include <string>
#include <vector>

namespace maild::daemon {
namespace {

// scope of RFC 6749 §3.3: scope-tokens with a space between.
std::string joined(const std::vector<std::string>& words) {
    std::string out;
    for (const auto& word : words) out += (out.empty() ? "" : " ") + word;
    return out;
}

} // namespace

auth::PlaintextPolicy policy_of(PlaintextLogin plaintext) {
    return plaintext == PlaintextLogin::loopback ? auth::PlaintextPolicy::loopback
                                                 : auth::PlaintextPolicy::never;
}

auth::SaslOffer offer_of(const Config& config) {
    auth::SaslOffer offer{.scram = config.offers_scram};
    if (!config.oauth.is_enabled()) return offer;
    const auto& scopes = config.oauth.rules.scopes;
    offer.bearer = std::make_shared<const auth::BearerOffer>(auth::BearerOffer{
        .scope = joined(scopes), .openid_configuration = config.oauth.openid_configuration});
    return offer;
}

} // namespace maild::daemon
