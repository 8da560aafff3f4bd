#include "directory/rules.hpp"

#include "maild/base/ascii.hpp"
#include "maild/base/utf8.hpp"

#include <algorithm>
#include <limits>

namespace maild::directory::rules {
namespace {

constexpr std::string_view kSeparators = "+-=_.#";

Result<std::string> parse_name(std::string_view name) {
    const auto domain = mail::Domain::parse(name, mail::Utf8::allowed);
    if (!domain || domain->is_literal())
        return fail(Errc::invalid_argument, "'" + std::string(name) + "' is no domain name");
    return domain->ascii();
}

Result<void> check_catch_all(Repository& rows, const std::string& address) {
    const auto route = find_route(rows, address);
    if (!route) return std::unexpected(route.error());
    if (route->verdict == Verdict::accepted || route->verdict == Verdict::not_local) return {};
    return fail(Errc::no_such_account, "nobody here has the address " + address);
}

Result<void> set_catch_all(Repository& rows, directory::Domain& domain, const std::string& text) {
    domain.catch_all.clear();
    if (text.empty()) return {};
    const auto address = canonical_address(text);
    if (!address) return std::unexpected(address.error());
    const auto formatted = address->format();
    if (auto checked = check_catch_all(rows, formatted); !checked) return checked;
    domain.catch_all = formatted;
    return {};
}

Result<void> apply(Repository& rows, directory::Domain& domain, const DomainChange& change) {
    if (change.disabled) {
        if (auto checked = check_reason(change.disabled_reason); !checked) return checked;
        domain.is_disabled = *change.disabled;
        domain.disabled_reason = *change.disabled ? change.disabled_reason : "";
    }
    if (change.subaddress_separator) {
        const auto& separator = *change.subaddress_separator;
        if (separator.size() > 1 || (!separator.empty() && !kSeparators.contains(separator[0])))
            return fail(Errc::invalid_argument, "a subaddress separator is one of " +
                                                    std::string(kSeparators) + " or empty");
        domain.subaddress_separator = separator;
    }
    if (change.limits) {
        if (auto checked = check_quota(change.limits->default_quota_bytes); !checked)
            return checked;
        if (auto checked = check_quota(change.limits->max_accounts); !checked) return checked;
        domain.limits = *change.limits;
    }
    if (change.catch_all && *change.catch_all != domain.catch_all)
        return set_catch_all(rows, domain, *change.catch_all);
    return {};
}

bool is_alike(const directory::Domain& a, const directory::Domain& b) {
    return a.is_disabled == b.is_disabled && a.disabled_reason == b.disabled_reason &&
           a.catch_all == b.catch_all && a.subaddress_separator == b.subaddress_separator &&
           a.limits.max_accounts == b.limits.max_accounts &&
           a.limits.default_quota_bytes == b.limits.default_quota_bytes;
}

} // namespace

Result<void> check_quota(std::uint64_t quota) {
    if (quota <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return {};
    return fail(Errc::invalid_argument, "the limit " + std::to_string(quota) + " is too large");
}

Result<void> check_reason(std::string_view reason) {
    if (reason.size() <= kMaxReasonLength && is_utf8(reason) &&
        std::ranges::none_of(reason, ascii::is_control))
        return {};
    return fail(Errc::invalid_argument, "a reason is one line of at most 500 octets");
}

Result<directory::Domain> find_domain(Repository& rows, std::string_view name) {
    auto parsed = parse_name(name);
    if (!parsed) return std::unexpected(std::move(parsed.error()));
    auto meant = rows.find_domain_alias(*parsed);
    if (!meant) return std::unexpected(std::move(meant.error()));
    auto domain = rows.show_domain(*meant ? **meant : *parsed);
    if (!domain) return std::unexpected(std::move(domain.error()));
    if (!*domain) return fail(Errc::no_such_domain, "there is no domain " + *parsed);
    return std::move(**domain);
}

Result<std::string> find_signing_name(Repository& rows, std::string_view name) {
    auto parsed = parse_name(name);
    if (!parsed) return parsed;
    const auto meant = rows.find_domain_alias(*parsed);
    if (!meant) return std::unexpected(meant.error());
    const auto domain = rows.find_domain(*parsed);
    if (!domain) return std::unexpected(domain.error());
    if (!*meant && !*domain) return fail(Errc::no_such_domain, "there is no domain " + *parsed);
    return parsed;
}

Result<Changed> add_domain(Repository& rows, std::string_view name, WallTime now) {
    directory::Domain domain;
    auto parsed = parse_name(name);
    if (!parsed) return std::unexpected(std::move(parsed.error()));
    domain.name = std::move(*parsed);
    domain.created = now;
    const auto meant = rows.find_domain_alias(domain.name);
    if (!meant) return std::unexpected(meant.error());
    if (*meant)
        return fail(Errc::already_exists, domain.name + " is an alias of the domain " + **meant);
    const auto existing = rows.find_domain(domain.name);
    if (!existing) return std::unexpected(existing.error());
    if (*existing) return Changed{false};
    if (auto inserted = rows.insert_domain(domain); !inserted)
        return std::unexpected(std::move(inserted.error()));
    return Changed{};
}

Result<Changed> change_domain(Repository& rows, std::string_view name, const DomainChange& change) {
    const auto before = find_domain(rows, name);
    if (!before) return std::unexpected(before.error());
    auto after = *before;
    if (auto applied = apply(rows, after, change); !applied)
        return std::unexpected(std::move(applied.error()));
    if (is_alike(*before, after)) return Changed{false};
    if (auto updated = rows.update_domain(after); !updated)
        return std::unexpected(std::move(updated.error()));
    return Changed{};
}

Result<Changed> remove_domain(Repository& rows, std::string_view name) {
    const auto domain = find_domain(rows, name);
    if (!domain) return std::unexpected(domain.error());
    const auto addresses = rows.count_addresses(domain->id);
    if (!addresses) return std::unexpected(addresses.error());
    if (*addresses > 0)
        return fail(Errc::conflict, domain->name + " still has " + std::to_string(*addresses) +
                                        " addresses of accounts; remove those first");
    if (auto deleted = rows.delete_domain(domain->id); !deleted)
        return std::unexpected(std::move(deleted.error()));
    if (auto deleted = rows.delete_stray_dkim_keys(); !deleted)
        return std::unexpected(std::move(deleted.error()));
    return Changed{};
}

Result<Changed> add_domain_alias(Repository& rows, std::string_view alias,
                                 std::string_view domain) {
    const auto name = parse_name(alias);
    if (!name) return std::unexpected(name.error());
    const auto target = find_domain(rows, domain);
    if (!target) return std::unexpected(target.error());
    const auto hosted = rows.find_domain(*name);
    if (!hosted) return std::unexpected(hosted.error());
    if (*hosted) return fail(Errc::already_exists, *name + " is a domain of its own");
    const auto meant = rows.find_domain_alias(*name);
    if (!meant) return std::unexpected(meant.error());
    if (*meant && **meant == target->name) return Changed{false};
    if (*meant) return fail(Errc::already_exists, *name + " is an alias of the domain " + **meant);
    if (auto inserted = rows.insert_domain_alias(*name, target->id); !inserted)
        return std::unexpected(std::move(inserted.error()));
    return Changed{};
}

Result<Changed> remove_domain_alias(Repository& rows, std::string_view alias) {
    const auto name = parse_name(alias);
    if (!name) return std::unexpected(name.error());
    const auto meant = rows.find_domain_alias(*name);
    if (!meant) return std::unexpected(meant.error());
    if (!*meant) return fail(Errc::no_such_domain, "there is no domain alias " + *name);
    if (auto deleted = rows.delete_domain_alias(*name); !deleted)
        return std::unexpected(std::move(deleted.error()));
    if (auto deleted = rows.delete_stray_dkim_keys(); !deleted)
        return std::unexpected(std::move(deleted.error()));
    return Changed{};
}

} // namespace maild::directory::rules
