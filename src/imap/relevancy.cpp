#include "imap/relevancy.hpp"

#include "imap/body_search.hpp"
#include "imap/search_header.hpp"
#include "imap/uid_numbers.hpp"

#include "maild/mail/text.hpp"

#include <algorithm>
#include <span>
#include <string>
#include <utility>

namespace maild::imap {

namespace {

constexpr std::uint32_t kBest = 100;
constexpr std::uint32_t kExactWord = 80;
constexpr std::uint32_t kNearWord = 30;

using Wanted = SearchMatcher::BodyKey;

// A fuzzy key as it was given, of which the program has one key for each word.
struct FuzzyKey {
    SearchOp op = SearchOp::text;
    std::string field;
    std::string phrase; // folded, as the words are
    std::vector<std::string> words;

    // The phrase, then each word, exactly and nearly.
    std::vector<Wanted> wanted() const {
        std::vector<Wanted> out{{phrase}};
        for (const auto& word : words) {
            out.push_back({word});
            out.push_back({word, false, true});
        }
        return out;
    }
    ScoredKey scored(std::span<const Wanted> wanted) const {
        ScoredKey out{.phrase = wanted.front().found,
                      .words = static_cast<std::uint32_t>(words.size())};
        for (std::size_t i = 1; i < wanted.size(); i += 2) {
            if (wanted[i].found)
                ++out.exact;
            else if (wanted[i + 1].found)
                ++out.near;
        }
        return out;
    }
};

std::vector<FuzzyKey> fuzzy_keys(const SearchProgram& program) {
    std::vector<FuzzyKey> out;
    FuzzyKey next;
    for (const auto& key : program) {
        if (!key.is_fuzzy || key.needle.empty()) continue;
        next.words.push_back(mail::collation_key(key.needle));
        if (key.phrase.empty()) continue; // more words follow
        next.op = key.op;
        next.field = key.name;
        next.phrase = mail::collation_key(key.phrase);
        out.push_back(std::exchange(next, {}));
    }
    return out;
}

void look_into(SearchHeader& header, const FuzzyKey& key, std::vector<Wanted>& wanted) {
    for (auto& one : wanted) {
        const SearchKey field{.op = SearchOp::header, .name = key.field, .is_fuzzy = one.is_near};
        if (key.op == SearchOp::header) one.found = header.matches(field, one.needle);
        if (key.op == SearchOp::text) one.found = header.contains(one.needle, one.is_near);
    }
}

net::Task<std::uint32_t> score_message(const std::vector<FuzzyKey>& keys, BodySearch search) {
    const auto section = co_await search.header();
    SearchHeader header(section);
    std::vector<ScoredKey> scored;
    std::vector<const FuzzyKey*> open;
    std::vector<Wanted> in_bodies; // of all that are open, in one pass
    for (const auto& key : keys) {
        auto wanted = key.wanted();
        look_into(header, key, wanted);
        if (key.op == SearchOp::header) {
            scored.push_back(key.scored(wanted));
        } else {
            open.push_back(&key);
            in_bodies.insert(in_bodies.end(), wanted.begin(), wanted.end());
        }
    }
    if (!in_bodies.empty()) co_await search.find(in_bodies);
    std::span<const Wanted> rest(in_bodies);
    for (const auto* key : open) {
        const auto count = 1 + 2 * key->words.size();
        scored.push_back(key->scored(rest.first(count)));
        rest = rest.subspan(count);
    }
    co_return score(scored);
}

} // namespace

bool has_fuzzy(const SearchProgram& program) {
    return std::ranges::any_of(program, &SearchKey::is_fuzzy);
}

std::uint32_t score(const std::vector<ScoredKey>& keys) {
    std::uint32_t sum = 0;
    std::uint32_t count = 0;
    for (const auto& key : keys) {
        const auto words = std::max(key.words, 1U);
        const auto grade =
            key.phrase ? kBest : (key.exact * kExactWord + key.near * kNearWord) / words;
        sum += grade;
        if (grade > 0) ++count;
    }
    return count == 0 ? kBest : std::clamp(sum / count, 1U, kBest);
}

net::Task<Result<std::vector<std::uint32_t>>> read_scores(const SearchProgram& program,
                                                          ScoredMailbox mailbox,
                                                          const std::vector<std::uint32_t>& seqs,
                                                          Progress& progress) {
    const auto keys = fuzzy_keys(program);
    std::vector<std::uint32_t> scores(seqs.size(), keys.empty() ? kBest : 1);
    Ranges ranges;
    for (const auto seq : seqs) append_seq(ranges, seq);
    auto rest = keys.empty() ? store::UidSet() : mailbox.view.uids(ranges);
    auto uids = take_some(rest);
    while (!uids.empty()) {
        const auto batch =
            co_await mailbox.store.fetch(mailbox.session, uids, store::kContent | store::kParts);
        if (!batch) co_return std::unexpected(batch.error());
        for (const auto& message : batch->messages) {
            const auto at = std::ranges::lower_bound(seqs, mailbox.view.seq_of(message.uid));
            if (at == seqs.end() || message.error) continue;
            BodySearch search(message, mailbox.store, mailbox.session);
            const auto score = co_await score_message(keys, search);
            scores[static_cast<std::size_t>(at - seqs.begin())] = score;
            if (!progress.is_due()) continue;
            const bool alive = co_await progress.tell(0, 0);
            if (!alive) co_return fail(Errc::closed, "nobody waits for the answer");
        }
        uids = batch->next ? from(uids, *batch->next) : take_some(rest);
    }
    co_return scores;
}

} // namespace maild::imap
