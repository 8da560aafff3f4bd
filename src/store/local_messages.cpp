// LocalStore: delivery and the calls on messages.
#include "store/flag_names.hpp"
#include "store/local_store_impl.hpp"
#include "store/narrow.hpp"
#include "store/reads.hpp"

#include "maild/store/local_store.hpp"
#include "maild/store/uid_set.hpp"

#include <algorithm>

// GCC 12 takes Asio's recycled coroutine frames for a mismatch of new and delete.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace maild::store {
namespace {

// The part of a delivery that one shard commits, and which of the request's recipients it is about.
struct Part {
    DeliverJob job;
    std::vector<std::size_t> positions;
};

struct Plan {
    DeliverResult result;                        // refusals are in it already
    std::vector<std::pair<ShardId, Part>> parts; // what decides over the whole delivery comes first
    bool first_decides = false;
    std::vector<queue::RecipientKey> reports_on;
};

// Of those that are reported on, the part of this shard.
std::vector<queue::RecipientKey> take_of(ShardId shard, std::vector<queue::RecipientKey>& keys) {
    std::vector<queue::RecipientKey> own;
    std::erase_if(keys, [&](const queue::RecipientKey& key) {
        if (shard_of(key.message) != shard) return false;
        own.push_back(key);
        return true;
    });
    return own;
}

std::vector<queue::Destination> destinations_of(const RelayJob& relay, WallTime now) {
    if (!relay.hold_reason.empty()) return {};
    std::vector<queue::Destination> all;
    for (const auto& recipient : relay.envelope.recipients)
        all.push_back({queue::destination_of(recipient.address),
                       queue::first_attempt_of(relay.envelope, now)});
    std::ranges::sort(all, {}, &queue::Destination::domain);
    const auto again = std::ranges::unique(all, {}, &queue::Destination::domain);
    all.erase(again.begin(), again.end());
    return all;
}

std::uint64_t bytes_of(const DeliverJob& job) {
    return job.body->content.size() + 1;
} // never zero: it has a body

void take_results(DeliverResult& all, const Part& part, Result<DeliverResult> result) {
    for (std::size_t i = 0; i < part.positions.size(); ++i) {
        all.local[part.positions[i]] =
            result ? std::move(result->local[i]) : std::unexpected(result.error());
    }
    if (result && result->queued) all.queued = result->queued;
}

} // namespace

net::Task<Result<void>> LocalStore::check_room(const auth::Token& grant, std::uint64_t size) {
    if (auto admitted = impl_->admit(grant, auth::Right::deliver); !admitted) co_return admitted;
    if (auto accepts = accepts_mail(); !accepts) co_return accepts;
    auto& shard = **impl_->shard(grant.shard);
    if (shard.shard->is_read_only()) co_return fail(Errc::unavailable, "the shard is read-only");
    const auto account = grant.account;
    const auto now = impl_->clock.steady_now();
    const auto version = shard.known.version();
    if (shard.known.surely_fits(account, impl_->quota_of(account), size, now))
        co_return Result<void>();
    auto look = [account](Reading& reading) { return account_row(reading.database, account); };
    const auto row = co_await impl_->read<std::optional<AccountRow>>(shard, std::move(look));
    if (!row) co_return pass(row);
    const auto usage = row->value_or(AccountRow{});
    if (usage.is_removed) co_return fail(Errc::no_such_account);
    shard.known.note_usage(account, usage, now, version);
    if (shard.known.surely_fits(account, impl_->quota_of(account), size, now))
        co_return Result<void>();
    co_return store::check_room(usage, impl_->quota_of(account), size, 1);
}

