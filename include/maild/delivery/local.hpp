#pragma once
// From a received message and its resolved recipients to the one request that the store carries
// out, and from its results back to one answer for each recipient. Pure: no I/O, no clock. An
// account that several recipients lead to gets one copy. A message that was here before for an
// account (its Delivered-To says so) is a mail loop for the recipients that lead there (RFC 5321
// §6.3: at least by simple means).
//
//     auto plan = delivery::plan_delivery(content, std::move(transaction));
//     const auto delivered = co_await store.deliver(plan.request);      // unless plan.is_empty()
//     for (const auto& result : plan.results(delivered)) …              // in the order of the
//     recipients

#include "maild/auth/token.hpp"
#include "maild/base/clock.hpp"
#include "maild/base/error.hpp"
#include "maild/delivery/dsn.hpp"
#include "maild/directory/directory.hpp"
#include "maild/queue/envelope.hpp"
#include "maild/store/message_store.hpp"
#include "maild/trace/record.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace maild::delivery {

// One RCPT that was accepted.
struct Recipient {
    std::string forward_path;         // addr-spec
    directory::Resolution resolution; // accepted; or not_local, when the client may relay
    std::string original_recipient;   // ORCPT and NOTIFY of RFC 3461, as they are kept
    std::string notify;
};

struct Transaction {
    queue::Envelope envelope; // all but its recipients
    std::vector<Recipient> recipients;
    std::string received; // Received: and what else stands above the content; whole lines with CRLF
    bool is_junk = false; // local recipients get it into Junk, with the keyword $Junk (RFC 9051)
    // Right::deliver of the account whose shard keeps the queue rows: the sender's own (ask
    // resolve() for it anew, a login's token has long expired), or for mail that an alias sends on,
    // the postmaster's. Without one the first local recipient's is taken.
    std::optional<auth::Token> relay_grant;
    // With which it goes on to other hosts, where that is not the envelope's: see
    // Directory::forward_sender(). Only where nothing but aliases sends it there.
    std::optional<std::string> forwarded_from = {};
    std::string hold_reason; // not empty: what is relayed starts held
    // Whoever submitted the message keeps a copy in Sent, with these fields above it instead.
    struct SentCopy {
        auth::Token grant; // Right::deliver
        std::string address;
        std::string fields;
    };
    std::optional<SentCopy> sent_copy = {};
    // Of what stands above the content, what belongs to the message itself: ENVELOPE shows it.
    std::string added_fields = {};
    // The client may give a priority, and the envelope has none: the header is looked into.
    bool reads_priority = false;
    WallTime now;
};

class DeliveryPlan {
public:
    store::DeliverRequest request;

    bool is_empty() const {
        return request.local.empty() && !request.relay;
    } // nobody is left to deliver to

    // One for each recipient, the worst of what it led to: success, or the store's error for that
    // account; cannot: a mail loop (554 5.4.6); unavailable: there is no shard for a queue row.
    // `delivered` is the store's answer to `request` and is not looked at when is_empty().
    std::vector<Result<void>> results(const Result<store::DeliverResult>& delivered) const;
    // Where each recipient led to, in the same order, for the trace.
    std::vector<std::vector<trace::Place>>
    places(const Result<store::DeliverResult>& delivered) const;

    // Of whose success the sender wants to hear, and no other host will tell (RFC 3461 §5.2.3,
    // §5.2.7); `results` as above. For a null reverse-path there are none.
    std::vector<DsnRecipient> successes(const std::vector<Result<void>>& results) const;

    // Why there is no copy in Sent, though one was wanted and the others have the message.
    std::optional<Error> copy_failure(const Result<store::DeliverResult>& delivered) const;

private:
    friend class Planner;
    struct Reached {
        std::vector<std::size_t> local;   // indices into request.local
        std::vector<std::string> relayed; // addresses
        std::optional<Error> failed;      // before the store was asked
    };
    std::vector<Reached> reached_;
    std::vector<std::optional<DsnRecipient>> successes_; // likewise, one for each recipient
    std::vector<trace::Place> copies_; // request.local, before it is known what became of them
    std::string hold_reason_;
    std::optional<std::size_t> sent_copy_; // index into request.local
};

// `message.content` is borrowed until the store has answered.
DeliveryPlan plan_delivery(store::MessageSource message, Transaction transaction);

} // namespace maild::delivery
