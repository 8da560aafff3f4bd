#include "imap/text_finder.hpp"

#include <algorithm>

namespace maild::imap {

namespace {

// A charset converter needs whole characters. Lines have them, except in UTF-16 and UTF-32, whose
// text in mail is rare and short; longer lines than this are cut.
constexpr std::size_t kLongestLine = 1024 * 1024;

} // namespace

TextFinder::TextFinder(std::vector<SearchMatcher::BodyKey>& keys, mail::TransferEncoding encoding,
                       std::string charset)
    : keys_(keys), decoder_(encoding), charset_(std::move(charset)) {
    for (const auto& key : keys) longest_ = std::max(longest_, key.needle.size());
}

void TextFinder::update(std::string_view bytes) {
    decoder_.update(bytes, decoded_);
    const bool has_lines = !charset_.starts_with("utf-16") && !charset_.starts_with("utf-32");
    const auto line_end = has_lines ? decoded_.rfind('\n') : std::string::npos;
    if (line_end != std::string::npos)
        convert(line_end + 1);
    else if (decoded_.size() > kLongestLine)
        convert(decoded_.size());
}

void TextFinder::finish() {
    decoder_.finish(decoded_);
    convert(decoded_.size());
}

void TextFinder::convert(std::size_t end) {
    look(mail::fold_case(mail::to_utf8(std::string_view(decoded_).substr(0, end), charset_)));
    decoded_.erase(0, end);
}

void TextFinder::look(std::string_view folded) {
    tail_ += folded;
    for (auto& key : keys_)
        if (!key.found) key.found = tail_.contains(key.needle);
    if (tail_.size() >= longest_) tail_.erase(0, tail_.size() - (longest_ - 1));
}

bool all_found(const std::vector<SearchMatcher::BodyKey>& keys) {
    return std::ranges::all_of(keys, &SearchMatcher::BodyKey::found);
}

} // namespace maild::imap
