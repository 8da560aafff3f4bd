// SEARCH and UID SEARCH (RFC 9051 §6.4.4, RFC 3501 §6.4.4 for the response).
#include "imap/relevancy.hpp"
#include "imap/search_run.hpp"
#include "imap/session.hpp"

#include "maild/base/ascii.hpp"

#include <algorithm>

namespace maild::imap {

// What was searched for, ascending; or the answer to a search that cannot be done, which leaves `$`
// empty if it was to be saved (RFC 5182 §2.1).
net::Task<Result<std::vector<std::uint32_t>, Response>> Session::find(const Search& search,
                                                                      Progress& progress) {
    auto refusal = refuse_charset(search);
    // Where one has to be named, it is this (erratum 4029 of RFC 6855).
    if (forbids_charset_ && !search.charset.empty() &&
        !ascii::equals_icase(search.charset, "UTF-8"))
        refusal = bad("The charset is UTF-8 behind ENABLE UTF8=ACCEPT");
    if (!refusal) {
        if (uses_modseq(search)) enable_condstore();
        SearchRun searching(search.program, *view_, store(), selected(), server_.clock.now());
        const auto done = co_await searching.run(progress);
        if (done) co_return searching.take_found();
        refusal = response_for(done.error().code);
    }
    const bool saves = search.returns && search.returns->save;
    if (saves && refusal->kind == Response::Kind::no) view_->save({});
    co_return std::unexpected(std::move(*refusal));
}

net::Task<Response> Session::do_search(const Search& search, std::string_view tag, bool is_uid) {
    if (forbids_charset_ && !search.charset.empty()) // RFC 9755 §3
        co_return bad("No charset is to be named behind ENABLE UTF8=ACCEPT");
    const bool is_update = search.returns && search.returns->update;
    if (is_update && is_followed(tag)) co_return bad("Tag reuse"); // RFC 5267 §4.3
    auto program = is_update ? pinned(search.program, *view_) : SearchProgram();
    if (is_update) view_->track(); // what comes while it is searched is news already
    Progress progress(out_, server_.clock, tag);
    auto found = co_await find(search, progress);
    if (!found) {
        untrack();
        co_return std::move(found.error());
    }
    auto returns = search.returns;
    if (!returns && style_.is_rev2) returns = SearchReturn{.all = true}; // RFC 9051 §6.4.4
    if (returns) {
        auto scores = co_await score(search, *found, progress);
        if (!scores) {
            untrack();
            co_return std::move(scores.error());
        }
        FoundMessages messages{std::move(*found), std::move(*scores)};
        tell_esearch(*returns, search, messages, tag, is_uid);
        if (is_update) {
            SearchContext context(tag, is_uid, std::move(program), *view_, messages.numbers);
            context.send(returns->update_items);
            follow(std::move(context));
        }
        co_return ok("SEARCH completed");
    }
    co_await tell_search("SEARCH", search, *found, is_uid);
    co_return ok("SEARCH completed");
}

// Of what was found, if RELEVANCY asks for it (RFC 6203 §4).
net::Task<Result<std::vector<std::uint32_t>, Response>>
Session::score(const Search& search, const std::vector<std::uint32_t>& found, Progress& progress) {
    if (!search.returns || !search.returns->relevancy) co_return std::vector<std::uint32_t>();
    auto scores =
        co_await read_scores(search.program, {*view_, store(), selected()}, found, progress);
    if (scores) co_return std::move(*scores);
    if (search.returns->save) view_->save({}); // RFC 5182 §2.1
    co_return std::unexpected(response_for(scores.error().code));
}

// RFC 9051 §9 mailbox-data "SEARCH", RFC 5256 §5 sort-data, RFC 7162 §3.1.6
net::Task<void> Session::tell_search(std::string_view name, const Search& search,
                                     const std::vector<std::uint32_t>& found, bool is_uid) {
    out_.text.append("* ").append(name);
    for (const auto seq : found) {
        append_number(out_.text += ' ', is_uid ? view_->at(seq).uid.value : seq);
        if (!out_.is_full()) continue;
        const bool alive = co_await out_.flush();
        if (!alive) co_return; // and nobody hears the rest
    }
    if (uses_modseq(search) && !found.empty()) {
        append_number(out_.text += " (MODSEQ ", highest_modseq(*view_, found));
        out_.text += ')';
    }
    out_.text += "\r\n";
}

void Session::tell_esearch(const SearchReturn& returns, const Search& search,
                           const FoundMessages& found, std::string_view tag, bool is_uid) {
    auto answered = chosen(returns, found.numbers);
    std::ranges::sort(answered); // SORT's own order is that of the answer alone
    if (returns.save) view_->save(answered);
    if (!returns.answers()) return;
    auto numbers = found;
    if (is_uid)
        for (auto& number : numbers.numbers) number = view_->at(number).uid.value;
    std::string correlator = "TAG ";
    append_string(correlator, tag);
    append_esearch(out_.text, correlator, is_uid, returns, numbers);
    if (uses_modseq(search) && !answered.empty())
        append_number(out_.text += " MODSEQ ", highest_modseq(*view_, answered));
    out_.text += "\r\n";
}

} // namespace maild::imap
