#pragma once
// The rows of a meta.db that is made anew from packs. One thread, inside transactions.

#include "store/meta.hpp"
#include "store/pack_record.hpp"
#include "store/pass.hpp"
#include "store/record_metadata.hpp"

#include "maild/base/clock.hpp"
#include "maild/db/transaction.hpp"
#include "maild/store/rebuild.hpp"

#include <map>
#include <string>

namespace maild::store {

class Rows {
public:
    Rows(db::Database& connection, WallTime time, Random& source)
        : database_(connection), now_(time), random_(source) {}

    template <class Work> Result<void> in_transaction(Work work) {
        auto transaction = db::Transaction::begin(database_);
        if (!transaction) return pass(transaction);
        if (auto done = work(); !done) return done;
        return transaction->commit();
    }

    Result<void> add(const Location& at, std::string_view content, const RecordMetadata& metadata);
    Result<void> apply(const MailboxNamed& note);
    Result<void> apply(const MailboxRemoved& note);
    Result<void> apply(const MessagesCopied& note);
    Result<void> apply(const MessagesRemoved& note);
    Result<void> apply(const AccountRemoved& note);
    Result<void> apply(const RecipientGone& note);
    // Counters, mod-sequences, subscriptions. `has_gaps`: segments were removed, so UIDs above
    // those that are left may have been given out.
    Result<void> finish(bool has_gaps);

    RebuildReport report;

private:
    template <class... T> Result<void> execute(db::Sql sql, const T&... values) {
        auto done = database_.execute(sql, values...);
        if (!done) return pass(done);
        return {};
    }
    Result<void> ensure_mailbox(const RecordedMailbox& mailbox);
    Result<void> name_by(const RecordedMessage& message);
    Result<void> rename(const RecordedMailbox& mailbox);
    Result<void> gather_own_others();
    Result<void> add_message(std::int64_t body, const RecordedMessage& message,
                             std::size_t content_size);
    Result<void> add_relay(std::int64_t body, const RecordedRelay& relay, std::size_t content_size);
    Result<Flags> flags_in(MailboxId mailbox, const FlagNames& names);
    Result<void> copy_one(const MessagesCopied& note, Uid from, Uid to);

    db::Database& database_;
    WallTime now_;
    Random& random_;
    struct Told {
        Uid by; // the newest message so far
        MailboxName name;
    };
    std::map<MailboxId, Told> names_;
    std::map<AccountId, std::string> own_roots_; // see rename()
};

} // namespace maild::store
