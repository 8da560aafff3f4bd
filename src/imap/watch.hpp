#pragma once
// What a session that has given NOTIFY listens for, and what it has not told its client yet. Of
// messages elsewhere only where something has changed, so that many changes become one response;
// what is kept is bounded by the mailboxes of the account, and by kMaxNameNews. Pure; belongs to
// one session.

#include "imap/notify.hpp"

#include "maild/store/types.hpp"

#include <map>
#include <utility>
#include <vector>

namespace maild::imap {

class Watch {
public:
    static constexpr std::size_t kMaxNameNews = 200; // each is looked up among all names

    Watch(const Notify& notify, NameForm form);

    NotifyEvents selected() const { return selected_; }
    bool delays_expunge() const { return delays_expunge_; }
    const FetchItems& items() const { return items_; }
    bool wants(NotifyEvents events) const { return (all_ & events) != 0; } // of any mailbox
    bool wants_account() const { return all_ != 0; }
    // Of one that is there, or was.
    NotifyEvents events_of(const store::MailboxEntry& entry) const;

    void hear(const store::AccountChange& change);
    bool has_news() const { return !news_.messages.empty() || !news_.names.empty(); }
    struct News {
        std::map<MailboxId, store::MessagesChanged> messages;
        std::vector<store::AccountChange> names; // in their order
        bool is_too_much = false;                // §5.8
    };
    News take() { return std::exchange(news_, {}); }

private:
    NotifyEvents selected_;
    NotifyEvents all_ = 0;
    bool delays_expunge_;
    FetchItems items_;
    std::vector<std::pair<ResolvedFilter, NotifyEvents>> groups_;
    News news_;
};

} // namespace maild::imap
