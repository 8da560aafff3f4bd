#pragma once
// One search through the selected mailbox: by the view first, then by the store's index, and only
// what these do not decide is read, headers before bodies. SEARCH, SORT and THREAD begin with it.

#include "imap/command.hpp"
#include "imap/mailbox_view.hpp"
#include "imap/progress.hpp"
#include "imap/respond.hpp"
#include "imap/search_matcher.hpp"

#include "maild/net/task.hpp"
#include "maild/store/message_store.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

namespace maild::imap {

// All that it is given outlives it.
class SearchRun {
public:
    SearchRun(const SearchProgram& program, MailboxView& view, store::MessageStore& store,
              store::SessionId session, WallTime now)
        : program_(program),
          matcher_(program, view, now),
          view_(view),
          store_(store),
          session_(session) {}

    // Errc::closed: the peer went away meanwhile.
    net::Task<Result<void>> run(Progress& progress);
    // Among these alone, which are few.
    net::Task<Result<void>> run_among(const Ranges& seqs);
    std::vector<std::uint32_t> take_found(); // sequence numbers, ascending

private:
    bool needs(Level level) const {
        return std::ranges::any_of(
            program_, [level](const SearchKey& key) { return level_of(key.op) == level; });
    }
    net::Task<Result<void>> run_on(Ranges unknown, Progress* progress);
    // Each decides what it can; what stays unknown, as sequence numbers, is what it returns.
    Ranges search_view(const Ranges& seqs);
    net::Task<Result<Ranges>> narrow(Ranges unknown);
    Ranges match_narrowed(const Ranges& unknown);
    net::Task<Result<Ranges>> search_store(Ranges unknown, bool with_bodies, Progress* progress);
    void note(Tri answer, std::uint32_t seq, Ranges& left);
    std::uint32_t candidates_of(Uid uid) const;
    net::Task<Tri> match(const store::MessageData& message, std::uint32_t seq, bool with_bodies);

    const SearchProgram& program_;
    SearchMatcher matcher_;
    MailboxView& view_;
    store::MessageStore& store_;
    store::SessionId session_;
    std::vector<std::uint32_t> found_;
    std::vector<store::Candidate> candidates_; // by the store's index, ascending
    bool is_narrowed_ = false;
    std::uint64_t undecided_ = 0; // by the view alone
    std::uint64_t decided_ = 0;   // of these
};

// The answer to a charset or needles that cannot be searched for.
std::optional<Response> refuse_charset(const Search& search);
bool uses_modseq(const Search& search);
// Of these messages, RFC 7162 §3.1.6.
std::uint64_t highest_modseq(const MailboxView& view, const std::vector<std::uint32_t>& seqs);

} // namespace maild::imap
