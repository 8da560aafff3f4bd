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
#include "maild/net/stream.hpp"
#include "maild/net/tls.hpp"

#include <cstddef>
#include <memory>

namespace maild::imap {

// How many FETCHes have the store read on while they write: each holds an answer more, a megabyte.
// Others ask for the next answer when the one before is written. Of one thread.
class ReadAheads {
public:
    static constexpr std::size_t kMost = 16;

    // A place as long as it lives; false when all are taken.
    class Place {
    public:
        explicit Place(ReadAheads& all) : all_(all), is_taken_(all.taken_ < kMost) {
            if (is_taken_) ++all_.taken_;
        }
        Place(const Place&) = delete;
        Place& operator=(const Place&) = delete;
        ~Place() {
            if (is_taken_) --all_.taken_;
        }
        explicit operator bool() const { return is_taken_; }

    private:
        ReadAheads& all_;
        bool is_taken_;
    };

private:
    std::size_t taken_ = 0;
};

struct Server {
    std::shared_ptr<net::TlsContext> tls; // null: neither STARTTLS nor implicit TLS
    bool implicit_tls = false;            // TLS from the first octet, RFC 8314 §3.2
    auth::PlaintextPolicy plaintext = auth::PlaintextPolicy::never;
    auth::SaslOffer sasl{}; // as the host offers it; each connection adds what it has
    Limits limits;
    Backend& backend;
    const Clock& clock;
    std::shared_ptr<ReadAheads> read_aheads = std::make_shared<ReadAheads>();
};

// From greeting to the end of the connection; logs imap_session_started and imap_session_finished.
// The pass is held until the peer is gone; when it is told to stop, the session says BYE after the
// command that it is in.
net::Task<void> serve(net::Stream stream, net::Gate::Pass pass,
                      std::shared_ptr<const Server> server);

} // namespace maild::imap
