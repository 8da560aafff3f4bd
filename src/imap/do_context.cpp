// Searches that are followed (RFC 5267 §4.3): UPDATE and CANCELUPDATE, and what is said of them
// where the news of the mailbox are.
#include "imap/search_run.hpp"
#include "imap/session.hpp"

#include <algorithm>

namespace maild::imap {

namespace {

// With so many more in it, of which each takes at least this much.
bool is_heavy(const SearchContext& context, std::size_t newcomers = 0) {
    return context.sorted() != nullptr &&
           context.sorted()->octets() + newcomers * sizeof(SortKey) > kMaxSortedOctets;
}

// What matches changes as time passes, and nothing tells of it (RFC 5032).
bool changes_by_itself(const SearchProgram& program) {
    return std::ranges::any_of(program, [](const SearchKey& key) {
        return key.op == SearchOp::younger || key.op == SearchOp::older;
    });
}

} // namespace

// RFC 5267 §4.3: a tag names one search only.
bool Session::is_followed(std::string_view tag) const {
    return std::ranges::any_of(contexts_,
                               [tag](const SearchContext& one) { return one.tag() == tag; });
}

void Session::follow(SearchContext context) {
    if (contexts_.size() == kMaxContexts || is_heavy(context) ||
        changes_by_itself(context.program()))
        refuse_update(context.tag());
    else
        contexts_.push_back(std::move(context));
    untrack();
}

void Session::untrack() {
    if (contexts_.empty() && view_) view_->untrack();
}

// §4.3.1
void Session::refuse_update(std::string_view tag) {
    append_quoted(out_.text += "* NO [NOUPDATE ", tag);
    out_.text += "] This search is not followed\r\n";
}

Response Session::do_cancel_update(const CancelUpdate& cancel) {
    for (const auto& tag : cancel.tags)
        if (!is_followed(tag)) return bad("No search with this tag is followed");
    std::erase_if(contexts_, [&](const SearchContext& one) {
        return std::ranges::find(cancel.tags, one.tag()) != cancel.tags.end();
    });
    untrack();
    return ok("CANCELUPDATE completed");
}

// The news that may be said now. Numbers of what goes are said before it goes, those of what has
// come behind its EXISTS.
net::Task<void> Session::announce(ExpungeRule rule, bool with_uid) {
    if (!hears_selected() && !is_own_change_) co_return;
    if (watch_ && (watch_->selected() & kFlagChange) == 0) view_->forget_flag_news();
    if (!view_->is_whole()) {
        if (!view_->has_news()) co_return;
        const auto whole = co_await complete_view();
        if (!whole) co_return;
    }
    const auto known = view_->exists() == 0 ? Uid() : view_->at(view_->exists()).uid;
    if (rule == ExpungeRule::announce)
        for (auto& context : contexts_) context.remove_expunged(out_.text, *view_);
    view_->announce(out_.text, rule, with_uid || watch_ != nullptr); // RFC 5465 §5.1
    std::string updates;
    auto wanted = co_await update_contexts(known, updates);
    // RFC 5465 §7: between EXISTS and ESEARCH.
    co_await send_newcomers(known, std::move(wanted));
    // Their MODSEQ is not the last word while expunges are held: RFC 7162 §3.2, §6.
    if (style_.vanished && view_->holds_expunges() && view_->exists() > 0 &&
        view_->at(view_->exists()).uid > known)
        append_highest_modseq(out_.text, view_->told_modseq());
    out_.text += updates;
}

// What is to be said of the searches, and what they want to be sent of messages above `known`.
net::Task<std::vector<Session::Wanted>> Session::update_contexts(Uid known, std::string& updates) {
    std::vector<Wanted> wanted;
    if (contexts_.empty()) co_return wanted;
    const auto touched = view_->take_touched();
    if (touched.empty()) co_return wanted;
    Ranges uids;
    for (const auto uid : touched) append_seq(uids, uid.value);
    const auto seqs = view_->seqs_of(uids);
    Progress silent(out_, server_.clock, {});
    silent.mute();
    for (auto& context : contexts_) {
        SearchRun searching(context.program(), *view_, store(), selected(), server_.clock.now());
        const auto done = co_await searching.run_among(seqs);
        const auto found = searching.take_found();
        Result<std::vector<SortKey>> keys;
        if (done && context.sorted() != nullptr) {
            const auto newcomers = context.newcomers(*view_, found);
            if (is_heavy(context, newcomers.size())) {
                context.give_up();
                continue;
            }
            auto read = co_await read_keys(context.sorted()->program(), newcomers, silent);
            keys = std::move(read);
        }
        if (done && keys) {
            if (!context.items().empty()) wanted.push_back({context.items(), above(known, found)});
            context.update(updates, *view_, touched, found, with_uids(std::move(*keys)));
        } else
            for (const auto uid : touched) view_->touch(uid); // and once more, later
    }
    const auto is_over = [](const SearchContext& context) {
        return context.is_given_up() || is_heavy(context);
    };
    for (const auto& context : contexts_)
        if (is_over(context)) refuse_update(context.tag());
    std::erase_if(contexts_, is_over);
    untrack();
    co_return wanted;
}

std::vector<std::uint32_t> Session::above(Uid known, std::vector<std::uint32_t> seqs) const {
    std::erase_if(seqs, [&](std::uint32_t seq) { return view_->at(seq).uid <= known; });
    return seqs;
}

// For a result that outlives the numbers.
std::vector<SortKey> Session::with_uids(std::vector<SortKey> keys) const {
    for (auto& key : keys) key.seq = view_->at(key.seq).uid.value;
    return keys;
}

} // namespace maild::imap
