#include "store/gram_filter.hpp"

#include <algorithm>

namespace maild::store {
namespace {

constexpr std::size_t kPossibleGrams = std::size_t{1} << (8 * kGram);
constexpr std::uint64_t kBitsPerGram = 4;
constexpr std::uint64_t kBitsPerOctet = 3;
constexpr std::size_t kMaxProbed = 64; // grams of a needle: more would tell nothing new

// Two places for each gram, from the halves of one hash. Part of the format: what it gives must
// stay as it is.
std::uint64_t hash_of(std::uint32_t gram) {
    std::uint64_t hash = gram * 0x9e3779b97f4a7c15U;
    hash ^= hash >> 32U;
    hash *= 0xd6e8feb86659fd93U;
    return hash ^ (hash >> 32U);
}

std::size_t first_place(std::uint64_t hash, std::uint64_t bits) {
    return static_cast<std::size_t>(((hash & 0xffffffffU) * bits) >> 32U);
}
std::size_t second_place(std::uint64_t hash, std::uint64_t bits) {
    return static_cast<std::size_t>(((hash >> 32U) * bits) >> 32U);
}

void set(std::string& filter, std::size_t place) {
    auto& octet = filter[place / 8];
    octet = static_cast<char>(static_cast<unsigned char>(octet) | 1U << (place % 8));
}
bool is_set(std::string_view filter, std::size_t place) {
    return (static_cast<unsigned char>(filter[place / 8]) >> (place % 8) & 1U) != 0;
}

std::uint32_t next_gram(std::uint32_t last, char octet) {
    return (last << 8U | static_cast<unsigned char>(octet)) & (kPossibleGrams - 1);
}

} // namespace

void GramSet::add(std::string_view piece) {
    bytes_ += piece.size();
    if (bytes_ > kMaxFilteredText || grams_.size() > kMaxGrams) is_full_ = true;
    if (is_full_) return;
    if (seen_.empty()) seen_.resize(kPossibleGrams / 64);
    const auto first = std::min(piece.size(), kGram - 1 - in_text_);
    auto last = last_; // a char may stand anywhere: with members, each would be read anew for each
    for (const char octet : piece.substr(0, first)) last = next_gram(last, octet);
    auto* const seen = seen_.data();
    for (const char octet : piece.substr(first)) {
        last = next_gram(last, octet);
        auto& word = seen[last / 64];
        const auto bit = std::uint64_t{1} << (last % 64);
        if ((word & bit) != 0) continue;
        word |= bit;
        grams_.push_back(last);
    }
    last_ = last;
    in_text_ += first;
}

void GramSet::end_text() { in_text_ = 0; }

std::string GramSet::take_filter() {
    if (grams_.size() > kMaxGrams) is_full_ = true;
    const auto bits = std::min(grams_.size() * kBitsPerGram, bytes_ * kBitsPerOctet);
    std::string filter((bits + 7) / 8, '\0');
    for (const auto gram : grams_) {
        seen_[gram / 64] = 0;
        const auto hash = hash_of(gram);
        set(filter, first_place(hash, filter.size() * 8));
        set(filter, second_place(hash, filter.size() * 8));
    }
    if (is_full_) filter = kEveryGram;
    grams_.clear();
    bytes_ = 0;
    is_full_ = false;
    end_text();
    return filter;
}

void GramSet::rest() {
    seen_ = {};
    grams_ = {};
}

GramProbe::GramProbe(std::span<const std::string> texts) {
    for (const auto& text : texts) {
        std::uint32_t gram = 0;
        for (std::size_t i = 0; i < std::min(text.size(), kMaxProbed); ++i) {
            gram = next_gram(gram, text[i]);
            if (i + 1 >= kGram) hashes_.push_back(hash_of(gram));
        }
    }
    std::ranges::sort(hashes_);
    hashes_.erase(std::ranges::unique(hashes_).begin(), hashes_.end());
}

bool GramProbe::may_be_in(std::string_view filter) const {
    if (filter.empty()) return is_empty();
    const std::uint64_t bits = filter.size() * 8;
    return std::ranges::all_of(hashes_, [&](std::uint64_t hash) {
        return is_set(filter, first_place(hash, bits)) && is_set(filter, second_place(hash, bits));
    });
}

} // namespace maild::store
