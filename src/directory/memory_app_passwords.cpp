// App passwords, in maps.
#include "directory/memory_repository.hpp"

#include <algorithm>

namespace maild::directory {

Result<std::vector<StoredAppPassword>> MemoryRepository::list_app_passwords(AccountId account) {
    std::vector<StoredAppPassword> out;
    const auto found = rows_.accounts.find(account);
    if (found == rows_.accounts.end()) return out;
    for (const auto& [name, stored] : found->second.app_passwords) out.push_back(stored);
    return out;
}

Result<void> MemoryRepository::insert_app_password(AccountId account,
                                                   const StoredAppPassword& added) {
    auto stored = added;
    stored.id = ++rows_.last_app_password;
    rows_.accounts.at(account).app_passwords[added.shown.name] = std::move(stored);
    return {};
}

Result<void> MemoryRepository::delete_app_password(std::int64_t id) {
    for (auto& [account, stored] : rows_.accounts)
        std::erase_if(stored.app_passwords, [&](const auto& e) { return e.second.id == id; });
    return {};
}

Result<void> MemoryRepository::store_app_password_use(std::int64_t id, const LastLogin& use) {
    for (auto& [account, stored] : rows_.accounts)
        for (auto& [name, app] : stored.app_passwords)
            if (app.id == id) {
                app.shown.last_used = use.at;
                app.shown.last_address = use.address;
                app.shown.last_service = use.service;
            }
    return {};
}

} // namespace maild::directory
