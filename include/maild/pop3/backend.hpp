#pragma once
// What a POP3 session asks of the host behind it: who may log in, and the mail. `daemon` implements
// it over auth and store, tests with a double. One backend serves all sessions of a worker on its
// one thread and outlives them.

#include "maild/auth/sasl_login.hpp"
#include "maild/store/claims.hpp"
#include "maild/store/message_store.hpp"

namespace maild::pop3 {

class Backend {
public:
    virtual ~Backend() = default;

    virtual auth::Authenticator& authenticator() = 0;
    virtual store::MessageStore& store() = 0;
    virtual store::Claims& claims() = 0; // of the same store
};

} // namespace maild::pop3
