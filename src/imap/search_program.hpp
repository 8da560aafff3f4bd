#pragma once
// What SEARCH asks for (RFC 9051 §6.4.4, RFC 3501 §6.4.4): the keys in postfix order, so that
// neither parsing nor evaluation recurses, whatever the client nests.

#include "imap/sequence_set.hpp"
#include "imap/syntax.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace maild::imap {

enum class SearchOp : std::uint8_t {
    all,
    nothing,
    flag_set,
    flag_clear,
    keyword,
    unkeyword,
    recent,
    old,
    fresh,
    sequence,
    uid,
    modseq, // answered by the view alone
    larger,
    smaller,
    before,
    on,
    since,
    younger,
    older, // RFC 5032
    saved_before,
    saved_on,
    saved_since, // RFC 8514
    email_id,    // RFC 8474; need the store's figures
    header,
    sent_before,
    sent_on,
    sent_since, // need the header section
    body,
    text, // need everything
    op_not,
    op_and,
    op_or,
};

struct SearchKey {
    SearchOp op = SearchOp::all;
    std::uint64_t number = 0; // flag bit; size; mod-sequence; seconds; id
    std::string name = {};    // of a header field or keyword
    std::string needle = {};  // as sent; the session folds its case once the charset is known
    SequenceSet set = {};
    std::chrono::sys_days date = {};
    bool is_fuzzy = false;   // RFC 6203 §3: a near word is as good
    std::string phrase = {}; // at the last word of a fuzzy key: all of it, as sent
};
using SearchProgram = std::vector<SearchKey>;

// search-key *(SP search-key): all of them
Parsed<SearchProgram> parse_search_keys(Cursor& in);

} // namespace maild::imap
