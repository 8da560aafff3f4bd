#pragma once
// Under which addresses other hosts reach this one's mail (RFC 5321 §5.1: an MX that leads to one
// of them leads back here).

#include "daemon/config.hpp"

#include "maild/net/ip.hpp"

#include <vector>

namespace maild::daemon {

// Those of the listeners for mail on the port that MX hosts have: as they say, or, of one on every
// address, those of the interfaces but loopback. Behind a translator of addresses the one that
// others see is not among them. Before the sandbox.
std::vector<net::IpAddress> own_addresses(const Config& config);

} // namespace maild::daemon
