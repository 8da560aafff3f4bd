#include "store/local_store_impl.hpp"

#include "maild/base/log.hpp"
#include "maild/store/rebuild.hpp"

namespace maild::store {
namespace {

constexpr std::string_view kMendDisk = "mend the disk, then run mailctl server reload";
constexpr std::string_view kRebuild = "stop maild and run mailctl store rebuild";

std::string parent_of(const std::string& directory) {
    const auto slash = directory.rfind('/');
    if (slash == directory.npos) return ".";
    return slash == 0 ? "/" : directory.substr(0, slash);
}

// In the measure of what a database may cache.
std::size_t known_accounts(const LocalStoreOptions& options) {
    const std::size_t whole = LocalStoreOptions().page_cache_kib;
    const std::size_t most = KnownAccounts::kMostAccounts;
    return std::clamp<std::size_t>(most * options.page_cache_kib / whole, 1, most);
}

} // namespace

LocalStore::Impl::Impl(boost::asio::io_context& context, const Clock& wall,
                       auth::TokenKey token_key, LocalStoreOptions store_options)
    : io(context),
      clock(wall),
      key(std::move(token_key)),
      options(std::move(store_options)),
      faults_(options.faults) {}

Result<void> LocalStore::Impl::open_shards(FileSystem& files, Random& random) {
    // Names must be on stable storage too, each in the directory above it. The supervisor makes and
    // syncs ours, and the one above it is not ours to open.
    if (!files.list(options.directory)) {
        if (auto made = files.make_directory(options.directory); !made) return made;
        auto synced = files.sync_directory(parent_of(options.directory));
        if (!synced) return synced;
    }
    for (const auto id : options.shards) {
        const auto directory = shard_directory(options.directory, id);
        if (auto made = files.make_directory(directory); !made) return made;
        auto opened = Shard::open(files, clock, random, shard_options(id, directory));
        if (!opened && opened.error().code == Errc::corrupt) {
            damaged(id, opened.error(), true); // the others need not suffer
            continue;
        }
        if (!opened && opened.error().code == Errc::unavailable) {
            put_offline(id, opened.error());
            continue;
        }
        if (!opened && opened.error().code == Errc::io) note_fault(id);
        if (!opened) return fail(opened.error().code, directory + ": " + opened.error().internal);
        if ((*opened)->is_read_only()) tell_read_only(id, (*opened)->read_only_because());
        auto& state = shards.try_emplace(id, options.idle_view_bytes).first->second;
        state.known.set_most(known_accounts(options));
        for (const auto& [owner, grantees] : (*opened)->take_grantees())
            sharing.set(owner, grantees);
        state.shard = std::move(*opened);
    }
    auto synced = files.sync_directory(options.directory);
    // Where nothing can be made, nothing was.
    return !synced && synced.error().code == Errc::not_permitted ? Result<void>() : synced;
}

void LocalStore::Impl::note_fault(ShardId id) {
    faults_.add(id, clock.steady_now());
    if (options.on_fault) options.on_fault(faults_);
}

void LocalStore::Impl::tell_read_only(ShardId id, std::string_view why) {
    log::critical("store_shard_read_only", {{"shard", id.value}, {"why", why}, {"do", kMendDisk}});
    if (options.on_trouble)
        options.on_trouble("shard " + std::to_string(id.value) + " is read-only, " +
                           std::string(why) + ": " + std::string(kMendDisk));
}

// Nothing is damaged, and it will open again when its disk is whole.
void LocalStore::Impl::put_offline(ShardId id, const Error& error) {
    log::critical("store_shard_offline",
                  {{"shard", id.value}, {"error", error.internal}, {"do", kMendDisk}});
    offline[id] = {error.internal, kMendDisk, true};
    if (options.on_trouble)
        options.on_trouble("shard " + std::to_string(id.value) + " is offline, " + error.internal +
                           ": " + std::string(kMendDisk));
}

// What the writers' threads call goes to the io_context's thread, unless the store is gone by then.
ShardOptions LocalStore::Impl::shard_options(ShardId id, const std::string& directory) {
    ShardOptions made;
    made.id = id;
    made.directory = directory;
    if (!options.vfs.empty()) made.vfs = options.vfs;
    if (!options.frozen_vfs.empty()) made.frozen_vfs = options.frozen_vfs;
    made.is_read_only = faults_.is_read_only(id);
    made.executor = options.executor;
    made.has_index = options.has_index;
    made.limits.watermark_bytes = options.watermark_bytes;
    made.limits.ballast_bytes = options.ballast_bytes;
    made.limits.retention = options.retention;
    made.limits.readers = options.readers;
    made.limits.page_cache_kib = static_cast<int>(options.page_cache_kib);
    made.limits.tick = options.upkeep_interval;
    made.limits.wal_pages = options.checkpoint_pages;
    made.packs.segment_size = options.segment_bytes;
    made.on_committed = [weak = weak_from_this(), id,
                         &context = io](std::vector<Committed> committed) {
        net::post(context, [weak, id, committed = std::move(committed)]() mutable {
            if (const auto self = if_open(weak))
                self->dispatch(self->shards.at(id), std::move(committed));
        });
    };
    made.on_room = [weak = weak_from_this(), &context = io] {
        net::post(context, [weak] {
            if (const auto self = if_open(weak); self && self->options.on_accepts_mail)
                self->options.on_accepts_mail();
        });
    };
    made.on_damaged = [weak = weak_from_this(), id, &context = io](const Error& error,
                                                                   bool is_offline) {
        net::post(context, [weak, id, error, is_offline] {
            if (const auto self = if_open(weak)) self->damaged(id, error, is_offline);
        });
    };
    made.on_fatal = [weak = weak_from_this(), id, &context = io](const Error& error) {
        net::post(context, [weak, id, error] {
            const auto self = if_open(weak);
            if (!self) return;
            self->note_fault(id);
            self->lose_all();
            if (self->options.on_fatal) self->options.on_fatal(error);
        });
    };
    return made;
}

// In the order of commits: the news of a request, then its answer.
void LocalStore::Impl::dispatch(ShardState& shard, std::vector<Committed> committed) {
    for (auto& entry : committed) {
        for (const auto& news : entry.news) {
            tell(shard, news, SessionId(entry.origin));
            tell_watchers(news, SessionId(entry.origin));
        }
        for (const auto& [account, change] : entry.names) {
            shard.known.forget(account);
            tell_watchers(account, change, SessionId(entry.origin));
        }
        entry.done(std::move(entry.outcome));
    }
}

// What is remembered of the account holds no longer. What is delivered was charged before.
void LocalStore::Impl::note_news(ShardState& shard, const MailboxNews& news, SessionId origin) {
    const auto is_deleted = [](const Change& change) {
        return std::holds_alternative<MailboxDeleted>(change);
    };
    const auto is_added = [](const Change& change) {
        return std::holds_alternative<Added>(change);
    };
    if (news.acl || std::ranges::any_of(news.changes, is_deleted)) shard.known.forget(news.account);
    if (origin && std::ranges::any_of(news.changes, is_added))
        shard.known.forget_usage(news.account);
}

void LocalStore::Impl::tell(ShardState& shard, const MailboxNews& news, SessionId origin) {
    note_news(shard, news, origin);
    if (news.acl) tell_acl(shard, news);
    const auto view = shard.views.tell(news);
    if (!view) return;
    const auto tell_one = [&](SessionId id) {
        if (const auto found = sessions.find(id); found != sessions.end()) {
            found->second.sink->on_changes(news.status.id, news.changes);
        }
    };
    if (view->sessions.contains(origin)) tell_one(origin);
    for (const auto id : view->sessions) {
        if (id != origin) tell_one(id);
    }
}

Result<void> LocalStore::Impl::admit(const auth::Token& token, auth::Right right) {
    if (auto valid = key.verify(token, clock.now()); !valid) return valid;
    const bool fits = token.right == right ||
                      (right == auth::Right::deliver && token.right == auth::Right::access);
    if (!fits) return fail(Errc::not_permitted, "a token for something else");
    if (auto known = shard(token.shard); !known) return pass(known);
    auto& entry = granted[token.account];
    if (right != auth::Right::deliver && token.issued < entry.revoked)
        return fail(Errc::not_permitted, "the access was taken back");
    if (token.issued >= entry.issued) {
        entry.quota = {token.quota_bytes, token.quota_messages};
        entry.issued = token.issued;
    }
    return {};
}

Quota LocalStore::Impl::quota_of(AccountId account) const {
    const auto found = granted.find(account);
    return found == granted.end() ? Quota{} : found->second.quota;
}

Result<LocalStore::Impl::ShardState*> LocalStore::Impl::shard(ShardId id) {
    if (const auto down = offline.find(id); down != offline.end())
        return fail(Errc::unavailable,
                    "shard " + std::to_string(id.value) + " is offline: " + down->second.why);
    const auto found = shards.find(id);
    if (found == shards.end()) return fail(Errc::no_such_account, "unknown shard");
    return &found->second;
}

Result<LocalStore::Impl::Session*> LocalStore::Impl::session(SessionId id) {
    const auto found = sessions.find(id);
    if (found != sessions.end()) return &found->second;
    return fail(is_lost ? Errc::unavailable : Errc::not_permitted, "no such session");
}

Result<LocalStore::Impl::Session*> LocalStore::Impl::session_with_mailbox(SessionId id) {
    auto found = session(id);
    if (found && (!(*found)->mailbox || (*found)->view->state == View::State::gone))
        return fail(Errc::no_such_mailbox);
    return found;
}

Result<LocalStore::Impl::Session*> LocalStore::Impl::session_that_writes(SessionId id) {
    auto found = session_with_mailbox(id);
    if (found && (*found)->is_examining) return fail(Errc::not_permitted, "examined");
    return found;
}

Result<LocalStore::Impl::Session*> LocalStore::Impl::own_session(SessionId id) {
    auto found = session(id);
    if (found && !(*found)->access.is_own())
        return fail(Errc::not_permitted, "of one's own account alone");
    return found;
}

SessionId LocalStore::Impl::add_session(Session session) {
    const SessionId id(++last_session);
    sessions.emplace(id, std::move(session));
    return id;
}

// RFC 4314 §5.2: who may change nothing has it as if he only examined it.
OpenedMailbox LocalStore::Impl::enter(SessionId id, Session& session,
                                      const std::shared_ptr<View>& view, Entering how) {
    OpenedMailbox opened{view->status,       view->keywords, {},
                         view->first_recent, how.rights,     view->first_unseen()};
    if (view->messages.size() <= how.most) opened.messages = view->messages;
    // What is there counts, whatever the row says that fsck would mend.
    opened.status.messages = static_cast<std::uint32_t>(view->messages.size());
    if (!view->messages.empty())
        opened.status.uid_next =
            std::max(opened.status.uid_next, Uid(view->messages.back().uid.value + 1));
    opened.status.recent = view->recent();
    session.rights = how.rights;
    session.since = session.access.is_own() ? ModSeq() : view->status.highest_modseq;
    attach(id, session, view, how.examine || !how.rights.has_any(kChanging));
    return opened;
}

void LocalStore::Impl::attach(SessionId id, Session& session, const std::shared_ptr<View>& view,
                              bool examine) {
    session.mailbox = view->status.id;
    session.view = view;
    session.is_examining = examine;
    view->sessions.insert(id);
    if (examine) return;
    ++view->selected;
    view->first_recent = std::max(view->first_recent, view->status.uid_next);
    store_recent(*session.shard, *view);
}

void LocalStore::Impl::detach(SessionId id, Session& session) {
    abandon(session);
    if (!session.view) return;
    session.view->sessions.erase(id);
    if (!session.is_examining) --session.view->selected;
    if (session.view->state == View::State::ready) store_recent(*session.shard, *session.view);
    session.view.reset();
    session.mailbox = {};
    session.shard->views.trim();
}

// \Recent is no promise: the row follows with the next commit, and after a crash a message may be
// recent once more.
void LocalStore::Impl::store_recent(ShardState& shard, View& view) {
    if (view.first_recent == view.stored_recent) return;
    view.stored_recent = view.first_recent;
    WriteRequest request;
    request.is_lazy = true;
    request.run = [mailbox = view.status.id, first = view.first_recent](Batch& batch) {
        return set_first_recent(batch, mailbox, first);
    };
    request.done = [](const Result<void>&) {};
    shard.shard->submit(std::move(request));
}

Result<void> LocalStore::Impl::claim(SessionId id, Session& session, MailboxName name) {
    const auto found = claims.find({session.access.account, name});
    if (found != claims.end() && found->second != id)
        return fail(Errc::conflict, "claimed by another session");
    give_up_claim(session);
    if (name.empty()) return {};
    claims.emplace(std::pair(session.access.account, name), id);
    session.claimed = std::move(name);
    return {};
}

void LocalStore::Impl::give_up_claim(Session& session) {
    if (session.claimed.empty()) return;
    claims.erase({session.access.account, session.claimed});
    session.claimed.clear();
}

void LocalStore::Impl::lose(AccountId account) {
    for (auto& [id, state] : shards) state.known.forget(account);
    lose_if([account](const Session& session) {
        return session.access.actor == account || session.access.account == account;
    });
}

void LocalStore::Impl::lose_if(const std::function<bool(const Session&)>& is_lost_now) {
    std::vector<ChangeSink*> lost;
    for (auto it = sessions.begin(); it != sessions.end();) {
        if (!is_lost_now(it->second)) {
            ++it;
            continue;
        }
        lost.push_back(it->second.sink);
        detach(it->first, it->second);
        give_up_claim(it->second);
        watch(it->first, it->second, false);
        it = sessions.erase(it);
    }
    for (auto* sink : lost) sink->on_lost();
}

// Offline: nothing is written to a database that is known to be damaged, and nobody is answered
// from it. Otherwise a reader has met the damage: what is whole is still read.
void LocalStore::Impl::damaged(ShardId id, const Error& error, bool is_offline) {
    const auto what = "shard " + std::to_string(id.value) +
                      (is_offline ? " is offline" : " has damage") +
                      ": stop maild and run mailctl store rebuild " + std::to_string(id.value);
    log::critical(is_offline ? "store_shard_offline" : "store_shard_damaged",
                  {{"shard", id.value}, {"error", error.internal}, {"do", kRebuild}});
    if (is_offline) {
        offline[id] = {error.internal, kRebuild, false};
        lose_if([id, this](const Session& session) {
            const auto found = shards.find(id);
            return found != shards.end() && session.shard == &found->second;
        });
    }
    if (options.on_trouble) options.on_trouble(what);
}

void LocalStore::Impl::lose_all() {
    is_lost = true;
    claims.clear();
    watchers.clear();
    for (const auto lost = std::exchange(sessions, {}); const auto& [id, session] : lost)
        session.sink->on_lost();
}

// The mailbox's view with its snapshot. Whoever finds it empty loads it; others wait, and look
// again.
net::Task<Result<std::shared_ptr<View>>>
LocalStore::Impl::ready_view(ShardState& state, AccountId account, MailboxId mailbox) {
    for (;;) {
        auto view = state.views.get(mailbox);
        if (view->state == View::State::ready) co_return view;
        if (view->state == View::State::loading) {
            auto event = std::make_shared<net::Event>();
            view->waiting.push_back(event);
            co_await net::detail::wait_until_done(*event);
            continue;
        }
        view->state = View::State::loading;
        auto load = [account, mailbox](Reading& reading) {
            return read_snapshot(reading, account, mailbox);
        };
        auto snapshot = co_await read<Snapshot>(state, std::move(load));
        for (const auto& event : std::exchange(view->waiting, {})) event->notify();
        if (snapshot) {
            state.views.loaded(*view, std::move(*snapshot));
            if (view->state == View::State::ready) co_return view;
        }
        state.views.forget(mailbox);
        co_return snapshot ? fail(Errc::no_such_mailbox) : pass(snapshot);
    }
}

} // namespace maild::store
