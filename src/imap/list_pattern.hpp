#pragma once
// LIST's and LSUB's patterns (RFC 9051 §6.3.9): `*` matches anything, `%` anything but the
// delimiter.

#include <string>
#include <string_view>
#include <vector>

namespace maild::imap {

class ListPattern {
public:
    // In UTF-8, reference and pattern already joined.
    explicit ListPattern(std::string_view pattern);

    // A set of states over the pattern, one step for each octet of the name: O(pattern × name) at
    // worst, no backtracking. INBOX is compared without case.
    bool matches(std::string_view name) const;
    // Whether some name that begins so can match.
    bool may_begin(std::string_view with) const;
    bool has_percent() const { return has_percent_; }

private:
    std::string pattern_;
    bool has_percent_ = false;
};

} // namespace maild::imap
