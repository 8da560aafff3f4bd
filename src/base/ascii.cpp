#include "maild/base/ascii.hpp"

#include <cstdint>
#include <cstring>

namespace maild::ascii {
namespace {

using Word = std::uint64_t; // eight octets at once
constexpr Word kEach = 0x0101010101010101;
constexpr Word kHighBits = 0x80 * kEach;

Word word_at(const char* octets) {
    Word word = 0;
    std::memcpy(&word, octets, sizeof word);
    return word;
}

// Flips the bit that differs between the cases, 0x20, in the letters from `first` to `last`. With
// seven bits an octet and a number added no octet carries into the next; what was above is kept
// out.
void flip_case(std::span<char> text, char first, char last) {
    const Word past = static_cast<Word>(0x7f - last) * kEach;
    const Word from = static_cast<Word>(0x80 - first) * kEach;
    std::size_t i = 0;
    for (; i + sizeof(Word) <= text.size(); i += sizeof(Word)) {
        auto word = word_at(text.data() + i);
        const auto low = word & ~kHighBits;
        const auto is_letter = ((low + from) ^ (low + past)) & ~word & kHighBits;
        word ^= is_letter >> 2U;
        std::memcpy(text.data() + i, &word, sizeof word);
    }
    for (; i < text.size(); ++i)
        if (text[i] >= first && text[i] <= last) text[i] = static_cast<char>(text[i] ^ 0x20);
}

} // namespace

std::size_t find_8bit(std::string_view text) {
    std::size_t i = 0;
    while (i + sizeof(Word) <= text.size() && (word_at(text.data() + i) & kHighBits) == 0)
        i += sizeof(Word);
    while (i < text.size() && !is_8bit(text[i])) ++i;
    return i;
}

void make_lower(std::span<char> text) { flip_case(text, 'A', 'Z'); }
void make_upper(std::span<char> text) { flip_case(text, 'a', 'z'); }

std::string to_lower(std::string_view text) {
    std::string out(text);
    make_lower(out);
    return out;
}
std::string to_upper(std::string_view text) {
    std::string out(text);
    make_upper(out);
    return out;
}

} // namespace maild::ascii
