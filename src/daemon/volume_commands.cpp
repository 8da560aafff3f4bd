// How much mail came and went, and how other hosts took ours: what the traces add up to.
#include "daemon/admin_care.hpp"
#include "daemon/control_command.hpp"
#include "daemon/mail_tally.hpp"

#include "maild/base/ascii.hpp"
#include "maild/mail/date.hpp"
#include "maild/mail/text.hpp"

#include <algorithm>
#include <optional>

namespace maild::daemon {
namespace json = boost::json;
namespace {

using control::Reply;

constexpr std::chrono::seconds kPatience{20}; // mailctl waits for half a minute
constexpr std::uint64_t kMostSeconds = 366ULL * 86'400;
constexpr std::uint64_t kWeek = 7ULL * 86'400;

// A peer's octets as JSON can carry them.
std::string clean(std::string_view text) { return mail::to_utf8(text, "utf-8"); }

std::int64_t number(std::uint64_t value) { return static_cast<std::int64_t>(value); }

json::object to_json(WallTime begin, const trace::Volume& v) {
    return {{"begin", unix_seconds(begin)},     {"received", number(v.received)},
            {"submitted", number(v.submitted)}, {"refused", number(v.refused)},
            {"put_off", number(v.put_off)},     {"delivered", number(v.delivered)},
            {"sent", number(v.sent)},           {"failed", number(v.failed)},
            {"deferred", number(v.deferred)},   {"octets", number(v.octets)},
            {"uncounted", number(v.uncounted)}, {"lost", number(v.lost)}};
}

// In percent of those whose fate is settled; nothing is neither good nor bad.
json::value rate_of(const trace::Destination& d) {
    const auto over = d.sent + d.failed;
    if (over == 0) return nullptr;
    return static_cast<double>(d.sent * 1'000 / over) / 10;
}

json::object to_json(const trace::Destination& d) {
    json::array texts;
    for (const auto& text : d.texts)
        texts.push_back(json::object{{"words", clean(text.words)}, {"count", number(text.count)}});
    json::object out{{"destination", d.name.empty() ? "(all others)" : clean(d.name)},
                     {"host", clean(d.host)},
                     {"sent", number(d.sent)},
                     {"failed", number(d.failed)},
                     {"deferred", number(d.deferred)},
                     {"rate", rate_of(d)},
                     {"why", ""},
                     {"other_texts", number(d.other_texts)}};
    if (!d.texts.empty())
        out["why"] = std::to_string(d.texts.front().count) + " × " + clean(d.texts.front().words);
    out["texts"] = std::move(texts);
    return out;
}

json::array matters_json(const std::vector<Matter>& matters) {
    json::array out;
    for (const auto& matter : matters)
        out.push_back(json::object{{"key", clean(matter.key)},
                                   {"words", clean(matter.words)},
                                   {"urgent", matter.is_urgent}});
    return out;
}

struct Wanted {
    trace::Tally::Choice choice;
    WallTime since;
    WallTime now;
};

Result<Wanted> wanted_by(const ControlReach& reach, const Arguments& arguments) {
    if (!reach.context.config().trace.is_enabled)
        return fail(Errc::invalid_argument, "nothing is remembered of messages: trace.record is "
                                            "\"off\" in the configuration.");
    const auto seconds = arguments.number("since").value_or(kWeek);
    if (seconds == 0 || seconds > kMostSeconds)
        return fail(Errc::invalid_argument, "--since wants a span of up to a year: 24h, 7d.");
    const auto by = arguments.text("by");
    if (!by.empty() && by != "day" && by != "hour")
        return fail(Errc::invalid_argument, "--by is day or hour.");
    Wanted out;
    out.now = SystemClock().now();
    out.since = out.now - std::chrono::seconds(seconds);
    out.choice.domain = ascii::to_lower(arguments.text("domain"));
    if (by == "hour") out.choice.period = std::chrono::hours(1);
    if (std::chrono::seconds(seconds) > out.choice.period * (trace::kMaxPeriods - 1))
        return fail(Errc::invalid_argument, "so many hours are too many rows: --since 41d at most, "
                                            "or --by day.");
    return out;
}

net::Task<Result<MailTally>> tally_for(ControlReach& reach, Wanted wanted) {
    constexpr std::chrono::seconds kSlack{60}; // clocks of two processes, and what comes meanwhile
    const auto until = wanted.now + kSlack;
    auto tally =
        co_await tally_mail(reach.trace, std::move(wanted.choice), wanted.since, until, kPatience);
    co_return tally;
}

Reply failure(const Error& error) {
    if (error.code != Errc::unavailable) return control::failure(error);
    return control::failure(control::kTemporary,
                            "the traces are not reachable now: see mailctl server status.");
}

Reply reply_of(json::array rows, const MailTally& tally) {
    auto reply = control::success(json::object{{"rows", std::move(rows)},
                                               {"since", unix_seconds(tally.from)},
                                               {"whole", tally.is_whole},
                                               {"lost", number(tally.tally->total().lost)}});
    if (tally.is_whole) return reply;
    reply.exit = control::kTemporary;
    reply.error = "there is too much to count it all now: it is counted back to " +
                  mail::format_date_time(tally.from) + "; name a shorter time with --since.";
    return reply;
}

net::Task<Reply> volume(ControlReach& reach, Arguments arguments) {
    auto wanted = wanted_by(reach, arguments);
    if (!wanted) co_return control::failure(control::kUsage, wanted.error().internal);
    const auto tally = co_await tally_for(reach, std::move(*wanted));
    if (!tally) co_return failure(tally.error());
    json::array rows;
    for (const auto& [begin, volume] : tally->tally->volumes())
        rows.push_back(to_json(begin, volume));
    co_return reply_of(std::move(rows), *tally);
}

net::Task<Reply> deliverability(ControlReach& reach, Arguments arguments) {
    auto wanted = wanted_by(reach, arguments);
    if (!wanted) co_return control::failure(control::kUsage, wanted.error().internal);
    const auto tally = co_await tally_for(reach, std::move(*wanted));
    if (!tally) co_return failure(tally.error());
    const auto to = ascii::to_lower(arguments.text("to"));
    json::array rows;
    for (const auto& destination : tally->tally->destinations())
        if (to.empty() || ascii::equals_icase(destination.name, to))
            rows.push_back(to_json(destination));
    co_return reply_of(std::move(rows), *tally);
}

// What the mail of the day would say now; the DNS is left alone, for it takes too long.
net::Task<Reply> summary(ControlReach& reach, Arguments arguments) {
    const auto now = SystemClock().now();
    const auto begin = now - std::chrono::days(1);
    auto made = co_await reach.notices.summarize(reach, begin, now, AdminCare::Dns::leave);
    if (!made) co_return failure(made.error());
    made->facts.unknown.emplace_back("what the DNS says: mailctl domain check --all asks it");
    const auto notice = summary_notice(*made);
    json::object result{{"subject", notice.subject}, {"matters", matters_json(made->matters)}};
    result["text"] = "Subject: " + notice.subject + "\n\n" + notice.text;
    if (!arguments.has("send")) co_return control::success(std::move(result));
    auto id = "summary.now." + std::to_string(unix_seconds(now));
    const auto sent = co_await reach.notices.send(reach, notice, std::move(id));
    if (!sent) co_return control::failure(sent.error());
    result["place"] = *sent;
    result["text"] = "sent to " + reach.context.config().notices.to + ": it is " + *sent + "\n";
    co_return control::success(std::move(result));
}

constexpr ControlCommand kCommands[] = {
    {"report summary", summary},
    {"report volume", volume},
    {"report deliverability", deliverability},
};

} // namespace

std::span<const ControlCommand> volume_commands() { return kCommands; }

} // namespace maild::daemon
