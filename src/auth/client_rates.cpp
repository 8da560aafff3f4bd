#include "maild/auth/client_rates.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace maild::auth {
namespace {

// The network around an address: what one provider or customer has together.
unsigned network_prefix(const net::IpAddress& address) { return address.is_v4() ? 96 + 24 : 48; }
unsigned address_prefix(const net::IpAddress& address) { return address.is_v4() ? 128 : 64; }

net::IpAddress network_key(const net::IpAddress& address) {
    return address.masked(network_prefix(address));
}

bool is_reached(std::uint32_t count, std::uint32_t limit) { return limit != 0 && count >= limit; }

bool is_within(const net::Network& inner, const net::Network& outer) {
    return inner.prefix >= outer.prefix && net::in_network(inner.address, outer);
}

std::size_t forget_within(RecentCounts& counts, const net::Network& network, bool is_of_network,
                          SteadyTime now) {
    std::size_t forgotten = 0;
    for (const auto& counted : counts.newest(std::numeric_limits<std::size_t>::max(), now)) {
        const net::IpAddress address{counted.key};
        const auto prefix = is_of_network ? network_prefix(address) : address_prefix(address);
        if (!is_within({address, prefix}, network)) continue;
        counts.forget(counted.key);
        ++forgotten;
    }
    return forgotten;
}

void keep_greatest(std::vector<ClientRates::Top>& tops, std::size_t most) {
    const auto size = std::min(most, tops.size());
    std::ranges::partial_sort(tops, tops.begin() + static_cast<std::ptrdiff_t>(size),
                              std::ranges::greater{}, &ClientRates::Top::count);
    tops.resize(size);
}

} // namespace

std::string_view name_of(Rate rate) {
    switch (rate) {
    case Rate::connections: return "connections";
    case Rate::messages: return "messages";
    case Rate::recipients: return "recipients";
    case Rate::refused: return "refused recipients";
    }
    return "?";
}

std::chrono::seconds window_of(Rate rate) {
    return rate == Rate::connections ? std::chrono::minutes(1) : std::chrono::hours(1);
}

ClientRates::ClientRates(const Clock& clock, Random& random, ClientLimits limits)
    : clock_(clock),
      limits_(std::move(limits)),
      counts_([&]<std::size_t... I>(std::index_sequence<I...>) {
          return std::array<Counts, kRates>{
              Counts{RecentCounts(random, kAddresses, window_of(Rate{I})),
                     RecentCounts(random, kNetworks, window_of(Rate{I}))}...};
      }(std::make_index_sequence<kRates>{})) {}

std::optional<RateRefusal> ClientRates::check(Rate rate, const net::IpAddress& from) {
    auto& counts = counts_of(rate);
    const auto& limit = limits_.of(rate);
    const auto now = clock_.steady_now();
    if (is_reached(counts.addresses.count(net::peer_key(from).bytes, now), limit.address)) {
        ++counts.refused_addresses;
        return RateRefusal{rate, false, limit.address};
    }
    if (is_reached(counts.networks.count(network_key(from).bytes, now), limit.network)) {
        ++counts.refused_networks;
        return RateRefusal{rate, true, limit.network};
    }
    return std::nullopt;
}

// Where nothing is compared, nothing is kept.
void ClientRates::add(Rate rate, const net::IpAddress& from) {
    auto& counts = counts_of(rate);
    const auto& limit = limits_.of(rate);
    const auto now = clock_.steady_now();
    if (limit.address != 0) counts.addresses.add(net::peer_key(from).bytes, now);
    if (limit.network != 0) counts.networks.add(network_key(from).bytes, now);
}

std::optional<RateRefusal> ClientRates::take(Rate rate, const net::IpAddress& from) {
    if (auto refusal = check(rate, from)) return refusal;
    add(rate, from);
    return std::nullopt;
}

std::optional<RateRefusal> ClientRates::arrive(std::uint64_t line, const Open& open) {
    if (!limits_.counts(open.from)) return std::nullopt;
    set_open(line, open);
    const auto gone = [&] {
        set_open(line, {open.service, open.from, open.count - std::min(open.count, 1U)});
    };
    const auto found = open_.find({open.service, net::peer_key(open.from)});
    const auto together = found == open_.end() ? 0 : found->second;
    if (limits_.connections != 0 && together > limits_.connections) {
        gone();
        ++refused_open_;
        return RateRefusal{std::nullopt, false, limits_.connections};
    }
    auto refusal = take(Rate::connections, open.from);
    if (refusal) gone();
    return refusal;
}

