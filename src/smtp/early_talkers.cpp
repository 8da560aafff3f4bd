#include "maild/smtp/early_talkers.hpp"

#include <utility>

namespace maild::smtp {

bool EarlyTalkers::must_wait(const net::Peer& peer) const {
    const auto address = net::parse_ip(peer.address);
    if (!address || net::in_any_network(*address, trusted_)) return false;
    const auto key = net::peer_key(*address);
    if (!newer_.contains(key) && !older_.contains(key)) return true;
    return clock_.steady_now() - turned_ >= 2 * kTurn; // nobody has come for long
}

void EarlyTalkers::passed(const net::Peer& peer) {
    const auto address = net::parse_ip(peer.address);
    if (!address) return;
    const auto age = clock_.steady_now() - turned_;
    if (age >= kTurn || newer_.size() >= most_known_ / 2) {
        older_ = age >= 2 * kTurn ? Peers() : std::move(newer_);
        newer_ = {};
        turned_ = clock_.steady_now();
    }
    newer_.insert(net::peer_key(*address));
}

} // namespace maild::smtp
