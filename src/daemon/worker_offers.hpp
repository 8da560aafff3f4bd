#pragma once
// By what a worker's protocols let clients log in, as the configuration has it. Pure.

#include "daemon/config.hpp"

#include "maild/auth/plaintext.hpp"
#include "maild/auth/sasl.hpp"

namespace maild::daemon {

auth::PlaintextPolicy policy_of(PlaintextLogin plaintext);
auth::SaslOffer offer_of(const Config& config);

} // namespace maild::daemon
