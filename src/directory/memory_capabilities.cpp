// Hidden capabilities, in sets.
#include "directory/memory_repository.hpp"

namespace maild::directory {

Result<std::vector<std::string>> MemoryRepository::list_hidden_capabilities(AccountId account) {
    const auto found = rows_.accounts.find(account);
    if (found == rows_.accounts.end()) return {};
    const auto& hidden = found->second.hidden_capabilities;
    return std::vector(hidden.begin(), hidden.end());
}

Result<void> MemoryRepository::insert_hidden_capability(AccountId account,
                                                        const std::string& name) {
    rows_.accounts.at(account).hidden_capabilities.insert(name);
    return {};
}

Result<void> MemoryRepository::delete_hidden_capability(AccountId account,
                                                        const std::string& name) {
    rows_.accounts.at(account).hidden_capabilities.erase(name);
    return {};
}

} // namespace maild::directory
