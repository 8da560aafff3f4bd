#include "daemon/remote_signer.hpp"

#include "daemon/peer_messages.hpp"

namespace maild::daemon {

Result<std::string> RemoteSigner::sign(std::uint32_t certificate, net::SignatureKind kind,
                                       std::string_view input) {
    const SignRequest request{
        .certificate = certificate, .kind = kind, .input = std::string(input)};
    auto reply = line_.call(kSign, ipc::encode(request));
    if (!reply) return std::unexpected(std::move(reply.error()));
    auto signature = ipc::decode<Signature>(*reply);
    if (!signature) return std::unexpected(std::move(signature.error()));
    return std::move(signature->bytes);
}

} // namespace maild::daemon
