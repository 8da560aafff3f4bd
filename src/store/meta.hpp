#pragma once
// Rows of meta.db that several operations read or change. Any thread with its own connection.

#include "store/names.hpp"

#include "maild/db/database.hpp"
#include "maild/store/message_store.hpp"

#include <optional>
#include <string>

namespace maild::store {

inline std::int64_t to_millis(WallTime time) { return time.time_since_epoch().count(); }
inline WallTime from_millis(std::int64_t millis) {
    return WallTime(std::chrono::milliseconds(millis));
}
inline std::int64_t to_row(Flags flags) { return static_cast<std::int64_t>(flags.bits); }
inline Flags flags_from_row(std::int64_t value) { return Flags{static_cast<std::uint64_t>(value)}; }

struct MailboxRow {
    AccountId account;
    MailboxName name;
    MailboxStatus status; // `recent` is not filled in
    Uid first_recent;
    Keywords keywords;
    SpecialUse use = SpecialUse::none;
};
// no_such_mailbox: there is none, or it was deleted.
Result<MailboxRow> mailbox_by_name(db::Database& database, AccountId account,
                                   std::string_view name);
Result<MailboxRow> mailbox_by_id(db::Database& database, AccountId account, MailboxId id);
// Sorted by name.
Result<std::vector<MailboxRow>> mailboxes_of(db::Database& database, AccountId account);
Result<std::vector<std::string>> subscriptions_of(db::Database& database, AccountId account);

struct AccountRow {
    std::uint64_t used_bytes = 0;
    std::uint64_t used_messages = 0;
    std::uint32_t mailboxes = 0;
    bool is_removed = false;
};
Result<std::optional<AccountRow>> account_row(db::Database& database, AccountId account);

// The account's next mod-sequence; its usage changes by these amounts.
Result<ModSeq> next_modseq(db::Database& database, AccountId account, std::int64_t bytes = 0,
                           std::int64_t messages = 0);

// What one request does to a mailbox's counters.
struct MailboxDelta {
    ModSeq modseq;
    std::int64_t uids = 0; // how many are given out
    std::int64_t messages = 0;
    std::int64_t unseen = 0;
    std::int64_t deleted = 0;
    std::int64_t size = 0;
    std::int64_t deleted_size = 0;

    // What a message adds (or takes, by a negative sign) by its flags.
    void count(Flags flags, std::int64_t octets, std::int64_t sign) {
        unseen += flags.has(kSeen) ? 0 : sign;
        deleted += flags.has(kDeleted) ? sign : 0;
        deleted_size += flags.has(kDeleted) ? sign * octets : 0;
    }
};
// The status afterwards: the UIDs that were given out are the last `uids` ones below uid_next.
// limit_exceeded when there are no more.
Result<MailboxStatus> change_mailbox(db::Database& database, MailboxId id,
                                     const MailboxDelta& delta);
Result<void> set_keywords(db::Database& database, MailboxId id, const Keywords& before,
                          const Keywords& added);

std::string join_keywords(const Keywords& keywords);

} // namespace maild::store
