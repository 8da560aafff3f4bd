#pragma once
// IMAP's view of this host, in a worker: logins go to `auth`, mail to `store`.

#include "maild/directory/directory.hpp"
#include "maild/imap/backend.hpp"

#include <utility>

namespace maild::daemon {

class ImapBackend final : public imap::Backend {
public:
    // Both outlive the backend.
    ImapBackend(directory::Directory& directory, store::MessageStore& store)
        : directory_(directory), store_(store) {}

    net::Task<auth::LoginResult> authenticate(auth::Credentials credentials,
                                              const net::Peer& peer) override {
        return directory_.login({.credentials = std::move(credentials),
                                 .service = directory::Service::imap,
                                 .remote_address = peer.address});
    }
    store::MessageStore& store() override { return store_; }

private:
    directory::Directory& directory_;
    store::MessageStore& store_;
};

} // namespace maild::daemon
