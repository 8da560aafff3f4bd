#pragma once
// One slice of a check of one shard, on a reader's thread. Every phase is a function that looks at
// a bounded part, adds what it finds, moves the cursor on and says whether it is through. A fault
// that can be mended brings the operation that mends it: relative changes (counters by what they
// are off), because the rows may have moved on when the writer comes to it.

#include "store/batch.hpp"
#include "store/pack.hpp"
#include "store/shard.hpp"

#include "maild/store/check.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace maild::store {

struct Fault {
    CheckFinding finding;
    // On the writer's thread, in a savepoint of its own; it has changed nothing when it fails.
    // Empty: not to be mended without loss.
    std::function<Result<void>(Batch&)> mend;
};

struct Checking {
    Reading& reading;
    const CheckRequest& request;
    const ParseStructure& parse;
    CheckCursor at; // where the phase goes on
    std::uint32_t percent = 0;
    std::vector<Fault> faults;
    CheckCounts counts;

    // About the shard. What is about an account or mailbox is added by hand.
    Fault& add(FindingKind kind, std::string what);
};

// For SQL: NULL where all accounts are meant.
inline std::optional<AccountId> account_of(const Checking& check) {
    return check.request.account ? std::optional(check.request.account->account) : std::nullopt;
}

struct CheckedSlice {
    std::vector<Fault> faults;
    CheckSlice slice; // without findings; `next` within this shard
};
Result<CheckedSlice> check_slice(Reading& reading, const CheckRequest& request,
                                 const CheckCursor& at, const ParseStructure& parse);

// The phases; true: through.
Result<bool> check_database(Checking& check);   // check_database.cpp
Result<bool> check_bodies(Checking& check);     // check_bodies.cpp
Result<bool> check_references(Checking& check); // check_references.cpp
Result<bool> check_orphans(Checking& check);
Result<bool> check_mailboxes(Checking& check); // check_counters.cpp
Result<bool> check_accounts(Checking& check);
Result<bool> check_packs(Checking& check);
Result<bool> check_messages(Checking& check); // check_messages.cpp
Result<bool> check_queue(Checking& check);    // check_queue.cpp
Result<bool> check_index(Checking& check);    // check_index.cpp

// Looks at these bodies; what is wrong with one becomes a finding for everything that leads to it.
Result<void> examine_bodies(Checking& check, const std::vector<std::int64_t>& bodies);

// What leads to a body: messages, expunged ones that are retained, queue rows.
struct Owner {
    AccountId account;
    MailboxName mailbox;
    Uid uid;
    std::string what; // "the message", "the expunged message", …
};
using Owners = std::multimap<std::int64_t, Owner>; // by body
// Scans every message, for any number of bodies once: there is no index from a body to them.
Result<Owners> owners_of(db::Database& database, const std::vector<std::int64_t>& bodies);

// How far `done` is on the way to the last id that a query finds.
Result<std::uint32_t> percent_of(std::int64_t done, Result<db::Statement> last);
// "[1,2,3]", to be read with json_each().
std::string json_list(const std::vector<std::int64_t>& numbers);
std::string count_of(std::int64_t number, std::string_view noun); // "1 message", "2 messages"

} // namespace maild::store
