#include "daemon/common_places.hpp"

#include "daemon/worker_limits.hpp"

namespace maild::daemon {
namespace {

// At its limit a worker gets room and loses it with each connection: it is said that often at most.
constexpr std::chrono::milliseconds kPause{100};
constexpr unsigned kFullBits = 16; // where the second half begins

} // namespace

CommonPlaces::CommonPlaces(RoleContext& context)
    : context_(context), places_(place_limits(context.config())) {}

void CommonPlaces::on_reload() { places_.set_limits(place_limits(context_.config())); }

void CommonPlaces::open(Service service, net::Gate& gate) {
    gate.share(places_);
    open_.emplace(service, &gate);
}

bool CommonPlaces::leaves(Service service) {
    if (context_.config().workers < 2) return false;
    const auto here = crowded(service, *open_.at(service));
    if (here != 0) looked_in_vain_.notify();
    return (here & ~crowded_everywhere_) != 0;
}

std::uint32_t CommonPlaces::crowded(Service service, const net::Gate& gate) const {
    const auto bit = 1U << static_cast<unsigned>(service);
    return (places_.has_room(gate) ? 0 : bit) | (places_.has_place(gate) ? 0 : bit << kFullBits);
}

std::uint32_t CommonPlaces::crowded() const {
    std::uint32_t services = 0;
    for (const auto& [service, gate] : open_) services |= crowded(service, *gate);
    return services;
}

net::Task<void> CommonPlaces::keep_telling() {
    if (context_.config().workers < 2) co_return;
    std::uint32_t told = 0;
    while (true) {
        const auto now = crowded();
        if (now != told) context_.tell_crowded(told = now);
        if (told == 0)
            co_await looked_in_vain_.wait(std::chrono::hours(1));
        else
            co_await net::sleep_for(kPause);
    }
}

} // namespace maild::daemon
