// NOTIFY (RFC 5465 §8).
#include "imap/limits.hpp"
#include "imap/notify.hpp"
#include "imap/parse.hpp"

#include "maild/base/ascii.hpp"

#include <utility>

namespace maild::imap {

namespace {

constexpr auto kEvents = std::to_array<std::pair<std::string_view, NotifyEvent>>({
    {"MessageNew", kMessageNew},
    {"MessageExpunge", kMessageExpunge},
    {"FlagChange", kFlagChange},
    {"MailboxName", kMailboxName},
    {"SubscriptionChange", kSubscriptionChange},
    {"MailboxMetadataChange", kMailboxMetadataChange},
    {"ServerMetadataChange", kServerMetadataChange},
});

struct Events {
    NotifyEvents bits = 0;
    FetchItems items;
    bool has_unknown = false;
};

// event; the items only of the selected mailbox's MessageNew
Parsed<bool> parse_event(Cursor& in, bool is_selected, Events& events) {
    const auto name = parse_atom(in);
    if (!name) return std::unexpected(name.error());
    for (const auto& [text, event] : kEvents) {
        if (!ascii::equals_icase(text, *name)) continue;
        events.bits |= event;
        if (event != kMessageNew || !is_selected || !in.rest().starts_with(" (")) return true;
        in.take(' ');
        auto items = parse_fetch_items(in);
        if (!items) return std::unexpected(items.error());
        events.items = std::move(*items);
        return true;
    }
    events.has_unknown = true; // event-ext, or AnnotationChange
    return true;
}

// §5: those of messages come together, and for the selected mailbox there are no others.
bool fit_together(const Events& events, bool is_selected) {
    constexpr NotifyEvents kBoth = kMessageNew | kMessageExpunge;
    const NotifyEvents messages = events.bits & kMessageEvents;
    return (messages == 0 || (messages & kBoth) == kBoth) &&
           (!is_selected || events.bits == messages);
}

// events = "(" event *(SP event) ")" / "NONE"
Parsed<Events> parse_events(Cursor& in, bool is_selected) {
    Events events;
    if (in.take_icase("NONE")) return events;
    if (!in.take('(')) return in.expected("events");
    do {
        const auto event = parse_event(in, is_selected, events);
        if (!event) return std::unexpected(event.error());
    } while (in.take(' '));
    if (!in.take(')')) return in.expected(")");
    if (!fit_together(events, is_selected)) return in.expected("events that go together");
    return events;
}

// event-group = "(" filter-mailboxes SP events ")"; `has_selected`: one was about that already
Parsed<bool> parse_group(Cursor& in, Notify& notify, bool& has_selected) {
    if (!in.take('(')) return in.expected("(");
    EventGroup group;
    const bool is_delayed = in.take_icase("selected-delayed");
    if (!is_delayed) {
        auto filter = parse_mailbox_filter(in);
        if (!filter) return std::unexpected(filter.error());
        group.filter = std::move(*filter);
    }
    const bool is_selected = group.filter.kind == MailboxFilter::Kind::selected;
    if (is_selected && std::exchange(has_selected, true)) return in.expected("SELECTED only once");
    if (!in.take(' ')) return in.expected("events");
    auto events = parse_events(in, is_selected);
    if (!events) return std::unexpected(events.error());
    if (!in.take(')')) return in.expected(")");
    notify.has_unknown_event = notify.has_unknown_event || events->has_unknown;
    if (!is_selected) {
        group.events = events->bits;
        notify.groups.push_back(std::move(group));
        return true;
    }
    notify.selected = events->bits;
    notify.delays_expunge = is_delayed;
    notify.items = std::move(events->items);
    return true;
}

} // namespace

Parsed<Notify> parse_notify_arguments(Cursor& in) {
    Notify notify;
    if (in.take_icase("NONE")) return notify;
    if (!in.take_icase("SET")) return in.expected("SET or NONE");
    notify.wants_status = in.take_icase(" STATUS");
    bool has_selected = false;
    std::size_t count = 0;
    do {
        if (!in.take(' ')) return in.expected("mailboxes and events");
        if (++count > kMaxFilters) return in.expected("fewer groups");
        const auto group = parse_group(in, notify, has_selected);
        if (!group) return std::unexpected(group.error());
    } while (!in.at_end());
    return notify;
}

Parsed<Arguments> parse_notify(Cursor& in) {
    if (!in.take(' ')) return in.expected("SET or NONE");
    auto notify = parse_notify_arguments(in);
    if (!notify) return std::unexpected(notify.error());
    return std::move(*notify);
}

} // namespace maild::imap
