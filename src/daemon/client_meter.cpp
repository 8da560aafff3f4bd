#include "daemon/client_meter.hpp"

#include "maild/base/log.hpp"

#include <utility>

namespace maild::daemon {
namespace {

// It counts and no more; who waits longer waits for a process that is being replaced.
constexpr std::chrono::milliseconds kPatience{1'000};

} // namespace

std::optional<net::IpAddress> ClientMeter::counted(std::string_view address) const {
    const auto from = net::parse_ip(address);
    return from && limits_.counts(*from) ? from : std::nullopt;
}

auth::ClientRates::Open ClientMeter::open_at(const Place& place) const {
    const auto found = open_.find(place);
    return {place.first, place.second, found == open_.end() ? 0 : found->second};
}

void ClientMeter::tell_all() {
    if (open_.empty()) return;
    OpenConnections all;
    for (const auto& [place, count] : open_) all.open.push_back({place.first, place.second, count});
    auth_.notify(kOpen, ipc::encode(all));
}

ClientMeter::Presence::Presence(ClientMeter& meter, std::uint8_t service,
                                const net::IpAddress& from)
    : meter_(&meter), service_(service), from_(net::peer_key(from)) {
    ++meter.open_[{service_, from_}];
}

ClientMeter::Presence::Presence(Presence&& other) noexcept
    : meter_(std::exchange(other.meter_, nullptr)), service_(other.service_), from_(other.from_) {}

ClientMeter::Presence::~Presence() {
    if (meter_ == nullptr) return;
    const Place place{service_, from_};
    const auto found = meter_->open_.find(place);
    if (--found->second == 0) meter_->open_.erase(found);
    meter_->auth_.notify(kOpen, ipc::encode(OpenConnections{{meter_->open_at(place)}}));
}

net::Task<std::optional<auth::RateRefusal>> ClientMeter::ask(ipc::MessageType type,
                                                             std::string request) {
    const auto reply = co_await auth_.call(type, std::move(request), kPatience);
    const auto answer = reply ? ipc::decode<RateAnswer>(*reply)
                              : Result<RateAnswer>(std::unexpected(reply.error()));
    if (!answer) {
        log::debug("client_not_counted", {{"reason", answer.error().internal}});
        co_return std::nullopt;
    }
    co_return answer->refusal;
}

bool ClientMeter::compares(auth::Rate rate) const {
    const auto& limit = limits_.of(rate);
    return limit.address != 0 || limit.network != 0;
}

net::Task<std::optional<auth::RateRefusal>> ClientMeter::arrive(const Presence& presence) {
    OpenConnections one{{open_at({presence.service_, presence.from_})}};
    auto request = ipc::encode(one);
    auto refusal = co_await ask(kArrive, std::move(request));
    co_return refusal;
}

void ClientMeter::note_turned_away(std::uint8_t service, const net::IpAddress& from) {
    const auto here = open_at({service, net::peer_key(from)}).count;
    if (limits_.connections != 0 && here >= limits_.connections)
        auth_.notify(kTurnedAway, ipc::encode(RateClient{from}));
}

net::Task<std::optional<auth::RateRefusal>> ClientMeter::begin_message(net::IpAddress from) {
    if (!compares(auth::Rate::messages)) co_return std::nullopt;
    auto request = ipc::encode(RateClient{from});
    auto refusal = co_await ask(kBeginMessage, std::move(request));
    co_return refusal;
}

net::Task<std::optional<auth::RateRefusal>> ClientMeter::add_recipient(net::IpAddress from) {
    if (!compares(auth::Rate::recipients) && !compares(auth::Rate::refused)) co_return std::nullopt;
    auto request = ipc::encode(RateClient{from});
    auto refusal = co_await ask(kAddRecipient, std::move(request));
    co_return refusal;
}

void ClientMeter::note_refused(const net::IpAddress& from) {
    if (compares(auth::Rate::refused)) auth_.notify(kNoteRefused, ipc::encode(RateClient{from}));
}

} // namespace maild::daemon
