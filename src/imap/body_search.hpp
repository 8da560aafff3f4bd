#pragma once
// BODY and TEXT in the parts of one message (RFC 9051 §6.4.4): text parts decoded, the headers of
// inner parts and messages as header text. Other parts are not searched. A large message is read in
// slices.

#include "imap/search_matcher.hpp"
#include "imap/section.hpp"

#include "maild/net/task.hpp"
#include "maild/store/message_store.hpp"

#include <string>
#include <vector>

namespace maild::imap {

class BodySearch {
public:
    // All outlive it.
    BodySearch(const store::MessageData& message, store::MessageStore& store,
               store::SessionId session)
        : message_(message), store_(store), session_(session) {}

    // Fills in what is found. What cannot be read is not found.
    net::Task<void> find(std::vector<SearchMatcher::BodyKey>& keys);
    net::Task<std::string> header();
    // The beginning of the first part that is text, as plain text (RFC 8970 §3.3); empty: none is.
    net::Task<std::string> preview();

private:
    net::Task<void> find_in_part(const mail::IndexedPart& part, bool is_root,
                                 std::vector<SearchMatcher::BodyKey>& keys);
    net::Task<std::string> read(Slice slice);

    const store::MessageData& message_;
    store::MessageStore& store_;
    store::SessionId session_;
};

} // namespace maild::imap
