#pragma once
// A worker's TLS key: a socket to `auth`, which signs (DESIGN §1.6). OpenSSL wants the answer
// inside the handshake, so the call blocks; it takes well under a millisecond, and at most a second
// when `auth` is being restarted.

#include "maild/ipc/sync_client.hpp"
#include "maild/net/tls.hpp"

namespace maild::daemon {

class RemoteSigner final : public net::KeySigner {
public:
    RemoteSigner() : line_("auth") {}
    void attach(UniqueFd socket) { line_.attach(std::move(socket)); }
    Result<std::string> sign(std::uint32_t certificate, net::SignatureKind kind,
                             std::string_view input) override;

private:
    ipc::SyncClient line_;
};

} // namespace maild::daemon