// The count is a worker's word: no sum of such overflows.
void ClientRates::set_open(std::uint64_t line, const Open& open) {
    const auto count = std::min(open.count, 1'000'000U);
    const Place place{open.service, net::peer_key(open.from)};
    auto& of_line = lines_[line];
    const auto known = of_line.find(place);
    if (known == of_line.end() && (count == 0 || of_line.size() >= kMostOpen)) return;
    const auto before = known == of_line.end() ? 0 : known->second;
    if (count == 0)
        of_line.erase(known);
    else
        of_line.insert_or_assign(place, count);
    auto& together = open_[place];
    together = together - before + count;
    if (together == 0) open_.erase(place);
}

void ClientRates::lose(std::uint64_t line) {
    const auto found = lines_.find(line);
    if (found == lines_.end()) return;
    for (const auto& [place, count] : found->second)
        if ((open_[place] -= count) == 0) open_.erase(place);
    lines_.erase(found);
}

void ClientRates::note_turned_away(const net::IpAddress& from) {
    if (limits_.connections != 0 && limits_.counts(from)) ++refused_open_;
}

std::optional<RateRefusal> ClientRates::begin_message(const net::IpAddress& from) {
    return limits_.counts(from) ? take(Rate::messages, from) : std::nullopt;
}

// Who has guessed enough learns nothing more, not even of those who are there.
std::optional<RateRefusal> ClientRates::add_recipient(const net::IpAddress& from) {
    if (!limits_.counts(from)) return std::nullopt;
    if (auto refusal = check(Rate::refused, from)) return refusal;
    return take(Rate::recipients, from);
}

void ClientRates::note_refused(const net::IpAddress& from) {
    if (limits_.counts(from)) add(Rate::refused, from);
}

ClientRates::Counter ClientRates::list_open(std::size_t most) const {
    Counter out;
    out.counted = open_.size();
    out.refusals = refused_open_;
    for (const auto& [place, count] : open_) {
        out.at_limit += is_reached(count, limits_.connections) ? 1 : 0;
        out.top.push_back({{place.from, address_prefix(place.from)}, count, place.service});
    }
    keep_greatest(out.top, most);
    return out;
}

ClientRates::Counter ClientRates::list_rate(Rate rate, bool is_of_network, std::size_t most) const {
    const auto& counts = counts_[static_cast<std::size_t>(rate)];
    const auto& limit = limits_.of(rate);
    Counter out{.rate = rate, .is_of_network = is_of_network};
    out.refusals = is_of_network ? counts.refused_networks : counts.refused_addresses;
    const auto& table = is_of_network ? counts.networks : counts.addresses;
    constexpr auto kAll = std::numeric_limits<std::size_t>::max();
    for (const auto& counted : table.newest(kAll, clock_.steady_now())) {
        const net::IpAddress who{counted.key};
        const auto prefix = is_of_network ? network_prefix(who) : address_prefix(who);
        out.at_limit +=
            is_reached(counted.count, is_of_network ? limit.network : limit.address) ? 1 : 0;
        out.top.push_back({{who, prefix}, counted.count, std::nullopt});
    }
    out.counted = out.top.size();
    keep_greatest(out.top, most);
    return out;
}

std::vector<ClientRates::Counter> ClientRates::list(std::size_t most) const {
    std::vector<Counter> out{list_open(most)};
    for (std::size_t i = 0; i < kRates; ++i)
        for (const bool is_of_network : {false, true})
            out.push_back(list_rate(static_cast<Rate>(i), is_of_network, most));
    return out;
}

std::size_t ClientRates::forget(const net::Network& network) {
    const auto now = clock_.steady_now();
    std::size_t forgotten = 0;
    for (auto& counts : counts_) {
        forgotten += forget_within(counts.addresses, network, false, now);
        forgotten += forget_within(counts.networks, network, true, now);
    }
    return forgotten;
}

} // namespace maild::auth
