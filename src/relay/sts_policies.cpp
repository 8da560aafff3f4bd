// Finding the policy of a domain: RFC 8461 §3.3, §5.1.
#include "maild/relay/mta_sts.hpp"

#include <algorithm>
#include <utility>

// GCC 12 takes Asio's recycled coroutine frames (aligned_alloc, freed by the frame's operator
// delete) for a mismatch.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace maild::relay {
namespace {

// One policy on its way. Whatever ends it, those who wait are told.
class Fetching {
public:
    using All = std::map<std::string, std::shared_ptr<net::Event>>;
    Fetching(All& all, const std::string& domain)
        : all_(all), mine_(all.emplace(domain, std::make_shared<net::Event>()).first) {}
    Fetching(const Fetching&) = delete;
    Fetching& operator=(const Fetching&) = delete;
    ~Fetching() {
        mine_->second->notify();
        all_.erase(mine_);
    }

private:
    All& all_;
    All::iterator mine_;
};

} // namespace

StsFound StsPolicies::known(const std::string& domain) const {
    const auto* entry = cache_.find(domain, clock_.now());
    if (entry == nullptr) return {};
    return {entry->policy, entry->id, std::nullopt};
}

const StsPolicies::Failure* StsPolicies::failure_of(const std::string& domain,
                                                    const std::string& id) const {
    const auto found = failures_.find(domain);
    const bool counts = found != failures_.end() && found->second.id == id &&
                        clock_.steady_now() < found->second.until;
    return counts ? &found->second : nullptr;
}

void StsPolicies::set_loading(bool is_loading) {
    is_loading_ = is_loading;
    if (!is_loading) loaded_.notify();
}

// §3.1: no record, or none that can be had, leaves what is cached in force until it expires, so
// that who can suppress answers cannot take the policy away.
net::Task<StsFound> StsPolicies::find(std::string domain) {
    net::DnsQuestion question{"_mta-sts." + domain, net::DnsType::txt};
    const auto answer = co_await resolver_.lookup(std::move(question), kLookup);
    const auto id = parse_sts_record(answer.texts);
    while (is_loading_) co_await loaded_.wait(kLookup);
    auto found = known(domain);
    if (!id || (found.policy && found.id == *id)) co_return found;
    if (failure_of(domain, *id) == nullptr) {
        auto domain_copy = domain;
        auto id_copy = *id;
        co_await fetch(std::move(domain_copy), std::move(id_copy));
        found = known(domain);
    }
    if (const auto* failure = failure_of(domain, *id)) found.fault = failure->fault;
    co_return found;
}

net::Task<void> StsPolicies::fetch(std::string domain, std::string id) {
    if (const auto other = fetching_.find(domain); other != fetching_.end()) {
        const auto done = other->second;
        const bool is_done = co_await done->wait(std::chrono::minutes(2));
        static_cast<void>(is_done);
        co_return;
    }
    const Fetching fetching(fetching_, domain);
    auto copy = domain;
    auto text = co_await fetcher_.fetch(std::move(copy));
    take(domain, id, std::move(text));
}

void StsPolicies::take(const std::string& domain, const std::string& id,
                       std::expected<std::string, StsFault> text) {
    std::optional<StsFault> fault;
    if (!text) {
        fault = std::move(text.error());
    } else if (auto policy = parse_sts_policy(*text)) {
        const auto expires = clock_.now() + policy->max_age;
        cache_.put(domain, {id, std::move(*policy), expires});
        has_changed_ = true;
        failures_.erase(domain);
        return;
    } else {
        fault = StsFault{TlsResult::sts_policy_invalid, policy.error().internal};
    }
    const auto now = clock_.steady_now();
    std::erase_if(failures_, [now](const auto& known) { return known.second.until <= now; });
    if (failures_.size() >= kMostFailures) failures_.erase(failures_.begin());
    failures_.insert_or_assign(domain, Failure{id, std::move(*fault), now + kPause});
}

} // namespace maild::relay
