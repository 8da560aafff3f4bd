// What waits to go to other hosts, and what its senders ask for.
#include "daemon/control_command.hpp"

#include "maild/base/ascii.hpp"
#include "maild/mail/address.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

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
            {"destination", row.destination},
            {"host", row.host},
            {"status", row.status},
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
            {"last_attempt_at", row.attempts > 0 ? json::value(unix_seconds(row.last_attempt_at))
                                                 : json::value(nullptr)},
            {"next_attempt_at", unix_seconds(row.next_attempt_at)},
            {"destination", row.destination},
            {"host", row.host},
            {"status", row.status},
            {"reason", row.reason}};
}

std::string in_words(const queue::QueuedRecipient& row) {
    std::string out = row.recipient + " (" + std::string(word_for(row.state));
    if (!row.notify.empty()) out += ", NOTIFY=" + row.notify;
    if (!row.original_recipient.empty()) out += ", ORCPT=" + row.original_recipient;
    if (row.attempts > 0)
        out += row.attempts == 1 ? ", tried once"
                                 : ", tried " + std::to_string(row.attempts) + " times";
    out += ")";
    if (!row.reason.empty()) out += ": " + (row.host.empty() ? "" : row.host + ": ") + row.reason;
    return out;
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

// What `queue hold` and its like are told to work on.
Result<queue::Selection> selection_of(const Arguments& arguments) {
    queue::Selection selection;
    for (const auto& text : arguments.list("id")) {
        std::int64_t id = 0;
        const auto parsed = std::from_chars(text.data(), text.data() + text.size(), id);
        if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size() || id <= 0)
            return fail(Errc::invalid_argument,
                        "'" + text + "' is no number as `queue list` shows it.");
        selection.messages.emplace_back(id);
    }
    selection.destination = ascii::to_lower(arguments.text("to"));
    selection.recipient = arguments.text("recipient");
    selection.reverse_path = arguments.text("from");
    if (arguments.has("held")) selection.state = queue::RecipientState::held;
    if (const auto older = arguments.number("older"))
        selection.queued_before = SystemClock().now() - std::chrono::seconds(*older);
    const bool is_empty = selection.messages.empty() && selection.destination.empty() &&
                          selection.recipient.empty() && selection.reverse_path.empty() &&
                          !selection.state && !selection.queued_before;
    if (is_empty && !arguments.has("all"))
        return fail(Errc::invalid_argument,
                    "name messages by their ID, or by --to, --recipient, --from, --held or "
                    "--older; --all is for the whole queue.");
    return selection;
}

std::string words_for(std::uint64_t changed, std::string_view what) {
    if (changed == 0) return "nothing in the queue fits\n";
    return std::to_string(changed) + (changed == 1 ? " recipient " : " recipients ") +
           std::string(what) + "\n";
}

net::Task<Reply> change(ControlReach& reach, Arguments arguments, queue::ChangeRequest request,
                        std::string_view done) {
    auto selection = selection_of(arguments);
    if (!selection) co_return control::failure(selection.error());
    request.selection = std::move(*selection);
    std::uint64_t changed = 0;
    for (;;) {
        const auto slice = co_await reach.queue.change_queue(request);
        if (!slice) co_return control::failure(slice.error());
        changed += slice->changed;
        if (!slice->next) break;
        request.after = *slice->next;
    }
    co_return control::success(json::object{{"changed", static_cast<std::int64_t>(changed)},
                                            {"text", words_for(changed, done)}});
}

std::string reason_in(const Arguments& arguments, std::string_view otherwise) {
    auto reason = arguments.text("reason");
    return reason.empty() ? std::string(otherwise) : reason;
}

net::Task<Reply> hold(ControlReach& reach, Arguments arguments) {
    queue::ChangeRequest request{
        {}, queue::Action::hold, reason_in(arguments, "held by an admin"), {}};
    return change(reach, std::move(arguments), std::move(request), "held");
}

net::Task<Reply> release(ControlReach& reach, Arguments arguments) {
    queue::ChangeRequest request{{}, queue::Action::release, {}, {}};
    return change(reach, std::move(arguments), std::move(request), "to be tried now");
}

net::Task<Reply> retry(ControlReach& reach, Arguments arguments) {
    queue::ChangeRequest request{{}, queue::Action::retry, {}, {}};
    return change(reach, std::move(arguments), std::move(request), "to be tried now");
}

net::Task<Reply> give_up(ControlReach& reach, Arguments arguments) {
    queue::ChangeRequest request{
        {}, queue::Action::fail, reason_in(arguments, "given up by the postmaster"), {}};
    return change(reach, std::move(arguments), std::move(request), "given up");
}

net::Task<Reply> drop(ControlReach& reach, Arguments arguments) {
    queue::ChangeRequest request{{}, queue::Action::drop, {}, {}};
    return change(reach, std::move(arguments), std::move(request), "dropped");
}

net::Task<Reply> reroute(ControlReach& reach, Arguments arguments) {
    if (!mail::Domain::parse(arguments.text("destination"))) {
        co_return control::failure(control::kUsage,
                                   "DESTINATION is a domain, or an address in brackets.");
    }
    queue::ChangeRequest request{
        {}, queue::Action::reroute, ascii::to_lower(arguments.text("destination")), {}};
    auto reply = co_await change(reach, std::move(arguments), std::move(request), "to go there");
    co_return reply;
}

