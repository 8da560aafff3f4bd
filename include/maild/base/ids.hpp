#pragma once
// Identifiers as types of their own, so that a mailbox's number can never be passed where an
// account's is wanted. Zero means "none" for the row ids; UIDs and mod-sequences start at 1.

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace maild {

template <class Tag, class Value> struct Id {
    using value_type = Value;
    Value value{};

    constexpr Id() = default;
    constexpr explicit Id(Value v) : value(v) {}
    constexpr explicit operator bool() const { return value != Value{}; }
    friend constexpr auto operator<=>(Id, Id) = default;
};

// directory.db; never used again once given out.
using AccountId = Id<struct AccountTag, std::int64_t>;
using DomainId = Id<struct DomainTag, std::int64_t>;
using ShardId = Id<struct ShardTag, std::uint32_t>;
using MailboxId = Id<struct MailboxTag, std::int64_t>;       // unique in a shard, survives RENAME
using MessageRowId = Id<struct MessageRowTag, std::int64_t>; // one stored body, unique in a shard
using QueueId = Id<struct QueueTag, std::int64_t>;
using Uid = Id<struct UidTag, std::uint32_t>; // RFC 9051 §2.3.1.1
using UidValidity = Id<struct UidValidityTag, std::uint32_t>;
// RFC 7162 §3.1: 63 bits, one counter per account.
using ModSeq = Id<struct ModSeqTag, std::int64_t>;

} // namespace maild

template <class Tag, class Value> struct std::hash<maild::Id<Tag, Value>> {
    std::size_t operator()(maild::Id<Tag, Value> id) const noexcept {
        return std::hash<Value>{}(id.value);
    }
};
