// LocalStore: COPY and MOVE to a mailbox of another account. Its rows may lie in another shard, so
// messages travel as if they were appended: what the actor may read here, with the rights that he
// has there. About a MiB at a time, so memory does not grow with their number; each piece is
// committed there before the next is read, and MOVE removes it here only then. Each piece is asked
// for anew, so that no call takes long, and nothing goes on for whom it must not or who has gone.
#include "store/flag_names.hpp"
#include "store/local_store_impl.hpp"
#include "store/reads.hpp"
#include "store/removal.hpp"

#include "maild/base/log.hpp"
#include "maild/store/uid_set.hpp"

namespace maild::store {
namespace {

struct Taken {
    std::vector<AppendJob::Message> messages;
    std::vector<Uid> uids; // of these
    std::optional<Uid> next;
};

constexpr std::uint32_t kEverything =
    kInternalDate | kEnvelope | kBody | kBodyStructure | kParts | kContent;

Result<std::string> rest_of(Reading& reading, const OpenRef& open, const MessageData& message) {
    auto content = message.content;
    while (content.size() < message.size) {
        const auto piece = read_piece(reading, open, message.uid, content.size(), kMaxRead);
        if (!piece) return pass(piece);
        if (piece->empty()) return fail(Errc::corrupt, "a message ends early");
        content += *piece;
    }
    return content;
}

// None: it is gone.
Result<std::optional<Flags>> flags_of(Reading& reading, MailboxId mailbox, Uid uid) {
    auto row = reading.database.query(
        "SELECT flags FROM message WHERE mailbox_id = ?1 AND uid = ?2", mailbox, uid);
    if (!row) return pass(row);
    const auto found = row->step();
    if (!found) return pass(found);
    if (!*found) return std::nullopt;
    return flags_from_row(row->column<std::int64_t>(0));
}

Result<Taken> take(Reading& reading, const OpenRef& open, const UidSet& uids, Rights needed) {
    const auto row = mailbox_by_id(reading.database, open.access, open.mailbox, needed);
    if (!row) return pass(row);
    auto read = read_messages(reading, open.access, open.mailbox, uids, kEverything);
    if (!read) return pass(read);
    Taken taken{.messages = {}, .uids = {}, .next = read->next};
    std::uint64_t octets = 0; // large ones are not in `read` yet
    for (auto& message : read->messages) {
        if (octets > kMaxFetchAnswer) {
            taken.next = message.uid;
            break;
        }
        if (message.error) return fail(*message.error, "a message that was to be copied");
        const auto flags = flags_of(reading, open.mailbox, message.uid);
        if (!flags) return pass(flags);
        if (!*flags) continue;
        const auto whole = rest_of(reading, open, message);
        if (!whole) return pass(whole);
        const auto content = std::string_view(*whole).substr(message.prefix_size);
        taken.messages.push_back({make_body({content, std::move(message.structure)}),
                                  named(**flags, row->keywords), message.internal_date,
                                  whole->substr(0, message.prefix_size)});
        taken.uids.push_back(message.uid);
        octets += whole->size();
    }
    return taken;
}

// Those that are still there.
Result<void> remove_moved(Batch& batch, const OpenRef& open, const UidSet& uids) {
    const auto row = mailbox_by_id(batch.database, open.access, open.mailbox,
                                   kRead | kDeleteMessages | kExpunge);
    if (!row) return pass(row);
    UidSet there;
    for (const auto& range : uids) {
        auto rows = batch.database.query(
            "SELECT uid FROM message WHERE mailbox_id = ?1 AND uid BETWEEN ?2 AND ?3", open.mailbox,
            range.first, range.last);
        if (!rows) return pass(rows);
        for (;;) {
            const auto more = rows->step();
            if (!more) return pass(more);
            if (!*more) break;
            append_uid(there, rows->column<Uid>(0));
        }
    }
    return remove_messages(batch, open.access, open.mailbox, there, Removal::expunged);
}

// A COPY that could not be finished leaves nothing behind (RFC 9051 §6.4.7), whoever may remove
// what there, and whatever the mailbox is called now.
Result<void> take_back(Batch& batch, AccountId owner, MailboxId mailbox, const CopyResult& copied) {
    const auto row = mailbox_by_id(batch.database, owner, mailbox);
    if (!row && row.error().code == Errc::no_such_mailbox) return {}; // gone, with what was in it
    if (!row) return pass(row);
    if (row->status.uid_validity != copied.uid_validity) return {};
    UidSet uids;
    for (const auto& [from, to] : copied.uids) append_uid(uids, to);
    return remove_moved(batch, {owner, mailbox}, uids);
}

// Not to another mailbox that has the name now.
Result<Appended> append_to(Batch& batch, const AppendJob& job, MailboxId mailbox) {
    const auto row = mailbox_by_name(batch.database, job.access, job.mailbox, kInsert);
    if (!row) return pass(row);
    if (row->status.id != mailbox) return fail(Errc::no_such_mailbox);
    return append(batch, job);
}

// True for as long as it lives, however the scope is left.
class Raised {
public:
    explicit Raised(bool& flag) : flag_(flag) { flag_ = true; }
    Raised(const Raised&) = delete;
    Raised& operator=(const Raised&) = delete;
    ~Raised() { flag_ = false; }

private:
    bool& flag_;
};

UidSet from(const UidSet& uids, Uid first) {
    UidSet rest;
    for (const auto& range : uids)
        if (range.last >= first) rest.push_back({std::max(range.first, first), range.last});
    return rest;
}

UidSet set_of(const std::vector<Uid>& uids) {
    UidSet set;
    for (const auto uid : uids) append_uid(set, uid);
    return set;
}

std::uint64_t bytes_of(const AppendJob& job) {
    std::uint64_t bytes = 1;
    for (const auto& message : job.messages) bytes += message.body->content.size();
    return bytes;
}

CopyResult pairs_of(const std::vector<Uid>& uids, const AppendResult& appended) {
    CopyResult pairs{appended.uid_validity, {}};
    auto next = uids.begin();
    for (const auto& range : appended.uids)
        for (auto uid = range.first.value; uid <= range.last.value; ++uid)
            pairs.uids.emplace_back(*next++, Uid(uid));
    return pairs;
}

} // namespace

// Sessions end with a kick, a new password, an account that is disabled or removed; that of a
// mailbox that may not be read any more has it open no longer.
Result<void> LocalStore::Impl::may_go_on(const Across& across) {
    const auto origin =
        across.is_move ? session_that_writes(across.origin) : session_with_mailbox(across.origin);
    if (!origin) return pass(origin);
    if ((*origin)->mailbox != across.from.mailbox) return fail(Errc::no_such_mailbox);
    const auto into = session(across.into);
    return into ? Result<void>() : pass(into);
}

// One piece from here to there.
net::Task<Result<LocalStore::Impl::CopiedPiece>>
LocalStore::Impl::copy_piece(const Across& across, const UidSet& uids, UidValidity validity) {
    if (auto may = may_go_on(across); !may) co_return pass(may);
    const auto needed = across.is_move ? kRead | kDeleteMessages | kExpunge : kRead;
    auto look = [open = across.from, uids, needed](Reading& reading) {
        return take(reading, open, uids, needed);
    };
    auto taken = co_await read<Taken>(*across.from_shard, std::move(look));
    if (!taken) co_return pass(taken);
    if (taken->messages.empty()) co_return CopiedPiece{{validity, {}}, taken->next};
    auto job = std::make_shared<AppendJob>();
    job->access = across.to;
    job->quota = quota_of(across.to.account);
    job->mailbox = across.destination;
    job->messages = std::move(taken->messages);
    const auto bytes = bytes_of(*job);
    auto commit = [job = std::shared_ptr<const AppendJob>(std::move(job)),
                   to = across.to_mailbox](Batch& batch) { return append_to(batch, *job, to); };
    const auto appended =
        co_await write<Appended>(*across.to_shard, std::move(commit), across.origin, bytes);
    if (!appended) co_return pass(appended);
    CopiedPiece piece{pairs_of(taken->uids, appended->result), taken->next, appended->is_told};
    if (piece.copied.uid_validity != validity) { // it was made anew
        co_await undo(across, std::move(piece.copied));
        co_return fail(Errc::no_such_mailbox);
    }
    if (!across.is_move) co_return piece;
    auto remove = [open = across.from, gone = set_of(taken->uids)](Batch& batch) {
        return remove_moved(batch, open, gone);
    };
    const auto removed =
        co_await write<void>(*across.from_shard, std::move(remove), across.origin, 0);
    if (removed) co_return piece;
    co_await undo(across, std::move(piece.copied)); // or whoever tries again has it twice
    co_return pass(removed);
}

net::Task<void> LocalStore::Impl::undo(const Across& across, CopyResult copied) {
    if (copied.uids.empty() || !across.to_shard->shard) co_return; // the store is closing
    auto remove = [owner = across.to.account, to = across.to_mailbox, copied = std::move(copied)](
                      Batch& batch) { return take_back(batch, owner, to, copied); };
    const auto undone = co_await write<void>(*across.to_shard, std::move(remove), SessionId(), 0);
    if (!undone) log::warning("store_copy_left", {{"error", undone.error().internal}});
}

net::Task<void> LocalStore::Impl::undo_abandoned(std::shared_ptr<Impl> self,
                                                 std::shared_ptr<Copying> copying) {
    co_await self->undo(copying->across, std::move(copying->done));
}

// Nobody asks on.
void LocalStore::Impl::abandon(Session& session) {
    auto copying = std::exchange(session.copying, nullptr);
    if (!copying || copying->is_busy || copying->done.uids.empty()) return;
    net::spawn(io, undo_abandoned(shared_from_this(), std::move(copying)), "store_copy_undo");
}

bool LocalStore::Impl::is_wanted(const std::shared_ptr<Copying>& copying) {
    const auto origin = session(copying->across.origin);
    return origin && (*origin)->copying == copying;
}

net::Task<Result<CopyResult>> LocalStore::Impl::begin_across(Across across, UidSet uids) {
    if (across.is_move && across.from_shard->shard->is_read_only())
        co_return fail(Errc::unavailable, "the shard is read-only");
    auto look = [to = across.to, name = across.destination](Reading& reading) {
        return find_mailbox(reading, to, name, kInsert);
    };
    const auto there = co_await read<Found>(*across.to_shard, std::move(look));
    if (!there) co_return pass(there);
    const auto origin = session(across.origin);
    if (!origin) co_return pass(origin);
    abandon(**origin);
    across.to_mailbox = there->row.status.id;
    auto copying = std::make_shared<Copying>(std::move(across), std::move(uids));
    copying->done.uid_validity = there->row.status.uid_validity;
    (*origin)->copying = copying;
    auto copied = co_await copy_part(std::move(copying));
    co_return copied;
}

net::Task<Result<CopyResult>> LocalStore::Impl::copy_part(std::shared_ptr<Copying> copying) {
    const auto& across = copying->across;
    auto& done = copying->done;
    const Raised busy(copying->is_busy);
    auto piece = co_await copy_piece(across, copying->rest, done.uid_validity);
    if (piece && !across.is_move) {
        const auto& uids = piece->copied.uids;
        done.uids.insert(done.uids.end(), uids.begin(), uids.end());
    }
    const bool goes_on = is_wanted(copying);
    if (piece && goes_on) {
        copying->rest = piece->next ? from(copying->rest, *piece->next) : UidSet{};
        piece->copied.is_part = !copying->rest.empty();
        if (!piece->copied.is_part) (*session(across.origin))->copying.reset();
        if (!piece->is_told) {
            piece->copied.uid_validity = {};
            piece->copied.uids.clear();
        }
        co_return std::move(piece->copied);
    }
    if (goes_on) (*session(across.origin))->copying.reset();
    co_await undo(across, std::move(done)); // a copy is all or nothing (RFC 9051 §6.4.7)
    co_return piece ? fail(Errc::not_permitted, "it was given up") : pass(piece);
}

} // namespace maild::store
