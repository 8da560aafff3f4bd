#include "maild/net/resolver.hpp"

namespace maild::net {

bool is_dns_name(std::string_view name) {
    if (name.ends_with('.')) name.remove_suffix(1);
    if (name.empty() || name.size() > kMaxDnsName || name.contains('\0')) return false;
    for (;;) {
        const auto label = name.substr(0, name.find('.'));
        if (label.empty() || label.size() > kMaxDnsLabel) return false;
        if (label.size() == name.size()) return true;
        name.remove_prefix(label.size() + 1);
    }
}

std::string reverse_name(const IpAddress& address) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string out;
    if (address.is_v4()) {
        for (std::size_t i = 16; i > 12; --i) out += std::to_string(address.bytes[i - 1]) + ".";
        return out + "in-addr.arpa";
    }
    for (std::size_t i = 16; i > 0; --i) {
        const auto byte = address.bytes[i - 1];
        out += {kDigits[byte & 15U], '.', kDigits[byte >> 4U], '.'};
    }
    return out + "ip6.arpa";
}

std::string_view name_of(DnsType type) {
    switch (type) {
    case DnsType::a: return "A";
    case DnsType::cname: return "CNAME";
    case DnsType::ptr: return "PTR";
    case DnsType::mx: return "MX";
    case DnsType::txt: return "TXT";
    case DnsType::aaaa: return "AAAA";
    case DnsType::srv: return "SRV";
    case DnsType::tlsa: return "TLSA";
    case DnsType::caa: return "CAA";
    }
    return "?";
}

std::string_view name_of(DnsStatus status) {
    switch (status) {
    case DnsStatus::found: return "found";
    case DnsStatus::no_data: return "no data";
    case DnsStatus::no_such_name: return "no such name";
    case DnsStatus::temporary_failure: return "temporary failure";
    case DnsStatus::bogus: return "bogus";
    }
    return "?";
}

} // namespace maild::net
