#include "daemon/control_command.hpp"

#include "maild/base/utf8.hpp"
#include "maild/mail/text.hpp"
#include "maild/net/ip.hpp"
#include "maild/net/timer.hpp"
#include "maild/trace/explain.hpp"
#include "maild/trace/messages.hpp"

#include <algorithm>
#include <set>

// GCC 12 takes Asio's recycled coroutine frames for a mismatch.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace maild::daemon {
namespace json = boost::json;
namespace {

using namespace std::chrono_literals;
using control::Reply;

constexpr auto kAnswerTime = 5s;
constexpr auto kSearchTime = 20s; // mailctl waits for half a minute
constexpr std::uint32_t kRows = 20;
constexpr std::uint32_t kMaxRows = 10'000;
constexpr std::uint32_t kExplained = 10;
constexpr auto kLook = 250ms;  // for news, and …
constexpr auto kPatience = 5s; // … until mailctl has to ask again
constexpr const char* kLeftOut = "the search took too long: older ones are left out; name a time "
                                 "with --since, or more of what is known.";

// A peer's octets as JSON can carry them.
std::string clean(std::string_view text) {
    return is_utf8(text) ? std::string(text) : mail::to_utf8(text, "utf-8");
}

struct Hit {
    std::uint64_t number = 0;
    trace::Record record;
};
struct Hits {
    std::vector<Hit> hits; // newest first
    std::uint64_t end = 0;
    bool is_whole = true;
};

net::Task<Result<Hits>> search(ControlReach& reach, trace::SearchRequest request) {
    Hits out;
    const auto until = std::chrono::steady_clock::now() + kSearchTime;
    const auto wanted = request.range.limit;
    while (true) {
        auto page =
            co_await reach.trace.call<trace::SearchPage>(trace::kSearch, request, kAnswerTime);
        if (!page) co_return std::unexpected(std::move(page.error()));
        if (out.end == 0) out.end = page->end;
        for (const auto& found : page->found) {
            auto record = trace::parse_record(found.record);
            if (record) out.hits.push_back({found.number, std::move(*record)});
        }
        const bool is_over = !page->next || out.hits.size() >= wanted;
        if (is_over) co_return out;
        out.is_whole = std::chrono::steady_clock::now() < until;
        if (!out.is_whole) co_return out;
        request.range.before = *page->next;
        request.range.limit = wanted - static_cast<std::uint32_t>(out.hits.size());
    }
}

Result<trace::SearchRequest> request_from(const Arguments& arguments) {
    trace::SearchRequest request;
    auto& query = request.query;
    query.any_id = arguments.text("id");
    query.message_id = arguments.text("message-id");
    query.recipient = arguments.text("to");
    query.sender = arguments.text("from");
    query.client = arguments.text("client");
    if (!query.client.empty() && query.client != "local") {
        const auto address = net::parse_ip(query.client);
        if (!address)
            return fail(Errc::invalid_argument,
                        "'" + query.client + "' is no IP address in digits.");
        query.client = net::format_ip(*address);
    }
    if (const auto seconds = arguments.number("since"))
        query.since = SystemClock().now() - std::chrono::seconds(*seconds);
    const auto limit = arguments.number("limit");
    if (arguments.has("limit") && (!limit || *limit == 0 || *limit > kMaxRows))
        return fail(Errc::invalid_argument, "--limit is a number from 1 to 10000.");
    request.range.limit = static_cast<std::uint32_t>(limit.value_or(kRows));
    return request;
}

json::array recipients_of(const trace::Record& record) {
    json::array list;
    for (const auto& recipient : record.recipients)
        list.emplace_back(clean(recipient.forward_path));
    if (const auto more = record.more_accepted + record.more_refused; more > 0)
        list.emplace_back("and " + std::to_string(more) + " more");
    return list;
}

json::object to_row(const trace::Record& record) {
    const auto explained = trace::explain(record);
    return {{"time", unix_seconds(record.time)},
            {"id", clean(record.id)},
            {"service", clean(record.service)},
            {"client", clean(record.client_address)},
            {"from", record.lost > 0 ? std::string() : "<" + clean(record.reverse_path) + ">"},
            {"to", recipients_of(record)},
            {"fate", trace::name_of(explained.fate)},
            {"reason", clean(explained.reason)},
            {"message_id", clean(record.message_id)},
            {"size", record.size},
            {"lost", record.lost}};
}

std::string_view word_for(trace::Outcome outcome) {
    constexpr std::string_view kWords[] = {"passed", "noted", "deferred", "refused"};
    return kWords[static_cast<std::size_t>(outcome)];
}

json::object to_json(const trace::Place& place) {
    const bool is_mailbox = place.kind == trace::Place::Kind::mailbox;
    json::object out{{"kind", is_mailbox ? "mailbox" : "queue"},
                     {"address", clean(place.address)},
                     {"reason", clean(place.reason)}};
    if (is_mailbox) out["mailbox"] = clean(place.mailbox);
    out[is_mailbox ? "uid" : "queue_id"] = place.number;
    return out;
}

json::object to_json(const trace::Record& record, const trace::Recipient& recipient) {
    const auto fate = trace::fate_of(record, recipient);
    json::array steps;
    for (const auto& step : recipient.steps)
        steps.push_back(json::object{
            {"rule", clean(step.rule)}, {"from", clean(step.from)}, {"to", clean(step.to)}});
    json::array places;
    for (const auto& place : recipient.places) places.push_back(to_json(place));
    return {{"address", clean(recipient.forward_path)},
            {"fate", trace::name_of(fate.fate)},
            {"reason", clean(fate.reason)},
            {"accepted", recipient.is_accepted},
            {"reply", clean(recipient.reply)},
            {"steps", std::move(steps)},
            {"places", std::move(places)}};
}

json::object to_detail(const trace::Record& record) {
    auto out = to_row(record);
    out["session"] = clean(record.session);
    out["client_name"] = clean(record.client_name);
    out["hello"] = clean(record.hello);
    out["tls"] = clean(record.tls);
    out["account"] = clean(record.account);
    out["header_from"] = clean(mail::decoded_header_text(record.from));
    out["subject"] = clean(mail::decoded_header_text(record.subject));
    out["reply"] = clean(record.reply);
    json::array stages;
    for (const auto& verdict : record.verdicts)
        stages.push_back(json::object{{"stage", clean(verdict.stage)},
                                      {"outcome", word_for(verdict.outcome)},
                                      {"reason", clean(verdict.reason)}});
    out["stages"] = std::move(stages);
    json::array recipients;
    for (const auto& recipient : record.recipients)
        recipients.push_back(to_json(record, recipient));
    out["recipients"] = std::move(recipients);
    out["more_accepted"] = record.more_accepted;
    out["more_refused"] = record.more_refused;
    return out;
}

Reply failure(const Error& error) {
    if (error.code != Errc::unavailable) return control::failure(error);
    return control::failure(control::kTemporary,
                            "the traces are not reachable now: see mailctl server status.");
}

std::optional<Reply> refused(const ControlReach& reach) {
    if (reach.context.config().trace.is_enabled) return std::nullopt;
    return control::failure(control::kBadConfiguration,
                            "nothing is remembered of messages: trace.record is \"off\" in the "
                            "configuration.");
}

Reply reply_of(json::object result, bool is_whole) {
    auto reply = control::success(std::move(result));
    if (is_whole) return reply;
    reply.exit = control::kTemporary;
    reply.error = kLeftOut;
    return reply;
}

// What came since a number, oldest first, as soon as there is something.
net::Task<Reply> follow(ControlReach& reach, trace::SearchRequest request, std::uint64_t from) {
    const auto until = std::chrono::steady_clock::now() + kPatience;
    request.range = {.from = from, .limit = kMaxRows};
    Result<Hits> hits;
    while (true) {
        auto looked = co_await search(reach, request);
        hits = std::move(looked);
        if (!hits) co_return failure(hits.error());
        if (!hits->hits.empty() || std::chrono::steady_clock::now() > until) break;
        request.range.from = hits->end;
        co_await net::sleep_for(kLook);
    }
    json::array rows;
    for (auto hit = hits->hits.rbegin(); hit != hits->hits.rend(); ++hit)
        rows.push_back(to_row(hit->record));
    co_return control::success(
        json::object{{"rows", std::move(rows)}, {"next", std::to_string(hits->end)}});
}

net::Task<Reply> list(ControlReach& reach, Arguments arguments) {
    if (auto off = refused(reach)) co_return std::move(*off);
    auto request = request_from(arguments);
    if (!request) co_return control::failure(control::kUsage, request.error().internal);
    if (const auto from = arguments.number(control::kStep)) {
        auto reply = co_await follow(reach, std::move(*request), *from);
        co_return reply;
    }
    auto hits = co_await search(reach, std::move(*request));
    if (!hits) co_return failure(hits.error());
    const bool is_followed = arguments.has("follow");
    if (is_followed) std::ranges::reverse(hits->hits);
    json::array rows;
    for (const auto& hit : hits->hits) rows.push_back(to_row(hit.record));
    json::object result{{"rows", std::move(rows)}};
    if (is_followed) result["next"] = std::to_string(hits->end);
    co_return reply_of(std::move(result), hits->is_whole);
}

// As mailctl shows it.
void append_lines(json::array& lines, const trace::Record& shown,
                  const trace::Explanation& explained) {
    auto head = clean(shown.id) + ": " + std::string(trace::name_of(explained.fate));
    if (!explained.reason.empty()) head += ", " + clean(explained.reason);
    lines.emplace_back(head);
    for (const auto& sentence : explained.sentences) lines.emplace_back("  " + clean(sentence));
}

bool is_attempt(const trace::Record& record) { return record.service == "sender"; }

std::set<std::uint64_t> queue_ids_in(const Hits& hits) {
    std::set<std::uint64_t> ids;
    for (const auto& hit : hits.hits) {
        if (is_attempt(hit.record)) return {}; // asked for by the queue's number: all are there
        for (const auto& recipient : hit.record.recipients)
            for (const auto& place : recipient.places)
                if (place.kind == trace::Place::Kind::queue && place.number != 0 &&
                    ids.size() < kExplained)
                    ids.insert(place.number);
    }
    return ids;
}

// What was tried of the mail that these have put into the queue, behind them and oldest first.
net::Task<void> add_attempts(ControlReach& reach, Hits& hits) {
    for (const auto id : queue_ids_in(hits)) {
        trace::SearchRequest request;
        request.query.any_id = std::to_string(id);
        request.range.limit = kExplained;
        auto found = co_await search(reach, std::move(request));
        if (!found) continue; // what came is explained all the same
        std::ranges::reverse(found->hits);
        for (auto& hit : found->hits)
            if (is_attempt(hit.record)) hits.hits.push_back(std::move(hit));
    }
}

net::Task<Reply> explain(ControlReach& reach, Arguments arguments) {
    if (auto off = refused(reach)) co_return std::move(*off);
    trace::SearchRequest request;
    request.query.any_id = arguments.text("id");
    request.range.limit = kExplained;
    auto hits = co_await search(reach, std::move(request));
    if (!hits) co_return failure(hits.error());
    co_await add_attempts(reach, *hits);
    if (hits->hits.empty())
        co_return control::failure(control::kNoSuchDomain, "nothing is remembered of '" +
                                                               arguments.text("id") +
                                                               "'; see mailctl message trace.");
    json::array messages;
    json::array lines;
    for (const auto& hit : hits->hits) {
        auto shown = hit.record;
        shown.from = mail::decoded_header_text(shown.from);
        shown.subject = mail::decoded_header_text(shown.subject);
        const auto explained = trace::explain(shown);
        auto detail = to_detail(hit.record);
        json::array sentences;
        for (const auto& sentence : explained.sentences) sentences.emplace_back(clean(sentence));
        detail["sentences"] = std::move(sentences);
        messages.push_back(std::move(detail));
        append_lines(lines, shown, explained);
    }
    co_return reply_of(json::object{{"messages", std::move(messages)}, {"lines", std::move(lines)}},
                       hits->is_whole);
}

constexpr ControlCommand kCommands[] = {
    {"message trace", list},
    {"message explain", explain},
};

} // namespace

std::span<const ControlCommand> trace_commands() { return kCommands; }

} // namespace maild::daemon
