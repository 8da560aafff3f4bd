#pragma once
// Logins that were verified before, so that a client which connects again costs no argon2id. Keeps
// no password and nothing that could be tried offline: an entry is HMAC-SHA-256 of (account,
// credential version, password) under a key that this object makes for itself and that dies with
// it. One entry for each account; the least recently used one goes when it is full. A new password
// has a new version, so that the old entry can never hit again. One thread.

#include "maild/base/clock.hpp"
#include "maild/base/ids.hpp"

#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

namespace maild::auth {

class LoginCache {
public:
    LoginCache(Random& random, std::size_t capacity);

    // Of this version some password has been verified.
    bool knows(AccountId account, std::int64_t version) const;
    bool has(AccountId account, std::int64_t version, std::string_view password);
    void remember(AccountId account, std::int64_t version, std::string_view password);
    void forget(AccountId account);
    std::size_t size() const { return entries_.size(); }

private:
    struct Entry {
        AccountId account;
        std::int64_t version = 0;
        std::string digest;
    };
    std::string digest(AccountId account, std::int64_t version, std::string_view password) const;

    std::size_t capacity_;
    std::string key_;
    std::list<Entry> entries_; // the most recently used first
    std::unordered_map<AccountId, std::list<Entry>::iterator> index_;
};

} // namespace maild::auth
