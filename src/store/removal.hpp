#pragma once
// Taking messages out of a mailbox: rows go from `message` to `expunged`, counters and news follow.

#include "store/batch.hpp"
#include "store/pack_record.hpp"

namespace maild::store {

enum class Removal : std::uint8_t {
    expunged, // the content is retained, and leaves the account's usage
    moved,    // it lives on under another UID
};

// Exactly these UIDs, all of which exist.
Result<void> remove_messages(Batch& batch, const Access& access, MailboxId mailbox,
                             const UidSet& uids, Removal removal);

// One more reference to a body that this batch has not written yet.
Result<void> add_pending_reference(Batch& batch, std::int64_t content);

// One reference less; the last one takes the body's rows, and its bytes in the pack are dead.
Result<void> drop_reference(db::Database& database, std::int64_t body);
// The rows of a body that nothing leads to any more.
Result<void> drop_body(db::Database& database, std::int64_t body, const Location& location);

} // namespace maild::store
