#include "maild/net/gate.hpp"

#include "net/await.hpp"
#include "net/newcomers.hpp"

#include "maild/base/log.hpp"
#include "maild/net/places.hpp"

#include <algorithm>
#include <utility>

namespace maild::net {
namespace {

// Whose a newcomer is. A user of this host has as many addresses of loopback as he likes. No key of
// an IPv6 /64 has anything in its second half, and that of an IPv4 address has not this.
IpAddress newcomer_key(const std::optional<IpAddress>& address, std::optional<unsigned> uid) {
    IpAddress key;
    if (address) return address->is_loopback() ? key : peer_key(*address);
    key.bytes[8] = uid ? 1 : 2;
    for (std::size_t i = 0; i < 4; ++i)
        key.bytes[12 + i] = static_cast<std::uint8_t>(uid.value_or(0) >> (8 * i));
    return key;
}

} // namespace

Gate::Pass::Pass(Pass&& other) noexcept
    : gate_(std::exchange(other.gate_, nullptr)), id_(other.id_) {}

Gate::Pass& Gate::Pass::operator=(Pass&& other) noexcept {
    if (this != &other) {
        if (gate_ != nullptr) gate_->leave(id_);
        gate_ = std::exchange(other.gate_, nullptr);
        id_ = other.id_;
    }
    return *this;
}

Gate::Pass::~Pass() {
    if (gate_ != nullptr) gate_->leave(id_);
}

void Gate::Pass::set_account(AccountId account, std::string_view name, WallTime proven,
                             std::optional<WallTime> until) {
    auto& entry = gate_->sessions_.at(id_).entry;
    entry.account = account;
    entry.account_name = name;
    set_trusted();
    gate_->expire_at(id_, until);
    const auto kick = gate_->kicked_.find(account);
    if (kick != gate_->kicked_.end() && proven < kick->second) gate_->kick(id_);
}

void Gate::Pass::set_nobody() {
    auto& session = gate_->sessions_.at(id_);
    session.entry.account = {};
    session.entry.account_name.clear();
    gate_->expire_at(id_, std::nullopt);
    if (!session.stopping) gate_->newcomers_->add(id_, session.network);
}

void Gate::Pass::set_proven() {
    if (const auto network = gate_->newcomers_->remove(id_)) gate_->strangers_->add(id_, *network);
}

void Gate::Pass::set_newcomer() {
    if (const auto network = gate_->strangers_->remove(id_)) gate_->newcomers_->add(id_, *network);
}

void Gate::Pass::set_finishing() {
    auto& leaving = gate_->sessions_.at(id_).leaving;
    if (leaving != Leaves::at_once) return;
    leaving = Leaves::when_done;
    --gate_->leaving_;
    ++gate_->finishing_;
}

void Gate::Pass::set_trusted() {
    gate_->newcomers_->remove(id_);
    gate_->strangers_->remove(id_);
}

void Gate::Pass::set_state(std::string_view state) { gate_->sessions_.at(id_).entry.state = state; }

void Gate::Pass::on_stop(Stop stop) {
    auto& session = gate_->sessions_.at(id_);
    if (session.stopping) return stop(*session.stopping);
    session.stop = std::move(stop);
}

bool Gate::Pass::is_stopping() const { return gate_->sessions_.at(id_).stopping.has_value(); }

Gate::Gate(std::string service, const GateLimits& limits, const Clock& clock)
    : service_(std::move(service)),
      limits_(limits),
      clock_(clock),
      newcomers_(std::make_unique<Newcomers>()),
      strangers_(std::make_unique<Newcomers>()) {}
Gate::~Gate() {
    if (places_ != nullptr) std::erase(places_->gates_, this);
}

void Gate::share(Places& places) {
    if (places_ != nullptr) return;
    places_ = &places;
    places.gates_.push_back(this);
}

std::size_t Gate::newcomers() const { return newcomers_->count(); }

std::size_t Gate::strangers() const { return strangers_->count(); }

Result<Gate::Pass> Gate::admit(std::string_view peer, std::optional<unsigned> uid) {
    if (is_stopping_) return fail(Errc::unavailable, "stopping");
    if (sessions_.size() >= limits_.sessions)
        return fail(Errc::limit_exceeded, service_ + ": sessions");
    Session session;
    const auto address = parse_ip(peer);
    session.is_counted = address && !address->is_loopback();
    if (session.is_counted) {
        session.peer_key = peer_key(*address);
        const auto known = by_peer_.find(session.peer_key);
        const auto count = known == by_peer_.end() ? 0 : known->second;
        if (count >= limits_.sessions_per_peer)
            return fail(Errc::limit_exceeded, service_ + ": sessions of one peer");
    }
    if (newcomers_->count() >= limits_.newcomers) make_room(*newcomers_);
    if (places_ != nullptr) places_->make_room_for(*this);
    if (places_ != nullptr && !places_->is_open(*this)) {
        places_->tell_short();
        return fail(Errc::limit_exceeded, "sessions of all services");
    }
    if (session.is_counted) ++by_peer_[session.peer_key];
    const auto id = next_id_++;
    session.network = newcomer_key(address, uid);
    newcomers_->add(id, session.network);
    session.entry.id = id;
    session.entry.service = service_;
    session.entry.peer = peer;
    session.entry.since = clock_.now();
    sessions_.emplace(id, std::move(session));
    return Pass(this, id);
}

// When the one who was told goes; none: there is none of them.
std::optional<Gate::Leaves> Gate::make_room(Newcomers& of) {
    const auto id = of.first_to_go();
    if (!id) return std::nullopt;
    sessions_.at(*id).leaving = Leaves::at_once;
    ++leaving_;
    log::info("session_crowded_out",
              {{"service", service_}, {"remote_ip", sessions_.at(*id).entry.peer}});
    tell(*id, StopReason::crowded_out);
    if (places_ != nullptr) places_->tell_short();
    return sessions_.at(*id).leaving;
}

Task<void> Gate::settle(std::chrono::milliseconds patience) {
    const auto end = deadline_after(patience);
    auto& somebody_left = places_ == nullptr ? left_ : places_->left_;
    while (is_full() && is_somebody_leaving()) {
        const auto left = time_left(end);
        if (left.count() == 0) co_return;
        co_await somebody_left.wait(left);
    }
}

bool Gate::is_full() const {
    return sessions_.size() >= limits_.sessions || (places_ != nullptr && !places_->is_open(*this));
}

bool Gate::is_somebody_leaving() {
    if (places_ == nullptr || places_->is_open(*this)) return leaving_ > 0;
    return places_->leaving_for(*this) > 0 || places_->crowd_out_for(*this);
}

std::vector<SessionEntry> Gate::sessions() const {
    std::vector<SessionEntry> entries;
    entries.reserve(sessions_.size());
    for (const auto& [id, session] : sessions_) entries.push_back(session.entry);
    std::ranges::sort(entries, {}, &SessionEntry::id);
    return entries;
}

bool Gate::kick(std::uint64_t id) { return tell(id, StopReason::kicked); }

std::size_t Gate::kick(AccountId account) {
    const auto now = clock_.now();
    std::erase_if(kicked_, [&](const auto& kick) { return kick.second + kKickHolds < now; });
    kicked_.insert_or_assign(account, now);
    std::vector<std::uint64_t> ids; // telling one may end it, and change the map
    for (const auto& [id, session] : sessions_) {
        if (session.entry.account == account) ids.push_back(id);
    }
    return static_cast<std::size_t>(
        std::ranges::count_if(ids, [this](auto id) { return kick(id); }));
}

void Gate::expire_at(std::uint64_t id, std::optional<WallTime> until) {
    auto& session = sessions_.at(id);
    if (session.until) expiries_.erase({*session.until, id});
    session.until = until;
    if (!until) return;
    expiries_.emplace(*until, id);
    expiries_changed_.notify();
}

Task<void> Gate::end_expired() {
    constexpr std::chrono::milliseconds kLook = std::chrono::minutes(1); // the clock may be set
    while (true) {
        while (!expiries_.empty() && expiries_.begin()->first <= clock_.now()) {
            const auto id = expiries_.begin()->second;
            expire_at(id, std::nullopt);
            log::info("session_expired", {{"service", service_}, {"session", id}});
            tell(id, StopReason::expired);
        }
        auto patience = kLook;
        if (!expiries_.empty()) {
            const auto left = expiries_.begin()->first - clock_.now();
            patience = std::min(patience, std::chrono::ceil<std::chrono::milliseconds>(left));
        }
        co_await expiries_changed_.wait(patience);
    }
}

Task<std::size_t> Gate::stop(std::chrono::milliseconds patience) {
    is_stopping_ = true;
    for (const auto& entry : sessions()) tell(entry.id, StopReason::shutdown);
    const auto end = deadline_after(patience);
    while (!sessions_.empty()) {
        const auto left = time_left(end);
        if (left.count() == 0) break;
        co_await left_.wait(left);
    }
    co_return sessions_.size();
}

// False if there is no such session. It may end while it is told.
bool Gate::tell(std::uint64_t id, StopReason reason) {
    const auto found = sessions_.find(id);
    if (found == sessions_.end()) return false;
    auto& session = found->second;
    newcomers_->remove(id); // nor is anybody told twice
    strangers_->remove(id);
    if (!session.stopping) session.stopping = reason;
    if (auto stop = std::exchange(session.stop, nullptr)) stop(reason);
    return true;
}

void Gate::leave(std::uint64_t id) {
    const auto found = sessions_.find(id);
    if (found->second.is_counted) {
        const auto counter = by_peer_.find(found->second.peer_key);
        if (--counter->second == 0) by_peer_.erase(counter);
    }
    newcomers_->remove(id);
    strangers_->remove(id);
    expire_at(id, std::nullopt);
    if (const auto leaving = found->second.leaving)
        --(*leaving == Leaves::at_once ? leaving_ : finishing_);
    sessions_.erase(found);
    left_.notify();
    if (places_ != nullptr) places_->left_.notify();
}

} // namespace maild::net
