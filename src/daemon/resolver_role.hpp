#pragma once
// Asks the DNS, for the workers, which may open no socket, and for `sender`. Keeps what was
// answered for all of them. Runs as: users.sender. May touch: name servers (UDP, and TCP to the
// configured ports), the files resolv.conf and dns.trust_anchor. Never touches: any other file,
// passwords, keys, mail. What it says is believed as the DNS is: whoever has taken it over can have
// any sender's SPF, DKIM and DMARC come out as he likes.

#include "daemon/role.hpp"

namespace maild::daemon {

std::unique_ptr<RoleProgram> make_resolver();

} // namespace maild::daemon
