#pragma once
// Making listening sockets. Plain system calls, no Asio: the supervisor calls these before it
// forks. Every socket is non-blocking and close-on-exec; errors name the address and what to do
// ("address already in use").

#include "maild/base/error.hpp"
#include "maild/base/unique_fd.hpp"

#include <cstdint>
#include <string>
#include <sys/types.h>
#include <utility>

namespace maild::net {

struct ListenOptions {
    int backlog = 1024; // the kernel cuts it to net.core.somaxconn
};

// `address` is an IPv4 or IPv6 address in digits; "::" takes IPv6 alone, so that "0.0.0.0" can
// stand beside it. Port 0 lets the kernel choose (see local_port).
Result<UniqueFd> bind_tcp(const std::string& address, std::uint16_t port,
                          const ListenOptions& options = {});

// A Unix socket at `path` with exactly `mode`. A socket file that nobody listens on any more is
// replaced; one that answers is "already in use"; anything that is no socket is left alone and
// refused.
Result<UniqueFd> bind_unix(const std::string& path, mode_t mode, const ListenOptions& options = {});

std::uint16_t local_port(int fd); // 0 for a Unix socket

// A connected pair of AF_UNIX stream sockets, non-blocking, close-on-exec.
Result<std::pair<UniqueFd, UniqueFd>> socket_pair();

} // namespace maild::net
