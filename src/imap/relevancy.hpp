#pragma once
// How well messages match what is searched for with FUZZY (RFC 6203 §4), from 1 to 100. What was
// searched for, letter by letter, is worth 100; else each of its words 80 where it stands exactly,
// 30 where only a near one does. Of several FUZZY keys those that are found count, with their
// average; a message that is found without any of them is found exactly: 100.

#include "imap/mailbox_view.hpp"
#include "imap/progress.hpp"
#include "imap/search_program.hpp"

#include "maild/net/task.hpp"
#include "maild/store/message_store.hpp"

#include <cstdint>
#include <vector>

namespace maild::imap {

// A FUZZY key was given, whatever it is about.
bool has_fuzzy(const SearchProgram& program);

struct ScoredMailbox {
    const MailboxView& view;
    store::MessageStore& store;
    store::SessionId session;
};

// Of these messages, in their order; ascending sequence numbers. Errc::closed: the peer went away
// meanwhile. All that it is given outlives it.
net::Task<Result<std::vector<std::uint32_t>>> read_scores(const SearchProgram& program,
                                                          ScoredMailbox mailbox,
                                                          const std::vector<std::uint32_t>& seqs,
                                                          Progress& progress);

// One fuzzy key as it is scored: what was found of it, exactly or nearly.
struct ScoredKey {
    bool phrase = false;
    std::uint32_t words = 0;
    std::uint32_t exact = 0; // of the words
    std::uint32_t near = 0;  // of the others
};
std::uint32_t score(const std::vector<ScoredKey>& keys);

} // namespace maild::imap
