#include "maild/base/ascii.hpp"

#include <bit>
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
Word flipped(Word word, char first, char last) {
    const Word past = static_cast<Word>(0x7f - last) * kEach;
    const Word from = static_cast<Word>(0x80 - first) * kEach;
    const auto low = word & ~kHighBits;
    const auto is_letter = ((low + from) ^ (low + past)) & ~word & kHighBits;
    return word ^ is_letter >> 2U;
}

void flip_case(std::span<char> text, char first, char last) {
    const auto flip_at = [&](std::size_t at) {
        const auto word = flipped(word_at(text.data() + at), first, last);
        std::memcpy(text.data() + at, &word, sizeof word);
    };
    if (text.size() < sizeof(Word)) {
        for (auto& c : text)
            if (c >= first && c <= last) c = static_cast<char>(c ^ 0x20);
        return;
    }
    for (std::size_t i = 0; i + sizeof(Word) <= text.size(); i += sizeof(Word)) flip_at(i);
    flip_at(text.size() - sizeof(Word)); // what has been flipped is no such letter any more
}

} // namespace

std::size_t find_8bit(std::string_view text) {
    static_assert(std::endian::native == std::endian::little);
    std::size_t i = 0;
    for (; i + sizeof(Word) <= text.size(); i += sizeof(Word)) {
        const auto found = word_at(text.data() + i) & kHighBits;
        if (found != 0) return i + static_cast<std::size_t>(std::countr_zero(found)) / 8;
    }
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
