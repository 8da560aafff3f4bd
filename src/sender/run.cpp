#include "sender/run.hpp"

#include "sender/queued_content.hpp"

#include "maild/base/log.hpp"
#include "maild/net/spawn.hpp"

#include <algorithm>
#include <ranges>
#include <utility>

// GCC 12 inlines Asio's frame allocator into coroutines and then takes its operator delete for
// another one's.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace maild::sender {
namespace {

constexpr std::uint32_t kBatch = 100;          // recipients of a lease
constexpr std::uint32_t kRefusedBatch = 1'000; // where nobody tries them
constexpr std::size_t kUnsettled = 2'000;      // more, and a run waits for the store
constexpr std::size_t kMessagesPerWorker = 4;  // pending ones that call for one more connection
constexpr std::chrono::seconds kWait{1};
constexpr std::chrono::milliseconds kSlow{250}; // longer for all that is pending: more connections
constexpr std::chrono::seconds kTurn{5};        // of a connection, while others wait for theirs
constexpr std::size_t kReadAhead = 16;          // messages

} // namespace

net::Task<void> Run::go() {
    const auto self = shared_from_this();
    most_workers_ = context_->options.first_connections;
    for (;;) {
        co_await refill(verdicts_.empty() ? kBatch : kRefusedBatch);
        settle_refused();
        const bool is_stopping = context_->is_stopping;
        if (workers_ == 0 && (is_stopping || (pending_.empty() && is_exhausted_))) break;
        if (pending_.empty() && !is_exhausted_ && !is_leasing_ && !is_stopping) continue;
        add_workers();
        const bool may_be_slow = !pending_.empty() && !pace_;
        co_await changed_.wait(may_be_slow ? kSlow : std::chrono::milliseconds(kWait));
    }
    while (workers_ > 0) co_await changed_.wait(kWait);
    for (const auto& message : std::exchange(pending_, {})) release(message);
    context_->schedule.ended(destination_, next_due_);
    --context_->runs;
    context_->changed.notify();
}

net::Task<void> Run::refill(std::uint32_t most) {
    const auto now = context_->clock.now();
    if (is_exhausted_ && context_->schedule.take_again(destination_, now)) is_exhausted_ = false;
    if (context_->schedule.is_suspended(destination_, now)) is_exhausted_ = true;
    if (is_leasing_ || is_exhausted_ || context_->is_stopping || pending_.size() > most / 4)
        co_return;
    is_leasing_ = true;
    co_await context_->settler.drain(kUnsettled);
    auto leased = co_await context_->queue.lease(destination_, most);
    is_leasing_ = false;
    if (!leased) {
        log::warning("lease_failed",
                     {{"destination", destination_}, {"reason", leased.error().internal}});
        is_exhausted_ = true; // the store is away: the next look at everything comes here again
        co_return;
    }
    is_exhausted_ = leased->empty();
    context_->settler.take_over(*leased);
    for (auto& message : *leased) pending_.push_back(std::move(message));
    changed_.notify();
}

// A connection costs more than a message does: more than one has to pay.
std::size_t Run::wanted_workers() const {
    if (context_->slots.is_contended()) return 1;
    std::chrono::steady_clock::duration each{};
    if (pace_)
        each = *pace_;
    else if (first_began_)
        each = context_->clock.steady_now() - *first_began_;
    const auto slots = static_cast<std::size_t>(each * pending_.size() / kSlow) + 1;
    return std::min({slots, most_workers_, pending_.size() / kMessagesPerWorker + 1});
}

void Run::note_pace(std::chrono::steady_clock::duration took) {
    pace_ = pace_ ? (*pace_ * 7 + took) / 8 : took;
}

void Run::add_workers() {
    const auto wanted = wanted_workers();
    while (workers_ < wanted && !pending_.empty() && !context_->is_stopping) {
        ++workers_;
        net::spawn(context_->io, work(), "send to " + destination_);
    }
}

