#pragma once
// The IMAP service (RFC 3501, as RFC 9051 clarifies it) as one worker runs it, and the coroutine
// that serves one connection of it. A Server is shared by the sessions that began with it, so that
// a reload leaves them alone; backend and clock outlive all. When the store is lost (restarted, or
// the account was kicked: a session cannot tell which) the session says
// `* BYE [UNAVAILABLE]` at once and ends: what it knew of its mailbox may be wrong, and a kicked
// account must not come back with its old token.

#include "maild/auth/plaintext.hpp"
#include "maild/auth/sasl.hpp"
#include "maild/base/clock.hpp"
#include "maild/imap/backend.hpp"
#include "maild/imap/limits.hpp"
#include "maild/net/gate.hpp"
#include "maild/net/memory_budget.hpp"
#include "maild/net/stream.hpp"
#include "maild/net/tls.hpp"

#include <memory>

namespace maild::imap {

struct Server {
    std::shared_ptr<net::TlsContext> tls; // null: neither STARTTLS nor implicit TLS
    bool implicit_tls = false;            // TLS from the first octet, RFC 8314 §3.2
    auth::PlaintextPolicy plaintext = auth::PlaintextPolicy::never;
    auth::SaslOffer sasl{}; // as the host offers it; each connection adds what it has
    Limits limits;
    Backend& backend;
    net::MemoryBudget& budget; // of large commands
    const Clock& clock;
};

// From greeting to the end of the connection; logs imap_session_started and imap_session_finished.
// The pass is held until the peer is gone; when it is told to stop, the session says BYE after the
// command that it is in.
net::Task<void> serve(net::Stream stream, net::Gate::Pass pass,
                      std::shared_ptr<const Server> server);

} // namespace maild::imap
