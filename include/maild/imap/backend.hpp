#pragma once
// What an IMAP session asks of the host behind it: who may log in, and the mail. `daemon`
// implements it over auth and store, tests with a double. One backend serves all sessions of a
// worker on its one thread and outlives them.

#include "maild/auth/login_refusal.hpp"
#include "maild/base/error.hpp"
#include "maild/net/stream.hpp"
#include "maild/net/task.hpp"
#include "maild/store/message_store.hpp"

namespace maild::imap {

class Backend {
public:
    virtual ~Backend() = default;

    // authentication_failed for whatever is wrong with account or password (never told apart);
    // unavailable or busy if it could not be checked; limit_exceeded ends the session. The session
    // itself delays answers to failures, and ends after several. `peer` is valid until the task has
    // completed.
    virtual net::Task<auth::LoginResult> authenticate(auth::Credentials credentials,
                                                      const net::Peer& peer) = 0;

    virtual store::MessageStore& store() = 0;
};

} // namespace maild::imap
