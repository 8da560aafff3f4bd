#include "imap/search_run.hpp"

#include "imap/body_search.hpp"
#include "imap/uid_numbers.hpp"

#include "maild/base/ascii.hpp"
#include "maild/base/utf8.hpp"

#include <algorithm>
#include <utility>

namespace maild::imap {

namespace {

constexpr std::uint64_t kWorthNarrowing = 5; // fewer are read before an index would have answered

} // namespace

Ranges SearchRun::search_view(const Ranges& seqs) {
    Ranges unknown;
    for (const auto& [first, last] : seqs) {
        for (auto seq = first; seq <= last; ++seq) {
            if (view_.is_expunged(view_.at(seq).uid)) continue;
            const auto answer = matcher_.match_view(seq);
            if (answer == Tri::yes) found_.push_back(seq);
            if (answer != Tri::unknown) continue;
            append_seq(unknown, seq);
            ++undecided_;
        }
    }
    return unknown;
}

net::Task<Result<void>> SearchRun::run(Progress& progress) {
    const auto exists = view_.exists();
    auto unknown = search_view(exists == 0 ? Ranges{} : Ranges{{1, exists}});
    const auto done = co_await run_on(std::move(unknown), &progress);
    co_return done;
}

net::Task<Result<void>> SearchRun::run_among(const Ranges& seqs) {
    auto unknown = search_view(seqs);
    const auto done = co_await run_on(std::move(unknown), nullptr);
    co_return done;
}

net::Task<Result<void>> SearchRun::run_on(Ranges unknown, Progress* progress) {
    if (undecided_ >= kWorthNarrowing) {
        auto left = co_await narrow(std::move(unknown));
        if (!left) co_return std::unexpected(left.error());
        unknown = std::move(*left);
    }
    if (needs(Level::figures) || needs(Level::header)) {
        auto left = co_await search_store(std::move(unknown), false, progress);
        if (!left) co_return std::unexpected(left.error());
        unknown = std::move(*left);
    }
    const auto rest = co_await search_store(std::move(unknown), true, progress);
    if (!rest) co_return std::unexpected(rest.error());
    co_return Result<void>();
}

net::Task<Result<Ranges>> SearchRun::narrow(Ranges unknown) {
    const auto needles = matcher_.needles();
    if (needles.empty()) co_return unknown;
    auto rest = view_.uids(unknown);
    auto uids = take_some(rest);
    while (!uids.empty()) {
        const auto part = co_await store_.narrow(session_, uids, needles);
        if (!part) co_return std::unexpected(part.error());
        candidates_.insert(candidates_.end(), part->candidates.begin(), part->candidates.end());
        uids = part->next ? from(uids, *part->next) : take_some(rest);
    }
    is_narrowed_ = true;
    co_return match_narrowed(unknown);
}

Ranges SearchRun::match_narrowed(const Ranges& unknown) {
    Ranges left;
    for (const auto& [first, last] : unknown) {
        for (auto seq = first; seq <= last; ++seq) {
            const auto answer = matcher_.match_narrowed(seq, candidates_of(view_.at(seq).uid));
            note(answer, seq, left);
        }
    }
    return left;
}

void SearchRun::note(Tri answer, std::uint32_t seq, Ranges& left) {
    if (answer == Tri::yes) found_.push_back(seq);
    if (answer == Tri::unknown)
        append_seq(left, seq);
    else
        ++decided_;
}

std::uint32_t SearchRun::candidates_of(Uid uid) const {
    if (!is_narrowed_) return ~0U;
    const auto found = std::ranges::lower_bound(candidates_, uid, {}, &store::Candidate::uid);
    return found != candidates_.end() && found->uid == uid ? found->needles : 0;
}

net::Task<Result<Ranges>> SearchRun::search_store(Ranges unknown, bool with_bodies,
                                                  Progress* progress) {
    std::uint32_t items = store::kInternalDate | store::kSize;
    if (with_bodies)
        items |= store::kContent | store::kParts;
    else if (needs(Level::header))
        items |= store::kHeader;
    Ranges left;
    auto rest = view_.uids(unknown);
    auto uids = take_some(rest);
    while (!uids.empty()) {
        const auto batch = co_await store_.fetch(session_, uids, items);
        if (!batch) co_return std::unexpected(batch.error());
        for (const auto& message : batch->messages) {
            const auto seq = view_.seq_of(message.uid);
            if (seq == 0 || message.error) continue;
            const auto answer = co_await match(message, seq, with_bodies);
            note(answer, seq, left);
            if (progress == nullptr || !progress->is_due()) continue;
            const bool alive = co_await progress->tell(decided_, undecided_);
            if (!alive) co_return fail(Errc::closed, "nobody waits for the answer");
        }
        uids = batch->next ? from(uids, *batch->next) : take_some(rest);
    }
    co_return left;
}

net::Task<Tri> SearchRun::match(const store::MessageData& message, std::uint32_t seq,
                                bool with_bodies) {
    matcher_.match_narrowed(seq, candidates_of(message.uid));
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

std::uint64_t highest_modseq(const MailboxView& view, const std::vector<std::uint32_t>& seqs) {
    ModSeq highest;
    for (const auto seq : seqs) highest = std::max(highest, view.at(seq).modseq);
    return static_cast<std::uint64_t>(highest.value);
}

bool uses_modseq(const Search& search) {
    return std::ranges::count(search.program, SearchOp::modseq, &SearchKey::op) > 0;
}

} // namespace maild::imap