namespace {

// Tokens are checked here; a relay without a right to it fails the whole delivery.
Result<Plan> plan_delivery(LocalStore::Impl& impl, DeliverRequest request) {
    const auto body = borrow_body(request.message);
    Plan plan;
    std::map<ShardId, Part> parts;
    const auto part_of = [&](ShardId shard) -> Part& {
        auto& part = parts[shard];
        part.job.body = body;
        part.job.internal_date = request.internal_date;
        return part;
    };
    for (auto& recipient : request.local) {
        const auto admitted = impl.admit(recipient.grant, auth::Right::deliver);
        plan.result.local.push_back(admitted ? fail(Errc::unavailable) : pass(admitted));
        if (!admitted) continue;
        const auto grant_shard = recipient.grant.shard;
        auto& part = part_of(grant_shard);
        const auto account = recipient.grant.account;
        part.job.local.push_back({account, impl.quota_of(account), std::move(recipient.mailbox),
                                  std::move(recipient.flags), std::move(recipient.address),
                                  std::move(recipient.trace_prefix)});
        (*impl.shard(grant_shard))->known.charge(account, body->content.size());
        part.positions.push_back(plan.result.local.size() - 1);
    }
    if (request.relay) {
        const auto& grant = request.relay->grant;
        if (auto admitted = impl.admit(grant, auth::Right::deliver); !admitted)
            return pass(admitted);
        auto& part = part_of(grant.shard);
        part.job.relay =
            RelayJob{grant.account, grant.shard, std::move(request.relay->envelope),
                     std::move(request.relay->trace_prefix), std::move(request.relay->hold_reason)};
        plan.parts.emplace_back(grant.shard, std::move(part));
        parts.erase(grant.shard);
    }
    plan.first_decides = request.relay || parts.size() == 1;
    plan.reports_on = std::move(request.reports_on);
    for (auto& [shard, part] : parts) plan.parts.emplace_back(shard, std::move(part));
    return plan;
}

} // namespace

net::Task<Result<DeliverResult>> LocalStore::deliver(DeliverRequest request) {
    auto plan = plan_delivery(*impl_, std::move(request));
    if (!plan) co_return pass(plan);
    for (std::size_t i = 0; i < plan->parts.size(); ++i) {
        auto& [id, part] = plan->parts[i];
        auto& shard = **impl_->shard(id);
        const auto bytes = bytes_of(part.job);
        part.job.reports_on = take_of(id, plan->reports_on);
        auto queued = part.job.relay ? destinations_of(*part.job.relay, impl_->clock.now())
                                     : std::vector<queue::Destination>();
        auto job = std::make_shared<const DeliverJob>(std::move(part.job));
        auto commit = [job](Batch& batch) { return store::deliver(batch, *job); };
        auto delivered =
            co_await impl_->write<DeliverResult>(shard, std::move(commit), SessionId(), bytes);
        if (!delivered && i == 0 && plan->first_decides) co_return delivered;
        if (delivered && delivered->queued && !queued.empty())
            impl_->tell_queued(std::move(queued));
        take_results(plan->result, part, std::move(delivered));
    }
    if (!plan->reports_on.empty()) co_await impl_->settle_reported(std::move(plan->reports_on));
    co_return std::move(plan->result);
}

net::Task<Result<FetchResult>> LocalStore::fetch(SessionId id, UidSet uids, std::uint32_t items) {
    const auto session = impl_->session_with_mailbox(id);
    if (!session) co_return pass(session);
    if (auto valid = check_uids(uids); !valid) co_return pass(valid);
    auto look = [open = (*session)->open(), uids = std::move(uids), items](Reading& reading) {
        return read_messages(reading, open.access, open.mailbox, uids, items);
    };
    auto result = co_await impl_->read<FetchResult>(*(*session)->shard, std::move(look));
    co_return result;
}

net::Task<Result<std::string>> LocalStore::read(SessionId id, Uid uid, std::uint64_t offset,
                                                std::uint64_t length) {
    const auto session = impl_->session_with_mailbox(id);
    if (!session) co_return pass(session);
    auto look = [open = (*session)->open(), uid, offset, length](Reading& reading) {
        return read_piece(reading, open, uid, offset, length);
    };
    auto piece = co_await impl_->read<std::string>(*(*session)->shard, std::move(look));
    co_return piece;
}

