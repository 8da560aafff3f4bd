#pragma once
// NOTIFY (RFC 5465): what a client wants to hear of by itself. Pure.

#include "imap/fetch_items.hpp"
#include "imap/mailbox_filter.hpp"
#include "imap/syntax.hpp"

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace maild::imap {

enum NotifyEvent : std::uint8_t { // bits
    kMessageNew = 1,
    kMessageExpunge = 2,
    kFlagChange = 4,
    kMailboxName = 8,
    kSubscriptionChange = 16,
    kMailboxMetadataChange = 32,
    kServerMetadataChange = 64,
};
using NotifyEvents = std::uint8_t;
inline constexpr NotifyEvents kMessageEvents = kMessageNew | kMessageExpunge | kFlagChange;
// What NO [BADEVENT] tells, §3.1.
inline constexpr std::string_view kKnownEvents =
    "MessageNew MessageExpunge FlagChange MailboxName SubscriptionChange MailboxMetadataChange "
    "ServerMetadataChange";

struct EventGroup {
    MailboxFilter filter;
    NotifyEvents events = 0;
};

// NOTIFY NONE is one that wants nothing.
struct Notify {
    bool wants_status = false;
    NotifyEvents selected = 0;   // of messages, in the mailbox that is selected
    bool delays_expunge = false; // SELECTED-DELAYED, §6.1.2
    FetchItems items = {};       // to be sent of each message that comes there
    std::vector<EventGroup> groups = {};
    bool has_unknown_event = false;
};

// What stands behind "NOTIFY ".
Parsed<Notify> parse_notify_arguments(Cursor& in);

} // namespace maild::imap
