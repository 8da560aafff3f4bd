#include "store/view_cache.hpp"

#include "maild/store/message_states.hpp"

#include <algorithm>

namespace maild::store {
namespace {

// The news of a commit are ascending.
void remove(View& view, const std::vector<Change>& changes) {
    std::vector<Uid> gone;
    for (const auto& change : changes) {
        if (const auto* expunged = std::get_if<Expunged>(&change)) gone.push_back(expunged->uid);
    }
    remove_messages(view.messages, gone);
}

void change(View& view, const FlagsChanged& news) {
    auto message = view.messages.begin();
    for (const auto& [first, last] : news.uids) {
        message =
            std::ranges::lower_bound(message, view.messages.end(), first, {}, &MessageState::uid);
        for (; message != view.messages.end() && message->uid <= last; ++message)
            *message = {message->uid, news.flags, news.modseq};
    }
    if (!news.flags.has(kSeen) && !news.uids.empty())
        view.unseen_from = std::min(view.unseen_from, news.uids.front().first);
}

} // namespace

std::uint32_t View::recent() const {
    const auto first = std::ranges::lower_bound(messages, first_recent, {}, &MessageState::uid);
    return static_cast<std::uint32_t>(messages.end() - first);
}

std::uint32_t View::first_unseen() {
    auto first = std::ranges::lower_bound(messages, unseen_from, {}, &MessageState::uid);
    while (first != messages.end() && first->flags.has(kSeen)) ++first;
    unseen_from = first == messages.end() ? status.uid_next : first->uid;
    return first == messages.end() ? 0 : static_cast<std::uint32_t>(first - messages.begin() + 1);
}

bool apply(View& view, const MailboxNews& news) {
    const bool is_deletion =
        !news.changes.empty() && std::holds_alternative<MailboxDeleted>(news.changes.front());
    if (news.status.highest_modseq <= view.status.highest_modseq && !is_deletion)
        return false; // the snapshot has it
    view.status = news.status;
    for (const auto& entry : news.changes) {
        if (const auto* added = std::get_if<Added>(&entry)) {
            view.messages.push_back(added->message);
            if (view.selected > 0)
                view.first_recent = Uid(added->message.uid.value + 1); // somebody is told of it
        } else if (const auto* changed = std::get_if<FlagsChanged>(&entry))
            change(view, *changed);
        else if (const auto* keywords = std::get_if<KeywordsAdded>(&entry)) {
            view.keywords.insert(view.keywords.end(), keywords->keywords.begin(),
                                 keywords->keywords.end());
        } else if (std::holds_alternative<MailboxDeleted>(entry))
            view.state = View::State::gone;
    }
    remove(view, news.changes);
    return true;
}

std::shared_ptr<View> ViewCache::get(MailboxId mailbox) {
    auto& view = views_[mailbox];
    if (!view) view = std::make_shared<View>();
    view->used_at = ++uses_;
    return view;
}

std::shared_ptr<View> ViewCache::find(MailboxId mailbox) const {
    const auto found = views_.find(mailbox);
    return found == views_.end() ? nullptr : found->second;
}

void ViewCache::loaded(View& view, Snapshot snapshot) {
    view.state = View::State::ready;
    view.status = snapshot.row.status;
    view.keywords = std::move(snapshot.row.keywords);
    view.messages = std::move(snapshot.messages);
    view.stored_recent = snapshot.row.first_recent;
    view.first_recent = std::max(view.first_recent, snapshot.row.first_recent);
    for (const auto& news : std::exchange(view.early, {})) apply(view, news);
}

std::shared_ptr<View> ViewCache::tell(const MailboxNews& news) {
    auto view = find(news.status.id);
    if (!view) return nullptr;
    if (view->state == View::State::loading) {
        view->early.push_back(news);
        return nullptr;
    }
    const bool is_new = view->state == View::State::ready && apply(*view, news);
    if (view->state == View::State::gone) forget(news.status.id);
    return is_new ? view : nullptr;
}

void ViewCache::trim() {
    std::size_t idle = 0;
    std::vector<std::pair<std::uint64_t, MailboxId>> candidates;
    for (const auto& [id, view] : views_) {
        if (!view->sessions.empty() || view->state != View::State::ready ||
            view->first_recent != view->stored_recent)
            continue;
        idle += view->bytes();
        candidates.emplace_back(view->used_at, id);
    }
    if (idle <= idle_bytes_) return;
    std::ranges::sort(candidates);
    for (const auto& [used, id] : candidates) {
        if (idle <= idle_bytes_) break;
        idle -= views_.at(id)->bytes();
        views_.erase(id);
    }
}

} // namespace maild::store
