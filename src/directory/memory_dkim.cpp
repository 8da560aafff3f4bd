// DKIM keys, in a map.
#include "directory/memory_repository.hpp"

#include <algorithm>

namespace maild::directory {

Result<std::vector<StoredDkimKey>> MemoryRepository::list_dkim_keys(const std::string& domain) {
    std::vector<StoredDkimKey> out;
    for (const auto& [place, key] : rows_.dkim_keys)
        if (domain.empty() || place.first == domain) out.push_back(key);
    std::ranges::stable_sort(out, [](const auto& a, const auto& b) {
        return std::pair(a.shown.domain, a.shown.created) <
               std::pair(b.shown.domain, b.shown.created);
    });
    return out;
}

Result<void> MemoryRepository::store_dkim_key(const StoredDkimKey& key) {
    rows_.dkim_keys[{key.shown.domain, key.shown.selector}] = key;
    return {};
}

Result<void> MemoryRepository::delete_stray_dkim_keys() {
    std::erase_if(rows_.dkim_keys, [&](const auto& entry) {
        const auto& domain = entry.first.first;
        return !rows_.domain_names.contains(domain) && !rows_.domain_aliases.contains(domain);
    });
    return {};
}

} // namespace maild::directory