json::object to_json(const queue::DestinationFigures& figures) {
    json::object out{{"destination", figures.domain},
                     {"due", static_cast<std::int64_t>(figures.due)},
                     {"deferred", static_cast<std::int64_t>(figures.deferred)},
                     {"held", static_cast<std::int64_t>(figures.held)},
                     {"oldest", nullptr},
                     {"next_attempt_at", nullptr}};
    if (figures.due > 0) {
        out["oldest"] = unix_seconds(figures.oldest);
        out["next_attempt_at"] = unix_seconds(figures.next_attempt_at);
    }
    return out;
}

net::Task<Reply> stats(ControlReach& reach, Arguments) {
    constexpr std::uint32_t kMost = 1'000;
    const auto figures = co_await reach.queue.queue_figures(kMost);
    if (!figures) co_return control::failure(figures.error());
    json::array rows;
    for (const auto& one : *figures) rows.push_back(to_json(one));
    co_return control::success(json::object{{"rows", std::move(rows)}});
}

net::Task<Reply> suspend(ControlReach& reach, Arguments arguments) {
    constexpr std::uint64_t kMostSeconds = 366ULL * 86'400;
    const auto seconds = arguments.number("for");
    if (!seconds || *seconds == 0 || *seconds > kMostSeconds)
        co_return control::failure(control::kUsage, "--for wants a span of up to a year: 2h, 3d.");
    queue::Suspension suspension{.destination = ascii::to_lower(arguments.text("destination")),
                                 .until = SystemClock().now() + std::chrono::seconds(*seconds),
                                 .reason = arguments.text("reason")};
    const auto done = co_await reach.queue.suspend(std::move(suspension));
    if (!done) co_return control::failure(done.error());
    co_return control::success(json::object{{"text", "done\n"}});
}

net::Task<Reply> resume(ControlReach& reach, Arguments arguments) {
    const auto destination = ascii::to_lower(arguments.text("destination"));
    const auto there = co_await reach.queue.list_suspensions();
    if (!there) co_return control::failure(there.error());
    if (std::ranges::find(*there, destination, &queue::Suspension::destination) == there->end())
        co_return control::failure(control::kNoSuchDomain, destination + " is not suspended.");
    queue::Suspension ended{.destination = destination};
    const auto done = co_await reach.queue.suspend(std::move(ended));
    if (!done) co_return control::failure(done.error());
    co_return control::success(json::object{{"text", "done\n"}});
}

net::Task<Reply> suspended(ControlReach& reach, Arguments) {
    const auto there = co_await reach.queue.list_suspensions();
    if (!there) co_return control::failure(there.error());
    json::array rows;
    for (const auto& one : *there)
        rows.push_back(json::object{{"destination", one.destination},
                                    {"since", unix_seconds(one.since)},
                                    {"until", unix_seconds(one.until)},
                                    {"reason", one.reason}});
    co_return control::success(json::object{{"rows", std::move(rows)}});
}

Result<std::string> address_in(const Arguments& arguments) {
    const auto parsed = mail::parse_address(arguments.text("address"), mail::Utf8::allowed);
    if (!parsed)
        return fail(Errc::invalid_argument,
                    "'" + arguments.text("address") + "' is no address: write name@example.net.");
    return parsed->format();
}

net::Task<Reply> suppress(ControlReach& reach, Arguments arguments) {
    auto address = address_in(arguments);
    if (!address) co_return control::failure(address.error());
    queue::Suppression suppression{.address = std::move(*address),
                                   .reason = arguments.text("reason")};
    const auto done = co_await reach.queue.suppress(std::move(suppression));
    if (!done) co_return control::failure(done.error());
    co_return control::success(json::object{{"text", "done\n"}});
}

net::Task<Reply> unsuppress(ControlReach& reach, Arguments arguments) {
    auto address = address_in(arguments);
    if (!address) co_return control::failure(address.error());
    const auto done = co_await reach.queue.unsuppress(std::move(*address));
    if (!done && done.error().code == Errc::not_found)
        co_return control::failure(control::kNoSuchDomain, "it is not suppressed.");
    if (!done) co_return control::failure(done.error());
    co_return control::success(json::object{{"text", "done\n"}});
}

net::Task<Reply> suppressed(ControlReach& reach, Arguments) {
    constexpr std::uint32_t kPage = 1'000;
    json::array rows;
    std::string after;
    for (;;) {
        const auto page = co_await reach.queue.list_suppressions(after, kPage);
        if (!page) co_return control::failure(page.error());
        for (const auto& one : *page)
            rows.push_back(json::object{{"address", one.address},
                                        {"since", unix_seconds(one.since)},
                                        {"reason", one.reason}});
        if (page->size() < kPage) break;
        after = page->back().address;
    }
    co_return control::success(json::object{{"rows", std::move(rows)}});
}

constexpr ControlCommand kCommands[] = {
    {"queue list", list},
    {"queue show", show},
    {"queue stats", stats},
    {"queue hold", hold, true},
    {"queue release", release, true},
    {"queue retry", retry, true},
    {"queue fail", give_up, true},
    {"queue drop", drop, true},
    {"queue reroute", reroute, true},
    {"queue suspend", suspend, true},
    {"queue resume", resume, true},
    {"queue suspended", suspended},
    {"queue suppress add", suppress, true},
    {"queue suppress rm", unsuppress, true},
    {"queue suppress list", suppressed},
};

} // namespace

std::span<const ControlCommand> queue_commands() { return kCommands; }

} // namespace maild::daemon
