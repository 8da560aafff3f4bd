// Lists of addresses from which others take no mail (RFC 5782 §2.1).
#include "dnscare/inquiry.hpp"

#include <algorithm>

namespace maild::dnscare {
namespace {

// Without ".in-addr.arpa" or ".ip6.arpa".
std::string reversed(const net::IpAddress& address) {
    auto name = net::reverse_name(address);
    name.erase(name.rfind('.', name.rfind('.') - 1));
    return name;
}

net::Task<void> check_list(Inquiry& inquiry, net::IpAddress address, const std::string& list) {
    const auto name = reversed(address) + "." + list;
    const auto shown = net::format_ip(address);
    const auto answer = co_await inquiry.ask(name, net::DnsType::a);
    if (answer.addresses.empty()) co_return;
    const auto& said = answer.addresses.front();
    const auto refusal = net::parse_network("127.255.255.0/24");
    if (!said.is_loopback() || net::in_network(said, *refusal)) {
        inquiry.add({Severity::note, "list-unusable", list, net::format_ip(said), "",
                     "Ask another resolver, or leave the list out: it does not answer whoever asks "
                     "this way."});
        co_return;
    }
    const auto reason = co_await inquiry.ask(name, net::DnsType::txt);
    inquiry.add({Severity::fault, "listed", shown,
                 list + (reason.texts.empty() ? "" : ": " + reason.texts.front()), "",
                 "See at the list why it is there, end the cause, then ask to be taken off."});
}

} // namespace

net::Task<void> check_lists(Inquiry& inquiry) {
    for (const auto& address : inquiry.host_addresses)
        for (const auto& list : inquiry.options().block_lists)
            co_await check_list(inquiry, address, list);
}

} // namespace maild::dnscare
