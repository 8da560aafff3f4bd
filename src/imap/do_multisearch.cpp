// ESEARCH: one search in several mailboxes (RFC 7377).
#include "imap/beside.hpp"
#include "imap/relevancy.hpp"
#include "imap/search_run.hpp"
#include "imap/session.hpp"

#include <algorithm>

// GCC 12 takes Asio's recycled coroutine frames (aligned_alloc, freed by the frame's operator
// delete) for a mismatch.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace maild::imap {

namespace {

using Kind = MailboxFilter::Kind;

bool is_selected(const MailboxFilter& filter) { return filter.kind == Kind::selected; }

// Gone meanwhile, or not for this user (§2.2).
bool is_passed_over(Errc code) {
    return code == Errc::no_such_mailbox || code == Errc::not_permitted;
}

bool reach_others(const MailboxFilters& sources) {
    return std::ranges::any_of(sources, [](const MailboxFilter& filter) {
        return filter.kind >= MailboxFilter::Kind::subscribed;
    });
}

} // namespace

// §2.2: what the state of the session and its options allow.
std::optional<Response> Session::refuse_multisearch(const MultiSearch& command,
                                                    std::string_view tag) const {
    const auto& search = command.search;
    const auto& sources = command.sources;
    if (forbids_charset_ && !search.charset.empty()) // RFC 9755 §3
        return bad("No charset is to be named behind ENABLE UTF8=ACCEPT");
    if (std::ranges::any_of(sources, is_selected) && !view_) return bad("No mailbox is selected");
    const bool saves = search.returns && search.returns->save;
    if (saves && !std::ranges::all_of(sources, is_selected))
        return bad("SAVE is for the selected mailbox");
    // RFC 5267 with RFC 7377 §2.2
    if (search.returns && search.returns->update && !view_) return bad("No mailbox is selected");
    if (search.returns && search.returns->update && is_followed(tag)) return bad("Tag reuse");
    return refuse_charset(search);
}

std::optional<MailboxId> Session::open_id() const {
    if (!view_) return std::nullopt;
    return object_id(selected_shard_, view_->id());
}

// What is listed, and what may be read without that: the selected mailbox, and those of others that
// are named. Without an id: it is not known yet whether it is there.
std::vector<store::MailboxEntry>
Session::sources_of(const MailboxFilters& filters,
                    const std::vector<store::MailboxEntry>& entries) const {
    const auto is_open = open_id();
    auto sources = choose(filters, entries, is_open, name_form());
    const auto has = [&](const auto& wanted, auto member) {
        return std::ranges::find(sources, wanted, member) != sources.end();
    };
    if (is_open && std::ranges::any_of(filters, is_selected) &&
        !has(*is_open, &store::MailboxEntry::id))
        sources.push_back({.id = *is_open, .name = selected_});
    for (const auto& name : named_others(filters, entries, name_form()))
        if (!has(name, &store::MailboxEntry::name)) sources.push_back({.id = {}, .name = name});
    return sources;
}

net::Task<Response> Session::do_multisearch(const MultiSearch& command, std::string_view tag) {
    if (auto refusal = refuse_multisearch(command, tag)) co_return std::move(*refusal);
    if (uses_modseq(command.search)) enable_condstore();
    const auto names = co_await visits_->list();
    if (!names) co_return response_for(names.error().code);
    const auto is_open = open_id();
    Progress progress(out_, server_.clock, tag);
    progress.hide_numbers();
    Beside beside(store(), *store_session_);
    for (const auto& entry : sources_of(command.sources, names->entries)) {
        if (progress.is_due()) {
            const bool alive = co_await progress.tell(0, 0);
            if (!alive) co_return ok({});
        }
        if (entry.id == is_open) { // as this client knows it
            const auto whole = co_await complete_view();
            if (!whole) co_return response_for(whole.error().code);
            auto refusal = co_await search_one({command.search, entry.name, tag}, *view_,
                                               selected(), progress);
            if (refusal) co_return std::move(*refusal);
            continue;
        }
        auto opened = co_await open_beside(beside, entry.name);
        if (!opened) {
            if (is_passed_over(opened.error().code)) continue;
            co_return response_for(opened.error().code);
        }
        const auto& session = opened->second;
        MailboxView view(std::move(opened->first), true, style_);
        auto refusal =
            co_await search_one({command.search, entry.name, tag}, view, session, progress);
        if (refusal) co_return std::move(*refusal);
        visits_->trim();
    }
    if (names->missing && reach_others(command.sources)) tell_missing(*names->missing);
    if (command.search.returns && command.search.returns->update) refuse_update(tag);
    co_return ok("ESEARCH completed");
}

// For reading alone, and by which handle.
net::Task<Result<std::pair<store::OpenedMailbox, store::SessionId>>>
Session::open_beside(Beside& beside, store::MailboxName name) {
    const auto place = co_await visits_->locate(std::move(name));
    if (!place) co_return std::unexpected(place.error());
    if (place->session == *store_session_) {
        auto own = co_await beside.open(place->name);
        if (!own) co_return std::unexpected(own.error());
        co_return std::pair(std::move(*own), beside.id());
    }
    auto opened = co_await store().open_mailbox(place->session, place->name, true);
    if (!opened) co_return std::unexpected(opened.error());
    co_return std::pair(std::move(*opened), place->session);
}

// §2.1: a mailbox without matches is not answered; UIDs, whatever was asked for.
net::Task<std::optional<Response>> Session::search_one(MailboxSearch what, MailboxView& view,
                                                       store::SessionId session,
                                                       Progress& progress) {
    const auto& [search, name, tag] = what;
    SearchRun searching(search.program, view, store(), session, server_.clock.now());
    const auto done = co_await searching.run(progress);
    const auto returns = search.returns.value_or(SearchReturn{.all = true});
    if (!done && session != selected() && is_passed_over(done.error().code)) co_return std::nullopt;
    if (!done) {
        if (returns.save) view.save({}); // RFC 5182 §2.1
        co_return response_for(done.error().code);
    }
    auto found = searching.take_found();
    const auto answered = chosen(returns, found);
    if (returns.save) view.save(answered);
    if (found.empty() || !returns.answers()) co_return std::nullopt;
    std::string correlators = "TAG ";
    append_string(correlators, tag);
    append_mailbox(correlators += " MAILBOX ", name, name_form());
    append_number(correlators += " UIDVALIDITY ", view.status().uid_validity.value);
    FoundMessages messages;
    if (returns.relevancy) { // RFC 6203 §4
        auto scores =
            co_await read_scores(search.program, {view, store(), session}, found, progress);
        if (!scores && session != selected() && is_passed_over(scores.error().code))
            co_return std::nullopt;
        if (!scores && returns.save) view.save({}); // RFC 5182 §2.1
        if (!scores) co_return response_for(scores.error().code);
        messages.scores = std::move(*scores);
    }
    for (auto& number : found) number = view.at(number).uid.value;
    messages.numbers = std::move(found);
    append_esearch(out_.text, correlators, true, returns, messages);
    if (uses_modseq(search)) append_number(out_.text += " MODSEQ ", highest_modseq(view, answered));
    out_.text += "\r\n";
    if (!out_.is_full()) co_return std::nullopt;
    const bool alive = co_await out_.flush();
    if (!alive) co_return ok({});
    co_return std::nullopt;
}

} // namespace maild::imap
