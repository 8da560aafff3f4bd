#include "store/sharing.hpp"

#include <algorithm>

namespace maild::store {

void Sharing::set(AccountId owner, const std::vector<Grantee>& grantees) {
    if (const auto before = grantees_.find(owner); before != grantees_.end()) {
        for (const auto& who : before->second) {
            const auto found = owners_.find(who);
            if (found == owners_.end()) continue; // it was removed
            found->second.erase(owner);
            if (found->second.empty()) owners_.erase(found);
        }
        grantees_.erase(before);
    }
    if (grantees.empty()) return;
    for (const auto& who : grantees) owners_[who].insert(owner);
    grantees_.emplace(owner, grantees);
}

void Sharing::forget(AccountId account) {
    set(account, {});
    owners_.erase({account, {}});
}

std::vector<AccountId> Sharing::owners(AccountId account, DomainId domain) const {
    std::set<AccountId> all;
    const auto add = [&](const Grantee& who) {
        if (const auto found = owners_.find(who); found != owners_.end())
            all.insert(found->second.begin(), found->second.end());
    };
    add({account, {}});
    if (domain) add(anyone_of(domain));
    all.erase(account);
    return {all.begin(), all.end()};
}

} // namespace maild::store
