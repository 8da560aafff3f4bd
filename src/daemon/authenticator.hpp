#pragma once
// Logins of one service, in a worker: the directory in `auth` decides.

#include "maild/auth/sasl_login.hpp"
#include "maild/directory/directory.hpp"

#include <utility>

namespace maild::daemon {

class Authenticator final : public auth::Authenticator {
public:
    // The directory outlives it.
    Authenticator(directory::Directory& directory, directory::Service service)
        : directory_(directory), service_(service) {}

    net::Task<auth::LoginResult> login(auth::Credentials credentials,
                                       const net::Peer& peer) override {
        return directory_.login({.credentials = std::move(credentials),
                                 .service = service_,
                                 .remote_address = peer.address});
    }
    net::Task<auth::LoginResult> external(auth::ExternalLogin login,
                                          const net::Peer& peer) override {
        return directory_.external(
            {.login = std::move(login), .service = service_, .remote_address = peer.address});
    }
    net::Task<auth::LoginResult> bearer(auth::BearerLogin login, const net::Peer& peer) override {
        return directory_.bearer(
            {.login = std::move(login), .service = service_, .remote_address = peer.address});
    }
    net::Task<auth::ScramResult> scram(auth::ScramMessage message, const net::Peer& peer) override {
        return directory_.scram(
            {.message = std::move(message), .service = service_, .remote_address = peer.address});
    }

private:
    directory::Directory& directory_;
    directory::Service service_;
};

} // namespace maild::daemon
