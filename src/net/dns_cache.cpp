#include "maild/net/dns_cache.hpp"

#include "maild/base/ascii.hpp"

#include <algorithm>
#include <utility>

namespace maild::net {
namespace {

constexpr std::size_t kOverhead = 256; // of an entry: nodes, key, empty lists
constexpr std::size_t kShare = 16;     // no answer takes more of the room than this part

// Case does not count, nor does a dot at the end (RFC 4343 §3).
std::string key_of(const DnsQuestion& question) {
    auto key = ascii::to_lower(question.name);
    if (key.ends_with('.')) key.pop_back();
    key += ' ';
    key += name_of(question.type);
    return key;
}

std::size_t size_of(const DnsAnswer& answer) {
    std::size_t size = kOverhead + answer.addresses.size() * sizeof(IpAddress);
    for (const auto& text : answer.texts) size += sizeof text + text.size();
    for (const auto& name : answer.names) size += sizeof name + name.size();
    for (const auto& mx : answer.exchanges) size += sizeof mx + mx.exchange.size();
    return size;
}

} // namespace

const DnsAnswer* DnsCache::find(const std::string& key) {
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return nullptr;
    const auto entry = found->second;
    const auto left = entry->until - clock_.steady_now();
    if (left <= SteadyTime::duration::zero()) {
        forget(entry);
        return nullptr;
    }
    entries_.splice(entries_.begin(), entries_, entry);
    entry->answer.ttl = std::chrono::floor<std::chrono::seconds>(left);
    return &entry->answer;
}

void DnsCache::forget(Entries::iterator entry) {
    octets_ -= entry->octets;
    by_key_.erase(entry->key);
    entries_.erase(entry);
}

void DnsCache::keep(std::string key, const DnsAnswer& answer) {
    const auto span = std::min(answer.ttl, limits_.longest);
    const auto octets = size_of(answer) + key.size();
    if (answer.failed() || span <= std::chrono::seconds(0)) return;
    if (octets > limits_.octets / kShare) return;
    // Another coroutine may have asked the same meanwhile.
    if (const auto known = by_key_.find(key); known != by_key_.end()) forget(known->second);
    entries_.push_front({std::move(key), answer, clock_.steady_now() + span, octets});
    by_key_.emplace(entries_.front().key, entries_.begin());
    octets_ += octets;
    while (entries_.size() > limits_.entries || octets_ > limits_.octets)
        forget(std::prev(entries_.end()));
}

// One question on its way. Whatever ends it, those who wait are told.
class DnsCache::Asking {
public:
    Asking(DnsCache& cache, const std::string& key, std::string zone)
        : cache_(cache), key_(key), zone_(std::move(zone)), asked_(std::make_shared<Asked>()) {
        cache_.asked_.emplace(key_, asked_);
    }
    Asking(const Asking&) = delete;
    Asking& operator=(const Asking&) = delete;
    ~Asking() {
        cache_.asked_.erase(key_);
        cache_.places_.give_back(zone_);
        asked_->done.notify();
    }
    void answer(const DnsAnswer& answer) { asked_->answer = answer; }

private:
    DnsCache& cache_;
    const std::string& key_;
    std::string zone_;
    std::shared_ptr<Asked> asked_;
};

Task<DnsAnswer> DnsCache::ask(std::string key, DnsQuestion question,
                              std::chrono::milliseconds timeout) {
    auto zone = zone_of(question.name);
    if (!places_.take(zone)) {
        DnsAnswer none;
        none.problem = "too many questions about " + zone + " at once";
        co_return none;
    }
    ++misses_;
    Asking asking(*this, key, std::move(zone));
    auto answer = co_await inner_.lookup(std::move(question), timeout);
    keep(key, answer);
    asking.answer(answer);
    co_return answer;
}

Task<DnsAnswer> DnsCache::lookup(DnsQuestion question, std::chrono::milliseconds timeout) {
    auto key = key_of(question);
    if (const auto* known = find(key)) {
        ++hits_;
        co_return *known;
    }
    if (const auto other = asked_.find(key); other != asked_.end()) {
        const auto asked = other->second;
        const bool is_done = co_await asked->done.wait(timeout);
        if (asked->answer) co_return *asked->answer;
        DnsAnswer none;
        none.problem = is_done ? "who asked has gone" : "no answer in time";
        co_return none;
    }
    auto answer = co_await ask(std::move(key), std::move(question), timeout);
    co_return answer;
}

} // namespace maild::net
