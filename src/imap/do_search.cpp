// SEARCH and UID SEARCH (RFC 9051 §6.4.4, RFC 3501 §6.4.4 for the response).
#include "imap/body_search.hpp"
#include "imap/search_matcher.hpp"
#include "imap/session.hpp"
#include "imap/uid_numbers.hpp"

#include "maild/base/ascii.hpp"
#include "maild/base/utf8.hpp"

#include <algorithm>

namespace maild::imap {

namespace {

class SearchRun {
public:
    SearchRun(const SearchProgram& program, MailboxView& view, store::MessageStore& store,
              store::SessionId session, WallTime now)
        : program_(program),
          matcher_(program, view, now),
          view_(view),
          store_(store),
          session_(session) {}

    net::Task<Result<void>> run();
    std::vector<std::uint32_t> take_found(); // sequence numbers, ascending

private:
    bool needs(Level level) const {
        return std::ranges::any_of(
            program_, [level](const SearchKey& key) { return level_of(key.op) == level; });
    }
    store::UidSet search_view();
    // Decides what it can; what stays unknown is what it returns.
    net::Task<Result<store::UidSet>> search_store(store::UidSet uids, bool with_bodies);
    net::Task<Tri> match(const store::MessageData& message, std::uint32_t seq, bool with_bodies);

    const SearchProgram& program_;
    SearchMatcher matcher_;
    MailboxView& view_;
    store::MessageStore& store_;
    store::SessionId session_;
    std::vector<std::uint32_t> found_;
};

store::UidSet SearchRun::search_view() {
    Ranges unknown;
    const auto exists = view_.exists();
    for (std::uint32_t seq = 1; seq <= exists; ++seq) {
        if (view_.is_expunged(view_.at(seq).uid)) continue;
        const auto answer = matcher_.match_view(seq);
        if (answer == Tri::yes) found_.push_back(seq);
        if (answer == Tri::unknown) append_seq(unknown, seq);
    }
    return view_.uids(unknown);
}

net::Task<Result<void>> SearchRun::run() {
    auto unknown = search_view();
    if (needs(Level::figures) || needs(Level::header)) {
        auto left = co_await search_store(std::move(unknown), false);
        if (!left) co_return std::unexpected(left.error());
        unknown = std::move(*left);
    }
    const auto rest = co_await search_store(std::move(unknown), true);
    if (!rest) co_return std::unexpected(rest.error());
    co_return Result<void>();
}

net::Task<Result<store::UidSet>> SearchRun::search_store(store::UidSet uids, bool with_bodies) {
    std::uint32_t items = store::kInternalDate | store::kSize;
    if (with_bodies)
        items |= store::kContent | store::kParts;
    else if (needs(Level::header))
        items |= store::kHeader;
    store::UidSet unknown;
    while (!uids.empty()) {
        const auto batch = co_await store_.fetch(session_, uids, items);
        if (!batch) co_return std::unexpected(batch.error());
        for (const auto& message : batch->messages) {
            const auto seq = view_.seq_of(message.uid);
            if (seq == 0 || message.error) continue;
            const auto answer = co_await match(message, seq, with_bodies);
            if (answer == Tri::yes) found_.push_back(seq);
            if (answer == Tri::unknown) unknown.push_back({message.uid, message.uid});
        }
        uids = batch->next ? from(uids, *batch->next) : store::UidSet{};
    }
    co_return std::move(unknown);
}

net::Task<Tri> SearchRun::match(const store::MessageData& message, std::uint32_t seq,
                                bool with_bodies) {
    matcher_.match_view(seq);
    auto answer = matcher_.match_figures(message);
    if (answer != Tri::unknown || matcher_.deepest() < Level::header) co_return answer;
    if (!with_bodies) {
        if (needs(Level::header)) answer = matcher_.match_header(message.content);
        co_return answer;
    }
    BodySearch search(message, store_, session_);
    const auto header = co_await search.header();
    answer = matcher_.match_header(header);
    if (answer != Tri::unknown) co_return answer;
    auto keys = matcher_.body_keys();
    co_await search.find(keys);
    co_return matcher_.match_bodies(keys);
}

std::vector<std::uint32_t> SearchRun::take_found() {
    std::ranges::sort(found_);
    return std::move(found_);
}

// Needles are UTF-8, of which US-ASCII is a part, whichever of the two was named.
std::optional<Response> refuse_charset(const Search& search) {
    const auto& charset = search.charset;
    if (!charset.empty() && !ascii::equals_icase(charset, "UTF-8") &&
        !ascii::equals_icase(charset, "US-ASCII"))
        return no("[BADCHARSET (US-ASCII UTF-8)] Only these charsets can be searched in");
    for (const auto& key : search.program)
        if (!is_utf8(key.needle)) return bad("The search string is not UTF-8");
    return std::nullopt;
}

bool uses_modseq(const Search& search) {
    return std::ranges::count(search.program, SearchOp::modseq, &SearchKey::op) > 0;
}

std::uint64_t highest_modseq(const MailboxView& view, const std::vector<std::uint32_t>& seqs) {
    ModSeq highest;
    for (const auto seq : seqs) highest = std::max(highest, view.at(seq).modseq);
    return static_cast<std::uint64_t>(highest.value);
}

} // namespace

// RFC 5182 §2.1: what cannot be searched for leaves `$` empty, if it was to be saved.
net::Task<Response> Session::do_search(const Search& search, std::string_view tag, bool is_uid) {
    const bool saves = search.returns && search.returns->save;
    auto refusal = refuse_charset(search);
    if (refusal) {
        if (saves && refusal->kind == Response::Kind::no) view_->save({});
        co_return std::move(*refusal);
    }
    if (uses_modseq(search)) enable_condstore();
    SearchRun searching(search.program, *view_, store(), *store_session_, server_.clock.now());
    const auto done = co_await searching.run();
    if (!done && saves) view_->save({});
    if (!done) co_return response_for(done.error().code);
    const auto found = searching.take_found();
    if (search.returns) {
        tell_esearch(search, found, tag, is_uid);
        co_return ok("SEARCH completed");
    }
    auto response = co_await tell_search(search, found, is_uid);
    co_return response;
}

// RFC 9051 §9 mailbox-data "SEARCH", RFC 7162 §3.1.6
net::Task<Response> Session::tell_search(const Search& search,
                                         const std::vector<std::uint32_t>& found, bool is_uid) {
    out_.text += "* SEARCH";
    for (const auto seq : found) {
        append_number(out_.text += ' ', is_uid ? view_->at(seq).uid.value : seq);
        if (!out_.is_full()) continue;
        const bool alive = co_await out_.flush();
        if (!alive) co_return ok({});
    }
    if (uses_modseq(search) && !found.empty()) {
        append_number(out_.text += " (MODSEQ ", highest_modseq(*view_, found));
        out_.text += ')';
    }
    out_.text += "\r\n";
    co_return ok("SEARCH completed");
}

void Session::tell_esearch(const Search& search, const std::vector<std::uint32_t>& found,
                           std::string_view tag, bool is_uid) {
    const auto answered = chosen(*search.returns, found);
    if (search.returns->save) view_->save(answered);
    if (!search.returns->answers()) return;
    auto numbers = found;
    if (is_uid)
        for (auto& number : numbers) number = view_->at(number).uid.value;
    append_esearch(out_.text, tag, is_uid, *search.returns, numbers);
    if (uses_modseq(search) && !answered.empty())
        append_number(out_.text += " MODSEQ ", highest_modseq(*view_, answered));
    out_.text += "\r\n";
}

} // namespace maild::imap
