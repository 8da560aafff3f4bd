// Near words: what is near in one piece is near in many, and holds what the index was asked for.
#include "imap/near_word.hpp"

#include "maild/base/ensure.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

using namespace maild;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const std::string_view input(reinterpret_cast<const char*>(data) + 2, size - 2);
    const auto word = input.substr(0, data[0]);
    const auto text = input.substr(word.size());
    if (imap::words_of(word).size() != 1 || imap::words_of(word).front() != word) return 0;
    const bool near = imap::has_near(text, word);
    const auto words = imap::words_of(text);
    ensure(near == std::ranges::any_of(words,
                                       [word](auto other) { return imap::is_near(other, word); }),
           "a text is its words");
    imap::NearFinder finder(word);
    const std::size_t piece = std::max<std::size_t>(data[1], 1);
    for (std::size_t at = 0; at < text.size(); at += piece) finder.update(text.substr(at, piece));
    finder.finish();
    ensure(finder.found() == near, "pieces change nothing");
    const auto parts = imap::certain_parts(word);
    for (const auto other : words) {
        if (other == word || !imap::is_near(other, word)) continue;
        ensure(std::ranges::any_of(parts, [other](auto part) { return other.contains(part); }),
               "the index is asked for what is there");
    }
    return 0;
}
