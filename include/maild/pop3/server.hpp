#pragma once
// The POP3 service (RFC 1939, with the extensions of RFC 2449, 2595, 3206, 5034 and 6856) as one
// worker runs it, and the coroutine that serves one connection of it. A Server is shared by the
// sessions that began with it, so that a reload leaves them alone; backend and clock outlive all.
// A maildrop is the account's INBOX, of one session at a time on whichever worker
// (store::Claims). Nothing is removed but by QUIT: a session that ends in any other
// way, a lost store included, leaves the mail as it was.

#include "maild/auth/plaintext.hpp"
#include "maild/auth/sasl.hpp"
#include "maild/base/clock.hpp"
#include "maild/net/gate.hpp"
#include "maild/net/stream.hpp"
#include "maild/net/tls.hpp"
#include "maild/pop3/backend.hpp"
#include "maild/pop3/limits.hpp"

#include <memory>

namespace maild::pop3 {

struct Server {
    std::shared_ptr<net::TlsContext> tls; // null: neither STLS nor implicit TLS
    bool implicit_tls = false;            // TLS from the first octet, RFC 8314 §3.1
    auth::PlaintextPolicy plaintext = auth::PlaintextPolicy::never;
    auth::SaslOffer sasl{}; // as the host offers it; each connection adds what it has
    Limits limits;
    Backend& backend;
    const Clock& clock;
};

// From greeting to the end of the connection; logs pop3_session_started, pop3_login and
// pop3_session_finished. The pass is held until the peer is gone; when it is told to stop, the
// session says so after the command that it is in.
net::Task<void> serve(net::Stream stream, net::Gate::Pass pass,
                      std::shared_ptr<const Server> server);

} // namespace maild::pop3
