// LocalStore: sessions that watch their account.
#include "store/local_store_impl.hpp"
#include "store/summary.hpp"

namespace maild::store {

void LocalStore::Impl::tell_watchers(const MailboxNews& news, SessionId origin) {
    if (!watchers.contains(news.account)) return;
    const auto summary = summary_of(news.status.id, news.changes);
    if (summary.come_or_gone || summary.flags) tell_watchers(news.account, summary, origin);
}

// Who did it himself knows.
void LocalStore::Impl::tell_watchers(AccountId account, const AccountChange& change,
                                     SessionId origin) {
    const auto found = watchers.find(account);
    if (found == watchers.end()) return;
    for (const auto id : found->second)
        if (id != origin) sessions.at(id).sink->on_account(change);
}

void LocalStore::Impl::watch(SessionId id, const Session& session, bool is_watching) {
    if (is_watching) {
        watchers[session.access.account].insert(id);
        return;
    }
    const auto found = watchers.find(session.access.account);
    if (found == watchers.end()) return;
    found->second.erase(id);
    if (found->second.empty()) watchers.erase(found);
}

void LocalStore::watch(SessionId id, bool is_watching) {
    if (const auto session = impl_->own_session(id)) impl_->watch(id, **session, is_watching);
}

} // namespace maild::store
