#pragma once
// The mailboxes of one shard that sessions have open, or had a short while ago, as compact arrays:
// SELECT copies one. Views are loaded by a reader and then kept current by the same news that
// sessions get, so a view and its sessions never disagree. News that come while a view is loading
// wait; those that its snapshot has already seen (by mod-sequence) are dropped. Belongs to the
// io_context's thread; bounded by the bytes of views that nobody has open.

#include "store/batch.hpp"
#include "store/reads.hpp"

#include "maild/net/timer.hpp"
#include "maild/store/message_store.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <vector>

namespace maild::store {

struct View {
    enum class State : std::uint8_t { empty, loading, ready, gone };
    State state = State::empty;
    MailboxStatus status;
    Keywords keywords;
    std::vector<MessageState> messages; // ascending by UID
    Uid first_recent{1};
    Uid stored_recent{1};           // what the row says, or will
    Uid unseen_from{1};             // all below have \Seen
    std::vector<MailboxNews> early; // came while loading
    std::set<SessionId> sessions;
    std::size_t selected = 0; // sessions that may write
    std::uint64_t used_at = 0;
    std::vector<std::shared_ptr<net::Event>> waiting;

    std::size_t bytes() const { return sizeof *this + messages.capacity() * sizeof(MessageState); }
    std::uint32_t recent() const;
    // Its place, from 1; 0: none. What it has looked at it does not look at again.
    std::uint32_t first_unseen();
};

// How sessions see it: the changes of a commit to one view. False: its snapshot had them already.
bool apply(View& view, const MailboxNews& news);

class ViewCache {
public:
    explicit ViewCache(std::size_t idle_bytes) : idle_bytes_(idle_bytes) {}

    std::shared_ptr<View> get(MailboxId mailbox);        // makes an empty one
    std::shared_ptr<View> find(MailboxId mailbox) const; // or null
    void forget(MailboxId mailbox) { views_.erase(mailbox); }
    void loaded(View& view, Snapshot snapshot); // with the news that came meanwhile
    // The view whose sessions are to be told; null when nobody has to know.
    std::shared_ptr<View> tell(const MailboxNews& news);
    void trim(); // after a session has left a view

private:
    std::map<MailboxId, std::shared_ptr<View>> views_;
    std::size_t idle_bytes_;
    std::uint64_t uses_ = 0;
};

} // namespace maild::store
