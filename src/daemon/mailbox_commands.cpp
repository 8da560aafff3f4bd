#include "daemon/control_command.hpp"

namespace maild::daemon {
namespace json = boost::json;
namespace {

using control::Reply;

std::string_view word_for(store::SpecialUse use) {
    switch (use) {
    case store::SpecialUse::none: return "";
    case store::SpecialUse::archive: return "\\Archive";
    case store::SpecialUse::drafts: return "\\Drafts";
    case store::SpecialUse::flagged: return "\\Flagged";
    case store::SpecialUse::junk: return "\\Junk";
    case store::SpecialUse::sent: return "\\Sent";
    case store::SpecialUse::trash: return "\\Trash";
    case store::SpecialUse::all: return "\\All";
    }
    return "";
}

json::object to_json(const store::MailboxEntry& entry, const store::MailboxStatus& status) {
    return {{"name", entry.name},
            {"special_use", word_for(entry.special_use)},
            {"subscribed", entry.is_subscribed},
            {"messages", status.messages},
            {"unseen", status.unseen},
            {"deleted", status.deleted},
            {"size", static_cast<std::int64_t>(status.size)},
            {"uid_validity", status.uid_validity.value},
            {"uid_next", status.uid_next.value},
            {"highest_modseq", status.highest_modseq.value}};
}

net::Task<Reply> rows_of(ControlReach& reach, Arguments arguments) {
    const auto only = arguments.optional_text("mailbox");
    const auto account = co_await reach.admin.show_account(arguments.text("address"));
    if (!account) co_return control::failure(account.error());
    const auto mailboxes =
        co_await reach.store.mailboxes({.account = account->id, .shard = account->shard});
    if (!mailboxes) co_return control::failure(mailboxes.error());
    json::array rows;
    for (const auto& [entry, status] : *mailboxes) {
        if (!only || entry.name == *only) rows.push_back(to_json(entry, status));
    }
    if (only && rows.empty())
        co_return control::failure(control::kNoSuchDomain,
                                   "no mailbox '" + *only + "' in " + account->address + ".");
    co_return control::success(json::object{{"rows", std::move(rows)}});
}

net::Task<Reply> list(ControlReach& reach, Arguments arguments) {
    auto reply = co_await rows_of(reach, arguments);
    co_return reply;
}

constexpr ControlCommand kCommands[] = {
    {"mailbox list", list},
    {"mailbox status", rows_of},
};

} // namespace

std::span<const ControlCommand> mailbox_commands() { return kCommands; }

} // namespace maild::daemon
