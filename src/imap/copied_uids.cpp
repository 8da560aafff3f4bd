#include "imap/copied_uids.hpp"

#include "imap/uid_numbers.hpp"

#include <cstdint>
#include <utility>
#include <vector>

namespace maild::imap {

std::string copy_uid(const store::CopyResult& result) {
    if (result.uids.empty()) return {};
    std::vector<std::uint32_t> source;
    std::vector<std::uint32_t> destination;
    for (const auto& [from, to] : result.uids) {
        source.push_back(from.value);
        destination.push_back(to.value);
    }
    std::string out = "[COPYUID ";
    append_number(out, result.uid_validity.value);
    out += ' ';
    append_number_set(out, source);
    out += ' ';
    append_number_set(out, destination);
    return out + "] ";
}

void CopiedUids::add(const store::CopyResult& part) {
    const bool is_first = all_.uid_validity == UidValidity();
    if (is_first) all_.uid_validity = part.uid_validity;
    is_told_ =
        is_told_ && part.uid_validity != UidValidity() && part.uid_validity == all_.uid_validity;
    if (is_told_) all_.uids.insert(all_.uids.end(), part.uids.begin(), part.uids.end());
}

store::CopyResult CopiedUids::take() {
    if (!is_told_) return {};
    return std::exchange(all_, {});
}

} // namespace maild::imap
