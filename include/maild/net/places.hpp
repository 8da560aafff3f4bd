#pragma once
// The places of a process that its gates, one for each service, have in common. A few are kept for
// each of them, so that none is shut by the crowd at another; of the rest only a part is for
// newcomers, whatever they come for. When that is full, or newcomers hold what is left, the service
// that has most of them tells one of them to end. But where newcomers are few and no place is
// left, strangers make room who are too many: they have shown what they are for, but have no
// account, as whoever sends mail to this host, and could stay for hours. Those who have to finish
// something first (Pass::set_finishing) are not waited for, and are a quarter of what is too much
// at a time. One thread; outlives the gates that share it.

#include "maild/net/gate.hpp"
#include "maild/net/timer.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

namespace maild::net {

struct PlaceLimits {
    std::size_t sessions = 4096;
    std::size_t newcomers = 2048; // of these
    std::size_t strangers = 1024; // likewise, when no place is left
    std::size_t kept = 0;         // for each gate; for all of them together at most half
};

class Places {
public:
    explicit Places(const PlaceLimits& limits) : limits_(limits) {}
    ~Places() = default;
    Places(const Places&) = delete;
    Places& operator=(const Places&) = delete;

    void set_limits(const PlaceLimits& limits) { limits_ = limits; }
    // For one more session of the gate beside those that are coming, without that anybody has to
    // go; and if need be while others take their leave.
    bool has_room(const Gate& gate) const;
    bool has_place(const Gate& gate) const;
    // Whenever there was none: once for each who was told to go, or was refused.
    void on_short(std::function<void()> tell) { tell_ = std::move(tell); }

private:
    friend class Gate;
    enum class Who : bool { is_here, comes_too };
    static std::size_t count(const Gate& gate, Who who);
    bool is_open(const Gate& gate, Who who = Who::is_here) const;
    bool needs_newcomers_to_go(const Gate& gate, Who who) const;
    std::size_t left_for(const Gate& gate, Who who) const;
    std::size_t kept() const;
    std::size_t newcomers(Who who) const;
    std::size_t leaving_for(const Gate& gate) const;
    bool has_common_place(const Gate& gate) const;
    bool crowd_out_for(const Gate& gate);
    std::optional<Gate::Leaves> crowd_out_stranger();
    void make_room_for(const Gate& gate);
    void tell_short() const;

    PlaceLimits limits_;
    std::vector<Gate*> gates_;
    std::function<void()> tell_;
    Event left_;
};

} // namespace maild::net
