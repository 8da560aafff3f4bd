#include "store/names.hpp"

#include "maild/base/ascii.hpp"
#include "maild/base/utf8.hpp"

#include <algorithm>
#include <array>
#include <map>

namespace maild::store {
namespace {

constexpr std::array kDefaults{
    DefaultMailbox{"INBOX", SpecialUse::none},    DefaultMailbox{"Archive", SpecialUse::archive},
    DefaultMailbox{"Drafts", SpecialUse::drafts}, DefaultMailbox{"Junk", SpecialUse::junk},
    DefaultMailbox{"Sent", SpecialUse::sent},     DefaultMailbox{"Trash", SpecialUse::trash},
};

std::string_view first_level(std::string_view name) {
    return name.substr(0, name.find(kDelimiter));
}

bool has_empty_level(std::string_view name) {
    return name.empty() || name.front() == kDelimiter || name.back() == kDelimiter ||
           name.contains("//");
}

} // namespace

std::span<const DefaultMailbox> default_mailboxes() { return kDefaults; }

Result<void> check_name(std::string_view name) {
    if (name.size() > kMaxMailboxName || has_empty_level(name) || !is_utf8(name))
        return fail(Errc::cannot);
    if (std::ranges::any_of(name, ascii::is_control)) return fail(Errc::cannot);
    const auto levels = static_cast<std::size_t>(std::ranges::count(name, kDelimiter)) + 1;
    if (levels > kMaxMailboxDepth) return fail(Errc::cannot);
    // RFC 9051 §5.1: INBOX in any case is one mailbox; its canonical form is upper case.
    const auto first = first_level(name);
    if (first != kInbox && ascii::equals_icase(first, kInbox)) return fail(Errc::cannot);
    return {};
}

Result<void> check_new_name(std::string_view name) {
    if (first_level(name) == kOtherUsers) return fail(Errc::cannot);
    return check_name(name);
}

std::vector<std::string> superiors(std::string_view name) {
    std::vector<std::string> levels;
    for (auto at = name.find(kDelimiter); at != name.npos; at = name.find(kDelimiter, at + 1)) {
        levels.emplace_back(name.substr(0, at));
    }
    return levels;
}

bool is_inferior(std::string_view name, std::string_view of) {
    return name.size() > of.size() && name.starts_with(of) && name[of.size()] == kDelimiter;
}

std::string renamed(std::string_view name, std::string_view from, std::string_view to) {
    return std::string(to) + std::string(name.substr(from.size()));
}

Result<void> check_rename(std::string_view from, std::string_view to) {
    if (auto valid = check_new_name(to); !valid) return valid;
    if (to == kInbox || from == to) return fail(Errc::already_exists);
    if (is_inferior(to, from) && from != kInbox) return fail(Errc::cannot); // below itself
    return {};
}

std::vector<MailboxEntry> list_entries(const std::vector<StoredMailbox>& stored,
                                       const std::vector<std::string>& subscribed) {
    std::map<std::string, MailboxEntry, std::less<>> entries;
    const auto absent = [](const std::string& name) {
        return MailboxEntry{.id = {}, .name = name, .is_selectable = false};
    };
    for (const auto& mailbox : stored) {
        for (auto& level : superiors(mailbox.name)) entries.try_emplace(level, absent(level));
        entries.insert_or_assign(mailbox.name,
                                 MailboxEntry{mailbox.id, mailbox.name, mailbox.use, false, true});
    }
    for (const auto& name : subscribed)
        entries.try_emplace(name, absent(name)).first->second.is_subscribed = true;
    std::vector<MailboxEntry> list;
    list.reserve(entries.size());
    for (auto& [name, entry] : entries) list.push_back(std::move(entry));
    return list;
}

} // namespace maild::store
