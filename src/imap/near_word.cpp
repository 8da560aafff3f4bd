#include "imap/near_word.hpp"

#include "maild/base/ascii.hpp"

#include <algorithm>

namespace maild::imap {

namespace {

constexpr std::size_t kLetter = 4; // octets, at most

bool is_in_word(char c) { return ascii::is_alnum(c) || static_cast<unsigned char>(c) >= 0x80; }
bool begins_letter(char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80; }
std::size_t letters(std::string_view word) {
    return static_cast<std::size_t>(std::ranges::count_if(word, begins_letter));
}

// Where the n-th letter begins.
std::size_t letter(std::string_view word, std::size_t n) {
    std::size_t at = 0;
    for (; at < word.size(); ++at)
        if (begins_letter(word[at]) && n-- == 0) break;
    return at;
}

struct Sizes {
    std::size_t letters;
    std::size_t right; // octets at the beginning that may not differ
};
Sizes sizes(std::string_view word) {
    const auto count = letters(word);
    if (count < 4) return {count, word.size()};
    return {count, count < 8 ? letter(word, 3) : 0};
}

// What is left of both without the letters at which both begin, and those at which both end.
void strip_common(std::string_view& a, std::string_view& b) {
    auto begin = static_cast<std::size_t>(std::ranges::mismatch(a, b).in1 - a.begin());
    while (begin > 0 && begin < a.size() && !begins_letter(a[begin])) --begin;
    while (begin > 0 && begin < b.size() && !begins_letter(b[begin])) --begin;
    a.remove_prefix(begin);
    b.remove_prefix(begin);
    std::size_t end = 0;   // octets that both end in …
    std::size_t whole = 0; // … of whole letters
    while (end < std::min(a.size(), b.size()) && a[a.size() - 1 - end] == b[b.size() - 1 - end]) {
        ++end;
        if (begins_letter(a[a.size() - end])) whole = end;
    }
    a.remove_suffix(whole);
    b.remove_suffix(whole);
}

bool is_swapped(std::string_view a, std::string_view b) {
    if (a.size() != b.size() || letters(a) != 2 || letters(b) != 2) return false;
    const auto second = letter(a, 1);
    return b.starts_with(a.substr(second)) && b.ends_with(a.substr(0, second));
}

} // namespace

std::vector<std::string_view> words_of(std::string_view text) {
    std::vector<std::string_view> words;
    for (auto begin = text.begin(); begin != text.end();) {
        begin = std::find_if(begin, text.end(), is_in_word);
        const auto end = std::find_if_not(begin, text.end(), is_in_word);
        if (begin != end) words.emplace_back(begin, end);
        begin = end;
    }
    return words;
}

bool is_near(std::string_view a, std::string_view word) {
    if (a == word) return true;
    if (std::max(a.size(), word.size()) - std::min(a.size(), word.size()) > kLetter) return false;
    const auto right = sizes(word).right;
    if (!a.starts_with(word.substr(0, right)) || right == word.size()) return false;
    auto rest = word.substr(right);
    a.remove_prefix(right);
    if (!a.empty() && !begins_letter(a.front())) return false;
    strip_common(a, rest);
    return (letters(a) <= 1 && letters(rest) <= 1) || is_swapped(a, rest);
}

// What is wrong lies within two letters that are neighbours: of the two ends of a long word, the
// two letters in its middle left out, at least one has nothing of it.
std::vector<std::string_view> certain_parts(std::string_view word) {
    const auto [count, right] = sizes(word);
    if (right == word.size()) return {};
    if (right > 0) return {word.substr(0, right)};
    const auto middle = count / 2;
    return {word.substr(0, letter(word, middle - 1)), word.substr(letter(word, middle + 1))};
}

void NearFinder::update(std::string_view text) {
    auto rest = text;
    while (!rest.empty() && !found_) {
        const auto in_word = std::ranges::find_if_not(rest, is_in_word) - rest.begin();
        const auto word = rest.substr(0, static_cast<std::size_t>(in_word));
        // One octet more than can be near is kept, and is enough to be too long.
        begun_ += word.substr(0, word_.size() + kLetter + 1 -
                                     std::min(begun_.size(), word_.size() + kLetter + 1));
        rest.remove_prefix(word.size());
        if (rest.empty()) return;
        finish();
        const auto next = std::ranges::find_if(rest, is_in_word) - rest.begin();
        rest.remove_prefix(static_cast<std::size_t>(next));
    }
}

void NearFinder::finish() {
    found_ = found_ || (!begun_.empty() && is_near(begun_, word_));
    begun_.clear();
}

bool has_near(std::string_view text, std::string_view word) {
    NearFinder finder(word);
    finder.update(text);
    finder.finish();
    return finder.found();
}

} // namespace maild::imap