net::Task<Result<NarrowResult>> LocalStore::narrow(SessionId id, UidSet uids,
                                                   std::vector<Needle> needles) {
    const auto session = impl_->session_with_mailbox(id);
    if (!session) co_return pass(session);
    if (auto valid = check_uids(uids); !valid) co_return pass(valid);
    if (auto valid = check_needles(needles); !valid) co_return pass(valid);
    auto look = [open = (*session)->open(), uids = std::move(uids),
                 needles = std::move(needles)](Reading& reading) {
        return store::narrow(reading, open.access, open.mailbox, uids, needles);
    };
    auto result = co_await impl_->read<NarrowResult>(*(*session)->shard, std::move(look));
    co_return result;
}

// Copied, because the view goes on changing while the request waits.
std::optional<FlagJob::Known> LocalStore::Impl::known_of(const View& view,
                                                         const UidSet& uids) const {
    if (view.state != View::State::ready) return std::nullopt;
    FlagJob::Known known{view.status.highest_modseq, {}};
    auto from = view.messages.begin();
    for (const auto& [first, last] : uids) {
        from = std::ranges::lower_bound(from, view.messages.end(), first, {}, &MessageState::uid);
        const auto end =
            std::ranges::upper_bound(from, view.messages.end(), last, {}, &MessageState::uid);
        const auto all = lent_states + known.messages.size();
        if (all + static_cast<std::size_t>(end - from) > kMostLentStates) return std::nullopt;
        known.messages.insert(known.messages.end(), from, end);
        from = end;
    }
    return known;
}

namespace {

// The writer needs sizes then, and reads the rows.
bool may_touch_deleted(FlagChange change, const FlagNames& flags) {
    return change == FlagChange::replace || (flags.system & kDeleted) != 0;
}

// Counted for as long as the request waits, however that ends.
class Lending {
public:
    Lending(std::shared_ptr<LocalStore::Impl> impl, std::size_t states)
        : impl_(std::move(impl)), states_(states) {
        impl_->lent_states += states_;
    }
    Lending(const Lending&) = delete;
    Lending& operator=(const Lending&) = delete;
    ~Lending() { impl_->lent_states -= states_; }

private:
    std::shared_ptr<LocalStore::Impl> impl_;
    std::size_t states_;
};

} // namespace

net::Task<Result<FlagChangeResult>>
LocalStore::change_flags(SessionId id, UidSet uids, FlagChange change, FlagNames flags,
                         std::optional<ModSeq> unchanged_since) {
    const auto session = impl_->session_that_writes(id);
    if (!session) co_return pass(session);
    if (auto valid = check_uids(uids); !valid) co_return pass(valid);
    if (auto valid = check_flag_names(flags); !valid) co_return pass(valid);
    auto known =
        may_touch_deleted(change, flags) ? std::nullopt : impl_->known_of(*(*session)->view, uids);
    const Lending lending(impl_, known ? known->messages.size() : 0);
    auto job = std::make_shared<const FlagJob>((*session)->open(), std::move(uids), change,
                                               std::move(flags), unchanged_since, std::move(known));
    auto commit = [job](Batch& batch) { return store::change_flags(batch, *job); };
    auto result =
        co_await impl_->write<FlagChangeResult>(*(*session)->shard, std::move(commit), id, 0);
    co_return result;
}

