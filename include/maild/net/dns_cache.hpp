#pragma once
// A resolver that keeps what another one has answered, for as long as the answer may be believed
// (RFC 1035 §3.2.1, RFC 2308 §5): a worker's own, so that the DNS of who sends often costs no
// question to another process. Failures are not kept. Who asks what is being asked already waits
// for that answer. Bounded in entries and octets, what was not asked for longest goes first, and in
// questions about one zone at once. Belongs to one thread; clock and inner outlive it.

#include "maild/base/clock.hpp"
#include "maild/net/resolver.hpp"
#include "maild/net/timer.hpp"
#include "maild/net/zone_places.hpp"

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

namespace maild::net {

struct DnsCacheLimits {
    std::size_t entries = 4096;
    std::size_t octets = 4 << 20; // as far as they can be counted; of one answer a sixteenth
    std::chrono::seconds longest = std::chrono::hours(1); // whatever an answer says of itself
    std::size_t of_zone = 64;                             // open at once; more fail
};

class DnsCache final : public Resolver {
public:
    DnsCache(Resolver& inner, const Clock& clock, const DnsCacheLimits& limits = {})
        : inner_(inner), clock_(clock), limits_(limits), places_(limits.of_zone) {}

    Task<DnsAnswer> lookup(DnsQuestion question, std::chrono::milliseconds timeout) override;

    struct Counts {
        std::uint64_t hits = 0;
        std::uint64_t misses = 0;
        std::size_t entries = 0;
        std::size_t octets = 0;
    };
    Counts counts() const { return {hits_, misses_, entries_.size(), octets_}; }

private:
    struct Entry {
        std::string key;
        DnsAnswer answer;
        SteadyTime until;
        std::size_t octets = 0;
    };
    using Entries = std::list<Entry>; // the one that was asked for last comes first

    struct Asked {
        Event done;
        std::optional<DnsAnswer> answer;
    };
    class Asking;

    const DnsAnswer* find(const std::string& key);
    Task<DnsAnswer> ask(std::string key, DnsQuestion question, std::chrono::milliseconds timeout);
    void keep(std::string key, const DnsAnswer& answer);
    void forget(Entries::iterator entry);

    Resolver& inner_;
    const Clock& clock_;
    DnsCacheLimits limits_;
    Entries entries_;
    std::unordered_map<std::string_view, Entries::iterator> by_key_; // views into the entries
    std::unordered_map<std::string, std::shared_ptr<Asked>> asked_;  // and not answered yet
    ZonePlaces places_;
    std::size_t octets_ = 0;
    std::uint64_t hits_ = 0;
    std::uint64_t misses_ = 0;
};

} // namespace maild::net
