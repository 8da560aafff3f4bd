#pragma once
// OpenSSL's way to the socket: like its own socket BIO, but with MSG_NOSIGNAL, so that a peer that
// left can never raise SIGPIPE. The descriptor is borrowed.

#include <openssl/bio.h>

namespace maild::net {

BIO* make_socket_bio(int fd); // null without memory

} // namespace maild::net
