// DKIM keys: what may be added, and how they move from state to state.
#include "directory/rules.hpp"

#include "maild/base/ascii.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>

namespace maild::directory {

std::string_view name_of(DkimState state) {
    switch (state) {
    case DkimState::published: return "published";
    case DkimState::active: return "active";
    case DkimState::retired: return "retired";
    case DkimState::removed: return "removed";
    }
    return "unknown";
}

namespace rules {
namespace {

using Keys = std::vector<StoredDkimKey>;

// RFC 6376 §3.1: labels joined by dots; here without what needs a dot at the end or quotes.
bool is_selector(std::string_view text) {
    constexpr std::size_t kMaxLabel = 63;
    bool is_good = !text.empty() && text.size() <= 2 * kMaxLabel;
    std::size_t label = 0;
    for (std::size_t i = 0; is_good && i < text.size(); ++i) {
        const char c = text[i];
        const bool is_edge =
            i == 0 || i + 1 == text.size() || text[i - 1] == '.' || text[i + 1] == '.';
        label = c == '.' ? 0 : label + 1;
        is_good = label <= kMaxLabel && (ascii::is_lower(c) || ascii::is_digit(c) ||
                                         ((c == '-' || c == '.' || c == '_') && !is_edge));
    }
    return is_good;
}

const StoredDkimKey* find(const Keys& keys, std::string_view selector) {
    const auto found = std::ranges::find_if(
        keys, [&](const StoredDkimKey& key) { return key.shown.selector == selector; });
    return found == keys.end() ? nullptr : &*found;
}

// By the month, so that a look at the zone tells which are old: s202611r, s202611e, s202611r-2.
std::string free_selector(const Keys& keys, policy::dkim::Algorithm algorithm, WallTime now) {
    const std::chrono::year_month_day day(std::chrono::floor<std::chrono::days>(now));
    char text[32];
    std::snprintf(text, sizeof text, "s%04d%02u", static_cast<int>(day.year()),
                  static_cast<unsigned>(day.month()));
    const auto base =
        std::string(text) + (algorithm == policy::dkim::Algorithm::rsa_sha256 ? 'r' : 'e');
    auto selector = base;
    for (int i = 2; find(keys, selector) != nullptr; ++i) selector = base + '-' + std::to_string(i);
    return selector;
}

bool may_move(DkimState from, DkimState to) {
    using enum DkimState;
    switch (from) {
    case published: return to == active || to == removed;
    case active: return to == retired;
    case retired: return to == active || to == removed;
    case removed: return false;
    }
    return false;
}

void move(StoredDkimKey& key, const DkimMove& wanted, WallTime now) {
    auto& shown = key.shown;
    shown.state = wanted.to;
    shown.keep_until = wanted.keep_until;
    if (wanted.to == DkimState::active) shown.activated = now;
    if (wanted.to == DkimState::retired) shown.retired = now;
    if (wanted.to != DkimState::removed) return;
    shown.removed = now;
    key.private_key.clear();
}

} // namespace

Result<StoredDkimKey> plan_dkim_key(Repository& rows, const std::string& domain,
                                    const NewDkimKey& wanted, const policy::dkim::PrivateKey& key,
                                    WallTime now) {
    const auto keys = rows.list_dkim_keys(domain);
    if (!keys) return std::unexpected(keys.error());
    const auto kept = std::ranges::count_if(
        *keys, [](const auto& k) { return k.shown.state != DkimState::removed; });
    if (static_cast<std::size_t>(kept) >= kMaxDkimKeys)
        return fail(Errc::limit_exceeded,
                    domain + " has " + std::to_string(kept) + " keys; remove old ones first");
    StoredDkimKey out;
    out.shown.domain = domain;
    out.shown.selector = ascii::to_lower(wanted.selector);
    out.shown.algorithm = key.algorithm();
    out.shown.bits = key.bits();
    out.shown.public_key = key.public_key();
    out.shown.created = now;
    out.private_key = key.pem();
    if (wanted.selector.empty())
        out.shown.selector = free_selector(*keys, out.shown.algorithm, now);
    if (!is_selector(out.shown.selector))
        return fail(Errc::invalid_argument,
                    "a selector is letters, digits and hyphens, with dots between");
    const auto* known = find(*keys, out.shown.selector);
    const bool comes_back = known != nullptr && known->shown.state == DkimState::removed &&
                            known->shown.public_key == out.shown.public_key;
    if (known != nullptr && !comes_back) // what resolvers remember of it would be another key
        return fail(Errc::already_exists,
                    domain + " has had a key with the selector " + out.shown.selector);
    return out;
}

Result<Changed> move_dkim_keys(Repository& rows, const std::string& domain,
                               const std::vector<DkimMove>& moves, WallTime now) {
    auto keys = rows.list_dkim_keys(domain);
    if (!keys) return std::unexpected(keys.error());
    Changed changed{false};
    for (const auto& wanted : moves) {
        const auto* known = find(*keys, ascii::to_lower(wanted.selector));
        if (known == nullptr)
            return fail(Errc::not_found, domain + " has no key " + wanted.selector);
        auto key = *known;
        if (key.shown.state == wanted.to) continue;
        if (!may_move(key.shown.state, wanted.to))
            return fail(Errc::conflict, "the key " + key.shown.selector + " is " +
                                            std::string(name_of(key.shown.state)) +
                                            ", so it cannot be made " +
                                            std::string(name_of(wanted.to)));
        move(key, wanted, now);
        if (auto stored = rows.store_dkim_key(key); !stored)
            return std::unexpected(std::move(stored.error()));
        changed.changed = true;
    }
    return changed;
}

} // namespace rules
} // namespace maild::directory
