#pragma once
// Mailboxes that a session has for itself alone: POP3's maildrops (RFC 1939 §3). Only the process
// that all workers share can say who was first, so this is the store's to keep; each of its three
// implementations is a Claims beside a MessageStore, for the sessions that it has opened.

#include "maild/base/error.hpp"
#include "maild/net/task.hpp"
#include "maild/store/message_store.hpp"

namespace maild::store {

class Claims {
public:
    virtual ~Claims() = default;
    // Makes the session the only one that has claimed this name of its account, until it ends, for
    // whatever reason. conflict while another one has it, on whichever connection. Sessions that
    // claim nothing are not hindered. A session has one claim; the next takes its place, and an
    // empty name gives it up: when that is answered, another session can have it, on whichever
    // connection. cannot, not_permitted, unavailable: as for a MessageStore.
    virtual net::Task<Result<void>> claim(SessionId session, MailboxName name) = 0;
};

} // namespace maild::store
