#include "imap/list_pattern.hpp"

#include "maild/base/ascii.hpp"
#include "maild/store/types.hpp"

#include <algorithm>
#include <utility>

namespace maild::imap {

namespace {

bool is_wildcard(char c) { return c == '*' || c == '%'; }

bool accepts(char pattern, char c, bool fold_case) {
    if (pattern == '*') return true;
    if (pattern == '%') return c != store::kDelimiter;
    return pattern == c || (fold_case && ascii::to_upper(pattern) == c);
}

// Which positions of the pattern are reached. Wildcards are reached together with what follows
// them, since they may match nothing.
class States {
public:
    explicit States(std::string_view pattern)
        : pattern_(pattern), current_(pattern.size() + 1), next_(current_) {
        reach(current_, 0);
    }

    bool step(char c, bool fold_case) {
        bool any = false;
        next_.assign(next_.size(), false);
        for (std::size_t i = 0; i < pattern_.size(); ++i) {
            if (!current_[i] || !accepts(pattern_[i], c, fold_case)) continue;
            reach(next_, is_wildcard(pattern_[i]) ? i : i + 1);
            any = true;
        }
        std::swap(current_, next_);
        return any;
    }
    bool accepted() const { return current_.back(); }

private:
    void reach(std::vector<bool>& states, std::size_t position) const {
        while (!states[position]) {
            states[position] = true;
            if (position == pattern_.size() || !is_wildcard(pattern_[position])) return;
            ++position;
        }
    }
    std::string_view pattern_;
    std::vector<bool> current_;
    std::vector<bool> next_;
};

} // namespace

ListPattern::ListPattern(std::string_view pattern) {
    // Runs of wildcards are as good as one of them: "*" if it has one, else "%".
    for (const char c : pattern) {
        if (c == '%') has_percent_ = true;
        if (is_wildcard(c) && !pattern_.empty() && is_wildcard(pattern_.back())) {
            if (c == '*') pattern_.back() = '*';
            continue;
        }
        pattern_ += c;
    }
}

bool ListPattern::may_begin(std::string_view with) const {
    const auto fixed = std::string_view(pattern_).substr(0, pattern_.find_first_of("*%"));
    return fixed.starts_with(with) || (fixed.size() < pattern_.size() && with.starts_with(fixed));
}

bool ListPattern::matches(std::string_view name) const {
    constexpr std::size_t kInboxLength = 5;
    const bool is_inbox = name == "INBOX" || name.starts_with("INBOX/");
    const auto folds = [&](std::size_t i) { return is_inbox && i < kInboxLength; };
    const auto fixed = std::min(pattern_.find_first_of("*%"), pattern_.size());
    if (name.size() < fixed) return false;
    for (std::size_t i = 0; i < fixed; ++i) // most names end here
        if (!accepts(pattern_[i], name[i], folds(i))) return false;
    if (fixed == pattern_.size()) return name.size() == fixed;
    States states(std::string_view(pattern_).substr(fixed));
    for (auto i = fixed; i < name.size(); ++i)
        if (!states.step(name[i], folds(i))) return false;
    return states.accepted();
}

} // namespace maild::imap
