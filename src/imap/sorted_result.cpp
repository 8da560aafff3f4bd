#include "imap/sorted_result.hpp"

#include "imap/respond.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace maild::imap {

namespace {

// Pairs of a position and what stands from there on.
class Pairs {
public:
    // One more behind those before it, or the beginning of another pair. Position 1 is the first.
    void put(std::size_t position, std::uint32_t number, bool goes_on) {
        if (!goes_on) {
            finish();
            position_ = position;
        }
        numbers_.push_back(number);
    }
    std::string take() {
        finish();
        return std::move(text_);
    }

private:
    void finish() {
        if (numbers_.empty()) return;
        if (!text_.empty()) text_ += ' ';
        append_number(text_, position_);
        append_number_set(text_ += ' ', numbers_);
        numbers_.clear();
    }

    std::string text_;
    std::size_t position_ = 0;
    std::vector<std::uint32_t> numbers_;
};

} // namespace

SortedResult::SortedResult(SortProgram program, std::vector<SortKey> keys)
    : program_(std::move(program)), keys_(std::move(keys)) {}

std::size_t SortedResult::octets() const {
    std::size_t out = keys_.size() * sizeof(SortKey);
    for (const auto& key : keys_) {
        out += key.values.size() * sizeof(SortValue);
        for (const auto& value : key.values)
            if (const auto* text = std::get_if<std::string>(&value)) out += text->size();
    }
    return out;
}

std::string SortedResult::remove(const std::vector<Uid>& uids, const Number& number) {
    Pairs pairs;
    std::vector<SortKey> kept;
    kept.reserve(keys_.size());
    bool goes_on = false; // the one before was removed too
    for (auto& key : keys_) {
        const bool is_gone = std::ranges::binary_search(uids, Uid(key.seq));
        if (is_gone)
            pairs.put(kept.size() + 1, number(Uid(key.seq)), goes_on);
        else
            kept.push_back(std::move(key));
        goes_on = is_gone;
    }
    keys_ = std::move(kept);
    return pairs.take();
}

std::string SortedResult::add(std::vector<SortKey> keys, const Number& number) {
    const auto before = [this](const SortKey& a, const SortKey& b) {
        return is_before(program_, a, b);
    };
    std::ranges::sort(keys, before);
    Pairs pairs;
    std::vector<SortKey> merged;
    merged.reserve(keys_.size() + keys.size());
    std::size_t last = 0; // position of the one before
    auto rest = keys_.begin();
    for (auto& key : keys) {
        const auto place = std::upper_bound(rest, keys_.end(), key, before);
        std::move(rest, place, std::back_inserter(merged));
        rest = place;
        const auto position = merged.size() + 1;
        pairs.put(position, number(Uid(key.seq)), last != 0 && position == last + 1);
        merged.push_back(std::move(key));
        last = position;
    }
    std::move(rest, keys_.end(), std::back_inserter(merged));
    keys_ = std::move(merged);
    return pairs.take();
}

} // namespace maild::imap
