// LocalStore: the queue.
#include "store/local_store_impl.hpp"
#include "store/reads.hpp"

#include "maild/base/log.hpp"
#include "maild/store/local_store.hpp"

#include <algorithm>
#include <atomic>
#include <iterator>

namespace maild::store {
namespace {

using Messages = std::vector<queue::LeasedMessage>;

// Ascending by domain: of those that are in several shards, the one that is due first.
void merge(std::vector<queue::Destination>& all, std::vector<queue::Destination> more,
           std::size_t most) {
    std::ranges::move(more, std::back_inserter(all));
    std::ranges::sort(all, {}, [](const auto& d) { return std::tie(d.domain, d.first_due); });
    const auto again = std::ranges::unique(all, {}, &queue::Destination::domain);
    all.erase(again.begin(), again.end());
    if (all.size() > most) all.resize(most);
}

void merge(std::vector<queue::DestinationFigures>& all, queue::DestinationFigures more) {
    const auto found = std::ranges::find(all, more.domain, &queue::DestinationFigures::domain);
    if (found == all.end()) return all.push_back(std::move(more));
    found->due += more.due;
    found->held += more.held;
    found->deferred += more.deferred;
    if (more.oldest != WallTime{} && (found->oldest == WallTime{} || more.oldest < found->oldest))
        found->oldest = more.oldest;
    if (more.next_attempt_at != WallTime{} &&
        (found->next_attempt_at == WallTime{} || more.next_attempt_at < found->next_attempt_at))
        found->next_attempt_at = more.next_attempt_at;
}

} // namespace

std::vector<LocalStore::Impl::Numbered> LocalStore::Impl::serving() {
    std::vector<Numbered> all;
    for (auto& [id, state] : shards)
        if (!offline.contains(id)) all.push_back({id, &state});
    return all;
}

net::Task<Result<std::vector<queue::Destination>>> LocalStore::destinations(std::string after,
                                                                            std::uint32_t most) {
    using All = std::vector<queue::Destination>;
    const auto impl = impl_;
    most = std::min(most, kMaxDestinations);
    All all;
    std::optional<Error> fault; // the other shards' mail does not wait for one
    for (const auto& [id, state] : impl->serving()) {
        if (state->shard->is_read_only()) continue;
        auto look = [after, most](Reading& reading) {
            return read_destinations(reading, after, most);
        };
        auto found = co_await impl->read<All>(*state, std::move(look));
        if (!found) {
            fault = found.error();
            continue;
        }
        merge(all, std::move(*found), most);
    }
    if (all.empty() && fault) co_return std::unexpected(std::move(*fault));
    co_return all;
}

net::Task<Result<Messages>> LocalStore::lease(std::string destination, std::uint32_t most) {
    const auto impl = impl_;
    most = std::min(most, kMaxLeased);
    Messages all;
    std::optional<Result<Messages>> fault;
    for (const auto& [id, state] : impl->serving()) {
        if (most == 0) break;
        if (state->shard->is_read_only()) continue; // what was sent could not be noted
        auto begun = state->leases.begin_look(destination);
        const auto room = most + static_cast<std::uint32_t>(begun.except.size());
        auto look = [wanted = LeaseWanted{id, destination, room, impl->clock.now(), begun.except}](
                        Reading& reading) { return read_due(reading, wanted); };
        auto found = co_await impl->read<Messages>(*state, std::move(look));
        if (!found) {
            state->leases.abandon_look(begun);
            fault = std::move(found); // the other shards' mail does not wait for this one
            continue;
        }
        state->leases.end_look(begun, destination, *found);
        for (auto& message : *found) {
            most -= std::min(most, static_cast<std::uint32_t>(message.recipients.size()));
            all.push_back(std::move(message));
        }
    }
    if (all.empty() && fault) co_return std::move(*fault);
    co_return all;
}

net::Task<Result<Messages>> LocalStore::owed(QueueId after, std::uint32_t most) {
    const auto impl = impl_;
    Messages all;
    std::optional<Error> fault;
    for (const auto& [id, state] : impl->serving()) { // ascending by shard, and so by id
        if (all.size() >= most) break;
        if (state->shard->is_read_only() || id < shard_of(after)) continue;
        const auto room = most - static_cast<std::uint32_t>(all.size());
        auto look = [shard = id, after, room](Reading& reading) {
            return read_owed(reading, shard, after, room);
        };
        auto found = co_await impl->read<Messages>(*state, std::move(look));
        if (!found) {
            fault = found.error();
            continue;
        }
        std::ranges::move(*found, std::back_inserter(all));
    }
    if (all.empty() && fault) co_return std::unexpected(std::move(*fault));
    co_return all;
}

net::Task<Result<std::string>> LocalStore::read_queued(QueueId message, std::uint64_t offset,
                                                       std::uint64_t length) {
    const auto shard = impl_->shard(shard_of(message));
    if (!shard) co_return pass(shard);
    auto look = [message, offset, length](Reading& reading) {
        return read_queued_piece(reading, message, offset, length);
    };
    auto piece = co_await impl_->read<std::string>(**shard, std::move(look));
    co_return piece;
}

net::Task<Result<std::vector<std::string>>> LocalStore::read_whole(std::vector<QueueId> messages) {
    if (messages.empty() || messages.size() > kMaxReadWhole) co_return fail(Errc::invalid_argument);
    const auto id = shard_of(messages.front());
    if (!std::ranges::all_of(messages, [id](QueueId one) { return shard_of(one) == id; }))
        co_return fail(Errc::invalid_argument, "messages of several shards");
    const auto shard = impl_->shard(id);
    if (!shard) co_return pass(shard);
    auto look = [wanted = std::move(messages)](Reading& reading) {
        return read_queued_whole(reading, wanted);
    };
    auto contents = co_await impl_->read<std::vector<std::string>>(**shard, std::move(look));
    co_return contents;
}

net::Task<Result<std::uint64_t>> LocalStore::settle(std::vector<queue::Settlement> settlements) {
    const auto impl = impl_;
    std::map<ShardId, std::vector<queue::Settlement>> by_shard;
    for (auto& settlement : settlements)
        by_shard[shard_of(settlement.key.message)].push_back(std::move(settlement));
    std::uint64_t passed_over = 0;
    Result<void> outcome{};
    for (auto& [id, part] : by_shard) {
        const auto state = impl->shard(id);
        if (!state) {
            outcome = pass(state);
            continue;
        }
        const auto shared = std::make_shared<const std::vector<queue::Settlement>>(std::move(part));
        auto commit = [shared](Batch& batch) { return store::settle(batch, *shared); };
        const auto done =
            co_await impl->write<std::uint64_t>(**state, std::move(commit), SessionId(), 0);
        if (!done) {
            outcome = pass(done);
            continue; // still leased: whoever tries it meanwhile does so twice
        }
        passed_over += *done;
        for (const auto& settlement : *shared) {
            if (settlement.outcome == queue::Outcome::released)
                (*state)->leases.released(settlement.key);
            else
                (*state)->leases.settled(settlement.key);
        }
    }
    if (!outcome) co_return pass(outcome);
    co_return passed_over;
}

void LocalStore::release_leases() {
    for (auto& [id, state] : impl_->shards) state.leases.release_all();
}

net::Task<Result<queue::ChangeSlice>> LocalStore::change_queue(queue::ChangeRequest request) {
    const auto impl = impl_;
    auto& messages = request.selection.messages;
    std::ranges::sort(messages);
    // One message, or all of a shard, in a slice.
    const auto next = std::ranges::upper_bound(messages, request.after);
    const bool is_listed = !messages.empty();
    if (is_listed && next == messages.end()) co_return queue::ChangeSlice{};
    const auto id = is_listed ? shard_of(*next) : shard_of(request.after);
    const auto serving = impl->serving();
    const auto found = std::ranges::find_if(
        serving, [&](const auto& one) { return is_listed ? one.id == id : one.id >= id; });
    if (found == serving.end())
        co_return is_listed ? Result<queue::ChangeSlice>(fail(Errc::not_found))
                            : Result<queue::ChangeSlice>(queue::ChangeSlice{});
    auto job = std::make_shared<ChangeJob>();
    job->after = is_listed ? row_of(*next) - 1 : (found->id == id ? row_of(request.after) : 0);
    job->last = is_listed ? row_of(*next) : (std::int64_t{1} << kQueueRowBits) - 1;
    const auto following =
        is_listed ? std::optional(*next) : std::optional(queue_id(ShardId(found->id.value + 1), 0));
    const bool is_last =
        is_listed ? std::next(next) == messages.end() : std::next(found) == serving.end();
    job->request = std::move(request);
    auto commit = [job, shard = found->id](Batch& batch) {
        return store::change_queue(batch, shard, *job);
    };
    auto slice =
        co_await impl->write<queue::ChangeSlice>(*found->state, std::move(commit), SessionId(), 0);
    if (slice && !slice->next && !is_last) slice->next = following;
    if (slice && slice->changed > 0) impl->tell_queued({});
    co_return slice;
}

net::Task<Result<std::vector<queue::DestinationFigures>>>
LocalStore::queue_figures(std::uint32_t most) {
    using All = std::vector<queue::DestinationFigures>;
    const auto impl = impl_;
    All all;
    for (const auto& [id, state] : impl->serving()) {
        auto look = [most](Reading& reading) { return read_queue_figures(reading, most); };
        auto found = co_await impl->read<All>(*state, std::move(look));
        if (!found) co_return found;
        for (auto& one : *found) merge(all, std::move(one));
    }
    std::ranges::stable_sort(all, std::greater(),
                             [](const auto& figures) { return figures.due + figures.held; });
    if (all.size() > most) all.resize(most);
    co_return all;
}

net::Task<Result<std::vector<queue::Suspension>>> LocalStore::suspensions() {
    using All = std::vector<queue::Suspension>;
    const auto impl = impl_;
    const auto serving = impl->serving();
    if (serving.empty()) co_return All();
    auto look = [now = impl->clock.now()](Reading& reading) {
        return read_suspensions(reading, now);
    };
    auto found = co_await impl->read<All>(*serving.front().state, std::move(look));
    co_return found;
}

net::Task<Result<std::vector<queue::Suspension>>> LocalStore::list_suspensions() {
    return suspensions();
}

net::Task<Result<void>> LocalStore::suspend(queue::Suspension suspension) {
    const auto impl = impl_;
    const auto shared = std::make_shared<const queue::Suspension>(std::move(suspension));
    auto commit = [shared](Batch& batch) { return store::suspend(batch, *shared); };
    auto done = co_await impl->write_everywhere(std::move(commit));
    impl->tell_queued({});
    co_return done;
}

net::Task<Result<void>> LocalStore::suppress(queue::Suppression suppression) {
    const auto shared = std::make_shared<const queue::Suppression>(std::move(suppression));
    auto commit = [shared](Batch& batch) { return store::suppress(batch, *shared); };
    auto done = co_await impl_->write_everywhere(std::move(commit));
    co_return done;
}

net::Task<Result<void>> LocalStore::unsuppress(std::string address) {
    const auto shared = std::make_shared<std::string>(std::move(address));
    const auto found = std::make_shared<std::atomic<bool>>(false);
    auto commit = [shared, found](Batch& batch) -> Result<void> {
        const auto gone = store::unsuppress(batch, *shared);
        if (!gone) return pass(gone);
        if (*gone > 0) *found = true;
        return {};
    };
    auto done = co_await impl_->write_everywhere(std::move(commit));
    if (done && !*found) co_return fail(Errc::not_found);
    co_return done;
}

net::Task<Result<std::vector<queue::Suppression>>>
LocalStore::list_suppressions(std::string after, std::uint32_t most) {
    using All = std::vector<queue::Suppression>;
    const auto impl = impl_;
    const auto serving = impl->serving();
    if (serving.empty()) co_return All();
    auto look = [after = std::move(after), most](Reading& reading) {
        return read_suppressions(reading, after, most);
    };
    auto found = co_await impl->read<All>(*serving.front().state, std::move(look));
    co_return found;
}

// The first fault is told; a shard that is read-only is passed over, and takes no mail either.
net::Task<Result<void>>
LocalStore::Impl::write_everywhere(std::function<Result<void>(Batch&)> commit) {
    Result<void> outcome{};
    for (const auto& [id, state] : serving()) {
        if (state->shard->is_read_only()) continue;
        auto done = co_await write<void>(*state, commit, SessionId(), 0);
        if (!done && outcome) outcome = std::move(done);
    }
    co_return outcome;
}

// Behind the report, in other shards than it went to: a crash between the two repeats it.
net::Task<void> LocalStore::Impl::settle_reported(std::vector<queue::RecipientKey> keys) {
    std::map<ShardId, std::vector<queue::Settlement>> by_shard;
    for (const auto& one : keys)
        by_shard[shard_of(one.message)].push_back(
            {.key = one, .outcome = queue::Outcome::reported});
    for (auto& [id, part] : by_shard) {
        const auto state = shard(id);
        if (!state) continue;
        auto commit = [part = std::move(part)](Batch& batch) { return store::settle(batch, part); };
        const auto done = co_await write<std::uint64_t>(**state, std::move(commit), SessionId(), 0);
        if (!done)
            log::warning("report_not_settled",
                         {{"shard", id.value}, {"reason", done.error().internal}});
    }
}

void LocalStore::Impl::tell_queued(std::vector<queue::Destination> where) {
    if (options.on_queued) options.on_queued(std::move(where));
}

} // namespace maild::store
