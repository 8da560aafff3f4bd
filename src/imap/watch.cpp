#include "imap/watch.hpp"

#include <optional>
#include <variant>

namespace maild::imap {

Watch::Watch(const Notify& notify, NameForm form)
    : selected_(notify.selected), delays_expunge_(notify.delays_expunge), items_(notify.items) {
    for (const auto& [filter, events] : notify.groups) {
        groups_.emplace_back(ResolvedFilter(filter, form), events);
        all_ |= events;
    }
}

NotifyEvents Watch::events_of(const store::MailboxEntry& entry) const {
    NotifyEvents events = 0;
    for (const auto& [filter, wanted] : groups_)
        if (filter.means(entry, std::nullopt)) events |= wanted;
    return events;
}

void Watch::hear(const store::AccountChange& change) {
    if (const auto* messages = std::get_if<store::MessagesChanged>(&change)) {
        if (!wants(kMessageEvents)) return;
        auto& news = news_.messages[messages->mailbox];
        news.mailbox = messages->mailbox;
        news.come_or_gone = news.come_or_gone || messages->come_or_gone;
        news.flags = news.flags || messages->flags;
        return;
    }
    const bool is_subscription = std::holds_alternative<store::SubscriptionChanged>(change);
    if (!wants(is_subscription ? kSubscriptionChange : kMailboxName)) return;
    news_.is_too_much = news_.is_too_much || news_.names.size() == kMaxNameNews;
    if (!news_.is_too_much) news_.names.push_back(change);
}

} // namespace maild::imap
