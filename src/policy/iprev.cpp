#include "maild/policy/iprev.hpp"

#include "policy/dkim_tags.hpp"
#include "policy/lookups.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace maild::policy::iprev {
namespace {

constexpr LookupLimits kLimits{};

// The first kMaxNames, of which those that are no host's names are left out, as are repeated ones.
std::vector<std::string> names_in(const net::DnsAnswer& answer) {
    std::vector<std::string> names;
    for (const auto& target : answer.names) {
        std::string_view text = target;
        if (text.ends_with('.')) text.remove_suffix(1);
        auto name = dkim::dns_name(text);
        if (!name || std::ranges::find(names, *name) != names.end()) continue;
        if (names.size() == kMaxNames) break;
        names.push_back(std::move(*name));
    }
    return names;
}

Verdict concluded(Verdict verdict, Outcome outcome, std::string reason) {
    verdict.outcome = outcome;
    verdict.reason = std::move(reason);
    return verdict;
}

// Of the addresses of its names. One that agrees is enough, whatever the others are.
Verdict compared(Verdict verdict, const std::vector<std::string>& names,
                 const std::vector<net::DnsAnswer>& answers) {
    bool has_failed = false;
    for (std::size_t i = 0; i < answers.size(); ++i) {
        has_failed = has_failed || answers[i].failed();
        if (std::ranges::find(answers[i].addresses, verdict.ip) == answers[i].addresses.end())
            continue;
        verdict.name = names[i];
        return concluded(std::move(verdict), Outcome::pass, "its name has this address");
    }
    if (has_failed)
        return concluded(std::move(verdict), Outcome::temperror,
                         "the DNS does not answer for the addresses of its name");
    return concluded(std::move(verdict), Outcome::fail, "its name has other addresses");
}

} // namespace

std::string_view name_of(Outcome outcome) {
    constexpr std::string_view kNames[] = {"pass", "fail", "temperror", "permerror"};
    return kNames[static_cast<std::size_t>(outcome)];
}

net::Task<Verdict> check(net::Resolver& resolver, net::IpAddress ip) {
    Verdict verdict;
    verdict.ip = ip;
    const auto begin = std::chrono::steady_clock::now();
    net::DnsQuestion reverse{net::reverse_name(ip), net::DnsType::ptr};
    const auto answer = co_await resolver.lookup(std::move(reverse), kLimits.each);
    if (answer.failed())
        co_return concluded(std::move(verdict), Outcome::temperror,
                            "the DNS does not answer for the name of this address");
    const auto names = names_in(answer);
    if (names.empty())
        co_return concluded(std::move(verdict), Outcome::permerror, "this address has no name");
    verdict.name = names.front();
    std::vector<net::DnsQuestion> questions;
    for (const auto& name : names)
        questions.push_back({name, ip.is_v4() ? net::DnsType::a : net::DnsType::aaaa});
    auto limits = kLimits;
    limits.all -= std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - begin);
    const auto answers = co_await ask_all(resolver, std::move(questions), limits);
    co_return compared(std::move(verdict), names, answers);
}

} // namespace maild::policy::iprev
