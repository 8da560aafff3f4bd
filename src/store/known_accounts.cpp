#include "store/known_accounts.hpp"

namespace maild::store {

void KnownAccounts::forget(AccountId account) {
    ++version_;
    accounts_.erase(account);
}

void KnownAccounts::forget_all() {
    ++version_;
    accounts_.clear();
}

bool KnownAccounts::has_defaults(AccountId account) const {
    const auto found = accounts_.find(account);
    return found != accounts_.end() && found->second.has_defaults;
}

void KnownAccounts::note_defaults(AccountId account, std::uint64_t version) {
    if (version == version_) at(account).has_defaults = true;
}

const KnownAccounts::Named* KnownAccounts::find(AccountId account, const MailboxName& name) const {
    const auto found = accounts_.find(account);
    if (found == accounts_.end()) return nullptr;
    const auto named = found->second.names.find(name);
    return named == found->second.names.end() ? nullptr : &named->second;
}

void KnownAccounts::note_name(AccountId account, const MailboxName& name, Named named,
                              std::uint64_t version) {
    if (version != version_ || name.size() > kLongestName) return;
    auto& names = at(account).names;
    if (names.size() >= kMostNames && !names.contains(name)) names.erase(names.begin());
    names.insert_or_assign(name, named);
}

void KnownAccounts::note_usage(AccountId account, const AccountRow& row, SteadyTime now,
                               std::uint64_t version) {
    if (version != version_) return;
    auto& known = at(account);
    known.usage = row;
    known.usage_until = now + kUsageHolds;
}

bool KnownAccounts::surely_fits(AccountId account, const Quota& quota, std::uint64_t bytes,
                                SteadyTime now) {
    const auto found = accounts_.find(account);
    if (found == accounts_.end() || now >= found->second.usage_until) return false;
    auto& usage = found->second.usage;
    if (usage.is_removed || !check_room(usage, quota, bytes, 1)) return false;
    usage.used_bytes += bytes;
    ++usage.used_messages;
    return true;
}

void KnownAccounts::charge(AccountId account, std::uint64_t bytes) {
    const auto found = accounts_.find(account);
    if (found == accounts_.end()) return;
    found->second.usage.used_bytes += bytes;
    ++found->second.usage.used_messages;
}

void KnownAccounts::forget_usage(AccountId account) {
    if (const auto found = accounts_.find(account); found != accounts_.end())
        found->second.usage_until = {};
}

// Whoever makes room, any one of them, costs a reader's look to be known again.
KnownAccounts::Known& KnownAccounts::at(AccountId account) {
    if (accounts_.size() >= most_ && !accounts_.contains(account))
        accounts_.erase(accounts_.begin());
    return accounts_[account];
}

} // namespace maild::store
