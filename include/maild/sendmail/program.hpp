#pragma once
// The command `sendmail` that other programs of the host expect (cron, mailx, PHP, monitoring):
// takes a message on standard input and submits it to the daemon over its Unix socket, as the user
// who runs it; the kernel tells the daemon who that is, so it needs no set-id bit. What the daemon
// cannot take now is left in the maildrop, a directory where everybody may write, and taken up
// later. Exit codes are those of sysexits.h.

namespace maild::sendmail {

int sendmail_main(int argc, char** argv);

} // namespace maild::sendmail
