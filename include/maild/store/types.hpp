#pragma once
// The nouns of the store: mailboxes, messages, flags and changes, as every protocol sees them.

#include "maild/base/clock.hpp"
#include "maild/base/ids.hpp"
#include "maild/store/acl.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace maild::store {

// RFC 6154 §2. `none` for ordinary mailboxes.
enum class SpecialUse : std::uint8_t { none, archive, drafts, flagged, junk, sent, trash, all };

using EmailId = Id<struct EmailTag, std::int64_t>; // RFC 8474 §5.1; copies share it

// One bit each: the system flags (RFC 9051 §2.3.2), then the keywords of the mailbox in the order
// of its table: bit kFirstKeyword + i is Keywords[i]. \Recent is not stored: see
// OpenedMailbox::first_recent.
struct Flags {
    std::uint64_t bits = 0;

    bool has(std::uint64_t mask) const { return (bits & mask) == mask; }
    friend bool operator==(Flags, Flags) = default;
};
inline constexpr std::uint64_t kSeen = 1 << 0;
inline constexpr std::uint64_t kAnswered = 1 << 1;
inline constexpr std::uint64_t kFlagged = 1 << 2;
inline constexpr std::uint64_t kDeleted = 1 << 3;
inline constexpr std::uint64_t kDraft = 1 << 4;
// What rights to write cover: s, t, w (RFC 4314 §4).
constexpr Flags flags_allowed(Rights rights) {
    return {(rights.has(kKeepSeen) ? kSeen : 0) | (rights.has(kDeleteMessages) ? kDeleted : 0) |
            (rights.has(kWrite) ? ~(kSeen | kDeleted) : 0)};
}
inline constexpr unsigned kFirstKeyword = 5;
// In a mailbox; then Errc::limit_exceeded.
inline constexpr std::size_t kMaxKeywords = 64 - kFirstKeyword;
inline constexpr std::size_t kMaxKeywordLength = 100;

// As first written; compared without ASCII case (RFC 9051 §2.3.2).
using Keywords = std::vector<std::string>;

// Flags by name, before a mailbox's keyword table is known.
struct FlagNames {
    std::uint64_t system = 0;
    Keywords keywords;
};

// Ascending, disjoint, inclusive ranges. `*` was resolved by the session (RFC 9051 §9 seq-number).
struct UidRange {
    Uid first;
    Uid last;
    friend bool operator==(UidRange, UidRange) = default;
};
using UidSet = std::vector<UidRange>;

// Delimiter '/', UTF-8 in NFC, no empty level, no control character, "INBOX" in upper case at the
// first level.
using MailboxName = std::string;
inline constexpr char kDelimiter = '/';
// Below it stand other accounts' mailboxes (RFC 2342), each below its owner's address. No account
// has a mailbox of that name.
inline constexpr std::string_view kOtherUsers = "Other Users";
inline constexpr std::size_t kMaxMailboxName = 1000; // octets
inline constexpr std::size_t kMaxMailboxDepth = 32;
inline constexpr std::size_t kMaxMailboxes = 10'000; // of an account

struct MailboxEntry {
    MailboxId id; // none for a name that is only subscribed, or a level that has only children
    MailboxName name;
    SpecialUse special_use = SpecialUse::none;
    bool is_subscribed = false;
    bool is_selectable = true;
    Rights rights = kAllRights; // of who asks
};

struct MailboxStatus {
    MailboxId id;
    UidValidity uid_validity;
    Uid uid_next;
    ModSeq highest_modseq;
    std::uint32_t messages = 0;
    std::uint32_t unseen = 0;
    std::uint32_t recent = 0;
    std::uint32_t deleted = 0;
    std::uint64_t size = 0;         // sum of RFC822.SIZE
    std::uint64_t deleted_size = 0; // of the deleted ones: what an expunge gives back
};

// What an account uses and may use (RFC 9208 §5.1, §5.2).
struct QuotaUsage {
    std::uint64_t bytes = 0;
    std::uint64_t bytes_limit = 0; // 0: none
    std::uint64_t messages = 0;
    std::uint64_t messages_limit = 0; // 0: none
};

struct MessageState {
    Uid uid;
    Flags flags;
    ModSeq modseq;
};

