#pragma once
// What connections of ours have in common, read from and set on their sockets.

#include "maild/net/sockets.hpp"
#include "maild/net/stream.hpp"

#include <string_view>

namespace maild::net {

Peer peer_of(int fd);
void set_stream_options(int fd); // as far as the socket's family knows them

// errno of a read or write: a peer that went away is Errc::closed, a dead line Errc::timed_out.
std::unexpected<Error> socket_failure(std::string_view call);

} // namespace maild::net
