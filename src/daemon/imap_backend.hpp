#pragma once
// IMAP's view of this host, in a worker: logins go to `auth`, mail to `store`.

#include "daemon/authenticator.hpp"

#include "maild/imap/backend.hpp"

namespace maild::daemon {

class ImapBackend final : public imap::Backend {
public:
    // Both outlive the backend.
    ImapBackend(directory::Directory& directory, store::MessageStore& store)
        : authenticator_(directory, directory::Service::imap), store_(store) {}

    auth::Authenticator& authenticator() override { return authenticator_; }
    store::MessageStore& store() override { return store_; }

private:
    Authenticator authenticator_;
    store::MessageStore& store_;
};

} // namespace maild::daemon
