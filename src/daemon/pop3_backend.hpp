#pragma once
// POP3's view of this host, in a worker: logins go to `auth`, mail and claims to `store`.

#include "daemon/authenticator.hpp"

#include "maild/pop3/backend.hpp"
#include "maild/store/remote_store.hpp"

namespace maild::daemon {

class Pop3Backend final : public pop3::Backend {
public:
    // Both outlive the backend.
    Pop3Backend(directory::Directory& directory, store::RemoteStore& store)
        : authenticator_(directory, directory::Service::pop3), store_(store) {}

    auth::Authenticator& authenticator() override { return authenticator_; }
    store::MessageStore& store() override { return store_; }
    store::Claims& claims() override { return store_; }

private:
    Authenticator authenticator_;
    store::RemoteStore& store_;
};

} // namespace maild::daemon
