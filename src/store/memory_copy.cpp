// MemoryStore: COPY and MOVE, to another account in parts, as LocalStore does.
#include "store/memory_world.hpp"

#include "maild/store/uid_set.hpp"

#include <utility>

namespace maild::store::memory {
namespace {

Result<World::Path> path_of(World& world, const Session& session, const Destination& destination,
                            Rights needed) {
    const auto from = world.open_mailbox(session, needed);
    if (!from) return std::unexpected(from.error());
    const auto into = world.session(destination.session.value_or(SessionId()));
    const auto& there = into ? **into : session;
    if (destination.session && !into) return std::unexpected(into.error());
    if (there.actor != session.actor) return fail(Errc::not_permitted, "of somebody else");
    const auto to = world.find(there, destination.name, kInsert);
    if (!to) return std::unexpected(to.error());
    return World::Path{world.account(session), **from, world.account(there), **to,
                       rights_on(there, **to)};
}

Rights needed_for(bool is_move) { return is_move ? kRead | kDeleteMessages | kExpunge : kRead; }

// The first of `rest`, which loses them.
UidSet take_part(const Mailbox& from, UidSet& rest) {
    UidSet part;
    std::uint64_t octets = 0;
    for (const auto& [uid, message] : from.messages) {
        if (!contains(rest, uid)) continue;
        if (octets > kMaxFetchAnswer) {
            UidSet behind;
            for (const auto& range : rest)
                if (range.last >= uid) behind.push_back({std::max(range.first, uid), range.last});
            rest = std::move(behind);
            return part;
        }
        append_uid(part, uid);
        octets += message.size();
    }
    rest.clear();
    return part;
}

// RFC 4315 §3
CopyResult told(const World::Path& path, CopyResult copied) {
    if (path.rights.has(kRead)) return copied;
    return {.uid_validity = {}, .uids = {}, .is_part = copied.is_part};
}

void take_back(World& world, const Copying& copying) {
    for (auto& [owner, account] : world.accounts) {
        for (auto& [name, mailbox] : account.mailboxes) {
            if (mailbox.uid_validity != copying.done.uid_validity) continue;
            std::vector<Uid> there;
            for (const auto& [from, to] : copying.done.uids)
                if (mailbox.messages.contains(to)) there.push_back(to);
            if (mailbox.id == copying.into) world.expunge(SessionId(), account, mailbox, there);
        }
    }
}

} // namespace

void World::abandon(SessionId id) {
    const auto found = sessions.find(id);
    if (found == sessions.end()) return;
    const auto copying = std::exchange(found->second.copying, std::nullopt);
    if (copying && !copying->done.uids.empty()) take_back(*this, *copying);
}

Result<CopyResult> copy_on(World& world, SessionId origin) {
    auto& session = world.sessions.at(origin);
    if (!session.copying) return fail(Errc::not_permitted, "no copy is under way");
    auto& [rest, destination, is_move, into, done] = *session.copying;
    const auto path = path_of(world, session, destination, needed_for(is_move));
    auto copied = path ? Result<CopyResult>() : std::unexpected(path.error());
    if (path && path->to.id != into) copied = fail(Errc::no_such_mailbox);
    if (copied) copied = world.copy(origin, *path, take_part(path->from, rest), is_move);
    if (!copied) {
        world.abandon(origin);
        return copied;
    }
    copied->is_part = !rest.empty();
    done.uid_validity = copied->uid_validity;
    if (!is_move) done.uids.insert(done.uids.end(), copied->uids.begin(), copied->uids.end());
    if (!copied->is_part) session.copying.reset();
    return told(*path, std::move(*copied));
}

Result<CopyResult> copy_or_move(World& world, SessionId origin, const UidSet& uids,
                                const Destination& destination, bool is_move) {
    auto& session = world.sessions.at(origin);
    if (auto valid = check_uids(uids); !valid) return std::unexpected(std::move(valid.error()));
    if (is_move && session.is_examining) return fail(Errc::not_permitted, "examined");
    const auto path = path_of(world, session, destination, needed_for(is_move));
    if (!path) return std::unexpected(path.error());
    if (&path->account == &path->to_account) {
        auto copied = world.copy(origin, *path, uids, is_move);
        if (!copied) return copied;
        return told(*path, std::move(*copied));
    }
    world.abandon(origin);
    session.copying = Copying{uids, destination, is_move, path->to.id, {}};
    return copy_on(world, origin);
}

} // namespace maild::store::memory
