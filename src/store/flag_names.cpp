#include "store/flag_names.hpp"

#include "maild/base/ascii.hpp"

#include <algorithm>
#include <optional>
#include <string_view>

namespace maild::store {
namespace {

// RFC 9051 §9: flag-keyword = "$MDNSent" / … / atom. Backslash belongs to system flags.
bool is_keyword(std::string_view keyword) {
    constexpr std::string_view kNotAtom = "(){ %*\"\\]";
    return !keyword.empty() && keyword.size() <= kMaxKeywordLength &&
           std::ranges::none_of(keyword, [&](char c) {
               return ascii::is_control(c) || ascii::is_8bit(c) || kNotAtom.contains(c);
           });
}

std::optional<std::size_t> position(const Keywords& table, std::string_view keyword) {
    const auto found =
        std::ranges::find_if(table, [&](const auto& k) { return ascii::equals_icase(k, keyword); });
    if (found == table.end()) return std::nullopt;
    return static_cast<std::size_t>(found - table.begin());
}

std::uint64_t bit(std::size_t keyword) { return std::uint64_t{1} << (kFirstKeyword + keyword); }

// False when the table is full.
bool add(ResolvedFlags& resolved, const Keywords& table, const std::string& keyword) {
    if (const auto at = position(table, keyword))
        resolved.flags.bits |= bit(*at);
    else if (const auto appended = position(resolved.added, keyword)) {
        resolved.flags.bits |= bit(table.size() + *appended);
    } else {
        if (table.size() + resolved.added.size() >= kMaxKeywords) return false;
        resolved.flags.bits |= bit(table.size() + resolved.added.size());
        resolved.added.push_back(keyword);
    }
    return true;
}

} // namespace

Result<void> check_flag_names(const FlagNames& names) {
    if ((names.system & ~kSystemFlags) != 0)
        return fail(Errc::invalid_argument, "unknown system flag");
    if (!std::ranges::all_of(names.keywords, is_keyword))
        return fail(Errc::invalid_argument, "not a keyword");
    return {};
}

Result<ResolvedFlags> resolve(const FlagNames& names, const Keywords& table) {
    if (auto valid = check_flag_names(names); !valid)
        return std::unexpected(std::move(valid.error()));
    ResolvedFlags resolved{Flags{names.system}, {}};
    for (const auto& keyword : names.keywords) {
        if (!add(resolved, table, keyword))
            return fail(Errc::limit_exceeded, "keywords of a mailbox");
    }
    return resolved;
}

ResolvedFlags resolve_leniently(const FlagNames& names, const Keywords& table) {
    ResolvedFlags resolved{Flags{names.system & kSystemFlags}, {}};
    for (const auto& keyword : names.keywords) {
        if (is_keyword(keyword)) add(resolved, table, keyword);
    }
    return resolved;
}

Flags known(const FlagNames& names, const Keywords& table) {
    Flags flags{names.system & kSystemFlags};
    for (const auto& keyword : names.keywords) {
        if (const auto at = position(table, keyword)) flags.bits |= bit(*at);
    }
    return flags;
}

FlagNames only_allowed(FlagNames names, Rights rights) {
    names.system &= flags_allowed(rights).bits;
    if (!rights.has(kWrite)) names.keywords.clear();
    return names;
}

FlagNames named(Flags flags, const Keywords& table) {
    FlagNames names{flags.bits & kSystemFlags, {}};
    for (std::size_t i = 0; i < table.size(); ++i) {
        if (flags.has(bit(i))) names.keywords.push_back(table[i]);
    }
    return names;
}

Flags apply(Flags before, FlagChange change, Flags named) {
    switch (change) {
    case FlagChange::replace: return named;
    case FlagChange::add: return Flags{before.bits | named.bits};
    case FlagChange::remove: return Flags{before.bits & ~named.bits};
    }
    return before;
}

} // namespace maild::store
