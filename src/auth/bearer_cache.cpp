#include "maild/auth/bearer_cache.hpp"

#include "auth/digest.hpp"

#include <iterator>

namespace maild::auth {

std::optional<BearerVerdict> BearerCache::find(std::string_view token, SteadyTime now) {
    const auto found = index_.find(digest_of(Digest::sha256, token));
    if (found == index_.end()) return std::nullopt;
    const auto entry = found->second;
    if (now >= entry->until) {
        forget(entry);
        return std::nullopt;
    }
    entries_.splice(entries_.begin(), entries_, entry);
    return entry->verdict;
}

void BearerCache::remember(std::string_view token, BearerVerdict verdict, SteadyTime until) {
    auto digest = digest_of(Digest::sha256, token);
    if (const auto found = index_.find(digest); found != index_.end()) forget(found->second);
    if (capacity_ == 0) return;
    if (entries_.size() >= capacity_) forget(std::prev(entries_.end()));
    entries_.push_front({digest, std::move(verdict), until});
    index_.emplace(std::move(digest), entries_.begin());
}

void BearerCache::clear() {
    index_.clear();
    entries_.clear();
}

void BearerCache::forget(Entries::iterator entry) {
    index_.erase(entry->digest);
    entries_.erase(entry);
}

} // namespace maild::auth
