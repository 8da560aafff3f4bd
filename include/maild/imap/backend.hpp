#pragma once
// What an IMAP session asks of the host behind it: who may log in, and the mail. `daemon`
// implements it over auth and store, tests with a double. One backend serves all sessions of a
// worker on its one thread and outlives them.

#include "maild/auth/sasl_login.hpp"
#include "maild/store/message_store.hpp"

#include <vector>

namespace maild::imap {

class Backend {
public:
    virtual ~Backend() = default;

    virtual auth::Authenticator& authenticator() = 0;
    virtual store::MessageStore& store() = 0;

    // What everybody may know of the server: /shared/comment and /shared/admin (RFC 5464 §6.2), as
    // far as the administrator has set them.
    virtual std::vector<store::Annotation> server_annotations() const { return {}; }
};

} // namespace maild::imap
