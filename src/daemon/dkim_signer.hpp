#pragma once
// Signs messages on their way out (RFC 6376), for whoever sends one: a worker that takes a
// submission, and whatever makes mail of the host's own. The message is canonicalized and hashed
// here, on the coroutine's own thread (0.1 s for 50 MiB); `auth`, which has the keys, signs what
// comes of it, once it has found that the author is the sender's to be. Outlived by the directory.

#include "maild/auth/token.hpp"
#include "maild/directory/directory.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace maild::daemon {

class DkimSigner {
public:
    explicit DkimSigner(directory::Directory& directory) : directory_(directory) {}

    // The fields DKIM-Signature, each with its CRLF, to be put above everything else; empty where
    // nobody signs for the author, or the message cannot be signed. The message is `above`, whole
    // lines, and `content`. `login`: whose it is; none: the host's own, with postmaster or
    // MAILER-DAEMON as its author. busy: the process signs too much; what else is wrong with
    // `auth`. Views must stay until the task ends.
    net::Task<Result<std::string>> sign(std::optional<auth::Token> login, std::string_view above,
                                        std::string_view content);

private:
    directory::Directory& directory_;
};

} // namespace maild::daemon
