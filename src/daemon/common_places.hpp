#pragma once
// The places that a worker has for the connections of all its services together, and what becomes
// of a connection for which it has none: as long as another worker has, it is left in the queue of
// the listening socket, which they share; only when none has, it is taken, and some newcomer makes
// room, or, when nowhere is any place, it is refused. Who has room, the supervisor gathers and
// tells: for each service one bit says that somebody would have to go, and one that all is full.

#include "daemon/role.hpp"

#include "maild/net/gate.hpp"
#include "maild/net/places.hpp"
#include "maild/net/timer.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <utility>

namespace maild::daemon {

class CommonPlaces {
public:
    // `context` outlives it; it outlives the gates.
    explicit CommonPlaces(RoleContext& context);

    void on_short(std::function<void()> tell) { places_.on_short(std::move(tell)); }
    void on_reload();
    // There are listeners for it; once more is no change.
    void open(Service service, net::Gate& gate);
    bool leaves(Service service);
    // What no worker has room for.
    void on_crowded(std::uint32_t services) { crowded_everywhere_ = services; }
    // Tells the supervisor, for ever; returns at once where there is no other worker.
    net::Task<void> keep_telling();

private:
    std::uint32_t crowded() const;
    std::uint32_t crowded(Service service, const net::Gate& gate) const;

    RoleContext& context_;
    net::Places places_;
    std::map<Service, net::Gate*> open_;
    std::uint32_t crowded_everywhere_ = 0;
    net::Event looked_in_vain_;
};

} // namespace maild::daemon
