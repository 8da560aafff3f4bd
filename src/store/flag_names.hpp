#pragma once
// Flags by name against a mailbox's keyword table (RFC 9051 §2.3.2). Pure.

#include "maild/base/error.hpp"
#include "maild/store/message_store.hpp"
#include "maild/store/types.hpp"

namespace maild::store {

inline constexpr std::uint64_t kSystemFlags = kSeen | kAnswered | kFlagged | kDeleted | kDraft;

// What names mean in a table, and the keywords that the table lacks: bits of them are given as if
// appended.
struct ResolvedFlags {
    Flags flags;
    Keywords added;
};
// limit_exceeded: the table would grow beyond kMaxKeywords. invalid_argument: no keyword (empty,
// too long, not an atom).
Result<ResolvedFlags> resolve(const FlagNames& names, const Keywords& table);
// Like resolve(), but keywords that are invalid or do not fit are left out: mail is not refused for
// a flag.
ResolvedFlags resolve_leniently(const FlagNames& names, const Keywords& table);
// Only what the table has: for removing.
Flags known(const FlagNames& names, const Keywords& table);
Result<void> check_flag_names(const FlagNames& names);

// What rights to write leave of them (RFC 4314 §4).
FlagNames only_allowed(FlagNames names, Rights rights);

FlagNames named(Flags flags, const Keywords& table);
Flags apply(Flags before, FlagChange change, Flags named);

} // namespace maild::store
