#pragma once
// What is sent between our processes: a type that both sides know, a payload made by codec.hpp, and
// perhaps a Blob or a descriptor (the supervisor hands out sockets that way).

#include "maild/base/unique_fd.hpp"
#include "maild/ipc/blob.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <sys/types.h>

namespace maild::ipc {

using MessageType = std::uint16_t;

struct Message {
    std::string payload;
    Blob blob;
    UniqueFd descriptor; // taken in only where Limits allows it
};

struct Limits {
    // Of one message that comes in; beyond: the peer is malformed.
    std::size_t max_payload = 16 * 1024 * 1024;
    std::uint64_t max_blob = 256ULL * 1024 * 1024; // of a Blob that comes in
    // Octets on their way out; beyond: the peer is dead or stuck.
    std::size_t max_queued = 64 * 1024 * 1024;
    bool accept_descriptors = false; // else a message with one is malformed
};

// Who is at the other end of a Unix socket, as the kernel says.
struct PeerCredentials {
    pid_t pid = 0;
    uid_t uid = 0;
    gid_t gid = 0;
};
Result<PeerCredentials> peer_credentials(int fd);

} // namespace maild::ipc
