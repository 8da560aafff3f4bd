// LIST and LSUB (RFC 3501 §6.3.8–9, with the attributes of RFC 3348 and RFC 6154).
#include "imap/list_pattern.hpp"
#include "imap/mailbox_name.hpp"
#include "imap/session.hpp"
#include "imap/special_use.hpp"

#include <algorithm>
#include <map>

namespace maild::imap {

namespace {

using Entries = std::vector<store::MailboxEntry>;

bool is_there(const store::MailboxEntry& entry) { return entry.is_selectable && bool(entry.id); }

// `entries` is sorted by name, so what is below a name stands together behind "name/".
bool has_children(const Entries& entries, const store::MailboxName& name) {
    const auto prefix = name + store::kDelimiter;
    for (auto i = std::ranges::lower_bound(entries, prefix, {}, &store::MailboxEntry::name);
         i != entries.end() && i->name.starts_with(prefix); ++i)
        if (is_there(*i)) return true;
    return false;
}

void append_list(std::string& out, std::string_view command, std::string_view attributes,
                 const store::MailboxName& name) {
    out += "* ";
    out += command;
    out += " (";
    out += attributes;
    out += ") \"/\" ";
    append_mailbox(out, name);
    out += "\r\n";
}

std::string attributes_of(const Entries& entries, const store::MailboxEntry& entry) {
    std::string out = has_children(entries, entry.name) ? "\\HasChildren" : "\\HasNoChildren";
    if (!is_there(entry)) out += " \\Noselect";
    if (const auto use = name_of(entry.special_use); !use.empty()) out.append(" \\").append(use);
    return out;
}

// The pattern to match names with: reference and pattern joined, RFC 3501 §6.3.8. What is not
// modified UTF-7 can match no name.
std::optional<ListPattern> pattern_of(const List& list) {
    const auto joined = decode_utf7(list.reference + list.pattern);
    if (!joined) return std::nullopt;
    return ListPattern(*joined);
}

// Subscribed names, and with "%" the levels above them that are not subscribed themselves (RFC 3501
// §6.3.9).
std::map<store::MailboxName, bool> subscribed_names(const Entries& entries,
                                                    const ListPattern& pattern) {
    std::map<store::MailboxName, bool> names; // true: only a level
    for (const auto& entry : entries) {
        if (!entry.is_subscribed) continue;
        if (pattern.matches(entry.name)) names[entry.name] = false;
        if (!pattern.has_percent()) continue;
        for (auto end = entry.name.rfind(store::kDelimiter); end != std::string::npos && end > 0;
             end = entry.name.rfind(store::kDelimiter, end - 1)) {
            const auto level = entry.name.substr(0, end);
            if (pattern.matches(level)) names.try_emplace(level, true);
        }
    }
    return names;
}

} // namespace

net::Task<Response> Session::do_list(const List& list) {
    // An empty pattern asks for the delimiter and the root of the reference.
    if (list.pattern.empty()) {
        out_.text += "* LIST (\\Noselect) \"/\" \"\"\r\n";
        co_return ok("LIST completed");
    }
    const auto entries = co_await store().list_mailboxes(*store_session_);
    if (!entries) co_return response_for(entries.error().code);
    const auto pattern = pattern_of(list);
    for (const auto& entry : *entries) {
        if (!pattern || !pattern->matches(entry.name)) continue;
        // A name that is only subscribed is no mailbox.
        if (!is_there(entry) && !has_children(*entries, entry.name)) continue;
        append_list(out_.text, "LIST", attributes_of(*entries, entry), entry.name);
        if (!out_.is_full()) continue;
        const bool alive = co_await out_.flush();
        if (!alive) co_return ok({});
    }
    co_return ok("LIST completed");
}

net::Task<Response> Session::do_lsub(const List& list) {
    if (list.pattern.empty()) {
        out_.text += "* LSUB (\\Noselect) \"/\" \"\"\r\n";
        co_return ok("LSUB completed");
    }
    const auto entries = co_await store().list_mailboxes(*store_session_);
    if (!entries) co_return response_for(entries.error().code);
    const auto pattern = pattern_of(list);
    if (!pattern) co_return ok("LSUB completed");
    for (const auto& [name, is_level] : subscribed_names(*entries, *pattern))
        append_list(out_.text, "LSUB", is_level ? "\\Noselect" : "", name);
    co_return ok("LSUB completed");
}

} // namespace maild::imap
