#include "imap/text_finder.hpp"

#include <algorithm>

namespace maild::imap {

TextFinder::TextFinder(std::vector<SearchMatcher::BodyKey>& keys, mail::TransferEncoding encoding,
                       std::string charset)
    : keys_(keys), text_(encoding, std::move(charset)) {
    for (const auto& key : keys) {
        longest_ = std::max(longest_, key.needle.size());
        if (key.is_near) near_.emplace_back(key.needle);
    }
}

void TextFinder::update(std::string_view bytes) { look(text_.update(bytes)); }

void TextFinder::finish() {
    look(text_.finish());
    for (auto& word : near_) word.finish();
    look_near({});
}

void TextFinder::look(std::string_view folded) {
    tail_ += folded;
    for (auto& key : keys_)
        if (!key.found) key.found = tail_.contains(key.needle);
    if (tail_.size() >= longest_) tail_.erase(0, tail_.size() - (longest_ - 1));
    look_near(folded);
}

void TextFinder::look_near(std::string_view folded) {
    auto word = near_.begin();
    for (auto& key : keys_) {
        if (!key.is_near) continue;
        if (!key.found) word->update(folded);
        key.found = key.found || word->found();
        ++word;
    }
}

bool all_found(const std::vector<SearchMatcher::BodyKey>& keys) {
    return std::ranges::all_of(keys, &SearchMatcher::BodyKey::found);
}

} // namespace maild::imap
