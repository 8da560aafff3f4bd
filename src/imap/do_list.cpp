// LIST (RFC 3501 §6.3.8, extended as in RFC 5258, RFC 5819, RFC 6154, RFC 9590) and LSUB (§6.3.9);
// and the LIST responses of other commands (RFC 9051 §6.3.2, §6.3.9.7).
#include "imap/list_match.hpp"
#include "imap/mailbox_name.hpp"
#include "imap/session.hpp"
#include "imap/special_use.hpp"

#include <algorithm>
#include <map>

namespace maild::imap {

namespace {

void append_list(std::string& out, std::string_view command, std::string_view attributes,
                 const store::MailboxName& name, NameForm form) {
    out += "* ";
    out += command;
    out += " (";
    out += attributes;
    out += ") \"/\" ";
    append_mailbox(out, name, form);
}

// `is_gone`: found out by STATUS (RFC 5819 §2).
std::string attributes_of(const List& list, const Listed& listed, bool is_gone) {
    std::string out = listed.has_children ? "\\HasChildren" : "\\HasNoChildren";
    // RFC 5258 §3: \NonExistent is for clients that know of it.
    if (!listed.exists || is_gone) out += list.is_extended ? " \\NonExistent" : " \\Noselect";
    if (const auto use = name_of(listed.use); !use.empty()) out.append(" \\").append(use);
    if (listed.is_subscribed && (list.returns_subscribed || list.selection.subscribed))
        out += " \\Subscribed";
    return out;
}

// RFC 5258 §3.5, with the criteria that a descendant meets.
std::string_view child_info(const ListSelection& selection) {
    if (selection.subscribed && selection.special_use)
        return " (\"CHILDINFO\" (\"SUBSCRIBED\" \"SPECIAL-USE\"))";
    return selection.subscribed ? " (\"CHILDINFO\" (\"SUBSCRIBED\"))"
                                : " (\"CHILDINFO\" (\"SPECIAL-USE\"))";
}

// Who lists long names by hostile patterns waits, and nobody else: some milliseconds at once.
constexpr std::uint64_t kWorkAtOnce = 1 << 20;

template <class Matcher> net::Task<void> match_in_turns(Matcher& matcher) {
    std::uint64_t work = 0;
    while (matcher.step()) {
        work += matcher.take_work();
        if (work < kWorkAtOnce) continue;
        work = 0;
        co_await net::sleep_for(std::chrono::milliseconds::zero());
    }
}

} // namespace

// LIST response and, if it was asked for, STATUS response of one name. The status comes first: a
// mailbox that went away since has none, and its attributes say so.
net::Task<void> Session::tell_listed(const List& list, const Listed& listed) {
    Result<store::MailboxStatus> status = fail(Errc::no_such_mailbox);
    const bool wants_status = !list.status.empty() && listed.exists && listed.is_selected;
    if (wants_status) {
        auto looked_up = co_await status_of(listed.name);
        status = std::move(looked_up);
    }
    const bool is_gone = wants_status && !status && status.error().code == Errc::no_such_mailbox;
    append_list(out_.text, "LIST", attributes_of(list, listed, is_gone), listed.name, name_form());
    if (listed.has_selected_child) out_.text += child_info(list.selection);
    out_.text += "\r\n";
    const bool tells_more = listed.exists && listed.is_selected && !is_gone;
    if (list.returns_rights && tells_more) tell_rights(listed.name, listed.rights); // RFC 8440 §3
    if (status) tell_status(listed.name, list.status, *status);
    if (!list.metadata.empty() && tells_more) co_await tell_metadata(listed.name, list.metadata);
}

net::Task<Result<store::MailboxStatus>> Session::status_of(store::MailboxName name) {
    const auto place = co_await visits_->locate(std::move(name));
    if (!place) co_return std::unexpected(place.error());
    auto status = co_await store().status(place->session, place->name);
    if (status) status->id = object_id(place->shard, status->id);
    co_return status;
}

net::Task<Response> Session::do_list(const List& list) {
    // An empty pattern asks for the delimiter and the root of the reference.
    if (!list.is_extended && list.patterns.front().empty()) {
        out_.text += "* LIST (\\Noselect) \"/\" \"\"\r\n";
        co_return ok("LIST completed");
    }
    if (std::ranges::count(list.status, StatusItem::highest_modseq) > 0) enable_condstore();
    const auto names = co_await visits_->list();
    if (!names) co_return response_for(names.error().code);
    ListMatcher matcher(list, names->entries, name_form());
    co_await match_in_turns(matcher);
    const auto all = matcher.take();
    for (const auto& listed : all) {
        co_await tell_listed(list, listed);
        visits_->trim();
        if (!out_.is_full()) continue;
        const bool alive = co_await out_.flush();
        if (!alive) co_return ok({});
    }
    if (names->missing && NamePatterns(list, name_form()).may_begin(store::kOtherUsers))
        tell_missing(*names->missing);
    co_return ok("LIST completed");
}

// RFC 9051 §7.1.2, RFC 5530 §3: a warning; what is told holds, and the client must not take what is
// not for gone.
void Session::tell_missing(Errc why) {
    out_.text += why == Errc::limit_exceeded
                     ? "* NO [LIMIT] Other users share more mailboxes than are listed\r\n"
                     : "* NO [UNAVAILABLE] Some mailboxes of other users cannot be had now\r\n";
}

// Whether a client that asks for it hears that its spelling is not the mailbox's. (One delimiter at
// the end is no part of the name.)
bool Session::is_respelled(std::string_view sent, const store::MailboxName& name) const {
    if (sent.ends_with(store::kDelimiter)) sent.remove_suffix(1);
    return style_.is_rev2 && sent != name;
}

// Unasked, with OLDNAME if it was sent in another spelling; what is not there is \NonExistent.
net::Task<void> Session::tell_name(const store::MailboxName& name, std::string_view sent) {
    const auto names = co_await visits_->list();
    if (!names) co_return;
    tell_entry(names->entries, name, is_respelled(sent, name) ? sent : std::string_view());
}

// `old_name`: its OLDNAME, empty: none.
void Session::tell_entry(const std::vector<store::MailboxEntry>& entries,
                         const store::MailboxName& name, std::string_view old_name) {
    List list;
    list.patterns.push_back(encode_name(name, name_form()));
    list.returns_subscribed = list.is_extended = true;
    // Itself, and one below it to tell that there is one.
    const auto is_below = [&](const store::MailboxEntry& entry) {
        return entry.name.size() > name.size() && entry.name.starts_with(name) &&
               entry.name[name.size()] == store::kDelimiter;
    };
    std::vector<store::MailboxEntry> near;
    const auto itself = std::ranges::find(entries, name, &store::MailboxEntry::name);
    if (itself != entries.end()) near.push_back(*itself);
    const auto below = std::ranges::find_if(entries, is_below);
    if (below != entries.end()) near.push_back(*below);
    ListMatcher matcher(list, near, name_form());
    while (matcher.step()) {
    }
    auto matched = matcher.take();
    std::erase_if(matched, [&](const Listed& one) { return one.name != name; }); // "*" in a name
    if (matched.empty()) matched.push_back({.name = name});
    append_list(out_.text, "LIST", attributes_of(list, matched.front(), false), name, name_form());
    if (!old_name.empty()) {
        append_mailbox(out_.text += " (\"OLDNAME\" (", std::string(old_name), name_form());
        out_.text += "))";
    }
    out_.text += "\r\n";
}

net::Task<Response> Session::do_lsub(const List& list) {
    if (list.patterns.front().empty()) {
        out_.text += "* LSUB (\\Noselect) \"/\" \"\"\r\n";
        co_return ok("LSUB completed");
    }
    const auto names = co_await visits_->list();
    if (!names) co_return response_for(names.error().code);
    LsubMatcher matcher(list, names->entries, name_form());
    co_await match_in_turns(matcher);
    const auto all = matcher.take();
    for (const auto& [name, is_level] : all) {
        append_list(out_.text, "LSUB", is_level ? "\\Noselect" : "", name, name_form());
        out_.text += "\r\n";
    }
    co_return ok("LSUB completed");
}

} // namespace maild::imap
