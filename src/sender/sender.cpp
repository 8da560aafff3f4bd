#include "maild/sender/sender.hpp"

#include "sender/context.hpp"
#include "sender/run.hpp"

#include "maild/base/log.hpp"
#include "maild/net/spawn.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#pragma GCC diagnostic ignored "-Wmismatched-new-delete" // as in run.cpp

namespace maild::sender {

class Sender::Impl : public std::enable_shared_from_this<Sender::Impl> {
public:
    explicit Impl(std::shared_ptr<Context> shared) : context(std::move(shared)) {}

    net::Task<void> look_at_all();
    net::Task<void> look_at_suspensions();
    void start_due();
    std::chrono::milliseconds until_next() const;

    std::shared_ptr<Context> context;
    bool looks = true; // at everything, as soon as it can
    WallTime looked_at{};
    std::set<std::string> suspended{};
};

Sender::Sender(boost::asio::io_context& io, store::Queue& queue, Transport& transport,
               AttemptSink* attempts, const Clock& clock, Random& random, const Options& options)
    : impl_(std::make_shared<Impl>(
          std::make_shared<Context>(io, queue, transport, attempts, clock, random, options))) {}
Sender::~Sender() = default;

void Sender::on_owed(std::function<void()> handler) {
    impl_->context->settler.on_owed(std::move(handler));
}

void Sender::set_options(const Options& options) {
    impl_->context->options = options;
    impl_->context->slots.set_most(options.connections);
}

void Sender::queued(const std::vector<queue::Destination>& where) {
    auto& context = *impl_->context;
    if (where.empty()) impl_->looks = true;
    for (const auto& one : where) context.schedule.add(one.domain, one.first_due);
    context.changed.notify();
}

Figures Sender::figures() const {
    const auto& context = *impl_->context;
    return {context.schedule.size(), context.slots.taken(), context.settler.in_flight()};
}

net::Task<void> Sender::Impl::look_at_suspensions() {
    const auto found = co_await context->queue.suspensions();
    if (!found) co_return; // the store is away: what was known holds
    std::set<std::string> now;
    for (const auto& one : *found) {
        context->schedule.suspend(one.destination, one.until);
        now.insert(one.destination);
    }
    for (const auto& one : suspended)
        if (!now.contains(one)) context->schedule.suspend(one, {});
    suspended = std::move(now);
}

// Rows are what is certain: hints may be lost, and those of a store that restarts are.
net::Task<void> Sender::Impl::look_at_all() {
    looks = false;
    looked_at = context->clock.now();
    context->schedule.purge(context->clock.now());
    co_await look_at_suspensions();
    std::string after;
    for (;;) {
        const auto found = co_await context->queue.destinations(after, store::kMaxDestinations);
        if (!found) {
            log::info("queue_not_read", {{"reason", found.error().internal}});
            co_return;
        }
        for (const auto& one : *found) context->schedule.add(one.domain, one.first_due);
        if (found->size() < store::kMaxDestinations) co_return;
        after = found->back().domain;
    }
}

void Sender::Impl::start_due() {
    while (context->runs < context->options.connections * 2) {
        const auto destination = context->schedule.take(context->clock.now());
        if (!destination) return;
        ++context->runs;
        const auto run = std::make_shared<Run>(context, *destination);
        net::spawn(context->io, run->go(), "run of " + *destination);
    }
}

std::chrono::milliseconds Sender::Impl::until_next() const {
    const auto now = context->clock.now();
    auto next = looked_at + context->options.look_again;
    const bool is_full = context->runs >= context->options.connections * 2; // one that ends says so
    if (const auto due = context->schedule.next(); due && !is_full) next = std::min(next, *due);
    return std::clamp(next - now, std::chrono::milliseconds(1), std::chrono::milliseconds(60'000));
}

net::Task<void> Sender::run() {
    const auto impl = impl_;
    auto& context = *impl->context;
    net::spawn(context.io, context.settler.run(), "settler");
    while (!context.is_stopping) {
        const bool is_time = context.clock.now() >= impl->looked_at + context.options.look_again;
        if (impl->looks || is_time) co_await impl->look_at_all();
        impl->start_due();
        co_await context.changed.wait(impl->until_next());
    }
}

net::Task<void> Sender::stop(std::chrono::milliseconds patience) {
    const auto impl = impl_;
    auto& context = *impl->context;
    context.is_stopping = true;
    context.slots.stop();
    context.changed.notify();
    const auto end = context.clock.steady_now() + patience;
    while (context.runs > 0 && context.clock.steady_now() < end)
        co_await context.changed.wait(std::chrono::milliseconds(100));
    while (context.settler.in_flight() > 0 && context.runs == 0 && context.clock.steady_now() < end)
        co_await net::sleep_for(std::chrono::milliseconds(10));
    context.settler.stop();
}

} // namespace maild::sender
