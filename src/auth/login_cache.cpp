#include "maild/auth/login_cache.hpp"

#include "auth/digest.hpp"

#include <span>

namespace maild::auth {

LoginCache::LoginCache(Random& random, std::size_t capacity) : capacity_(capacity), key_(32, '\0') {
    random.fill(std::as_writable_bytes(std::span(key_)));
}

std::string LoginCache::digest(AccountId account, std::int64_t version,
                               std::string_view password) const {
    // The numbers have no fixed width, but '/' is no digit, so two entries never share their bytes.
    auto bytes = std::to_string(account.value) + "/" + std::to_string(version) + "/";
    bytes += password;
    return hmac_sha256(key_, bytes);
}

bool LoginCache::has(AccountId account, std::int64_t version, std::string_view password) {
    const auto found = index_.find(account);
    if (found == index_.end()) return false;
    if (!equal_in_constant_time(found->second->digest, digest(account, version, password)))
        return false;
    entries_.splice(entries_.begin(), entries_, found->second);
    return true;
}

bool LoginCache::knows(AccountId account, std::int64_t version) const {
    const auto found = index_.find(account);
    return found != index_.end() && found->second->version == version;
}

void LoginCache::remember(AccountId account, std::int64_t version, std::string_view password) {
    forget(account);
    if (capacity_ == 0) return;
    if (entries_.size() >= capacity_) forget(entries_.back().account);
    entries_.push_front({account, version, digest(account, version, password)});
    index_[account] = entries_.begin();
}

void LoginCache::forget(AccountId account) {
    const auto found = index_.find(account);
    if (found == index_.end()) return;
    entries_.erase(found->second);
    index_.erase(found);
}

} // namespace maild::auth
