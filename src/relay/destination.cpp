#include "maild/relay/destination.hpp"

#include "maild/base/ascii.hpp"
#include "maild/mail/address.hpp"

#include <algorithm>
#include <optional>
#include <utility>

// GCC 12 takes Asio's recycled coroutine frames (aligned_alloc, freed by the frame's operator
// delete) for a mismatch.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace maild::relay {
namespace {

using Deadline = std::chrono::steady_clock::time_point;

std::chrono::milliseconds left(Deadline deadline) {
    return std::max(
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()),
        std::chrono::milliseconds(0));
}

std::string spelled(std::string_view name) {
    auto out = ascii::to_lower(name);
    if (out.ends_with('.')) out.pop_back();
    return out;
}

std::unexpected<Outcome> nowhere(std::string_view status, std::string words) {
    return std::unexpected(verdict(status, cleaned(words), Stage::route, Scope::recipient));
}

std::string why(const net::DnsAnswer& answer) {
    std::string out(name_of(answer.status));
    return answer.problem.empty() ? out : out + ": " + answer.problem;
}

// "[192.0.2.1]", "[IPv6:2001:db8::1]" (RFC 5321 §4.1.3)
std::optional<net::IpAddress> literal_of(std::string_view domain) {
    const auto parsed = mail::Domain::parse(domain, mail::Utf8::refused);
    if (!parsed || !parsed->is_literal()) return std::nullopt;
    std::string_view digits = parsed->ascii();
    digits = digits.substr(1, digits.size() - 2);
    if (digits.starts_with("IPv6:")) digits.remove_prefix(5);
    return net::parse_ip(digits);
}

// What no other host can have: nothing is sent there that strangers put into their zones.
bool is_nobodys(const net::IpAddress& address) {
    if (address.is_v4()) return address.bytes[12] == 0 || address.bytes[12] >= 224;
    return address == net::IpAddress{} || address.bytes[0] == 0xff;
}

// AAAA first where both are there, then in turns, so that a dead family costs one attempt (RFC 5321
// §5.1 leaves the order open).
std::vector<net::IpAddress> interleaved(const std::vector<net::IpAddress>& v6,
                                        const std::vector<net::IpAddress>& v4) {
    std::vector<net::IpAddress> out;
    for (std::size_t i = 0; i < std::max(v6.size(), v4.size()); ++i) {
        if (i < v6.size()) out.push_back(v6[i]);
        if (i < v4.size()) out.push_back(v4[i]);
    }
    out.resize(std::min(out.size(), kMaxHostAddresses));
    return out;
}

class Search {
public:
    Search(net::Resolver& resolver, const LookupOptions& options)
        : resolver_(resolver),
          options_(options),
          deadline_(std::chrono::steady_clock::now() + options.timeout) {}

    net::Task<net::DnsAnswer> ask(std::string_view name, net::DnsType type) {
        net::DnsQuestion question{std::string(name), type};
        auto answer = co_await resolver_.lookup(std::move(question), left(deadline_));
        co_return answer;
    }

    // Fills in addresses. What becomes of those who have none is noted.
    net::Task<void> find_addresses(Host& host);
    net::Task<void> find_all_addresses(std::vector<Host>& hosts);

    bool is_own_name(std::string_view name) const {
        return std::ranges::find(options_.own_names, name) != options_.own_names.end();
    }
    bool is_own(const Host& host) const {
        return is_own_name(host.name) ||
               std::ranges::any_of(host.addresses, [this](const net::IpAddress& address) {
                   return std::ranges::find(options_.own_addresses, address) !=
                          options_.own_addresses.end();
               });
    }
    // Nobody has an address: why.
    std::unexpected<Outcome> no_addresses(const std::string& domain, bool has_mx) const {
        if (is_undecided_) return nowhere("4.4.3", "the DNS does not tell: " + problem_);
        if (!has_mx) return nowhere("5.1.2", domain + " has neither MX nor address");
        return nowhere("5.4.4", "no MX host of " + domain + " has an address: " + problem_);
    }
    const std::string& problem() const { return problem_; }

private:
    void note(const std::string& name, const std::string& what) {
        if (!problem_.empty()) problem_ += "; ";
        if (problem_.size() < 500) problem_ += name + ": " + what;
    }

    net::Resolver& resolver_;
    const LookupOptions& options_;
    Deadline deadline_;
    std::string problem_;
    bool is_undecided_ = false;
};

net::Task<void> Search::find_addresses(Host& host) {
    std::vector<net::IpAddress> found[2];
    bool is_secure = true;
    std::string fault;
    constexpr net::DnsType kTypes[] = {net::DnsType::aaaa, net::DnsType::a};
    const bool uses[] = {options_.uses_ipv6, options_.uses_ipv4};
    for (std::size_t i = 0; i < 2; ++i) {
        if (!uses[i]) continue;
        auto answer = co_await ask(host.name, kTypes[i]);
        if (answer.failed()) {
            is_undecided_ = true;
            fault = why(answer);
        }
        is_secure = is_secure && (answer.failed() || answer.is_secure);
        std::erase_if(answer.addresses, [this](const net::IpAddress& address) {
            return is_nobodys(address) || (address.is_loopback() && !options_.allows_loopback);
        });
        found[i] = std::move(answer.addresses);
    }
    host.addresses = interleaved(found[0], found[1]);
    host.is_secure = is_secure && !host.addresses.empty();
    if (host.addresses.empty()) note(host.name, fault.empty() ? "no address" : fault);
}

net::Task<void> Search::find_all_addresses(std::vector<Host>& hosts) {
    std::size_t count = 0;
    for (auto& host : hosts) {
        if (count >= kMaxAllAddresses) break;
        co_await find_addresses(host);
        count += host.addresses.size();
    }
}

