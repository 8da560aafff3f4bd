#include "maild/auth/ban_list.hpp"

#include <algorithm>
#include <utility>

namespace maild::auth {

net::Network peer_network(const net::IpAddress& address) {
    return {net::peer_key(address), address.is_v4() ? 128U : 64U};
}

const Ban* BanList::find(const net::IpAddress& address, WallTime now) const {
    for (const auto& [prefix, bans] : by_prefix_) {
        const auto found = bans.find(address.masked(prefix));
        if (found != bans.end() && found->second.holds_at(now)) return &found->second;
    }
    return nullptr;
}

const Ban* BanList::find_network(const net::Network& network) const {
    const auto bans = by_prefix_.find(network.prefix);
    if (bans == by_prefix_.end()) return nullptr;
    const auto found = bans->second.find(network.address);
    return found == bans->second.end() ? nullptr : &found->second;
}

std::vector<Ban> BanList::in_force(WallTime now) const {
    std::vector<Ban> out;
    for (const auto& [prefix, bans] : by_prefix_)
        for (const auto& [address, ban] : bans)
            if (ban.holds_at(now)) out.push_back(ban);
    std::ranges::sort(out, [](const Ban& a, const Ban& b) {
        return std::tie(b.since, a.network.address, a.network.prefix) <
               std::tie(a.since, b.network.address, b.network.prefix);
    });
    return out;
}

const Ban& BanList::add(const net::Network& network, std::string reason, WallTime now,
                        const LoginLimits& limits) {
    constexpr std::uint32_t kMostDoublings = 20; // far from an overflow
    std::uint32_t count = 1;
    const auto* before = find_network(network);
    if (before == nullptr)
        make_room();
    else if (before->until && now < *before->until + limits.ban_time_max)
        count = before->count + 1;
    const auto doubled = limits.ban_time * (1LL << std::min(count - 1, kMostDoublings));
    put({.network = network,
         .since = now,
         .until = now + std::min<std::chrono::seconds>(doubled, limits.ban_time_max),
         .reason = std::move(reason),
         .count = count});
    return *find_network(network);
}

void BanList::put(Ban ban) {
    auto& bans = by_prefix_[ban.network.prefix];
    const auto address = ban.network.address;
    size_ += bans.insert_or_assign(address, std::move(ban)).second ? 1 : 0;
}

bool BanList::remove(const net::Network& network) {
    const auto bans = by_prefix_.find(network.prefix);
    if (bans == by_prefix_.end() || bans->second.erase(network.address) == 0) return false;
    if (bans->second.empty()) by_prefix_.erase(bans);
    --size_;
    return true;
}

bool BanList::forget_before(WallTime time) {
    const auto before = size_;
    for (auto& [prefix, bans] : by_prefix_)
        size_ -= std::erase_if(bans, [&](const auto& entry) {
            return entry.second.until && *entry.second.until < time;
        });
    std::erase_if(by_prefix_, [](const auto& entry) { return entry.second.empty(); });
    return size_ != before;
}

void BanList::make_room() {
    if (size_ < capacity_) return;
    const Ban* first = nullptr;
    for (const auto& [prefix, bans] : by_prefix_)
        for (const auto& [address, ban] : bans)
            if (!ban.is_by_admin && (first == nullptr || ban.until < first->until)) first = &ban;
    if (first != nullptr) remove(net::Network(first->network));
}

} // namespace maild::auth
