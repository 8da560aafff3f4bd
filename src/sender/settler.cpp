#include "sender/settler.hpp"

#include "maild/base/log.hpp"

#include <algorithm>
#include <iterator>

namespace maild::sender {
namespace {

constexpr std::chrono::seconds kAgain{1}; // after the store was away
constexpr std::size_t kAtOnce = 500;      // what a commit takes

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
    waiting_.push_back(std::move(settlement));
    added_.notify();
}

void Settler::stop() {
    is_stopping_ = true;
    added_.notify();
}

net::Task<void> Settler::drain(std::size_t below) {
    while (waiting_.size() >= below) co_await told_.wait(kAgain);
}

net::Task<void> Settler::run() {
    std::vector<queue::Settlement> batch;
    for (;;) {
        if (batch.empty()) {
            if (waiting_.empty()) {
                if (is_stopping_) co_return;
                co_await added_.wait(std::chrono::hours(1));
                continue;
            }
            const auto count = static_cast<std::ptrdiff_t>(std::min(waiting_.size(), kAtOnce));
            batch.assign(std::move_iterator(waiting_.begin()),
                         std::move_iterator(waiting_.begin() + count));
            waiting_.erase(waiting_.begin(), waiting_.begin() + count);
        }
        auto copy = batch;
        const auto passed_over = co_await queue_.settle(std::move(copy));
        if (!passed_over) {
            log::warning("settle_failed",
                         {{"recipients", batch.size()}, {"reason", passed_over.error().internal}});
            co_await net::sleep_for(kAgain);
            continue;
        }
        if (*passed_over > 0) log::info("settled_late", {{"recipients", *passed_over}});
        for (const auto& one : batch) in_flight_.erase({one.key.message, one.key.position});
        const bool owes = std::ranges::any_of(
            batch, [](const auto& one) { return one.owes != queue::Report::none; });
        batch.clear();
        told_.notify();
        if (owes && on_owed_) on_owed_();
    }
}

} // namespace maild::sender
