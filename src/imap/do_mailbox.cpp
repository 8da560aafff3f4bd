// CREATE, DELETE, RENAME, SUBSCRIBE, UNSUBSCRIBE, STATUS.
#include "imap/mailbox_name.hpp"
#include "imap/session.hpp"
#include "imap/special_use.hpp"

#include <algorithm>

namespace maild::imap {

namespace {

void append_status_item(std::string& out, StatusItem item, const store::MailboxStatus& status,
                        std::uint64_t append_limit) {
    const auto put = [&](std::string_view name, std::uint64_t number) {
        out += name;
        append_number(out, number);
    };
    switch (item) {
    case StatusItem::messages: return put("MESSAGES ", status.messages);
    case StatusItem::recent: return put("RECENT ", status.recent);
    case StatusItem::uid_next: return put("UIDNEXT ", status.uid_next.value);
    case StatusItem::uid_validity: return put("UIDVALIDITY ", status.uid_validity.value);
    case StatusItem::unseen: return put("UNSEEN ", status.unseen);
    case StatusItem::deleted: return put("DELETED ", status.deleted);
    case StatusItem::deleted_storage: return put("DELETED-STORAGE ", status.deleted_size);
    case StatusItem::size: return put("SIZE ", status.size);
    case StatusItem::append_limit: return put("APPENDLIMIT ", append_limit);
    case StatusItem::mailbox_id:
        out += "MAILBOXID ";
        return append_object_id(out, 'F', static_cast<std::uint64_t>(status.id.value));
    case StatusItem::highest_modseq:
        return put("HIGHESTMODSEQ ", static_cast<std::uint64_t>(status.highest_modseq.value));
    }
}

bool has_use(const std::vector<store::MailboxEntry>& entries, store::SpecialUse use) {
    return std::ranges::any_of(
        entries, [use](const store::MailboxEntry& entry) { return entry.special_use == use; });
}

} // namespace

net::Task<Response> Session::do_create(const Create& create) {
    auto name = to_mailbox_name(create.name, name_form());
    if (!name) co_return cannot(name.error());
    const auto place = co_await visits_->locate(*name);
    if (!place && place.error().code == Errc::no_such_mailbox)
        co_return no("[NOPERM] Not below this name");
    if (!place) co_return response_for(place.error().code);
    auto use = store::SpecialUse::none;
    if (!create.uses.empty() && place->session != *store_session_)
        co_return no("[USEATTR] Only the owner says what a mailbox is for");
    if (!create.uses.empty()) {
        // RFC 6154 §3: more than one use, or one that another mailbox has, may be refused.
        use = parse_special_use(create.uses.front());
        if (use == store::SpecialUse::none || create.uses.size() > 1)
            co_return no("[USEATTR] This use is not supported");
        const auto entries = co_await store().list_mailboxes(*store_session_);
        if (!entries) co_return response_for(entries.error().code);
        if (has_use(*entries, use)) co_return no("[USEATTR] Another mailbox has this use");
    }
    const auto created = co_await store().create_mailbox(place->session, place->name, use);
    if (!created) co_return response_for(created.error().code);
    if (is_respelled(create.name, *name)) co_await tell_name(*name, create.name);
    std::string text = "[MAILBOXID "; // RFC 8474 §4.1
    const auto id = object_id(place->shard, *created);
    append_object_id(text, 'F', static_cast<std::uint64_t>(id.value));
    co_return ok(text + "] CREATE completed");
}

net::Task<Response> Session::do_delete(const MailboxArgument& mailbox) {
    auto name = to_mailbox_name(mailbox.name, name_form());
    if (!name) co_return response_for(Errc::no_such_mailbox);
    const auto place = co_await visits_->locate(*name);
    if (!place) co_return response_for(place.error().code);
    const auto deleted = co_await store().delete_mailbox(place->session, place->name);
    if (!deleted) co_return response_for(deleted.error().code);
    if (is_respelled(mailbox.name, *name)) co_await tell_name(*name, mailbox.name);
    // The client's own selected mailbox: it knows, so it goes on without one.
    if (view_ && view_->is_deleted()) close_view();
    co_return ok("DELETE completed");
}

net::Task<Response> Session::do_rename(const Rename& rename) {
    auto from = to_mailbox_name(rename.from, name_form());
    if (!from) co_return response_for(Errc::no_such_mailbox);
    auto to = to_mailbox_name(rename.to, name_form());
    if (!to) co_return cannot(to.error());
    const auto here = co_await visits_->locate(*from);
    if (!here) co_return response_for(here.error().code);
    const auto there = co_await visits_->locate(*to);
    if (!there || there->account != here->account)
        co_return no("[CANNOT] A mailbox stays in its account");
    const auto renamed = co_await store().rename_mailbox(here->session, here->name, there->name);
    if (!renamed) co_return response_for(renamed.error().code);
    // RFC 9051 §6.3.6: whichever of the two was spelled otherwise.
    if (is_respelled(rename.from, *from) || is_respelled(rename.to, *to))
        co_await tell_name(*to, rename.from);
    co_return ok("RENAME completed");
}

net::Task<Response> Session::do_subscribe(const MailboxArgument& mailbox, bool subscribed) {
    auto name = to_mailbox_name(mailbox.name, name_form());
    if (!name) co_return response_for(Errc::no_such_mailbox);
    const auto done = co_await store().subscribe(*store_session_, std::move(*name), subscribed);
    if (!done) co_return response_for(done.error().code);
    co_return ok(subscribed ? "SUBSCRIBE completed" : "UNSUBSCRIBE completed");
}

net::Task<Response> Session::do_status(const StatusCommand& command) {
    auto name = to_mailbox_name(command.name, name_form());
    if (!name) co_return response_for(Errc::no_such_mailbox);
    if (std::ranges::count(command.items, StatusItem::highest_modseq) > 0) enable_condstore();
    const auto status = co_await status_of(*name);
    if (!status) co_return response_for(status.error().code);
    tell_status(*name, command.items, *status);
    co_return ok("STATUS completed");
}

void Session::tell_status(const store::MailboxName& name, const StatusItems& items,
                          const store::MailboxStatus& status) {
    auto& out = out_.text;
    out += "* STATUS ";
    append_mailbox(out, name, name_form());
    for (const auto item : items) {
        out += item == items.front() ? " (" : " ";
        append_status_item(out, item, status, server_.limits.message_size);
    }
    out += ")\r\n";
}

} // namespace maild::imap
