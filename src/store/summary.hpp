#pragma once
// What who watches an account hears of the changes of one mailbox.

#include "maild/store/types.hpp"

#include <span>
#include <variant>

namespace maild::store {

inline MessagesChanged summary_of(MailboxId mailbox, std::span<const Change> changes) {
    MessagesChanged summary{.mailbox = mailbox};
    for (const auto& change : changes) {
        summary.come_or_gone = summary.come_or_gone || std::holds_alternative<Added>(change) ||
                               std::holds_alternative<Expunged>(change);
        summary.flags = summary.flags || std::holds_alternative<FlagsChanged>(change);
    }
    return summary;
}

} // namespace maild::store
