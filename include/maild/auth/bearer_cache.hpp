#pragma once
// What an issuer has lately said of tokens, so that a program which connects again does not ask it
// again. Keyed by SHA-256, so that no token is kept. The least recently used one goes when it is
// full. A token that was refused stands here too: a program that tries the same one again and again
// guesses nothing. One thread.

#include "maild/base/clock.hpp"
#include "maild/base/ids.hpp"

#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace maild::auth {

struct BearerVerdict {
    std::string refusal; // why, for the log; empty: it is good for `name`
    std::string name;    // an address
    // Whose that was, and the version of its password, when it was verified; none: nobody's.
    // Another account or another password means that the issuer is to be asked anew.
    std::optional<AccountId> account{};
    std::int64_t version = 0;
};

class BearerCache {
public:
    explicit BearerCache(std::size_t capacity) : capacity_(capacity) {}

    std::optional<BearerVerdict> find(std::string_view token, SteadyTime now);
    void remember(std::string_view token, BearerVerdict verdict, SteadyTime until);
    void clear();
    std::size_t size() const { return entries_.size(); }

private:
    struct Entry {
        std::string digest;
        BearerVerdict verdict;
        SteadyTime until;
    };
    using Entries = std::list<Entry>;
    void forget(Entries::iterator entry);

    std::size_t capacity_;
    Entries entries_; // the most recently used first
    std::unordered_map<std::string, Entries::iterator> index_;
};

} // namespace maild::auth
