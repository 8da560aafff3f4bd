#pragma once
// What says that a text does not contain a needle: a Bloom filter of the text's grams, its runs of
// three octets after folding (mail/searchable.hpp). Octets and not characters, so that a needle of
// one Chinese character is narrowed by, too; a needle that is in the text has all its grams in the
// filter, whatever the script. Four bits for a gram, two of them set: of texts without a certain
// gram one in seven is taken for one with it, of those without ten grams one in 100 million. Never
// more than three bits for an octet of text, so that no text can make its filter large.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace maild::store {

inline constexpr std::size_t kGram = 3; // octets

// The filter that contains everything: of what is too large, or could not be read.
inline constexpr std::string_view kEveryGram = "\xff";
// Of the texts of one filter; what has more is kEveryGram.
inline constexpr std::size_t kMaxGrams = 256 * 1024;
inline constexpr std::uint64_t kMaxFilteredText = 16U << 20U; // octets

// Collects the texts of one filter, and then those of the next. 2 MiB of memory while it is in use.
class GramSet {
public:
    void add(std::string_view piece); // goes on where the piece before ended
    void end_text();                  // what comes next is a text of its own
    void add_everything() { is_full_ = true; }
    bool is_full() const { return is_full_; }
    // The filter of what was added since the last; empty where there was no gram.
    std::string take_filter();
    // Gives its memory back for now. Nothing has been added since the last take_filter().
    void rest();
    std::uint64_t bytes() const { return bytes_; } // added since the last take_filter()

private:
    std::vector<std::uint64_t> seen_; // a bit for each possible gram
    std::vector<std::uint32_t> grams_;
    std::uint64_t bytes_ = 0;
    std::uint32_t last_ = 0;  // the octets before, as a number
    std::size_t in_text_ = 0; // of these, how many are of this text; at most kGram - 1
    bool is_full_ = false;
};

// The grams of texts that must all be in one filter.
class GramProbe {
public:
    explicit GramProbe(std::span<const std::string> texts);

    // False: one of the texts is not in what the filter was made of.
    bool may_be_in(std::string_view filter) const;
    // Too short to tell anything.
    bool is_empty() const { return hashes_.empty(); }

private:
    std::vector<std::uint64_t> hashes_;
};

} // namespace maild::store
