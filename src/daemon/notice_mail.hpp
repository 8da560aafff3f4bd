#pragma once
// Delivers what the host tells its admin, in a worker, because a worker may put mail into mailboxes
// and the queue. It comes from postmaster at this host, in its envelope from nobody, so nothing
// bounces to anybody (RFC 3834 §2). All that it borrows outlives it.

#include "daemon/config.hpp"
#include "daemon/dkim_signer.hpp"
#include "daemon/notice_messages.hpp"

#include "maild/base/clock.hpp"
#include "maild/delivery/local.hpp"
#include "maild/directory/directory.hpp"
#include "maild/store/message_store.hpp"

#include <string>

namespace maild::daemon {

class NoticeMail {
public:
    NoticeMail(directory::Directory& directory, store::MessageStore& store, const Clock& clock)
        : directory_(directory), store_(store), clock_(clock), signer_(directory) {}

    // no_such_account: the address leads to nobody. Else the store's error.
    net::Task<Result<NoticePlace>> deliver(DeliverNotice notice, const Config& config);

private:
    net::Task<std::string> fields_for(const DeliverNotice& notice, const std::string& mail,
                                      const Config& config);
    net::Task<Result<NoticePlace>> store(const std::string& mail,
                                         delivery::Transaction transaction);

    directory::Directory& directory_;
    store::MessageStore& store_;
    const Clock& clock_;
    DkimSigner signer_;
};

// The message: CRLF, dots not doubled. `text` has LF.
std::string format_notice(const DeliverNotice& notice, const std::string& hostname, WallTime now);

} // namespace maild::daemon
