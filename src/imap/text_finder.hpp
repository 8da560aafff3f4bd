#pragma once
// Looks for needles in the text of a body part that comes in pieces (mail/searchable.hpp).

#include "imap/near_word.hpp"
#include "imap/search_matcher.hpp"

#include "maild/mail/searchable.hpp"

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
    void look(std::string_view folded);
    void look_near(std::string_view folded);

    std::vector<SearchMatcher::BodyKey>& keys_;
    mail::FoldedText text_;
    std::vector<NearFinder> near_; // of the keys that it is good enough for, in their order
    std::string tail_;             // folded, as much as a needle may reach back
    std::size_t longest_ = 1;
};

bool all_found(const std::vector<SearchMatcher::BodyKey>& keys);

} // namespace maild::imap
