// LocalStore: what `control` asks.
#include "store/local_store_impl.hpp"
#include "store/reads.hpp"

#include "maild/base/log.hpp"
#include "maild/store/local_store.hpp"

#include <algorithm>

namespace maild::store {
namespace {

void add(StoreFigures& figures, const ShardCounters& shard) {
    figures.messages_delivered += shard.delivered;
    figures.commits += shard.commits;
    figures.syncs += shard.syncs;
    figures.requests_committed += shard.requests;
    figures.wal_frames += shard.wal_frames;
    figures.free_bytes = std::max<std::uint64_t>(figures.free_bytes, shard.free_bytes);
}

} // namespace

net::Task<Result<StoreFigures>> LocalStore::figures() {
    StoreFigures figures;
    for (auto& [id, state] : impl_->shards) {
        if (impl_->offline.contains(id)) continue;
        auto look = [](Reading& reading) { return read_stored(reading); };
        const auto stored = co_await impl_->read<Stored>(state, std::move(look));
        if (!stored) co_return pass(stored);
        figures.messages_stored += stored->messages;
        figures.pack_bytes += stored->pack_bytes;
        add(figures, state.shard->counters());
        figures.index_bytes += state.shard->index_bytes();
        figures.index_pending += state.shard->index_pending();
        if (state.shard->is_read_only()) ++figures.read_only_shards;
    }
    figures.sessions = static_cast<std::uint32_t>(impl_->sessions.size());
    figures.shards = static_cast<std::uint32_t>(impl_->shards.size());
    figures.offline_shards = static_cast<std::uint32_t>(impl_->offline.size());
    figures.accepts_mail = accepts_mail().has_value();
    co_return figures;
}

net::Task<Result<std::vector<AccountUsage>>> LocalStore::usage(std::vector<AccountRef> accounts) {
    std::map<ShardId, std::vector<std::size_t>> positions;
    for (std::size_t i = 0; i < accounts.size(); ++i) positions[accounts[i].shard].push_back(i);
    std::vector<AccountUsage> usage(accounts.size());
    for (const auto& [id, chosen] : positions) { // one round trip for each shard
        const auto shard = impl_->shard(id);
        if (!shard) co_return pass(shard);
        std::vector<AccountId> ids;
        for (const auto i : chosen) ids.push_back(accounts[i].account);
        auto look = [ids = std::move(ids)](Reading& reading) -> Result<std::vector<AccountUsage>> {
            std::vector<AccountUsage> found;
            for (const auto account : ids) {
                auto one = read_usage(reading, account);
                if (!one) return pass(one);
                found.push_back(*one);
            }
            return found;
        };
        const auto found =
            co_await impl_->read<std::vector<AccountUsage>>(**shard, std::move(look));
        if (!found) co_return pass(found);
        for (std::size_t i = 0; i < chosen.size(); ++i) usage[chosen[i]] = (*found)[i];
    }
    co_return usage;
}

net::Task<Result<std::vector<std::pair<MailboxEntry, MailboxStatus>>>>
LocalStore::mailboxes(AccountRef account) {
    using All = std::vector<std::pair<MailboxEntry, MailboxStatus>>;
    const auto shard = impl_->shard(account.shard);
    if (!shard) co_return pass(shard);
    auto look = [id = account.account](Reading& reading) { return read_mailboxes(reading, id); };
    auto all = co_await impl_->read<All>(**shard, std::move(look));
    co_return all;
}

net::Task<Result<void>> LocalStore::remove_account(AccountRef account) {
    const auto shard = impl_->shard(account.shard);
    if (!shard) co_return pass(shard);
    const auto id = account.account;
    impl_->lose(id);
    auto remove = [id](Batch& batch) { return store::remove_account(batch, id); };
    auto done = co_await impl_->write<void>(**shard, std::move(remove), SessionId(), 0);
    for (auto& [number, state] : impl_->shards) {
        if (!done || state.shard->is_read_only() || impl_->offline.contains(number)) continue;
        auto drop = [id](Batch& batch) { return drop_grants_to(batch, id); };
        // Ids are never given twice: what stays behind is for nobody.
        const auto dropped = co_await impl_->write<void>(state, std::move(drop), SessionId(), 0);
        if (!dropped) log::warning("store_grants_left", {{"account", id.value}});
    }
    if (done) impl_->sharing.forget(id);
    impl_->lose(id); // who came in meanwhile
    impl_->granted.erase(id);
    co_return done;
}

net::Task<Result<void>> LocalStore::drop_sessions(AccountRef account) {
    impl_->granted[account.account].revoked = impl_->clock.now();
    impl_->lose(account.account);
    co_return Result<void>();
}

net::Task<Result<std::vector<queue::QueuedRecipient>>> LocalStore::queued(QueueId after,
                                                                          std::uint32_t limit) {
    using Rows = std::vector<queue::QueuedRecipient>;
    Rows all;
    for (auto& [id, state] : impl_->shards) { // ascending by shard, and so by id
        if (all.size() >= limit) break;
        if (impl_->offline.contains(id)) continue;
        const auto room = limit - static_cast<std::uint32_t>(all.size());
        auto look = [shard = id, after, room](Reading& reading) {
            return read_queue(reading, shard, after, room);
        };
        auto rows = co_await impl_->read<Rows>(state, std::move(look));
        if (!rows) co_return rows;
        std::ranges::move(*rows, std::back_inserter(all));
    }
    co_return all;
}

} // namespace maild::store
