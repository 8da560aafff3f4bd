#pragma once
// Looks for needles in the text of a body part that comes in pieces: transfer encoding, charset and
// case are undone on the way (RFC 9051 §6.4.4). Memory: one piece, and at most kMaxLine of a line
// that does not end.

#include "imap/search_matcher.hpp"

#include "maild/mail/text.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace maild::imap {

class TextFinder {
public:
    // `keys` outlives it.
    TextFinder(std::vector<SearchMatcher::BodyKey>& keys, mail::TransferEncoding encoding,
               std::string charset);

    void update(std::string_view bytes);
    void finish();

private:
    void convert(std::size_t end);
    void look(std::string_view folded);

    std::vector<SearchMatcher::BodyKey>& keys_;
    mail::TransferDecoder decoder_;
    std::string charset_;
    std::string decoded_; // not converted yet: no line end
    std::string tail_;    // folded, as much as a needle may reach back
    std::size_t longest_ = 1;
};

bool all_found(const std::vector<SearchMatcher::BodyKey>& keys);

} // namespace maild::imap
