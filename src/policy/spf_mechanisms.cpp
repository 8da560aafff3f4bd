// The mechanisms that ask the DNS (RFC 7208 §5.2 to §5.7). Terms are counted before these run.
#include "policy/spf_evaluation.hpp"

#include "maild/base/ascii.hpp"

#include <algorithm>

namespace maild::policy::spf {
namespace {

constexpr std::size_t kMaxHosts = 10; // of an MX, and names of an address, §4.6.4

std::string_view without_dot(std::string_view name) {
    if (name.ends_with('.')) name.remove_suffix(1);
    return name;
}

// The same name, or one below it.
bool is_below(std::string_view name, std::string_view domain) {
    name = without_dot(name);
    domain = without_dot(domain);
    if (name.size() < domain.size()) return false;
    const auto above = name.size() - domain.size();
    return ascii::equals_icase(name.substr(above), domain) &&
           (above == 0 || name[above - 1] == '.');
}

} // namespace

net::DnsType Evaluation::address_type() const {
    return query_.ip.is_v4() ? net::DnsType::a : net::DnsType::aaaa;
}

// Whether the client is in the network around that address. §5: an IPv4 client is compared with
// IPv4 addresses, whatever a prefix spans; an ip6 network inside ::ffff:0:0/96 names such.
bool Evaluation::is_in(const Directive& directive, const net::IpAddress& address) const {
    const bool is_v4 = query_.ip.is_v4();
    auto prefix = directive.ip6_prefix;
    if (directive.mechanism == Mechanism::ip6) {
        if (is_v4 && prefix < 96) return false;
    } else if (is_v4) {
        prefix = directive.ip4_prefix + 96;
    } else if (directive.mechanism == Mechanism::ip4) {
        return false;
    }
    return address.masked(prefix) == query_.ip.masked(prefix);
}

bool Evaluation::is_any_in(const Directive& directive,
                           const std::vector<net::IpAddress>& addresses) const {
    return std::ranges::any_of(
        addresses, [&](const net::IpAddress& address) { return is_in(directive, address); });
}

// §5.2
net::Task<Evaluation::Match> Evaluation::match_include(const std::string& target) {
    const auto judgement = co_await check(target);
    switch (judgement.outcome) {
    case Outcome::pass: co_return Match::yes;
    case Outcome::temperror: co_return Match::temperror;
    case Outcome::permerror:
    case Outcome::none: co_return Match::permerror;
    default: break;
    }
    co_return Match::no;
}

// §5.3
net::Task<Evaluation::Match> Evaluation::match_a(const Directive& directive,
                                                 const std::string& target) {
    const auto answer = co_await ask(target, address_type());
    if (answer.failed()) co_return fail_lookup(answer, target);
    if (is_any_in(directive, answer.addresses)) co_return Match::yes;
    co_return judge_void(answer.is_void());
}

// §5.4
net::Task<Evaluation::Match> Evaluation::match_mx(const Directive& directive,
                                                  const std::string& target) {
    auto answer = co_await ask(target, net::DnsType::mx);
    if (answer.failed()) co_return fail_lookup(answer, target);
    if (answer.is_void()) co_return judge_void(answer.is_void());
    std::ranges::stable_sort(answer.exchanges, {}, &net::MxRecord::preference);
    std::size_t hosts = 0;
    for (const auto& mx : answer.exchanges) {
        if (mx.exchange.empty()) continue; // RFC 7505
        if (++hosts > kMaxHosts)
            co_return condemn(Match::permerror, "more than 10 MX hosts at " + target);
        const auto host = co_await ask(mx.exchange, address_type());
        if (host.failed()) co_return fail_lookup(host, mx.exchange);
        if (is_any_in(directive, host.addresses)) co_return Match::yes;
    }
    co_return Match::no;
}

// §5.5
net::Task<Evaluation::Match> Evaluation::match_ptr(const std::string& target) {
    co_await find_validated_names();
    const auto matches = [&](const std::string& name) { return is_below(name, target); };
    if (std::ranges::any_of(*validated_, matches)) co_return Match::yes;
    co_return judge_void(has_no_names_);
}

// §5.7: A whatever the client's family is.
net::Task<Evaluation::Match> Evaluation::match_exists(const std::string& target) {
    const auto answer = co_await ask(target, net::DnsType::a);
    if (answer.failed()) co_return fail_lookup(answer, target);
    if (answer.status == net::DnsStatus::found) co_return Match::yes;
    co_return judge_void(answer.is_void());
}

// §5.5: a name counts when its own addresses have the client's. Failures only leave names out.
net::Task<void> Evaluation::find_validated_names() {
    if (validated_) co_return;
    validated_.emplace();
    const auto reverse = net::reverse_name(query_.ip);
    const auto answer = co_await ask(reverse, net::DnsType::ptr);
    has_no_names_ = answer.is_void();
    std::size_t asked = 0;
    for (const auto& name : answer.names) {
        if (++asked > kMaxHosts) break;
        const auto host = co_await ask(name, address_type());
        if (std::ranges::find(host.addresses, query_.ip) != host.addresses.end())
            validated_->push_back(name);
    }
}

// Macro "p", §7.3: the domain itself, else one below it, else any.
net::Task<std::string> Evaluation::validated_name(const std::string& domain) {
    co_await find_validated_names();
    const std::string* best = nullptr;
    int rank = 0;
    for (const auto& name : *validated_) {
        const bool is_same = ascii::equals_icase(without_dot(name), without_dot(domain));
        const int own = is_same ? 3 : is_below(name, domain) ? 2 : 1;
        if (own > rank) {
            best = &name;
            rank = own;
        }
    }
    co_return best == nullptr ? std::string("unknown") : *best;
}

} // namespace maild::policy::spf
