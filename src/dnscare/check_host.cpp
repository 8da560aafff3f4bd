// This host's name, addresses and their names, by which others know it (RFC 5321 §4.1.4).
#include "dnscare/inquiry.hpp"

#include "maild/base/ascii.hpp"
#include "maild/policy/iprev.hpp"

#include <algorithm>

namespace maild::dnscare {
namespace {

namespace iprev = policy::iprev;

// Whether this host can say anything of that family at all, and then whether it has the address.
bool is_elsewhere(const DomainFacts& facts, const net::IpAddress& address) {
    const auto is_kin = [&](const net::IpAddress& each) { return each.is_v4() == address.is_v4(); };
    return std::ranges::any_of(facts.addresses, is_kin) &&
           std::ranges::find(facts.addresses, address) == facts.addresses.end();
}

// As providers name what nobody has named yet: with the address in it, or a word for customers.
bool is_generic(std::string_view name, const net::IpAddress& address) {
    constexpr std::string_view kWords[] = {"dynamic", "dyn.",   "dhcp", "dsl",   "dialup",
                                           "pool",    "static", "ppp",  "cable", "customer"};
    const auto lower = ascii::to_lower(name);
    if (std::ranges::any_of(kWords, [&](std::string_view word) { return lower.contains(word); }))
        return true;
    if (!address.is_v4()) return false;
    // All four numbers of the address, in whatever order.
    std::vector<std::string> numbers;
    for (std::size_t i = 0; i < lower.size();) {
        const auto end = std::min(lower.find_first_not_of("0123456789", i), lower.size());
        if (end > i) numbers.push_back(lower.substr(i, end - i));
        i = std::max(end, i + 1);
    }
    for (std::size_t i = 12; i < 16; ++i)
        if (std::ranges::find(numbers, std::to_string(address.bytes[i])) == numbers.end())
            return false;
    return true;
}

// It leads back; to which name?
void check_name(Inquiry& inquiry, const iprev::Verdict& verdict,
                const std::vector<std::string>& names) {
    const auto& host = inquiry.facts().host;
    const auto shown = net::format_ip(verdict.ip);
    const auto is_host = [&](const std::string& name) { return ascii::equals_icase(name, host); };
    if (std::ranges::any_of(names, is_host)) return;
    if (is_generic(verdict.name, verdict.ip))
        inquiry.add({Severity::warning, "ptr-generic", shown, verdict.name, host,
                     "Have the PTR record set to " + host +
                         ": names like this one are taken for a customer's machine."});
    else
        inquiry.add({Severity::warning, "ptr-other-name", shown, verdict.name, host,
                     "Have the PTR record set to " + host +
                         ", which this host says with EHLO, or set hostname to " + verdict.name +
                         "."});
}

net::Task<void> check_reverse(Inquiry& inquiry, net::IpAddress address) {
    const auto shown = net::format_ip(address);
    const auto& host = inquiry.facts().host;
    const auto verdict = co_await iprev::check(inquiry, address);
    switch (verdict.outcome) {
    case iprev::Outcome::temperror: co_return; // complained of
    case iprev::Outcome::permerror:
        inquiry.add({Severity::fault, "ptr-missing", shown, "no PTR record", host,
                     "Have a PTR record set for it by whoever has given the address out; many "
                     "hosts refuse mail from addresses without a name."});
        co_return;
    case iprev::Outcome::fail:
        inquiry.add({Severity::fault, "ptr-mismatch", shown, verdict.name, host,
                     "Have the PTR record set to " + host + ", or give " + verdict.name +
                         " this address: the name has to lead back."});
        co_return;
    case iprev::Outcome::pass: break;
    }
    const auto name = net::reverse_name(address);
    const auto answer = co_await inquiry.ask(name, net::DnsType::ptr);
    check_name(inquiry, verdict, answer.names);
}

void check_address(Inquiry& inquiry, const net::IpAddress& address) {
    const auto& facts = inquiry.facts();
    const auto shown = net::format_ip(address);
    std::vector<std::string> own;
    for (const auto& each : facts.addresses) own.push_back(net::format_ip(each));
    if (is_elsewhere(facts, address))
        inquiry.add({Severity::fault, "host-elsewhere", facts.host, shown, joined(own),
                     "Correct the record: this host does not have that address."});
    else if (!is_public(address))
        inquiry.add({Severity::fault, "host-private", facts.host, shown, "a public address",
                     "Publish the address under which others reach this host."});
}

} // namespace

net::Task<void> check_host(Inquiry& inquiry) {
    const auto& facts = inquiry.facts();
    const auto found = co_await inquiry.addresses_of(facts.host);
    inquiry.host_addresses = found.all.empty() ? facts.addresses : found.all;
    if (found.all.empty() && !found.failed)
        inquiry.add({Severity::fault, "host-no-address", facts.host, "neither A nor AAAA",
                     "this host's addresses",
                     "Add an A record, and an AAAA record if it has IPv6."});
    for (const auto& address : found.all) check_address(inquiry, address);
    for (const auto& address : found.all) // without one, no name can lead back
        if (is_public(address)) co_await check_reverse(inquiry, address);
}

} // namespace maild::dnscare
