#pragma once
// A service as one worker runs it, and the coroutine that serves one connection of it.
// Lifetimes: a Server is shared by the sessions that began with it, so that a reload gives new
// sessions a new one and leaves the others alone; the others outlive all.

#include "maild/auth/plaintext.hpp"
#include "maild/auth/sasl.hpp"
#include "maild/base/clock.hpp"
#include "maild/net/gate.hpp"
#include "maild/net/memory_budget.hpp"
#include "maild/net/stream.hpp"
#include "maild/net/tls.hpp"
#include "maild/smtp/backend.hpp"
#include "maild/smtp/dialect.hpp"
#include "maild/smtp/early_talkers.hpp"
#include "maild/smtp/limits.hpp"
#include "maild/trace/record.hpp"

#include <memory>
#include <optional>
#include <string>

namespace maild::smtp {

struct Server {
    Service service = Service::relay_in;
    const Dialect* dialect = &kSmtp;
    std::string hostname = {};                 // in greeting and Received; a domain of ours
    std::shared_ptr<net::TlsContext> tls = {}; // null: neither STARTTLS nor implicit TLS
    bool implicit_tls = false;                 // TLS from the first octet, RFC 8314 §3.3
    bool offers_auth = false; // submission always has it; relay_in only if configured
    auth::PlaintextPolicy plaintext = auth::PlaintextPolicy::never;
    auth::SaslOffer sasl{}; // as the host offers it; each connection adds what it has
    Limits limits;
    Backend& backend;
    trace::Sink* trace = nullptr; // gets each transaction; none: nothing is remembered
    net::MemoryBudget& budget;
    const Clock& clock;
    Random& random;                        // for session ids
    EarlyTalkers* early_talkers = nullptr; // of relay_in; null: every remote peer waits
    std::optional<LocalUser> local = {};   // of Service::local: whose connection this is
};

// From greeting to the end of the connection; logs smtp_session_started, smtp_message_accepted or
// _refused, smtp_session_finished. The pass is held until the peer is gone; when it is told to
// stop, a session between transactions ends with 421 at once, the others after the one they are in.
net::Task<void> serve(net::Stream stream, net::Gate::Pass pass,
                      std::shared_ptr<const Server> server);

} // namespace maild::smtp
