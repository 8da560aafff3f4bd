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

std::string_view word_for(queue::RecipientState state) {
    switch (state) {
    case queue::RecipientState::held: return "held";
    case queue::RecipientState::due: return "due";
    case queue::RecipientState::leased: return "sending";
    case queue::RecipientState::delivered: return "delivered";
    case queue::RecipientState::failed: return "failed";
    }
    return "";
}

net::Task<Reply> queue_list(ControlReach& reach, Arguments arguments) {
    for (const std::string_view name : {"limit", "after"}) {
        if (arguments.has(name) && !arguments.number(name)) {
            co_return control::failure(control::kUsage,
                                       "--" + std::string(name) + " wants a number.");
        }
    }
    constexpr std::uint32_t kPage = 1000;
    const std::uint64_t wanted =
        arguments.number("limit").value_or(std::numeric_limits<std::uint64_t>::max());
    QueueId after(static_cast<std::int64_t>(arguments.number("after").value_or(0)));
    json::array rows;
    while (rows.size() < wanted) {
        const auto count =
            static_cast<std::uint32_t>(std::min<std::uint64_t>(kPage, wanted - rows.size()));
        const auto page = co_await reach.store.queued(after, count);
        if (!page) co_return control::failure(page.error());
        for (const auto& row : *page) {
            rows.push_back(
                json::object{{"id", row.id.value},
                             {"state", word_for(row.state)},
                             {"reverse_path", row.reverse_path.empty() ? "<>" : row.reverse_path},
                             {"recipient", row.recipient},
                             {"size", static_cast<std::int64_t>(row.size)},
                             {"attempts", row.attempts},
                             {"queued_at", unix_seconds(row.queued_at)},
                             {"next_attempt_at", unix_seconds(row.next_attempt_at)},
                             {"reason", row.reason}});
            after = row.id;
        }
        if (page->size() < count) break;
    }
    co_return control::success(json::object{{"rows", std::move(rows)}, {"next", after.value}});
}

constexpr ControlCommand kCommands[] = {
    {"mailbox list", list},
    {"mailbox status", rows_of},
    {"queue list", queue_list},
};

} // namespace

std::span<const ControlCommand> mailbox_commands() { return kCommands; }

} // namespace maild::daemon
