#include "maild/store/acl.hpp"

#include <array>
#include <utility>

namespace maild::store {
namespace {

constexpr std::array<std::pair<char, Rights>, 13> kLetters{{
    {'l', kLookup},
    {'r', kRead},
    {'s', kKeepSeen},
    {'w', kWrite},
    {'i', kInsert},
    {'p', kPost},
    {'k', kCreate},
    {'x', kDeleteMailbox},
    {'t', kDeleteMessages},
    {'e', kExpunge},
    {'c', kCreate | kDeleteMailbox}, // RFC 4314 §2.1.1: any member shows it, it sets all
    {'d', kDeleteMessages | kExpunge},
    {'a', kAdminister},
}};

bool is_for(const AclEntry& entry, AccountId account, DomainId domain) {
    if (entry.who.account) return entry.who.account == account;
    return domain && entry.who.domain == domain;
}

} // namespace

std::optional<Rights> parse_rights(std::string_view letters) {
    Rights rights;
    for (const char letter : letters) {
        Rights meant;
        for (const auto& [known, right] : kLetters)
            if (known == letter) meant = right;
        if (meant == Rights{}) return std::nullopt;
        rights = rights | meant;
    }
    return rights;
}

std::string format_rights(Rights rights) {
    std::string out;
    for (const auto& [letter, right] : kLetters)
        if (rights.has_any(right)) out += letter;
    return out;
}

Rights edited(Rights before, const AclChange& change) {
    switch (change.edit) {
    case AclEdit::replace: break;
    case AclEdit::add: return before | change.rights;
    case AclEdit::remove: return before.without(change.rights);
    }
    return change.rights;
}

Rights rights_for(const Acl& acl, AccountId account, DomainId domain) {
    Rights given;
    Rights taken;
    for (const auto& entry : acl) {
        if (!is_for(entry, account, domain)) continue;
        auto& sum = entry.is_negative ? taken : given;
        sum = sum | entry.rights;
    }
    return given.without(taken);
}

} // namespace maild::store
