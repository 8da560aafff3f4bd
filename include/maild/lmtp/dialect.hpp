#pragma once
// LMTP (RFC 2033): delivery into mailboxes with one answer for each recipient. It is SMTP's
// session, parser and content with another greeting (LHLO) and other replies at end of data; a
// service of it is a smtp::Server with this dialect and Service::lmtp, served by smtp::serve().

#include "maild/smtp/dialect.hpp"
#include "maild/smtp/server.hpp"

namespace maild::lmtp {

extern const smtp::Dialect kLmtp;

// Makes `server` one for LMTP: this dialect, and no login, for the peer is trusted by where it may
// connect from.
void set_lmtp(smtp::Server& server);

} // namespace maild::lmtp
