#pragma once
// TLSA records (RFC 6698 §2.1) as mail between hosts uses them (RFC 7672). Pure.

#include <cstdint>
#include <string>
#include <string_view>

namespace maild::net {

struct TlsaRecord {
    std::uint8_t usage = 0;
    std::uint8_t selector = 0;
    std::uint8_t matching = 0;
    std::string data; // octets
    friend bool operator==(const TlsaRecord&, const TlsaRecord&) = default;
};

// Record data as it is on the wire. Total: what is too short makes a record that is not usable.
TlsaRecord parse_tlsa(std::string_view rdata);
// A record of RFC 7672 §3.1: usage 2 or 3, known selector and matching type, data of the right
// size. Usages 0 and 1 cannot be used by MTAs (§3.1.3).
bool is_usable_for_mail(const TlsaRecord& record);
std::string format_tlsa(const TlsaRecord& record); // as a zone file has it: "3 1 1 0a0b…"

} // namespace maild::net
