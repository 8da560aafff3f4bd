#include "imap/mailbox_filter.hpp"

#include "imap/limits.hpp"
#include "imap/visits.hpp"

#include "maild/base/ascii.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace maild::imap {

namespace {

using Kind = MailboxFilter::Kind;

constexpr auto kKinds = std::to_array<std::pair<std::string_view, Kind>>({
    {"selected", Kind::selected},
    {"inboxes", Kind::inboxes},
    {"personal", Kind::personal},
    {"subscribed", Kind::subscribed},
    {"subtree", Kind::subtree},
    {"subtree-one", Kind::subtree_one},
    {"mailboxes", Kind::mailboxes},
});

// one-or-more-mailbox = mailbox / "(" mailbox *(SP mailbox) ")"
Parsed<std::vector<std::string>> parse_mailboxes(Cursor& in) {
    std::vector<std::string> names;
    const bool is_list = in.take('(');
    do {
        auto name = parse_astring(in);
        if (!name) return std::unexpected(name.error());
        if (names.size() == kMaxFilterNames) return in.expected("fewer mailboxes");
        names.push_back(std::move(*name));
    } while (is_list && in.take(' '));
    if (is_list && !in.take(')')) return in.expected(")");
    return names;
}

bool is_one_of(const std::vector<store::MailboxName>& names, std::string_view name) {
    return std::ranges::binary_search(names, name);
}

bool is_below(std::string_view name, const std::vector<store::MailboxName>& tops, bool one_level) {
    if (is_one_of(tops, name)) return true;
    for (auto end = name.rfind(store::kDelimiter); end != name.npos && end != 0;
         end = name.rfind(store::kDelimiter, end - 1)) {
        if (is_one_of(tops, name.substr(0, end))) return true;
        if (one_level) return false;
    }
    return false;
}

} // namespace

Parsed<MailboxFilter> parse_mailbox_filter(Cursor& in) {
    const auto name = parse_atom(in);
    if (!name) return std::unexpected(name.error());
    for (const auto& [text, kind] : kKinds) {
        if (!ascii::equals_icase(text, *name)) continue;
        MailboxFilter filter{.kind = kind};
        if (kind < Kind::subtree) return filter;
        if (!in.take(' ')) return in.expected("mailbox");
        auto names = parse_mailboxes(in);
        if (!names) return std::unexpected(names.error());
        filter.names = std::move(*names);
        return filter;
    }
    return in.expected("mailboxes");
}

ResolvedFilter::ResolvedFilter(const MailboxFilter& filter, NameForm form) : kind_(filter.kind) {
    for (const auto& sent : filter.names)
        if (auto name = to_mailbox_name(sent, form)) names_.push_back(std::move(*name));
    std::ranges::sort(names_);
}

bool ResolvedFilter::means(const store::MailboxEntry& entry,
                           std::optional<MailboxId> selected) const {
    switch (kind_) {
    case Kind::selected: return entry.id == selected;
    // RFC 5465 §6.2: what is delivered where is up to the accounts' aliases and filters.
    case Kind::inboxes:
    case Kind::personal: return !is_of_others(entry.name);
    case Kind::subscribed: return entry.is_subscribed;
    default: break;
    }
    return kind_ == Kind::mailboxes ? is_one_of(names_, entry.name)
                                    : is_below(entry.name, names_, kind_ == Kind::subtree_one);
}

Parsed<MailboxFilters> parse_mailbox_filters(Cursor& in) {
    MailboxFilters filters;
    do {
        auto filter = parse_mailbox_filter(in);
        if (!filter) return std::unexpected(filter.error());
        if (filters.size() == kMaxFilters) return in.expected("fewer filters");
        filters.push_back(std::move(*filter));
    } while (in.take(' '));
    return filters;
}

std::vector<store::MailboxEntry> choose(const MailboxFilters& filters,
                                        const std::vector<store::MailboxEntry>& entries,
                                        std::optional<MailboxId> selected, NameForm form) {
    std::vector<ResolvedFilter> resolved;
    for (const auto& filter : filters) resolved.emplace_back(filter, form);
    std::vector<store::MailboxEntry> out;
    for (const auto& entry : entries) {
        const bool is_meant = entry.id && entry.is_selectable &&
                              std::ranges::any_of(resolved, [&](const ResolvedFilter& one) {
                                  return one.means(entry, selected);
                              });
        if (is_meant) out.push_back(entry);
    }
    return out;
}

std::vector<store::MailboxName> named_others(const MailboxFilters& filters,
                                             const std::vector<store::MailboxEntry>& entries,
                                             NameForm form) {
    std::set<store::MailboxName> names;
    for (const auto& filter : filters) {
        if (filter.kind != Kind::mailboxes) continue;
        for (const auto& sent : filter.names) {
            auto name = to_mailbox_name(sent, form);
            if (name && is_of_others(*name)) names.insert(std::move(*name));
        }
    }
    for (const auto& entry : entries)
        if (entry.id) names.erase(entry.name);
    return {names.begin(), names.end()};
}

} // namespace maild::imap
