#include "maild/net/tlsa.hpp"

#include "maild/base/encoding.hpp"

#include <algorithm>
#include <cstddef>

namespace maild::net {

TlsaRecord parse_tlsa(std::string_view rdata) {
    TlsaRecord out;
    const auto octet = [&rdata](std::size_t i) {
        return i < rdata.size() ? static_cast<std::uint8_t>(rdata[i]) : std::uint8_t{255};
    };
    out.usage = octet(0);
    out.selector = octet(1);
    out.matching = octet(2);
    out.data = rdata.substr(std::min<std::size_t>(3, rdata.size()));
    return out;
}

// RFC 6698 §2.1.3: 0 is the whole, 1 SHA-256, 2 SHA-512.
bool is_usable_for_mail(const TlsaRecord& record) {
    constexpr std::size_t kSizes[] = {0, 32, 64};
    if (record.usage != 2 && record.usage != 3) return false;
    if (record.selector > 1 || record.matching > 2 || record.data.empty()) return false;
    return record.matching == 0 || record.data.size() == kSizes[record.matching];
}

std::string format_tlsa(const TlsaRecord& record) {
    return std::to_string(record.usage) + " " + std::to_string(record.selector) + " " +
           std::to_string(record.matching) + " " + hex_encode(record.data);
}

} // namespace maild::net