net::Task<void> Run::work() {
    const auto self = shared_from_this();
    const bool is_doubtful = context_->schedule.down_until(destination_).has_value();
    const bool has_slot = co_await context_->slots.take(is_doubtful);
    for (bool goes_on = has_slot; goes_on && !context_->is_stopping;) {
        settle_refused();
        if (pending_.empty()) break;
        auto way = context_->transport.way_of(destination_, pending_.front());
        goes_on = co_await work_on(std::move(way));
    }
    if (has_slot) context_->slots.give_back(is_doubtful);
    --workers_;
    changed_.notify();
}

// Over one connection, until it ends or nothing is left for it. False: there are enough others.
net::Task<bool> Run::work_on(std::string way) {
    ways_.insert(way);
    auto message = take(way);
    if (!message) co_return true;
    auto connection = co_await context_->transport.connect(destination_, *message);
    if (!connection) {
        co_return fail_to_connect(way, *message, connection.error());
    }
    ++connected_[way];
    context_->schedule.is_up(destination_);
    const auto began = context_->clock.steady_now();
    if (!first_began_) first_began_ = began;
    bool makes_room = false;
    while (message) {
        const bool goes_on = co_await send_one(**connection, std::move(*message));
        if (!goes_on || context_->is_stopping) break;
        if ((*connection)->transactions() >= context_->options.messages_per_connection) break;
        makes_room = has_to_make_room(began);
        if (makes_room) break;
        if (pending_.size() < kBatch / 4) co_await refill(kBatch);
        message = take(way);
    }
    if (--connected_[way] == 0) connected_.erase(way);
    co_await (*connection)->quit();
    co_return !makes_room;
}

// Another destination waits for its first connection, and this is one of several, or an old one.
bool Run::has_to_make_room(SteadyTime began) const {
    if (!context_->slots.is_contended()) return false;
    return workers_ > 1 || context_->clock.steady_now() - began > kTurn;
}

// The next one that may go this way.
std::optional<queue::LeasedMessage> Run::take(const std::string& way) {
    const auto found = std::ranges::find_if(pending_, [&](const queue::LeasedMessage& message) {
        return context_->transport.way_of(destination_, message) == way;
    });
    if (found == pending_.end()) return std::nullopt;
    auto message = std::move(*found);
    pending_.erase(found);
    return message;
}

// What is small is read with others that follow, in one go. Empty: it has to be read in pieces.
net::Task<std::string> Run::content_of(const queue::LeasedMessage& message) {
    const auto is_small = [](const queue::LeasedMessage& one) {
        return one.size <= store::kMaxWhole;
    };
    if (auto found = contents_.extract(message.id); !found.empty())
        co_return std::move(found.mapped());
    if (!is_small(message) || contents_.size() >= kReadAhead) co_return std::string();
    std::vector<QueueId> wanted{message.id};
    const auto shard = message.id.value >> store::kQueueRowBits;
    for (const auto& one : pending_ | std::views::take(kReadAhead))
        if (is_small(one) && wanted.size() < kReadAhead &&
            one.id.value >> store::kQueueRowBits == shard && contents_.try_emplace(one.id).second)
            wanted.push_back(one.id);
    auto ids = wanted;
    auto read = co_await context_->queue.read_whole(std::move(ids));
    if (!read || read->size() != wanted.size()) read = std::vector<std::string>(wanted.size());
    for (std::size_t i = 1; i < wanted.size(); ++i)
        if (const auto place = contents_.find(wanted[i]); place != contents_.end())
            place->second = std::move((*read)[i]);
    co_return std::move(read->front());
}

void Run::put_back(queue::LeasedMessage message) { pending_.push_front(std::move(message)); }

