// SORT and THREAD with their UID forms (RFC 5256 §3; RFC 5267 §3 for SORT RETURN).
#include "imap/relevancy.hpp"
#include "imap/session.hpp"
#include "imap/sort_key.hpp"
#include "imap/threads.hpp"
#include "imap/uid_numbers.hpp"

#include <algorithm>

namespace maild::imap {

// Hands each message to `take` as far as it is there still, with its sequence number. One whose
// bytes are damaged comes with an empty header.
net::Task<Result<void>> Session::read_each(const std::vector<std::uint32_t>& seqs,
                                           std::uint32_t items, Progress& progress, Take take) {
    Ranges ranges;
    for (const auto seq : seqs) append_seq(ranges, seq);
    auto rest = view_->uids(ranges);
    auto uids = take_some(rest);
    while (!uids.empty()) {
        auto batch = co_await store().fetch(selected(), uids, items);
        if (!batch) co_return std::unexpected(batch.error());
        for (auto& message : batch->messages) {
            const auto seq = view_->seq_of(message.uid);
            if (message.error) message.content.clear();
            if (seq != 0) take(seq, message);
        }
        uids = batch->next ? from(uids, *batch->next) : take_some(rest);
        if (uids.empty() || !progress.is_due()) continue;
        const bool alive = co_await progress.tell(0, 0);
        if (!alive) co_return fail(Errc::closed, "nobody waits for the answer");
    }
    co_return Result<void>();
}

net::Task<Result<std::vector<SortKey>>> Session::read_keys(const SortProgram& program,
                                                           const std::vector<std::uint32_t>& seqs,
                                                           Progress& progress) {
    std::vector<SortKey> keys;
    keys.reserve(seqs.size());
    const auto items =
        store::kInternalDate | store::kSize | (needs_header(program) ? store::kHeader : 0U);
    Take take = [&](std::uint32_t seq, store::MessageData& message) {
        keys.push_back(make_sort_key(program, seq, message, message.content));
    };
    const auto read = co_await read_each(seqs, items, progress, std::move(take));
    if (!read) co_return std::unexpected(read.error());
    co_return std::move(keys);
}

net::Task<Result<std::vector<SortKey>, Response>> Session::find_keys(const Sort& sort,
                                                                     Progress& progress) {
    auto found = co_await find(sort.search, progress);
    if (!found) co_return std::unexpected(std::move(found.error()));
    auto keys = co_await read_keys(sort.program, *found, progress);
    const bool saves = sort.search.returns && sort.search.returns->save;
    if (!keys && saves) view_->save({}); // RFC 5182 §2.1
    if (!keys) co_return std::unexpected(response_for(keys.error().code));
    const bool has_scores = sort.search.returns && sort.search.returns->relevancy;
    if (!has_scores && !sorts_by_relevancy(sort.program)) co_return std::move(*keys);
    auto seqs = std::move(*found); // without what could not be read
    seqs.clear();
    for (const auto& key : *keys) seqs.push_back(key.seq);
    auto scores =
        co_await read_scores(sort.search.program, {*view_, store(), selected()}, seqs, progress);
    if (!scores && saves) view_->save({});
    if (!scores) co_return std::unexpected(response_for(scores.error().code));
    for (std::size_t i = 0; i < keys->size(); ++i)
        set_score(sort.program, (*keys)[i], (*scores)[i]);
    co_return std::move(*keys);
}

net::Task<Response> Session::do_sort(const Sort& sort, std::string_view tag, bool is_uid) {
    const auto& search = sort.search;
    const bool is_update = search.returns && search.returns->update;
    if (is_update && is_followed(tag)) co_return bad("Tag reuse"); // RFC 5267 §4.3
    auto program = is_update ? pinned(search.program, *view_) : SearchProgram();
    if (is_update) view_->track(); // what comes while it is sorted is news already
    Progress progress(out_, server_.clock, tag);
    progress.hide_numbers();
    auto keys = co_await find_keys(sort, progress);
    if (!keys) {
        untrack();
        co_return std::move(keys.error());
    }
    std::ranges::sort(
        *keys, [&](const SortKey& a, const SortKey& b) { return is_before(sort.program, a, b); });
    FoundMessages messages;
    auto& sorted = messages.numbers;
    for (const auto& key : *keys) {
        sorted.push_back(key.seq);
        if (search.returns && search.returns->relevancy) messages.scores.push_back(key.score);
    }
    if (!search.returns) {
        co_await tell_search("SORT", search, sorted, is_uid);
        co_return ok("SORT completed");
    }
    tell_esearch(*search.returns, search, messages, tag, is_uid);
    if (is_update && sorts_by_relevancy(sort.program)) {
        refuse_update(tag); // what a change does to the scores of others is not followed
        untrack();
    } else if (is_update) {
        std::ranges::sort(sorted); // without what could not be read
        SearchContext context(tag, is_uid, std::move(program), *view_, sorted);
        context.sort({sort.program, with_uids(std::move(*keys))});
        context.send(search.returns->update_items);
        follow(std::move(context));
    }
    co_return ok("SORT completed");
}

net::Task<Response> Session::do_thread(const Thread& thread, std::string_view tag, bool is_uid) {
    Progress progress(out_, server_.clock, tag);
    progress.hide_numbers();
    auto found = co_await find(thread.search, progress);
    if (!found) co_return std::move(found.error());
    std::vector<ThreadedMessage> messages;
    messages.reserve(found->size());
    Take take = [&](std::uint32_t seq, store::MessageData& data) {
        auto& message = messages.emplace_back();
        const auto header = mail::parse_header(data.content);
        message.seq = seq;
        message.sent = sent_date(header, data.internal_date);
        read_thread_fields(header, message);
    };
    constexpr auto kItems = store::kInternalDate | store::kHeader;
    const auto read = co_await read_each(*found, kItems, progress, std::move(take));
    if (!read) co_return response_for(read.error().code);
    const auto threads = thread.algorithm == ThreadAlgorithm::references
                             ? thread_by_references(messages)
                             : thread_by_subject(messages);
    std::vector<std::uint32_t> numbers(view_->exists());
    for (std::uint32_t seq = 1; seq <= numbers.size(); ++seq)
        numbers[seq - 1] = is_uid ? view_->at(seq).uid.value : seq;
    out_.text += threads.roots.empty() ? "* THREAD" : "* THREAD ";
    for (const auto root : threads.roots) {
        append_thread(out_.text, threads, root, numbers);
        if (!out_.is_full()) continue;
        const bool alive = co_await out_.flush();
        if (!alive) co_return ok({});
    }
    out_.text += "\r\n";
    co_return ok("THREAD completed");
}

} // namespace maild::imap
