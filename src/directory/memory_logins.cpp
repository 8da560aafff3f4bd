// Bans and what is known of logins, in maps.
#include "directory/memory_repository.hpp"

#include <algorithm>

namespace maild::directory {

Result<std::vector<auth::Ban>> MemoryRepository::list_bans() {
    std::vector<auth::Ban> bans;
    for (const auto& [network, ban] : rows_.bans) bans.push_back(ban);
    return bans;
}

Result<void> MemoryRepository::store_ban(const auth::Ban& ban) {
    rows_.bans[net::format_network(ban.network)] = ban;
    return {};
}

Result<void> MemoryRepository::delete_ban(const net::Network& network) {
    rows_.bans.erase(net::format_network(network));
    return {};
}

Result<void> MemoryRepository::delete_bans_before(WallTime time) {
    std::erase_if(rows_.bans, [&](const auto& entry) {
        return entry.second.until && *entry.second.until < time;
    });
    return {};
}

Result<std::vector<LastLogin>> MemoryRepository::list_logins(AccountId account) {
    std::vector<LastLogin> logins;
    const auto found = rows_.accounts.find(account);
    if (found == rows_.accounts.end()) return logins;
    for (const auto& [service, login] : found->second.logins) logins.push_back(login);
    std::ranges::stable_sort(logins, std::greater{}, &LastLogin::at);
    return logins;
}

Result<std::vector<std::pair<AccountId, LastLogin>>> MemoryRepository::all_logins() {
    std::vector<std::pair<AccountId, LastLogin>> all;
    for (const auto& [id, account] : rows_.accounts)
        for (const auto& [service, login] : account.logins) all.emplace_back(id, login);
    return all;
}

Result<std::vector<LoginFailures>> MemoryRepository::list_login_failures(AccountId account) {
    std::vector<LoginFailures> all;
    const auto found = rows_.accounts.find(account);
    if (found == rows_.accounts.end()) return all;
    for (const auto& [network, failures] : found->second.failures) all.push_back(failures);
    std::ranges::stable_sort(all, std::greater{}, &LoginFailures::last);
    return all;
}

Result<void> MemoryRepository::store_login(AccountId account, const LastLogin& login) {
    const auto found = rows_.accounts.find(account);
    if (found != rows_.accounts.end()) found->second.logins[login.service] = login;
    return {};
}

Result<void> MemoryRepository::add_login_failures(AccountId account,
                                                  const LoginFailures& failures) {
    const auto found = rows_.accounts.find(account);
    if (found == rows_.accounts.end()) return {};
    auto& all = found->second.failures;
    auto& stored = all[failures.network];
    const auto before = stored;
    stored = failures;
    stored.count += before.count;
    if (before.count > 0) stored.first = before.first;
    if (all.size() <= kFailingNetworks) return {};
    all.erase(
        std::ranges::min_element(all, {}, [](const auto& entry) { return entry.second.last; }));
    return {};
}

Result<void> MemoryRepository::delete_login_failures(AccountId account,
                                                     const std::string& network) {
    const auto found = rows_.accounts.find(account);
    if (found != rows_.accounts.end()) found->second.failures.erase(network);
    return {};
}

Result<std::vector<std::pair<AccountId, SentCounts::Count>>>
MemoryRepository::list_sent_counts(SentCounts::Day day) {
    std::vector<std::pair<AccountId, SentCounts::Count>> counts;
    for (const auto& [id, stored] : rows_.accounts)
        if (stored.sent && stored.sent->first == day) counts.emplace_back(id, stored.sent->second);
    return counts;
}

Result<void> MemoryRepository::store_sent_count(AccountId account, SentCounts::Day day,
                                                SentCounts::Count count) {
    const auto found = rows_.accounts.find(account);
    if (found != rows_.accounts.end()) found->second.sent.emplace(day, count);
    return {};
}

Result<void> MemoryRepository::delete_sent_counts_before(SentCounts::Day day) {
    for (auto& [id, stored] : rows_.accounts)
        if (stored.sent && stored.sent->first < day) stored.sent.reset();
    return {};
}

} // namespace maild::directory
