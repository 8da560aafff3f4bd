#include "policy/dmarc_walk.hpp"

#include "policy/dkim_tags.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace maild::policy::dmarc {
namespace {

constexpr std::chrono::milliseconds kTimeout{5'000};     // of one question
constexpr std::chrono::milliseconds kAllTimeout{20'000}; // of all

std::size_t labels_of(std::string_view domain) {
    return static_cast<std::size_t>(std::ranges::count(domain, '.')) + 1;
}

// The last `count` labels.
std::string_view tail(std::string_view domain, std::size_t count) {
    for (auto left = labels_of(domain); left > count; --left)
        domain.remove_prefix(domain.find('.') + 1);
    return domain;
}

Place place_of(const net::DnsAnswer& answer) {
    Place place;
    if (answer.failed()) {
        place.state = Place::State::failed;
        return place;
    }
    // Other texts stand there too; those that are no records of DMARC do not count.
    const auto found = std::ranges::count_if(
        answer.texts, [](const std::string& text) { return is_record(text); });
    if (found == 0) return place;
    if (found > 1) {
        place.state = Place::State::many;
        return place;
    }
    place.text = *std::ranges::find_if(answer.texts,
                                       [](const std::string& text) { return is_record(text); });
    auto record = parse_record(place.text);
    place.state = record ? Place::State::record : Place::State::broken;
    if (record)
        place.record = std::move(*record);
    else
        place.problem = record.error();
    return place;
}

} // namespace

std::optional<std::string> domain_name(std::string_view text) {
    if (text.ends_with('.')) text.remove_suffix(1);
    return dkim::dns_name(text);
}

std::vector<std::string> walk_targets(std::string_view domain) {
    std::vector<std::string> targets{std::string(domain)};
    for (auto left = std::min(labels_of(domain), kMaxWalk) - 1; left > 0; --left)
        targets.emplace_back(tail(domain, left));
    return targets;
}

std::string organizational_domain(const Walk& walk, std::string_view start) {
    for (const auto& [domain, record, text] : walk.found) {
        if (record.public_suffix == PublicSuffix::no) return domain;
        if (record.public_suffix == PublicSuffix::yes && domain != start)
            return std::string(tail(start, labels_of(domain) + 1));
    }
    return walk.found.empty() ? std::string(start) : walk.found.back().domain;
}

Walker::Walker(net::Resolver& resolver)
    : resolver_(resolver), deadline_(std::chrono::steady_clock::now() + kAllTimeout) {}

net::Task<net::DnsAnswer> Walker::ask(std::string name, net::DnsType type) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline_ - std::chrono::steady_clock::now());
    if (left <= std::chrono::milliseconds::zero()) co_return net::DnsAnswer{};
    net::DnsQuestion question{std::move(name), type};
    auto answer = co_await resolver_.lookup(std::move(question), std::min(left, kTimeout));
    co_return answer;
}

net::Task<Place> Walker::look(std::string domain) {
    const auto known = places_.find(domain);
    if (known != places_.end()) co_return known->second;
    auto name = "_dmarc." + domain;
    const auto answer = co_await ask(std::move(name), net::DnsType::txt);
    auto place = place_of(answer);
    places_[domain] = place;
    co_return place;
}

net::Task<Walk> Walker::walk(std::string domain) {
    Walk walk;
    for (const auto& target : walk_targets(domain)) {
        auto place = co_await look(target);
        if (place.state == Place::State::failed) {
            walk.is_incomplete = true;
            break;
        }
        if (place.state != Place::State::record) continue;
        const bool is_end = place.record.public_suffix != PublicSuffix::unknown;
        walk.found.push_back({target, std::move(place.record), std::move(place.text)});
        if (is_end) break;
    }
    co_return walk;
}

net::Task<bool> Walker::exists(std::string domain) {
    const auto answer = co_await ask(std::move(domain), net::DnsType::a);
    co_return answer.status != net::DnsStatus::no_such_name;
}

} // namespace maild::policy::dmarc
