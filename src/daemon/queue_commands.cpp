// What waits to go to other hosts, and what its senders ask for.
#include "daemon/control_command.hpp"

namespace maild::daemon {
namespace json = boost::json;
namespace {

using control::Reply;

std::string path_of(const queue::QueuedRecipient& row) {
    return row.reverse_path.empty() ? "<>" : row.reverse_path;
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

json::object to_json(const queue::QueuedRecipient& row) {
    return {{"id", row.id.value},
            {"state", word_for(row.state)},
            {"reverse_path", path_of(row)},
            {"recipient", row.recipient},
            {"size", static_cast<std::int64_t>(row.size)},
            {"attempts", row.attempts},
            {"queued_at", unix_seconds(row.queued_at)},
            {"next_attempt_at", unix_seconds(row.next_attempt_at)},
            {"reason", row.reason}};
}

net::Task<Reply> list(ControlReach& reach, Arguments arguments) {
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
            rows.push_back(to_json(row));
            after = row.id;
        }
        if (page->size() < count) break;
    }
    co_return control::success(json::object{{"rows", std::move(rows)}, {"next", after.value}});
}

// As RFC 3461 writes them; "" where nothing was asked for.
json::object to_recipient(const queue::QueuedRecipient& row) {
    return {{"recipient", row.recipient},
            {"state", word_for(row.state)},
            {"original_recipient", row.original_recipient},
            {"notify", row.notify},
            {"attempts", row.attempts},
            {"next_attempt_at", unix_seconds(row.next_attempt_at)},
            {"reason", row.reason}};
}

std::string in_words(const queue::QueuedRecipient& row) {
    std::string out = row.recipient + " (" + std::string(word_for(row.state));
    if (!row.notify.empty()) out += ", NOTIFY=" + row.notify;
    if (!row.original_recipient.empty()) out += ", ORCPT=" + row.original_recipient;
    return out + ")";
}

json::value time_or_null(const std::optional<WallTime>& time) {
    return time ? json::value(unix_seconds(*time)) : json::value(nullptr);
}

std::string_view word_for(const queue::DeliverBy& by) {
    if (by.traces) return by.returns ? "return, trace" : "notify, trace";
    return by.returns ? "return" : "notify";
}

void add_handling(json::object& out, const queue::Handling& handling) {
    const auto& by = handling.deliver_by;
    out["tls"] = handling.requires_tls ? "required" : handling.tls_optional ? "optional" : "";
    out["priority"] = handling.priority;
    out["not_before"] = time_or_null(handling.not_before);
    out["deliver_by"] = by ? json::value(unix_seconds(by->deadline)) : json::value(nullptr);
    out["behind_deadline"] = by ? word_for(*by) : "";
}

json::object to_message(const std::vector<queue::QueuedRecipient>& rows) {
    const auto& first = rows.front();
    json::object out{{"id", first.id.value},
                     {"reverse_path", path_of(first)},
                     {"size", static_cast<std::int64_t>(first.size)},
                     {"queued_at", unix_seconds(first.queued_at)},
                     {"envelope_id", first.envelope_id},
                     {"return_content", first.return_content},
                     {"is_8bit", first.is_8bit},
                     {"is_smtputf8", first.is_smtputf8},
                     {"reason", first.reason}};
    add_handling(out, first.handling);
    json::array recipients;
    json::array words;
    for (const auto& row : rows) {
        recipients.push_back(to_recipient(row));
        words.emplace_back(in_words(row));
    }
    out["recipients"] = std::move(recipients);
    out["to"] = std::move(words);
    return out;
}

net::Task<Reply> show(ControlReach& reach, Arguments arguments) {
    constexpr std::uint64_t kMostId = std::numeric_limits<std::int64_t>::max();
    const auto number = arguments.number("id");
    if (!number || *number == 0 || *number > kMostId)
        co_return control::failure(control::kUsage, "ID wants a number, as `queue list` shows it.");
    const QueueId id(static_cast<std::int64_t>(*number));
    auto rows = co_await reach.store.queued(QueueId(id.value - 1), 1);
    if (!rows) co_return control::failure(rows.error());
    std::erase_if(*rows, [id](const queue::QueuedRecipient& row) { return row.id != id; });
    if (rows->empty())
        co_return control::failure(control::kNoSuchDomain,
                                   "no message " + std::to_string(id.value) + " in the queue.");
    co_return control::success(to_message(*rows));
}

constexpr ControlCommand kCommands[] = {
    {"queue list", list},
    {"queue show", show},
};

} // namespace

std::span<const ControlCommand> queue_commands() { return kCommands; }

} // namespace maild::daemon