void shuffle_equals(std::vector<Host>& hosts, Random& random) {
    for (auto begin = hosts.begin(); begin != hosts.end();) {
        const auto preference = begin->preference;
        const auto end = std::find_if(begin, hosts.end(), [preference](const Host& host) {
            return host.preference != preference;
        });
        for (auto count = end - begin; count > 1; --count) {
            const auto at = static_cast<long>(random.next() % static_cast<std::uint64_t>(count));
            std::swap(begin[count - 1], begin[at]);
        }
        begin = end;
    }
}

// RFC 7505 §3: a null MX stands alone; beside others it is none.
std::vector<Host> hosts_of(const net::DnsAnswer& answer, Random& random) {
    auto records = answer.exchanges;
    std::ranges::stable_sort(records, {}, &net::MxRecord::preference);
    std::vector<Host> out;
    for (const auto& mx : records) {
        auto name = spelled(mx.exchange);
        const bool is_known = std::ranges::find(out, name, &Host::name) != out.end();
        if (!name.empty() && !is_known) out.push_back({std::move(name), mx.preference, {}, false});
    }
    shuffle_equals(out, random);
    return out;
}

// §5.1: where this host is one of them, only those that are better.
void keep_better(std::vector<Host>& hosts, const Search& search) {
    const auto own =
        std::ranges::find_if(hosts, [&search](const Host& host) { return search.is_own(host); });
    if (own == hosts.end()) return;
    const auto preference = own->preference;
    std::erase_if(hosts, [preference](const Host& host) { return host.preference >= preference; });
}

Result<Destination, Outcome> finished(Destination out, const Search& search) {
    std::erase_if(out.hosts, [](const Host& host) { return host.addresses.empty(); });
    if (out.hosts.empty()) return search.no_addresses(out.domain, out.has_mx);
    out.problem = search.problem();
    return out;
}

Result<Destination, Outcome> literal_destination(std::string domain, const net::IpAddress& address,
                                                 const LookupOptions& options) {
    const bool is_own =
        std::ranges::find(options.own_addresses, address) != options.own_addresses.end();
    if (is_own) return nowhere("5.4.6", domain + " is this host itself");
    if (is_nobodys(address) || (address.is_loopback() && !options.allows_loopback) ||
        !(address.is_v4() ? options.uses_ipv4 : options.uses_ipv6))
        return nowhere("5.4.4", domain + " cannot be reached from here");
    Destination out{.domain = std::move(domain)};
    out.hosts.push_back({net::format_ip(address), 0, {address}, false});
    return out;
}

net::Task<Result<Destination, Outcome>> find_by_mx(net::Resolver& resolver, Random& random,
                                                   std::string domain,
                                                   const LookupOptions& options) {
    Destination out{.domain = spelled(domain)};
    Search search(resolver, options);
    const auto mx = co_await search.ask(out.domain, net::DnsType::mx);
    if (mx.failed()) co_return nowhere("4.4.3", "the DNS does not tell: " + why(mx));
    if (mx.status == net::DnsStatus::no_such_name)
        co_return nowhere("5.1.2", "there is no domain " + out.domain);
    out.is_mx_secure = mx.is_secure;
    out.has_mx = mx.status == net::DnsStatus::found;
    if (out.has_mx)
        out.hosts = hosts_of(mx, random);
    else
        out.hosts.push_back({out.domain, 0, {}, false});
    if (out.hosts.empty()) co_return nowhere("5.1.10", out.domain + " takes no mail (null MX)");
    keep_better(out.hosts, search); // by name: others need no addresses then
    out.hosts.resize(std::min(out.hosts.size(), kMaxHosts));
    co_await search.find_all_addresses(out.hosts);
    keep_better(out.hosts, search); // and by address
    if (out.hosts.empty())
        co_return nowhere("5.4.6", "mail for " + out.domain + " would come back to this host");
    co_return finished(std::move(out), search);
}

// No mail fails for a fault in our own configuration, or for one of the host that it names.
Result<Destination, Outcome> configured(Result<Destination, Outcome> found) {
    if (found || found.error().fate != Fate::failed) return found;
    auto outcome = std::move(found.error());
    outcome.fate = Fate::deferred;
    outcome.status = "4.3.5";
    outcome.words = "the route's host cannot be used: " + outcome.words;
    return std::unexpected(std::move(outcome));
}

} // namespace

net::Task<Result<Destination, Outcome>> find_destination(net::Resolver& resolver, Random& random,
                                                         std::string domain,
                                                         const LookupOptions& options) {
    Result<Destination, Outcome> found = std::unexpected(Outcome{});
    if (!domain.starts_with('[')) {
        auto by_mx = co_await find_by_mx(resolver, random, std::move(domain), options);
        found = std::move(by_mx);
    } else if (const auto address = literal_of(domain)) {
        found = literal_destination(std::move(domain), *address, options);
    } else {
        found = nowhere("5.1.2", domain + " is no address");
    }
    co_return options.is_configured ? configured(std::move(found)) : std::move(found);
}

net::Task<Result<Destination, Outcome>> find_host(net::Resolver& resolver, std::string name,
                                                  const LookupOptions& options) {
    Destination out{.domain = spelled(name), .is_mx_secure = true}; // the admin has named it
    if (const auto address = net::parse_ip(name)) {
        out.hosts.push_back({net::format_ip(*address), 0, {*address}, false});
        co_return out;
    }
    Search search(resolver, options);
    out.hosts.push_back({out.domain, 0, {}, false});
    co_await search.find_all_addresses(out.hosts);
    co_return configured(finished(std::move(out), search));
}

} // namespace maild::relay
