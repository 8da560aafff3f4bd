#pragma once
// The role `worker`: speaks SMTP, submission, LMTP, IMAP and POP3 with the world.
//
// Runs as: maild-net.   May touch: client sockets, its sockets to auth, store and control.
// Never touches: any file, any private key, a password hash, mail of an account that is not logged
// in here.

#include "daemon/role.hpp"

#include <memory>

namespace maild::daemon {

std::unique_ptr<RoleProgram> make_worker();

} // namespace maild::daemon
