#include "daemon/dkim_care.hpp"

#include "maild/base/log.hpp"
#include "maild/net/timer.hpp"

#include <algorithm>
#include <set>
#include <utility>

// GCC 12 takes Asio's recycled coroutine frames (aligned_alloc, freed by the frame's operator
// delete) for a mismatch.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace maild::daemon {
namespace {

using directory::DkimKey;
using directory::DkimState;

constexpr std::chrono::seconds kLookupTime{5};
constexpr std::chrono::seconds kTick{1};

directory::DkimSight sight_of(const net::DnsAnswer& answer, const DkimKey& key) {
    directory::DkimSight sight;
    sight.is_unknown = answer.failed();
    sight.ttl = answer.ttl;
    sight.publication = policy::dkim::publication_of(answer.texts, key.algorithm, key.public_key);
    return sight;
}

// Whose keys may have something due. Nothing that only signs needs to be looked at.
std::set<std::string> domains_under_way(const std::vector<DkimKey>& keys, WallTime now) {
    std::set<std::string> domains;
    for (const auto& key : keys) {
        const bool is_over =
            key.state == DkimState::retired && (!key.keep_until || *key.keep_until <= now);
        if (key.state == DkimState::published || is_over) domains.insert(key.domain);
    }
    return domains;
}

} // namespace

directory::RotationRules rotation_rules(const DkimSettings& settings) {
    return {.retired_for = settings.retired_for};
}

net::Task<directory::DkimSights> DkimCare::see(const std::vector<DkimKey>& keys) {
    directory::DkimSights sights;
    const auto wanted = directory::keys_to_see(keys);
    for (const auto* key : wanted) {
        net::DnsQuestion question{key->record_name(), net::DnsType::txt};
        const auto answer = co_await resolver_.lookup(std::move(question), kLookupTime);
        sights[key->selector] = sight_of(answer, *key);
    }
    co_return sights;
}

net::Task<Result<DkimCare::Turn>> DkimCare::turn(std::string domain, directory::RotationRules rules,
                                                 Way way) {
    auto keys = co_await admin_.list_dkim_keys(domain);
    if (!keys) co_return std::unexpected(std::move(keys.error()));
    const auto sights = co_await see(*keys);
    auto plan = directory::plan_rotation(*keys, sights, rules, clock_.now());
    if (way == Way::tell || plan.moves.empty())
        co_return Turn{std::move(*keys), std::move(plan), {}};
    auto moves = plan.moves;
    const auto moved = co_await admin_.move_dkim_keys(domain, std::move(moves));
    if (!moved) co_return std::unexpected(moved.error());
    for (const auto& what : plan.moved)
        log::info("dkim_rotation", {{"domain", domain}, {"step", what}});
    auto after = co_await admin_.list_dkim_keys(domain);
    if (!after) co_return std::unexpected(std::move(after.error()));
    auto next = directory::plan_rotation(*after, sights, rules, clock_.now());
    co_return Turn{std::move(*after), std::move(next), std::move(plan.moved)};
}

net::Task<void> DkimCare::turn_all(directory::RotationRules rules) {
    const auto keys = co_await admin_.list_dkim_keys("");
    if (!keys) {
        log::warning("dkim_not_looked_after", {{"reason", keys.error().internal}});
        co_return;
    }
    const auto domains = domains_under_way(*keys, clock_.now());
    for (const auto& domain : domains) {
        const auto done = co_await turn(domain, rules, Way::carry_out);
        if (!done)
            log::warning("dkim_not_looked_after",
                         {{"domain", domain}, {"reason", done.error().internal}});
    }
}

net::Task<void> DkimCare::run(std::function<const DkimSettings&()> settings) {
    auto last = clock_.steady_now();
    while (true) {
        co_await net::sleep_for(kTick); // a reload may have made the span shorter
        if (clock_.steady_now() - last < settings().look_every) continue;
        last = clock_.steady_now();
        if (!settings().switches) continue;
        const auto rules = rotation_rules(settings());
        co_await turn_all(rules);
    }
}

} // namespace maild::daemon
