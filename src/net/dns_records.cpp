#include "net/dns_records.hpp"

#include "maild/base/ascii.hpp"

#include <algorithm>

namespace maild::net {
namespace {

std::uint8_t octet(char c) { return static_cast<std::uint8_t>(c); }

std::uint16_t number_at(std::string_view rdata, std::size_t at) {
    return static_cast<std::uint16_t>(octet(rdata[at]) << 8U | octet(rdata[at + 1]));
}

// A and AAAA: the length tells them apart.
std::optional<IpAddress> address_of(std::string_view rdata, std::size_t size) {
    if (rdata.size() != size) return std::nullopt;
    IpAddress out;
    if (size == 4) out.bytes[10] = out.bytes[11] = 0xff;
    std::ranges::transform(rdata, out.bytes.end() - static_cast<std::ptrdiff_t>(size), octet);
    return out;
}

// One or more <character-string>s, §3.3.14; without any it is taken for the empty text.
std::optional<std::string> text_of(std::string_view rdata) {
    std::string out;
    while (!rdata.empty()) {
        const std::size_t length = octet(rdata[0]);
        if (length >= rdata.size()) return std::nullopt;
        out += rdata.substr(1, length);
        rdata.remove_prefix(1 + length);
    }
    return out;
}

// Three octets and what they speak of (RFC 6698 §2.1).
std::optional<std::string> tlsa_of(std::string_view rdata) {
    if (rdata.size() < 4) return std::nullopt;
    return std::string(rdata);
}

std::optional<std::string> whole_name(std::string_view rdata) {
    auto name = take_wire_name(rdata);
    return rdata.empty() ? name : std::nullopt;
}

std::optional<MxRecord> mx_of(std::string_view rdata) {
    if (rdata.size() < 3) return std::nullopt;
    MxRecord out;
    out.preference = number_at(rdata, 0);
    auto name = whole_name(rdata.substr(2));
    if (!name) return std::nullopt;
    out.exchange = std::move(*name);
    return out;
}

std::optional<std::string> srv_of(std::string_view rdata) {
    if (rdata.size() < 7) return std::nullopt;
    const auto target = whole_name(rdata.substr(6));
    if (!target) return std::nullopt;
    std::string out;
    for (const std::size_t at : {0U, 2U, 4U}) out += std::to_string(number_at(rdata, at)) + " ";
    return out + (target->empty() ? "." : *target);
}

// RFC 8659 §4.1: the tag has letters and digits, one at least.
std::optional<std::string> caa_of(std::string_view rdata) {
    if (rdata.size() < 3) return std::nullopt;
    const std::size_t length = octet(rdata[1]);
    const auto tag = rdata.substr(2, length);
    if (length == 0 || tag.size() != length || !std::ranges::all_of(tag, ascii::is_alnum))
        return std::nullopt;
    return std::to_string(octet(rdata[0])) + " " + std::string(tag) + " " +
           std::string(rdata.substr(2 + length));
}

template <class T> bool append(std::vector<T>& list, std::optional<T> value) {
    if (!value) return false;
    if (list.size() < kMaxDnsRecords) list.push_back(std::move(*value));
    return true;
}

} // namespace

std::optional<std::string> take_wire_name(std::string_view& wire) {
    std::string out;
    for (;;) {
        if (wire.empty()) return std::nullopt;
        const std::size_t length = octet(wire[0]);
        if (length > kMaxDnsLabel || length >= wire.size()) return std::nullopt;
        const auto label = wire.substr(1, length);
        wire.remove_prefix(1 + length);
        if (length == 0) return out;
        if (label.find_first_of(std::string_view(".\0", 2)) != label.npos) return std::nullopt;
        if (!out.empty()) out += '.';
        out += label;
        if (out.size() > kMaxDnsName) return std::nullopt;
    }
}

bool append_record(DnsAnswer& answer, DnsType type, std::string_view rdata) {
    switch (type) {
    case DnsType::a: return append(answer.addresses, address_of(rdata, 4));
    case DnsType::aaaa: return append(answer.addresses, address_of(rdata, 16));
    case DnsType::txt: return append(answer.texts, text_of(rdata));
    case DnsType::srv: return append(answer.texts, srv_of(rdata));
    case DnsType::tlsa: return append(answer.texts, tlsa_of(rdata));
    case DnsType::caa: return append(answer.texts, caa_of(rdata));
    case DnsType::mx: return append(answer.exchanges, mx_of(rdata));
    case DnsType::cname:
    case DnsType::ptr: return append(answer.names, whole_name(rdata));
    }
    return false;
}

std::string escape_name(std::string_view name) {
    std::string out;
    for (const char c : name) {
        if (ascii::is_alnum(c) || c == '-' || c == '_' || c == '.') {
            out += c;
            continue;
        }
        const auto digits = std::to_string(1000 + octet(c));
        out += '\\' + digits.substr(1);
    }
    return out;
}

} // namespace maild::net
