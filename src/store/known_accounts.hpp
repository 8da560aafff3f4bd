#pragma once
// What readers found out about the accounts of one shard and what holds still, so that it need not
// be read again: that somebody who logs in has his default mailboxes, what the names of his own
// mailboxes stand for, and, for a moment, that there is room for him. All that it says has been
// read; what it does not say is to be read. Belongs to the io_context's thread. Bounded.

#include "store/meta.hpp"
#include "store/operations.hpp"

#include "maild/base/clock.hpp"
#include "maild/store/types.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <unordered_map>

namespace maild::store {

class KnownAccounts {
public:
    static constexpr std::size_t kMostAccounts = 10'000; // up to 4 KiB each, mostly a tenth
    static constexpr std::size_t kMostNames = 16;        // of one account
    static constexpr std::size_t kLongestName = 200;     // octets
    static constexpr std::chrono::seconds kUsageHolds{1};

    struct Named {
        MailboxId id;
        Rights rights;
    };

    // Of so many accounts and no more; what is there stays.
    void set_most(std::size_t accounts) { most_ = accounts; }
    // Taken before a reader looks. What it found is not noted when anything was forgotten since.
    std::uint64_t version() const { return version_; }
    // Its names changed, or rights on its mailboxes, or it is gone.
    void forget(AccountId account);
    void forget_all();
    std::size_t size() const { return accounts_.size(); }

    bool has_defaults(AccountId account) const;
    void note_defaults(AccountId account, std::uint64_t version);
    const Named* find(AccountId account, const MailboxName& name) const; // or null
    void note_name(AccountId account, const MailboxName& name, Named named, std::uint64_t version);

    void note_usage(AccountId account, const AccountRow& row, SteadyTime now,
                    std::uint64_t version);
    // True: it was found to use so little a moment ago that this has room beside all that was let
    // in or charged since, and is let in now.
    bool surely_fits(AccountId account, const Quota& quota, std::uint64_t bytes, SteadyTime now);
    void charge(AccountId account, std::uint64_t bytes); // one message that is about to be stored
    void forget_usage(AccountId account);                // something else came in

private:
    struct Known {
        bool has_defaults = false;
        std::map<MailboxName, Named> names;
        AccountRow usage;
        SteadyTime usage_until{};
    };
    Known& at(AccountId account);

    std::unordered_map<AccountId, Known> accounts_;
    std::size_t most_ = kMostAccounts;
    std::uint64_t version_ = 0;
};

} // namespace maild::store
