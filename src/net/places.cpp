#include "maild/net/places.hpp"

#include "net/newcomers.hpp"

#include "maild/net/gate.hpp"

#include <algorithm>

namespace maild::net {
namespace {

// So many stay free for those who come while others, told to make room, still take their leave.
std::size_t slack_of(std::size_t sessions) { return std::max<std::size_t>(1, sessions / 32); }

} // namespace

std::size_t Places::count(const Gate& gate, Who who) {
    return gate.count() + (who == Who::comes_too ? gate.coming() : 0);
}

std::size_t Places::kept() const {
    if (gates_.empty()) return limits_.kept;
    return std::min(limits_.kept, limits_.sessions / 2 / gates_.size());
}

// So many may still come in common, if the next one comes to this gate.
std::size_t Places::left_for(const Gate& gate, Who who) const {
    std::size_t taken = 0;
    for (const auto* each : gates_)
        taken += std::max(count(*each, who) + (each == &gate ? 1 : 0), kept());
    return limits_.sessions + 1 - std::min(taken, limits_.sessions + 1);
}

bool Places::is_open(const Gate& gate, Who who) const {
    return count(gate, who) < kept() || left_for(gate, who) > 0;
}

bool Places::has_place(const Gate& gate) const { return is_open(gate, Who::comes_too); }

// Newcomers who are few have what is left to themselves, and so the time to become something else.
bool Places::needs_newcomers_to_go(const Gate& gate, Who who) const {
    if (newcomers(who) >= limits_.newcomers) return true;
    if (count(gate, who) < kept()) return false;
    const auto left = left_for(gate, who);
    const auto slack = slack_of(limits_.sessions);
    return left == 0 || (left <= slack && newcomers(who) + leaving_for(gate) >= slack);
}

bool Places::has_room(const Gate& gate) const {
    return !needs_newcomers_to_go(gate, Who::comes_too) && has_place(gate);
}

std::size_t Places::newcomers(Who who) const {
    std::size_t sum = 0;
    for (const auto* gate : gates_)
        sum += gate->newcomers() + (who == Who::comes_too ? gate->coming() : 0);
    return sum;
}

// So many take their leave whose place could then be this gate's: its own, and those whose service
// has more than is kept for it.
std::size_t Places::leaving_for(const Gate& gate) const {
    std::size_t sum = 0;
    for (const auto* each : gates_) {
        const auto common = each->count() - std::min(each->count(), kept());
        sum += each == &gate ? each->leaving_ : std::min(each->leaving_, common);
    }
    return sum;
}

bool Places::has_common_place(const Gate& gate) const {
    return gate.count() - gate.leaving_ - gate.finishing_ > kept();
}

// False: nobody leaves at once. A service within what is kept for it makes room for nobody but its
// own. Newcomers who are few are told only when no stranger can be.
bool Places::crowd_out_for(const Gate& gate) {
    const bool are_few = newcomers(Who::is_here) < slack_of(limits_.sessions);
    if (are_few && !is_open(gate)) {
        if (const auto told = crowd_out_stranger()) return *told == Gate::Leaves::at_once;
    }
    Gate* most = nullptr;
    for (auto* each : gates_) {
        const bool is_free = each == &gate || has_common_place(*each);
        if (is_free && each->newcomers() > (most == nullptr ? 0 : most->newcomers())) most = each;
    }
    return most != nullptr && most->make_room(*most->newcomers_);
}

// None when they are not too many, or enough of them, by what they are too many, finish already.
std::optional<Gate::Leaves> Places::crowd_out_stranger() {
    std::size_t sum = 0;
    std::size_t finishing = 0;
    Gate* most = nullptr;
    for (auto* each : gates_) {
        sum += each->strangers();
        finishing += each->finishing_;
        if (has_common_place(*each) &&
            each->strangers() > (most == nullptr ? 0 : most->strangers()))
            most = each;
    }
    if (sum <= limits_.strangers || most == nullptr) return std::nullopt;
    const auto enough =
        std::max(slack_of(limits_.sessions), (sum + finishing - limits_.strangers) / 4);
    if (finishing >= enough) return std::nullopt;
    return most->make_room(*most->strangers_);
}

void Places::make_room_for(const Gate& gate) {
    if (needs_newcomers_to_go(gate, Who::is_here)) crowd_out_for(gate);
}

void Places::tell_short() const {
    if (tell_) tell_();
}
} // namespace maild::net
