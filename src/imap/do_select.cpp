// SELECT, EXAMINE, CLOSE, UNSELECT, IDLE.
#include "imap/mailbox_name.hpp"
#include "imap/session.hpp"

namespace maild::imap {

void Session::close_view() {
    if (guest_.session) store().close_session(*guest_.session);
    guest_.session.reset();
    guest_.is_lost = false;
    if (!view_) return;
    view_.reset();
    contexts_.clear();
    state_ = State::authenticated;
}

net::Task<Response> Session::do_select(const Select& select, bool examine) {
    // RFC 7162 §3.2.5: then nothing happens at all.
    if (select.resync && !style_.vanished) co_return bad("QRESYNC is not enabled");
    if (view_) out_.text += "* OK [CLOSED] The former mailbox is closed\r\n"; // RFC 9051 §6.3.2
    close_view();
    if (select.is_condstore) enable_condstore();
    auto name = to_mailbox_name(select.name, name_form());
    if (!name) {
        store().close_mailbox(*store_session_);
        co_return response_for(Errc::no_such_mailbox);
    }
    early_.clear();
    const auto place = co_await visits_->locate(*name);
    if (!place) store().close_mailbox(*store_session_);
    if (!place) co_return response_for(place.error().code);
    const auto session = co_await enter(*place);
    if (!session) co_return session.error();
    is_opening_ = true;
    selected_ = *name;
    auto opened = co_await store().open_mailbox(*session, place->name, examine,
                                                server_.limits.states_at_select);
    is_opening_ = false;
    const auto early = std::exchange(early_, {});
    if (!opened) close_view();
    if (!opened) co_return response_for(opened.error().code);
    selected_owner_ = place->account;
    selected_shard_ = place->shard;
    view_ = std::make_unique<MailboxView>(std::move(*opened), examine, style_);
    state_ = State::selected;
    say_selected();
    // What happened between the snapshot and now.
    for (const auto& [id, change] : early)
        if (id == view_->id()) view_->apply(change);
    if (style_.is_rev2) co_await tell_name(selected_, select.name); // RFC 9051 §6.3.2
    if (select.resync) {
        const auto done = co_await resync(*select.resync);
        if (!done) { // or the client would take what it knows for what is there
            store().close_mailbox(selected());
            close_view();
            co_return response_for(done.error().code);
        }
    }
    const std::string code = view_->read_only() ? "[READ-ONLY] " : "[READ-WRITE] ";
    co_return ok(code + (examine ? "EXAMINE completed" : "SELECT completed"));
}

// SELECT tells what a mailbox has by its counters; a client that only looks for news, or puts a
// message there, never needs more.
net::Task<Result<void>> Session::complete_view() {
    if (!view_ || view_->is_whole()) co_return Result<void>{};
    auto states = co_await store().message_states(selected());
    if (!states) co_return std::unexpected(std::move(states.error()));
    if (view_->complete(std::move(*states))) co_return Result<void>{};
    bye(kLost); // what the client was told is not what the store has
    co_return fail(Errc::unavailable, "messages that do not fit the mailbox as it was opened");
}

// The handle to open it with: the own one, or one that is told of another account's mailbox.
net::Task<Result<store::SessionId, Response>> Session::enter(const Place& place) {
    if (place.session == *store_session_) co_return place.session;
    store().close_mailbox(*store_session_);
    const auto opened = co_await store().open_beside(place.session, guest_);
    if (!opened) co_return std::unexpected(response_for(opened.error().code));
    guest_.session = *opened;
    co_return *opened;
}

// RFC 3501 §6.3.1; RFC 9051 §6.3.2 without RECENT and UNSEEN.
void Session::say_selected() {
    auto& out = out_.text;
    view_->append_flag_lists(out);
    out += "* ";
    append_number(out, view_->exists());
    out += " EXISTS\r\n";
    if (!style_.is_rev2) say_unseen();
    out += "* OK [UIDVALIDITY ";
    append_number(out, view_->status().uid_validity.value);
    out += "] UIDs valid\r\n* OK [UIDNEXT ";
    append_number(out, view_->status().uid_next.value);
    out += "] The next UID\r\n";
    append_highest_modseq(out, view_->status().highest_modseq);
    out += "* OK [MAILBOXID "; // RFC 8474 §4.2
    const auto id = object_id(selected_shard_, view_->id());
    append_object_id(out, 'F', static_cast<std::uint64_t>(id.value));
    out += "] Its name may change\r\n";
}

void Session::say_unseen() {
    auto& out = out_.text;
    append_number(out += "* ", view_->recent());
    out += " RECENT\r\n";
    const auto unseen = view_->first_unseen();
    if (unseen == 0 || style_.uid_only) return; // it is a number
    append_number(out += "* OK [UNSEEN ", unseen);
    out += "] The first unseen message\r\n";
}

// CLOSE removes what is \Deleted without a word (RFC 9051 §6.4.1); UNSELECT does not (RFC 3691).
net::Task<Response> Session::do_close(bool expunge) {
    if (expunge && !view_->read_only()) {
        const auto done = co_await store().expunge(selected(), std::nullopt);
        // RFC 4314 §4: without the right it is closed all the same.
        if (!done && done.error().code != Errc::not_permitted)
            co_return response_for(done.error().code);
    }
    store().close_mailbox(selected());
    close_view();
    co_return ok(expunge ? "CLOSE completed" : "UNSELECT completed");
}

// RFC 2177: until DONE the client is told everything at once.
net::Task<Response> Session::do_idle(std::string_view tag) {
    tag_ = tag;
    expects_ = Expects::done;
    out_.text += "+ idling\r\n";
    if (view_) co_await announce(ExpungeRule::announce, false);
    co_await tell_elsewhere();
    co_return ok("IDLE completed"); // said only if the session ends here
}

} // namespace maild::imap
