// LocalStore: one slice of a check, and the mending of what it has found.
#include "store/check.hpp"
#include "store/local_store_impl.hpp"

#include "maild/base/log.hpp"
#include "maild/db/transaction.hpp"

#include <algorithm>

namespace maild::store {
namespace {

using Mended = std::vector<bool>;

// Each in a savepoint of its own: one that cannot be mended does not keep the others.
Result<Mended> mend_all(Batch& batch, const std::vector<Fault>& faults) {
    Mended mended(faults.size());
    for (std::size_t i = 0; i < faults.size(); ++i) {
        if (!faults[i].mend) continue;
        const auto mark = batch.mark();
        auto savepoint = db::Savepoint::begin(batch.database);
        if (!savepoint) return pass(savepoint);
        auto done = faults[i].mend(batch);
        if (done) done = savepoint->release();
        mended[i] = done.has_value();
        if (done) continue;
        savepoint->rollback();
        batch.back_to(mark);
        log::warning("fsck_not_repaired",
                     {{"what", faults[i].finding.what}, {"error", done.error().internal}});
        if (batch.database.is_poisoned() || batch.database.is_damaged()) return pass(done);
    }
    return mended;
}

void report(const CheckFinding& finding) {
    log::warning("fsck_found", {{"kind", name_of(finding.kind)},
                                {"shard", finding.shard.value},
                                {"account", finding.account.value},
                                {"mailbox", finding.mailbox},
                                {"uid", finding.uid.value},
                                {"what", finding.what},
                                {"repaired", finding.is_repaired}});
}

// True as long as it lives.
class Repairing {
public:
    explicit Repairing(bool* flag) : flag_(flag) {
        if (flag_ != nullptr) *flag_ = true;
    }
    Repairing(const Repairing&) = delete;
    Repairing& operator=(const Repairing&) = delete;
    ~Repairing() {
        if (flag_ != nullptr) *flag_ = false;
    }

private:
    bool* flag_;
};

// A shard that is offline is one finding.
CheckSlice offline_slice(ShardId shard, const LocalStore::Impl::Offline& offline) {
    CheckFinding finding;
    finding.shard = shard;
    finding.what =
        "the shard is offline: " + std::string(offline.remedy) + " (" + offline.why + ")";
    CheckSlice slice;
    slice.at.shard = shard;
    slice.percent = 100;
    slice.findings.push_back(std::move(finding));
    return slice;
}

} // namespace

// Of all shards, also those that are offline.
std::optional<ShardId> LocalStore::Impl::shard_from(std::uint32_t least) const {
    std::optional<ShardId> first;
    for (const auto id : options.shards) {
        if (id.value >= least && (!first || id < *first)) first = id;
    }
    return first;
}

net::Task<Result<CheckSlice>> LocalStore::check(CheckRequest request) {
    const auto impl = impl_;
    auto at = request.from.value_or(CheckCursor{});
    const auto id = request.account ? request.account->shard : impl->shard_from(at.shard.value);
    if (!id) co_return CheckSlice{};
    if (*id != at.shard) at = {*id};
    const auto following = request.account ? std::nullopt : impl->shard_from(id->value + 1);
    CheckSlice slice;
    if (const auto down = impl->offline.find(*id); down != impl->offline.end()) {
        slice = offline_slice(*id, down->second);
    } else {
        auto checked = co_await impl->check_part(request, at);
        if (!checked) co_return pass(checked);
        slice = std::move(*checked);
    }
    for (const auto& finding : slice.findings) report(finding);
    if (!slice.next && following) slice.next = CheckCursor{*following};
    co_return slice;
}

net::Task<Result<CheckSlice>> LocalStore::Impl::check_part(CheckRequest request, CheckCursor at) {
    const auto found = shard(at.shard);
    if (!found) co_return pass(found);
    auto& state = **found;
    if (request.repair && is_repairing) co_return fail(Errc::busy, "another check is repairing");
    // From looking to mending: what is off by so much must not be mended twice.
    const Repairing repairing(request.repair ? &is_repairing : nullptr);
    const bool repair = request.repair;
    auto look = [request, at, parse = options.parse](Reading& reading) {
        return check_slice(reading, request, at, parse);
    };
    auto checked = co_await read<CheckedSlice>(state, std::move(look));
    if (!checked) co_return pass(checked);
    auto faults = std::make_shared<std::vector<Fault>>(std::move(checked->faults));
    const bool can_mend = std::ranges::any_of(
        *faults, [](const Fault& fault) { return static_cast<bool>(fault.mend); });
    if (repair && can_mend) {
        auto mend = [faults](Batch& batch) { return mend_all(batch, *faults); };
        const auto mended = co_await write<Mended>(state, std::move(mend), SessionId(), 0);
        state.known.forget_all();
        if (!mended) co_return pass(mended);
        for (std::size_t i = 0; i < faults->size(); ++i)
            (*faults)[i].finding.is_repaired = (*mended)[i];
    }
    for (auto& fault : *faults) checked->slice.findings.push_back(std::move(fault.finding));
    co_return std::move(checked->slice);
}

} // namespace maild::store
