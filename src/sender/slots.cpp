#include "sender/slots.hpp"

#include <algorithm>

#pragma GCC diagnostic ignored "-Wmismatched-new-delete" // as in run.cpp

namespace maild::sender {
namespace {

constexpr std::chrono::hours kWait{1};

} // namespace

void Slots::set_most(std::size_t most) {
    most_ = most;
    grant();
}

bool Slots::may_take(bool is_doubtful) const {
    if (taken_ >= most_) return false;
    return !is_doubtful || doubtful_ < std::max<std::size_t>(most_ / 2, 1);
}

net::Task<bool> Slots::take(bool is_doubtful) {
    const auto self = std::make_shared<Waiter>();
    self->is_doubtful = is_doubtful;
    waiting_.push_back(self);
    grant();
    while (!self->has_slot && !is_stopping_) co_await self->told.wait(kWait);
    std::erase(waiting_, self); // granted ones are not in it any more
    co_return self->has_slot;
}

// Those first that have waited for longest, but for doubtful ones that have all of theirs.
void Slots::grant() {
    for (auto at = waiting_.begin(); at != waiting_.end() && taken_ < most_;) {
        if (!may_take((*at)->is_doubtful)) {
            ++at;
            continue;
        }
        ++taken_;
        doubtful_ += (*at)->is_doubtful ? 1 : 0;
        (*at)->has_slot = true;
        (*at)->told.notify();
        at = waiting_.erase(at);
    }
}

void Slots::give_back(bool is_doubtful) {
    --taken_;
    doubtful_ -= is_doubtful ? 1 : 0;
    grant();
}

void Slots::stop() {
    is_stopping_ = true;
    for (const auto& waiter : waiting_) waiter->told.notify();
}

} // namespace maild::sender