// False: the connection is of no more use.
net::Task<bool> Run::send_one(Connection& connection, queue::LeasedMessage message) {
    queue::LeasedMessage part;
    const auto most = std::max<std::size_t>(connection.most_recipients(), 1);
    if (message.recipients.size() <= most) {
        part = std::move(message);
    } else {
        part = message;
        const auto border = static_cast<std::ptrdiff_t>(most);
        part.recipients.resize(most);
        message.recipients.erase(message.recipients.begin(), message.recipients.begin() + border);
        put_back(std::move(message));
    }
    auto beginning = co_await content_of(part);
    QueuedContent content(context_->queue, part, std::move(beginning));
    const bool was_used = connection.transactions() > 0;
    const auto began = context_->clock.steady_now();
    const auto outcomes = co_await connection.send(part, content);
    note_pace(context_->clock.steady_now() - began);
    const bool is_gone = !connection.is_usable();
    // A host may end a connection between two messages; that says nothing of the second one.
    const bool was_not_tried =
        is_gone && was_used && std::ranges::all_of(outcomes, [](const relay::Outcome& outcome) {
            return outcome.scope == relay::Scope::host && outcome.code == 0 &&
                   outcome.stage == relay::Stage::mail && !outcome.may_be_duplicate;
        });
    if (was_not_tried) {
        put_back(std::move(part));
        co_return false;
    }
    settle(part, outcomes, connection.host_reports());
    if (std::ranges::any_of(outcomes, &relay::Outcome::is_delivered))
        most_workers_ = std::min(most_workers_ + 1, context_->options.connections_per_destination);
    co_return !is_gone;
}

void Run::settle(const queue::LeasedMessage& message, const std::vector<relay::Outcome>& outcomes,
                 bool host_reports) {
    const auto now = context_->clock.now();
    std::vector<queue::Settlement> settlements;
    for (std::size_t i = 0; i < message.recipients.size() && i < outcomes.size(); ++i) {
        const Attempt attempt{message, message.recipients[i], outcomes[i], host_reports};
        settlements.push_back(
            settlement_for(context_->options.retry, attempt, now, context_->random));
    }
    if (context_->attempts != nullptr)
        context_->attempts->attempted(message, destination_, outcomes, settlements);
    for (auto& one : settlements) hand_over(std::move(one));
}

// One connection more than the destination bears is no fault of it: false, and the message waits
// for another.
bool Run::fail_to_connect(const std::string& way, const queue::LeasedMessage& message,
                          const relay::Outcome& outcome) {
    if (connected_.contains(way)) {
        most_workers_ = std::max<std::size_t>(connected_.size(), 1);
        put_back(message);
        return false;
    }
    settle(message, std::vector(message.recipients.size(), outcome), false);
    if (outcome.scope != relay::Scope::host) return true; // it is about this message's own wishes
    const bool is_first = verdicts_.emplace(way, outcome).second;
    // What only some of its mail wants says nothing of the others'.
    if (outcome.fate == relay::Fate::failed || !is_first || ways_.size() > 1 ||
        context_->transport.is_special(way))
        return true;
    context_->schedule.is_down(destination_, context_->clock.now());
    log::info("destination_down",
              {{"destination", destination_}, {"host", outcome.host}, {"reason", outcome.words}});
    return true;
}

// What else is due and would go a way that leads nowhere: each is an attempt of its own, without a
// connection of its own.
void Run::settle_refused() {
    if (verdicts_.empty()) return;
    std::size_t count = 0;
    const relay::Outcome* last = nullptr;
    std::erase_if(pending_, [&](const queue::LeasedMessage& message) {
        const auto found = verdicts_.find(context_->transport.way_of(destination_, message));
        if (found == verdicts_.end()) return false;
        settle_untried(message, found->second);
        contents_.erase(message.id);
        count += message.recipients.size();
        last = &found->second;
        return true;
    });
    if (last != nullptr)
        log::info("destination_not_tried", {{"destination", destination_},
                                            {"recipients", count},
                                            {"status", last->status},
                                            {"reason", last->words}});
}

// One line in the log for all of them, and none in the trace.
void Run::settle_untried(const queue::LeasedMessage& message, const relay::Outcome& outcome) {
    const auto now = context_->clock.now();
    for (const auto& recipient : message.recipients)
        hand_over(settlement_for(context_->options.retry, {message, recipient, outcome, false}, now,
                                 context_->random));
}

void Run::hand_over(queue::Settlement settlement) {
    if (settlement.outcome == queue::Outcome::deferred)
        next_due_ = std::min(next_due_.value_or(WallTime::max()), settlement.next_attempt_at);
    context_->settler.add(std::move(settlement));
}

void Run::release(const queue::LeasedMessage& message) {
    for (const auto& recipient : message.recipients)
        context_->settler.add({.key = recipient.key,
                               .outcome = queue::Outcome::released,
                               .status = {},
                               .reason = {},
                               .host = {}});
}

} // namespace maild::sender
