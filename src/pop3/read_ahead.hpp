#pragma once
// Reads messages from the store ahead of a client that takes one after the other, so that a round
// trip is paid for many. Starts with the one that is asked for and doubles with each request that
// goes on where the last one ended, up to kReadAhead octets: who reads single messages pays for
// those alone. Belongs to one session.

#include "pop3/maildrop.hpp"

#include "maild/net/task.hpp"
#include "maild/store/message_store.hpp"

#include <deque>

namespace maild::pop3 {

class ReadAhead {
public:
    explicit ReadAhead(store::MessageStore& store) : store_(store) {}

    // A message that the maildrop finds; `item` is store::kContent, for one that the store gives
    // whole, or store::kHeader. not_found when another session has expunged it.
    net::Task<Result<store::MessageData>> take(store::SessionId session, const Maildrop& maildrop,
                                               MessageNumber number, store::Item item);

private:
    net::Task<Result<void>> fetch(store::SessionId session, const Maildrop& maildrop,
                                  MessageNumber number);
    void drop_before(Uid uid);

    store::MessageStore& store_;
    std::deque<store::MessageData> messages_; // ascending by UID
    store::Item item_ = store::kContent;      // what they are
    MessageNumber next_{1};
    std::size_t window_ = 1;
};

} // namespace maild::pop3
