// NOTIFY (RFC 5465), and what it brings of mailboxes that are not selected.
#include "imap/session.hpp"

#include <algorithm>
#include <variant>

namespace maild::imap {

namespace {

// Before NOTIFY's OK, §3.1.
StatusItems first_status(NotifyEvents events) {
    StatusItems items = {StatusItem::messages, StatusItem::uid_next, StatusItem::uid_validity};
    if ((events & kFlagChange) != 0) items.push_back(StatusItem::highest_modseq);
    return items;
}

// §5.1 to §5.3: what has changed of what the client wants to hear; empty: nothing.
StatusItems status_news(NotifyEvents events, const store::MessagesChanged& change,
                        bool has_modseq) {
    StatusItems items;
    const bool tells_messages = change.come_or_gone && (events & kMessageNew) != 0;
    const bool tells_flags = change.flags && (events & kFlagChange) != 0;
    if (tells_messages) items = {StatusItem::messages, StatusItem::uid_next};
    if (!tells_messages && !tells_flags) return items;
    items.push_back(StatusItem::uid_validity);
    if (has_modseq) items.push_back(StatusItem::highest_modseq);
    if ((events & kFlagChange) != 0) items.push_back(StatusItem::unseen);
    return items;
}

store::MailboxEntry entry_of(const std::vector<store::MailboxEntry>& entries,
                             const store::MailboxName& name) {
    const auto found = std::ranges::find(entries, name, &store::MailboxEntry::name);
    if (found != entries.end()) return *found;
    store::MailboxEntry gone;
    gone.name = name;
    return gone;
}

} // namespace

net::Task<Response> Session::do_notify(const Notify& notify) {
    if (notify.has_unknown_event)
        co_return no("[BADEVENT (" + std::string(kKnownEvents) +
                     ")] Not all of these events are known");
    watch_ = std::make_unique<Watch>(notify, name_form());
    store().watch(*store_session_, watch_->wants_account());
    if (!notify.wants_status) co_return ok("NOTIFY completed");
    const auto entries = co_await store().list_mailboxes(*store_session_);
    if (!entries) co_return response_for(entries.error().code);
    for (const auto& entry : *entries) {
        const NotifyEvents events = watch_->events_of(entry) & kMessageEvents;
        if (events == 0 || !entry.is_selectable || is_open_here(entry.id)) continue;
        const auto status = co_await store().status(*store_session_, entry.name);
        if (status) tell_status(entry.name, first_status(events), *status);
        if (!out_.is_full()) continue;
        const bool alive = co_await out_.flush();
        if (!alive) co_return ok({});
    }
    co_return ok("NOTIFY completed");
}

// Of the own account: numbers of another's may be the same.
bool Session::is_open_here(MailboxId mailbox) const {
    return view_ && !guest_.session && view_->id() == mailbox;
}

// The mailbox that is selected tells its messages; while NOTIFY is in force, only if it is asked
// to.
bool Session::hears_selected() const { return !watch_ || watch_->selected() != 0; }

// What may be told when no command is under way: everything in IDLE, and whatever NOTIFY asks for.
bool Session::listens() const {
    return expects_ == Expects::done || (watch_ && expects_ == Expects::command);
}

bool Session::has_news() const {
    return (view_ && hears_selected() && view_->has_news()) || !metadata_news_.empty() ||
           (watch_ && watch_->has_news());
}

void Session::on_account(const store::AccountChange& change) {
    if (!watch_) return;
    watch_->hear(change);
    if (!is_busy_ && listens() && watch_->has_news()) wake_.notify();
}

// All but the messages of the selected mailbox.
net::Task<void> Session::tell_elsewhere() {
    if (!metadata_news_.empty()) co_await tell_metadata_news();
    if (!watch_ || !watch_->has_news()) co_return;
    const auto news = watch_->take();
    if (news.is_too_much) { // §5.8
        out_.text += "* OK [NOTIFICATIONOVERFLOW] Too much has changed, look for yourself\r\n";
        watch_ = std::make_unique<Watch>(Notify{}, name_form());
        store().watch(*store_session_, false);
        co_return;
    }
    const auto entries = co_await store().list_mailboxes(*store_session_);
    if (!entries) co_return;
    for (const auto& change : news.names) tell_name_news(*entries, change);
    for (const auto& [mailbox, change] : news.messages) {
        const auto entry = std::ranges::find(*entries, mailbox, &store::MailboxEntry::id);
        if (entry == entries->end() || is_open_here(mailbox)) continue;
        const auto items = status_news(watch_->events_of(*entry), change, style_.has_modseq);
        if (items.empty()) continue;
        const auto status = co_await store().status(*store_session_, entry->name);
        if (status) tell_status(entry->name, items, *status);
        if (!out_.is_full()) continue;
        const bool alive = co_await out_.flush();
        if (!alive) co_return;
    }
}

// §5.4, §5.5
void Session::tell_name_news(const std::vector<store::MailboxEntry>& entries,
                             const store::AccountChange& change) {
    const auto tell = [&](const store::MailboxName& name, NotifyEvent event) {
        if ((watch_->events_of(entry_of(entries, name)) & event) != 0)
            tell_entry(entries, name, {});
    };
    const auto tell_with_parent = [&](const store::MailboxName& name) {
        tell(name, kMailboxName);
        const auto end = name.rfind(store::kDelimiter);
        if (end != name.npos) tell(name.substr(0, end), kMailboxName);
    };
    if (const auto* created = std::get_if<store::NameCreated>(&change))
        tell_with_parent(created->name);
    else if (const auto* removed = std::get_if<store::NameRemoved>(&change))
        tell_with_parent(removed->name);
    else if (const auto* subscription = std::get_if<store::SubscriptionChanged>(&change))
        tell(subscription->name, kSubscriptionChange);
    else if (const auto* renamed = std::get_if<store::NameRenamed>(&change)) {
        const auto events = watch_->events_of(entry_of(entries, renamed->from)) |
                            watch_->events_of(entry_of(entries, renamed->to));
        if ((events & kMailboxName) != 0)
            tell_entry(entries, renamed->to, encode_name(renamed->from, name_form()));
    }
}

} // namespace maild::imap
