#pragma once
// What an SMTP, submission or LMTP session asks of the host behind it: who may log in, who may
// send, who receives, and to take the message over. The session has no socket, clock or store;
// `daemon` implements this over auth, directory and store, tests with a double. One backend serves
// all sessions of a worker on its one thread, and outlives them; calls of different sessions
// interleave at their awaits, those of one session never overlap. Reference arguments are valid
// until the returned task has completed. A Refusal made of an Error is answered as reply_for()
// says, at the Step named here.

#include "maild/auth/sasl_login.hpp"
#include "maild/net/stream.hpp"
#include "maild/net/task.hpp"
#include "maild/smtp/envelope.hpp"
#include "maild/smtp/reply.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace maild::smtp {

enum class Service : std::uint8_t {
    relay_in,   // port 25: from other hosts (RFC 5321)
    submission, // ports 587 and 465: from users, who log in first (RFC 6409, RFC 8314)
    lmtp,       // from a trusted host or process, for local recipients only (RFC 2033)
    local,      // a submission by a program of this host, over a Unix socket, without a login
};

// Who is at the other end of a Unix socket: the kernel says it (SO_PEERCRED), the host's list of
// users has the name.
struct LocalUser {
    unsigned uid = 0;
    std::string name;   // [0-9A-Za-z._-] only
    std::string domain; // of addresses that are written without one
};

// The peer as the session knows it by now.
struct Client {
    Service service = Service::relay_in;
    std::string session_id; // as in the log; [0-9A-Za-z] only
    net::Peer peer;
    std::string hello;        // argument of the last EHLO, HELO or LHLO: a domain or an address
                              // literal; empty before, and again after STARTTLS
    bool is_extended = false; // EHLO or LHLO, not HELO
    std::optional<net::TlsState> tls;
    std::optional<auth::Identity> identity; // after AUTH
    std::optional<LocalUser> local;         // of Service::local, from the start
};

// A message as it arrived: header and body, transparency undone, every line ended by CRLF, no other
// CR or LF in it, no longer than Limits::message_size.
struct Content {
    std::string_view bytes;      // valid until accept() has completed
    std::size_t header_size = 0; // octets up to and with the empty line
    bool has_8bit = false;       // an octet above 0x7f somewhere
    // The same octets, for a backend that has to take fields out; null: they must stay. Nobody
    // reads them behind accept().
    char* octets = nullptr;
};

class Backend {
public:
    virtual ~Backend() = default;

    // Step::login.
    virtual auth::Authenticator& authenticator() = 0;

    // MAIL, Step::sender. no_space: the disk watermark is passed; not_permitted: an authenticated
    // client may not send as this address; too_large for mail.size, which the session has already
    // held against its own limit.
    virtual net::Task<Result<void, Refusal>> verify_sender(const Client& client,
                                                           const Mail& mail) = 0;

    // RCPT, Step::recipient. no_such_account; no_such_domain: not ours, and the client may not
    // relay; over_quota; disabled; cannot: an address that never can be. The route comes back in
    // accept(). `envelope` has what was accepted before.
    virtual net::Task<Result<std::unique_ptr<Route>, Refusal>>
    verify_recipient(const Client& client, const Envelope& envelope, const Rcpt& rcpt) = 0;

    // A group of RCPT that has come at once (RFC 2920): verify_recipient() is asked for each of
    // them next. What it takes can be got for all of them together, here; nothing is decided, and
    // nobody is told anything.
    virtual net::Task<void> look_up([[maybe_unused]] const Client& client,
                                    [[maybe_unused]] const Envelope& envelope,
                                    [[maybe_unused]] std::vector<Rcpt> rcpts) {
        co_return;
    }

    // End of data, Step::content: take responsibility. Success means stable storage (DESIGN §1.1).
    // One result for each recipient in their order for Service::lmtp (RFC 2033 §4.2), exactly one
    // for all otherwise: then either every recipient has it or the peer is told to try again.
    // cannot: the message already passed here for this recipient.
    virtual net::Task<std::vector<Result<void, Refusal>>>
    accept(const Client& client, Envelope& envelope, const Content& content) = 0;
};

} // namespace maild::smtp
