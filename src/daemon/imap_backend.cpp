#include "daemon/imap_backend.hpp"

#include <utility>

namespace maild::daemon {

net::Task<auth::LoginResult> ImapBackend::authenticate(auth::Credentials credentials,
                                                       const net::Peer& peer) {
    directory::LoginAttempt attempt{.credentials = std::move(credentials),
                                    .service = directory::Service::imap,
                                    .remote_address = peer.address};
    auto identity = co_await directory_.login(std::move(attempt));
    co_return identity;
}

} // namespace maild::daemon
