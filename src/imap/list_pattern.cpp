#include "imap/list_pattern.hpp"

#include "maild/base/ascii.hpp"
#include "maild/store/types.hpp"

#include <algorithm>

namespace maild::imap {

namespace {

constexpr std::size_t kBits = 64;
// Much longer than a mailbox name can be; so a pattern of any length takes little memory.
constexpr std::size_t kMaxText = 4 * store::kMaxMailboxName;

bool is_wildcard(char c) { return c == '*' || c == '%'; }

std::size_t index_of(char c) { return static_cast<unsigned char>(c); }

void set(std::vector<std::uint64_t>& words, std::size_t bit) {
    words[bit / kBits] |= std::uint64_t{1} << bit % kBits;
}

} // namespace

ListPattern::ListPattern(std::string_view pattern) {
    for (const char c : pattern) {
        has_percent_ = has_percent_ || c == '%';
        if (!is_wildcard(c)) text_ += c;
    }
    const auto first = pattern.find_first_of("*%");
    is_exact_ = first == pattern.npos;
    fixed_ = std::min(first, pattern.size());
    is_hopeless_ = text_.size() > kMaxText;
    if (is_exact_ || is_hopeless_) return;
    const Words none(text_.size() / kBits + 1);
    stays_ = stays_anyway_ = none;
    std::size_t position = 0;
    for (const char c : pattern) {
        if (is_wildcard(c)) {
            set(stays_, position);
            if (c == '*') set(stays_anyway_, position);
            continue;
        }
        auto& words = next_[index_of(c)];
        if (words.empty()) words = none;
        set(words, position++);
    }
}

std::uint64_t ListPattern::word_of(char c, bool fold_case, std::size_t word) const {
    const auto& words = next_[index_of(c)];
    const auto found = words.empty() ? 0 : words[word];
    return fold_case ? found | word_of(ascii::to_lower(c), false, word) : found;
}

// Words outside of first … last have no state that is reached.
class ListPattern::States {
public:
    explicit States(const ListPattern& pattern)
        : pattern_(pattern),
          words_(pattern.stays_.size()),
          first_(pattern.fixed_ / kBits),
          last_(first_) {
        set(words_, pattern.fixed_);
    }

    // False: nothing can match any more.
    bool step(char c, bool fold_case) {
        const auto& stays = c == store::kDelimiter ? pattern_.stays_anyway_ : pattern_.stays_;
        last_ = std::min(last_ + 1, words_.size() - 1);
        for (auto i = last_ + 1; i-- > first_;) {
            const auto moved = words_[i] & pattern_.word_of(c, fold_case, i);
            const auto carried =
                i > first_ ? words_[i - 1] & pattern_.word_of(c, fold_case, i - 1) : 0;
            words_[i] = moved << 1 | carried >> (kBits - 1) | (words_[i] & stays[i]);
        }
        work_ += last_ - first_ + 1;
        while (last_ > first_ && words_[last_] == 0) --last_;
        while (first_ < last_ && words_[first_] == 0) ++first_;
        return words_[first_] != 0;
    }
    bool accepted() const {
        const auto end = pattern_.text_.size();
        return (words_[end / kBits] >> end % kBits & 1) != 0;
    }
    std::uint64_t work() const { return work_; }

private:
    const ListPattern& pattern_;
    Words words_;
    std::size_t first_;
    std::size_t last_;
    std::uint64_t work_ = 0;
};

bool ListPattern::may_begin(std::string_view with) const {
    const auto begin = std::string_view(text_).substr(0, fixed_);
    return begin.starts_with(with) || (!is_exact_ && with.starts_with(begin));
}

bool ListPattern::matches(std::string_view name, std::uint64_t& work) const {
    constexpr std::size_t kInboxLength = 5;
    const bool is_inbox = name == "INBOX" || name.starts_with("INBOX/");
    const auto folds = [&](std::size_t i) { return is_inbox && i < kInboxLength; };
    ++work;
    if (is_hopeless_ || name.size() < text_.size()) return false;
    for (std::size_t i = 0; i < fixed_; ++i) { // most names end here
        const char c = folds(i) ? ascii::to_upper(text_[i]) : text_[i];
        if (c != name[i]) return false;
    }
    if (is_exact_) return name.size() == fixed_;
    States states(*this);
    bool is_alive = true;
    for (auto i = fixed_; is_alive && i < name.size(); ++i)
        is_alive = states.step(name[i], folds(i));
    work += states.work();
    return is_alive && states.accepted();
}

} // namespace maild::imap
