#include "directory/rules.hpp"

#include <algorithm>

namespace maild::directory::rules {
namespace {

bool has(const std::vector<std::string>& list, const std::string& item) {
    return std::ranges::find(list, item) != list.end();
}

Result<std::vector<std::string>> canonical_targets(const Alias& alias) {
    std::vector<std::string> targets;
    for (const auto& text : alias.targets) {
        const auto target = canonical_address(text);
        if (!target) return std::unexpected(target.error());
        if (target->localpart.contains('*'))
            return fail(Errc::invalid_argument,
                        "the target " + text + " cannot contain '*'; only the alias can");
        auto formatted = target->format();
        if (!has(targets, formatted)) targets.push_back(std::move(formatted));
    }
    return targets;
}

Result<void> check_pattern(Repository& rows, const Place& place, bool is_new) {
    const auto stars = std::ranges::count(place.localpart, '*');
    if (stars == 0) return {};
    if (static_cast<std::size_t>(stars) > kMaxStarsInPattern)
        return fail(Errc::invalid_argument, "an alias can contain '*' at most four times");
    const auto patterns = rows.list_patterns(place.domain.id);
    if (!patterns) return std::unexpected(patterns.error());
    if (is_new && patterns->size() >= kMaxPatterns)
        return fail(Errc::limit_exceeded,
                    place.domain_name + " has as many aliases with '*' as it may: 1000");
    return {};
}

Result<void> check_alias(Repository& rows, const Place& place, const Lookup::Targets& existing,
                         const std::vector<std::string>& targets) {
    if (targets.empty()) return fail(Errc::invalid_argument, "an alias needs at least one target");
    if (has(targets, place.address))
        return fail(Errc::invalid_argument, place.address + " cannot lead to itself");
    if (existing.size() + targets.size() > kMaxTargets)
        return fail(Errc::limit_exceeded, "an alias can have at most 1000 targets");
    const auto account = rows.find_address(place.domain.id, place.localpart);
    if (!account) return std::unexpected(account.error());
    if (*account)
        return fail(Errc::already_exists, place.address + " is an account's address, which comes "
                                                          "before any alias");
    return check_pattern(rows, place, existing.empty());
}

struct Found {
    Place place;
    Lookup::Targets existing;
    std::vector<std::string> targets;
};

Result<Found> find_alias(Repository& rows, const Alias& alias) {
    auto place = find_place(rows, alias.pattern);
    if (!place) return std::unexpected(std::move(place.error()));
    auto targets = canonical_targets(alias);
    if (!targets) return std::unexpected(std::move(targets.error()));
    auto existing = rows.find_alias(place->domain.id, place->localpart);
    if (!existing) return std::unexpected(std::move(existing.error()));
    return Found{std::move(*place), std::move(*existing), std::move(*targets)};
}

} // namespace

Result<Changed> add_alias(Repository& rows, const Alias& alias) {
    auto found = find_alias(rows, alias);
    if (!found) return std::unexpected(std::move(found.error()));
    auto& [place, existing, targets] = *found;
    const bool is_empty = targets.empty();
    std::erase_if(targets, [&](const auto& t) { return has(existing, t); });
    if (targets.empty() && !is_empty) return Changed{false};
    if (auto checked = check_alias(rows, place, existing, targets); !checked)
        return std::unexpected(std::move(checked.error()));
    for (const auto& target : targets)
        if (auto added = rows.insert_alias_target(place.domain.id, place.localpart, target); !added)
            return std::unexpected(std::move(added.error()));
    return Changed{};
}

Result<Changed> remove_alias(Repository& rows, const Alias& alias) {
    const auto found = find_alias(rows, alias);
    if (!found) return std::unexpected(found.error());
    const auto& [place, existing, targets] = *found;
    if (existing.empty()) return fail(Errc::not_found, "there is no alias " + place.address);
    if (targets.empty()) {
        if (auto deleted = rows.delete_alias(place.domain.id, place.localpart); !deleted)
            return std::unexpected(std::move(deleted.error()));
        return Changed{};
    }
    for (const auto& target : targets) {
        if (!has(existing, target))
            return fail(Errc::not_found, place.address + " does not lead to " + target);
        if (auto removed = rows.delete_alias_target(place.domain.id, place.localpart, target);
            !removed)
            return std::unexpected(std::move(removed.error()));
    }
    return Changed{};
}

Result<Changed> set_postmaster(Repository& rows, std::string_view address) {
    const auto parsed = canonical_address(address);
    if (!parsed) return std::unexpected(parsed.error());
    const auto formatted = parsed->format();
    const auto current = rows.postmaster();
    if (!current) return std::unexpected(current.error());
    const auto route = find_route(rows, formatted);
    if (!route) return std::unexpected(route.error());
    if (route->verdict != Verdict::accepted)
        return fail(Errc::no_such_account, "nobody here has the address " + formatted);
    if (auto set = rows.set_postmaster(formatted); !set)
        return std::unexpected(std::move(set.error()));
    return Changed{*current != formatted};
}

} // namespace maild::directory::rules
