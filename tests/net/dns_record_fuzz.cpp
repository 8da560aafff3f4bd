// Record data of any octets: it is a value or left out; names that are read can be asked for again.
// The first octet chooses the type.
#include "net/dns_records.hpp"

#include "maild/base/ensure.hpp"
#include "maild/net/dns_resolver.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

using namespace maild;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1) return 0;
    const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
    constexpr net::DnsType kTypes[] = {net::DnsType::a,    net::DnsType::aaaa, net::DnsType::txt,
                                       net::DnsType::mx,   net::DnsType::ptr,  net::DnsType::cname,
                                       net::DnsType::tlsa, net::DnsType::srv,  net::DnsType::caa};
    const auto type = kTypes[data[0] % std::size(kTypes)];
    net::DnsAnswer answer;
    const bool taken = net::append_record(answer, type, input);
    const auto count = answer.addresses.size() + answer.names.size() + answer.texts.size() +
                       answer.exchanges.size();
    ensure(count == (taken ? 1U : 0U), "one record or none");
    for (const auto& name : answer.names) {
        ensure(name.empty() || net::is_dns_name(name), "a name that was read is one");
        ensure(net::escape_name(name).size() <= 4 * name.size(), "an escape is four octets");
    }
    constexpr std::size_t kDigits = 16; // of the numbers of an SRV or CAA record
    for (const auto& text : answer.texts)
        ensure(text.size() <= input.size() + kDigits, "texts do not grow");
    static_cast<void>(net::parse_dns_server(input));
    return 0;
}
