#include "daemon/backoff.hpp"

#include <algorithm>

namespace maild::daemon {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kDeaths = 5;
constexpr auto kWindow = 10s;
constexpr auto kGoodLife = 60s;
constexpr std::chrono::milliseconds kFirstDelay = 1s;
constexpr std::chrono::milliseconds kLongestDelay = 30s;

} // namespace

std::chrono::milliseconds Backoff::after_death(SteadyTime started, SteadyTime died) {
    if (died - started >= kGoodLife) {
        deaths_.clear();
        delay_ = 0ms;
    }
    if (delay_ > 0ms) return delay_ = std::min(delay_ * 2, kLongestDelay);
    deaths_.push_back(died);
    while (died - deaths_.front() > kWindow) deaths_.pop_front();
    if (deaths_.size() >= kDeaths) delay_ = kFirstDelay;
    return delay_;
}

} // namespace maild::daemon
