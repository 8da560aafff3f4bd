#pragma once
// POP3's view of this host, in a worker: logins go to `auth`, mail and claims to `store`.

#include "maild/directory/directory.hpp"
#include "maild/pop3/backend.hpp"
#include "maild/store/remote_store.hpp"

#include <utility>

namespace maild::daemon {

class Pop3Backend final : public pop3::Backend {
public:
    // Both outlive the backend.
    Pop3Backend(directory::Directory& directory, store::RemoteStore& store)
        : directory_(directory), store_(store) {}

    net::Task<auth::LoginResult> authenticate(auth::Credentials credentials,
                                              const net::Peer& peer) override {
        return directory_.login({.credentials = std::move(credentials),
                                 .service = directory::Service::pop3,
                                 .remote_address = peer.address});
    }
    store::MessageStore& store() override { return store_; }
    store::Claims& claims() override { return store_; }

private:
    directory::Directory& directory_;
    store::RemoteStore& store_;
};

} // namespace maild::daemon
