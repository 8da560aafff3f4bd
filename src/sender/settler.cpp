#include "sender/settler.hpp"

#include "maild/base/log.hpp"

#include <algorithm>
#include <iterator>

namespace maild::sender {
namespace {

constexpr std::chrono::seconds kAgain{1}; // after the store was away
constexpr std::size_t kAtOnce = 500;      // what a commit takes
// What comes within it goes in one commit. A sender that dies meanwhile sends it once more.
constexpr std::chrono::milliseconds kGather{20};

} // namespace

void Settler::take_over(std::vector<queue::LeasedMessage>& leased) {
    for (auto& message : leased) {
        std::erase_if(message.recipients, [this](const queue::LeasedRecipient& recipient) {
            return !in_flight_.emplace(recipient.key.message, recipient.key.position).second;
        });
    }
    std::erase_if(leased, [](const auto& message) { return message.recipients.empty(); });
}

void Settler::add(queue::Settlement settlement) {
    const auto shard = settlement.key.message.value >> store::kQueueRowBits;
    lanes_[shard].waiting.push_back(std::move(settlement));
    added_.notify();
}

void Settler::stop() {
    is_stopping_ = true;
    added_.notify();
}

// Of shards that take it: nothing more is leased of the others.
std::size_t Settler::waiting() const {
    const auto now = std::chrono::steady_clock::now();
    std::size_t count = 0;
    for (const auto& [shard, lane] : lanes_)
        if (lane.not_before <= now) count += lane.waiting.size();
    return count;
}

net::Task<void> Settler::drain(std::size_t below) {
    while (waiting() >= below) co_await told_.wait(kAgain);
}

// False: there was nothing to tell, or it could not be told.
net::Task<bool> Settler::settle_some(std::int64_t shard) {
    auto& waiting = lanes_[shard].waiting;
    if (waiting.empty() || lanes_[shard].not_before > std::chrono::steady_clock::now())
        co_return false;
    const auto count = std::min(waiting.size(), kAtOnce);
    std::vector<queue::Settlement> batch(waiting.begin(),
                                         waiting.begin() + static_cast<std::ptrdiff_t>(count));
    auto copy = batch;
    const auto passed_over = co_await queue_.settle(std::move(copy));
    auto& lane = lanes_[shard];
    if (!passed_over) {
        log::warning(
            "settle_failed",
            {{"recipients", count}, {"shard", shard}, {"reason", passed_over.error().internal}});
        lane.not_before = std::chrono::steady_clock::now() + kAgain;
        co_return false;
    }
    // What has come meanwhile stands behind.
    lane.waiting.erase(lane.waiting.begin(),
                       lane.waiting.begin() + static_cast<std::ptrdiff_t>(count));
    if (*passed_over > 0) log::info("settled_late", {{"recipients", *passed_over}});
    for (const auto& one : batch) in_flight_.erase({one.key.message, one.key.position});
    told_.notify();
    if (on_owed_ &&
        std::ranges::any_of(batch, [](const auto& one) { return one.owes != queue::Report::none; }))
        on_owed_();
    co_return true;
}

net::Task<void> Settler::run() {
    for (;;) {
        std::vector<std::int64_t> shards;
        for (const auto& [shard, lane] : lanes_) shards.push_back(shard);
        bool has_told = false;
        bool is_empty = true;
        for (const auto shard : shards) {
            const bool told = co_await settle_some(shard);
            has_told = has_told || told;
            is_empty = is_empty && lanes_[shard].waiting.empty();
        }
        if (is_empty && is_stopping_) co_return;
        const std::chrono::seconds idle = is_empty ? std::chrono::hours(1) : kAgain;
        if (!has_told)
            co_await added_.wait(idle);
        else if (waiting() < kAtOnce && !is_stopping_)
            co_await net::sleep_for(kGather);
    }
}

} // namespace maild::sender
