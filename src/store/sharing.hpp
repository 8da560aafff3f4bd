#pragma once
// Who shares with whom, over all shards and in memory: so that to list what others share costs
// nothing when nobody does, and otherwise looks at their shards alone. Made of the rows when a
// shard is opened, and made again for an owner with each commit that changes one of his lists, so
// it cannot outlive what it is made of. Only a hint: the rows decide.

#include "maild/store/acl.hpp"

#include <map>
#include <set>
#include <vector>

namespace maild::store {

class Sharing {
public:
    void set(AccountId owner, const std::vector<Grantee>& grantees);
    // Of an account that is removed, as owner and as grantee.
    void forget(AccountId account);
    // Who shares with the account itself or with all of its domain, ascending, without itself.
    std::vector<AccountId> owners(AccountId account, DomainId domain) const;

private:
    std::map<AccountId, std::vector<Grantee>> grantees_; // by owner
    std::map<Grantee, std::set<AccountId>> owners_;
};

} // namespace maild::store
