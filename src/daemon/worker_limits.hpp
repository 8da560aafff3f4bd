#pragma once
// The configuration's limits as the protocols of one worker know them. Pure.

#include "daemon/config.hpp"
#include "daemon/shortage_log.hpp"

#include "maild/auth/client_rates.hpp"
#include "maild/imap/limits.hpp"
#include "maild/net/gate.hpp"
#include "maild/net/places.hpp"
#include "maild/pop3/limits.hpp"
#include "maild/smtp/limits.hpp"

namespace maild::daemon {

smtp::Limits smtp_limits(const Config& config);
imap::Limits imap_limits(const Config& config);
pop3::Limits pop3_limits(const Limits& limits);
auth::ClientLimits client_limits(const Config& config);
net::GateLimits gate_limits(const Config& config); // of each service
// What an admin has to raise, where messages or connections are turned away.
ShortageLog::Remedies remedies_for(const Config& config);
net::PlaceLimits place_limits(const Config& config); // of all services together
std::size_t read_aheads(const Config& config);       // imap::ReadAheads

} // namespace maild::daemon
