// Where mail for the domain goes (RFC 5321 §5.1, RFC 7505).
#include "dnscare/inquiry.hpp"

#include "maild/base/ascii.hpp"

#include <algorithm>

namespace maild::dnscare {
namespace {

// RFC 7505 §3. True: there is nothing else to say.
bool is_null_mx(Inquiry& inquiry, const std::vector<net::MxRecord>& all) {
    const auto& facts = inquiry.facts();
    const auto is_root = [](const net::MxRecord& mx) { return mx.exchange.empty(); };
    if (std::ranges::none_of(all, is_root)) return false;
    if (all.size() > 1) {
        inquiry.add({Severity::fault, "mx-null-mixed", facts.domain,
                     "a null MX beside other MX records", "10 " + facts.host + ".",
                     "Delete the MX record whose target is \".\"."});
        return false;
    }
    if (facts.accounts > 0)
        inquiry.add({Severity::fault, "mx-null", facts.domain, "0 .", "10 " + facts.host + ".",
                     "Replace the null MX, which says that the domain takes no mail: it has " +
                         std::to_string(facts.accounts) + " accounts here."});
    return true;
}

net::Task<void> check_exchange(Inquiry& inquiry, const std::string& name) {
    const auto& domain = inquiry.facts().domain;
    if (net::parse_ip(name)) {
        inquiry.add({Severity::fault, "mx-is-address", domain, name, inquiry.facts().host + ".",
                     "Let the MX record name a host; an address cannot stand there."});
        co_return;
    }
    const auto alias = co_await inquiry.alias_of(name);
    if (!alias.empty()) // RFC 2181 §10.3, RFC 5321 §5.1
        inquiry.add({Severity::fault, "mx-alias", name, "CNAME " + alias, "an address",
                     "Give " + name + " A and AAAA records of its own, or let the MX record name " +
                         alias + "."});
    const auto addresses = co_await inquiry.addresses_of(name);
    if (addresses.failed || !addresses.all.empty()) co_return;
    inquiry.add(
        {Severity::fault, "mx-no-address", name, "neither A nor AAAA", "an address",
         "Give " + name + " an address, or take it out of the MX records of " + domain + "."});
}

// Whoever has got a certificate for a name that leads here means this host by it.
net::Task<void> check_ours(Inquiry& inquiry, const std::vector<net::MxRecord>& all) {
    const auto& facts = inquiry.facts();
    const auto names = co_await inquiry.other_names();
    std::vector<std::string> others;
    bool is_one = false;
    for (const auto& mx : all) {
        const auto name = ascii::to_lower(mx.exchange);
        const bool is_here = name == facts.host || (facts.named_certificate(name) != nullptr &&
                                                    std::ranges::find(names, name) != names.end());
        is_one = is_one || is_here;
        if (!is_here && !mx.exchange.empty()) others.push_back(mx.exchange);
    }
    if (others.empty()) co_return;
    if (!is_one)
        inquiry.add({Severity::warning, "mx-elsewhere", facts.domain, joined(others),
                     "10 " + facts.host + ".",
                     "Add an MX record that names this host, unless its mail comes here from "
                     "those."});
    else
        inquiry.add({Severity::note, "mx-others", facts.domain, joined(others), "",
                     "Be sure that these hosts hand the domain's mail on to this one."});
}

} // namespace

net::Task<void> check_mx(Inquiry& inquiry) {
    const auto& facts = inquiry.facts();
    const auto answer = co_await inquiry.ask(facts.domain, net::DnsType::mx);
    if (answer.failed()) co_return;
    if (answer.exchanges.empty()) {
        inquiry.add({Severity::fault, "mx-missing", facts.domain, "no MX record",
                     "10 " + facts.host + ".",
                     "Add the MX record: without one, mail goes to the domain's own address, if it "
                     "has any."});
        co_return;
    }
    if (is_null_mx(inquiry, answer.exchanges)) co_return;
    std::size_t looked = 0;
    for (const auto& mx : answer.exchanges) {
        if (mx.exchange.empty()) continue;
        if (++looked > Inquiry::kMaxTargets) break;
        co_await check_exchange(inquiry, mx.exchange);
    }
    co_await check_ours(inquiry, answer.exchanges);
}

} // namespace maild::dnscare