// What was parsed once, in the worker that received the message, and is sent as it is (DESIGN §3).
// Opaque here. `envelope`, `body` and `body_structure` are IMAP text without raw 8-bit bytes;
// `parts` is mail::encode_parts(). Offsets in `parts` count from the first byte of the content,
// below the trace prefix.
struct Structure {
    std::string envelope;
    std::string body;
    std::string body_structure;
    std::string parts;
};

// News of one mailbox, in the order of commits. Nothing is told before it is on stable storage.
struct Added {
    MessageState message;
};
// One for all that look alike afterwards: what was done to a whole mailbox is told in a few octets.
struct FlagsChanged {
    UidSet uids; // each of them is there; at most kRangesOfChange ranges
    Flags flags;
    ModSeq modseq;
};
inline constexpr std::size_t kRangesOfChange = 1000; // more are another FlagsChanged
struct Expunged {
    Uid uid;
    ModSeq modseq;
};
struct KeywordsAdded {
    Keywords keywords; // appended to the mailbox's table
};
struct MailboxDeleted {};
// Of the session that is told. Without kRead nothing more is told, and the mailbox is not open any
// longer.
struct RightsChanged {
    Rights rights;
};
using Change =
    std::variant<Added, FlagsChanged, Expunged, KeywordsAdded, MailboxDeleted, RightsChanged>;

// What happens in an account, for who watches all of it (MessageStore::watch()). Of messages only
// that something has changed: who wants to know more asks, and hears of many changes at once.
struct MessagesChanged {
    MailboxId mailbox;
    bool come_or_gone = false;
    bool flags = false;
};
struct NameCreated {
    MailboxName name;
};
struct NameRemoved {
    MailboxName name;
};
struct NameRenamed { // and what is below it
    MailboxName from;
    MailboxName to;
};
struct SubscriptionChanged {
    MailboxName name;
};
using AccountChange =
    std::variant<MessagesChanged, NameCreated, NameRemoved, NameRenamed, SubscriptionChanged>;

template <class Codec> void describe(Codec& codec, Flags& flags) { codec(flags.bits); }
template <class Codec> void describe(Codec& codec, FlagNames& names) {
    codec(names.system, names.keywords);
}
template <class Codec> void describe(Codec& codec, UidRange& range) {
    codec(range.first, range.last);
}
template <class Codec> void describe(Codec& codec, MailboxEntry& e) {
    codec(e.id, e.name, e.special_use, e.is_subscribed, e.is_selectable, e.rights);
}
template <class Codec> void describe(Codec& codec, MailboxStatus& s) {
    codec(s.id, s.uid_validity, s.uid_next, s.highest_modseq, s.messages, s.unseen, s.recent,
          s.deleted, s.size, s.deleted_size);
}
template <class Codec> void describe(Codec& codec, QuotaUsage& q) {
    codec(q.bytes, q.bytes_limit, q.messages, q.messages_limit);
}
template <class Codec> void describe(Codec& codec, MessageState& m) {
    codec(m.uid, m.flags, m.modseq);
}
template <class Codec> void describe(Codec& codec, Structure& s) {
    codec(s.envelope, s.body, s.body_structure, s.parts);
}
template <class Codec> void describe(Codec& codec, Added& change) { codec(change.message); }
template <class Codec> void describe(Codec& codec, FlagsChanged& change) {
    codec(change.uids, change.flags, change.modseq);
}
template <class Codec> void describe(Codec& codec, Expunged& change) {
    codec(change.uid, change.modseq);
}
template <class Codec> void describe(Codec& codec, KeywordsAdded& change) {
    codec(change.keywords);
}
template <class Codec> void describe(Codec&, MailboxDeleted&) {}
template <class Codec> void describe(Codec& codec, RightsChanged& change) { codec(change.rights); }
template <class Codec> void describe(Codec& codec, MessagesChanged& change) {
    codec(change.mailbox, change.come_or_gone, change.flags);
}
template <class Codec> void describe(Codec& codec, NameCreated& change) { codec(change.name); }
template <class Codec> void describe(Codec& codec, NameRemoved& change) { codec(change.name); }
template <class Codec> void describe(Codec& codec, NameRenamed& change) {
    codec(change.from, change.to);
}
template <class Codec> void describe(Codec& codec, SubscriptionChanged& change) {
    codec(change.name);
}

} // namespace maild::store
