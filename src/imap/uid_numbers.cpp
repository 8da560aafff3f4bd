#include "imap/uid_numbers.hpp"

#include <algorithm>

namespace maild::imap {

std::vector<std::uint32_t> numbers_of(const store::UidSet& uids) {
    std::vector<std::uint32_t> out;
    for (const auto& [first, last] : uids)
        for (std::uint64_t uid = first.value; uid <= last.value; ++uid)
            out.push_back(static_cast<std::uint32_t>(uid));
    return out;
}

void append_uid_set(std::string& out, const store::UidSet& uids) {
    for (const auto& [first, last] : uids) {
        append_number(out, first.value);
        if (last > first) append_number(out += ':', last.value);
        out += ',';
    }
    if (!uids.empty()) out.pop_back();
}

store::UidSet take_some(store::UidSet& uids) {
    constexpr std::size_t kAtOnce = 10'000;
    const auto count = static_cast<std::ptrdiff_t>(std::min(uids.size(), kAtOnce));
    store::UidSet some(uids.begin(), uids.begin() + count);
    uids.erase(uids.begin(), uids.begin() + count);
    return some;
}

store::UidSet from(const store::UidSet& uids, Uid first) {
    store::UidSet out;
    for (const auto& range : uids)
        if (range.last >= first) out.push_back({std::max(range.first, first), range.last});
    return out;
}

Response response_for_destination(Errc code) {
    if (code == Errc::no_such_mailbox || code == Errc::not_found)
        return no("[TRYCREATE] There is no such mailbox");
    // RFC 9208 §4.3.1. By the limit on messages it would not have come so far: it is more than the
    // whole quota.
    if (code == Errc::too_large) return response_for(Errc::over_quota);
    return response_for(code);
}

} // namespace maild::imap