net::Task<Result<CopyResult>> LocalStore::copy_or_move(SessionId id, UidSet uids,
                                                       Destination destination, bool is_move) {
    const auto session = is_move ? impl_->session_that_writes(id) : impl_->session_with_mailbox(id);
    if (!session) co_return pass(session);
    if (auto valid = check_uids(uids); !valid) co_return pass(valid);
    const auto& access = (*session)->access;
    const auto into = destination.session ? impl_->session(*destination.session) : session;
    if (!into) co_return pass(into);
    if ((*into)->access.actor != access.actor)
        co_return fail(Errc::not_permitted, "a session of somebody else");
    if ((*into)->access.account != access.account) {
        Impl::Across across{(*session)->open(),
                            (*session)->shard,
                            id,
                            (*into)->access,
                            (*into)->shard,
                            *destination.session,
                            std::move(destination.name),
                            is_move};
        auto copied = co_await impl_->begin_across(std::move(across), std::move(uids));
        co_return copied;
    }
    auto job =
        std::make_shared<const CopyJob>((*session)->open(), impl_->quota_of(access.account),
                                        std::move(uids), std::move(destination.name), is_move);
    auto commit = [job](Batch& batch) { return store::copy(batch, *job); };
    auto result = co_await impl_->write<CopyResult>(*(*session)->shard, std::move(commit), id, 0);
    co_return result;
}

net::Task<Result<CopyResult>> LocalStore::copy(SessionId id, UidSet uids, Destination destination) {
    return copy_or_move(id, std::move(uids), std::move(destination), false);
}

net::Task<Result<CopyResult>> LocalStore::move(SessionId id, UidSet uids, Destination destination) {
    return copy_or_move(id, std::move(uids), std::move(destination), true);
}

net::Task<Result<CopyResult>> LocalStore::copy_on(SessionId id) {
    const auto session = impl_->session(id);
    if (!session) co_return pass(session);
    auto copying = (*session)->copying;
    if (!copying) co_return fail(Errc::not_permitted, "no copy is under way");
    if (copying->is_busy) co_return fail(Errc::busy, "one part at a time");
    auto copied = co_await impl_->copy_part(std::move(copying));
    co_return copied;
}

net::Task<Result<void>> LocalStore::expunge(SessionId id, std::optional<UidSet> uids) {
    const auto session = impl_->session_that_writes(id);
    if (!session) co_return pass(session);
    if (uids) {
        if (auto valid = check_uids(*uids); !valid) co_return valid;
    }
    auto commit = [open = (*session)->open(), uids = std::move(uids)](Batch& batch) {
        return store::expunge(batch, open, uids);
    };
    auto done = co_await impl_->write<void>(*(*session)->shard, std::move(commit), id, 0);
    co_return done;
}

net::Task<Result<std::optional<UidSet>>> LocalStore::vanished(SessionId id, UidSet uids,
                                                              ModSeq since) {
    const auto session = impl_->session_with_mailbox(id);
    if (!session) co_return pass(session);
    if (auto valid = check_uids(uids); !valid) co_return pass(valid);
    auto look = [open = (*session)->open(), uids = std::move(uids), since](Reading& reading) {
        return read_vanished(reading, open.access, open.mailbox, uids, since);
    };
    auto gone = co_await impl_->read<std::optional<UidSet>>(*(*session)->shard, std::move(look));
    co_return gone;
}

net::Task<Result<AppendResult>> LocalStore::append(SessionId id, MailboxName name,
                                                   std::vector<AppendMessage> messages,
                                                   std::optional<Uid> replaced) {
    const auto session = replaced ? impl_->session_that_writes(id) : impl_->session(id);
    if (!session) co_return pass(session);
    auto job = std::make_shared<AppendJob>();
    if (replaced) job->replaced.emplace((*session)->open(), *replaced);
    job->access = (*session)->access;
    job->quota = impl_->quota_of(job->access.account);
    job->mailbox = std::move(name);
    std::uint64_t bytes = 1;
    for (auto& message : messages) {
        bytes += message.message.content.size();
        job->messages.push_back(
            {borrow_body(message.message), std::move(message.flags), message.internal_date});
    }
    auto commit = [job = std::shared_ptr<const AppendJob>(std::move(job))](Batch& batch) {
        return store::append(batch, *job);
    };
    auto appended =
        co_await impl_->write<Appended>(*(*session)->shard, std::move(commit), id, bytes);
    if (!appended) co_return pass(appended);
    co_return appended->is_told ? std::move(appended->result) : AppendResult{};
}

} // namespace maild::store
