#include "daemon/admin_care.hpp"

#include "daemon/any_worker.hpp"
#include "daemon/notice_messages.hpp"

#include "maild/base/log.hpp"
#include "maild/net/timer.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

// GCC 12 takes Asio's recycled coroutine frames for a mismatch.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace maild::daemon {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::seconds kFirstLooks[] = {5s, 10s}; // what is wrong at the start is told soon
constexpr auto kLook = 60s;
constexpr auto kAnswerTime = 5s;
constexpr auto kDeliverTime = 60s;
constexpr auto kCountTime = 20s;     // of a summary that an admin waits for …
constexpr auto kCountDayTime = 300s; // … and of the day's
constexpr auto kDnsTime = 600s;
constexpr std::uint32_t kMostQueues = 1'000;
constexpr const char* kDayNote = "summary";
constexpr const char* kAlertNote = "alerts";

// The note of the day: its number since 1970, and below it what was told.
struct DayNote {
    std::optional<UtcDay> day;
    ToldMatters told;
};

DayNote parse_day_note(std::string_view text) {
    DayNote out;
    const auto line = text.substr(0, text.find('\n'));
    std::int64_t number = 0;
    const auto read = std::from_chars(line.data(), line.data() + line.size(), number);
    constexpr std::int64_t kMostDays = 2'932'896; // 9999-12-31
    if (read.ec != std::errc{} || number < 0 || number > kMostDays) return out;
    out.day = UtcDay(std::chrono::days(number));
    out.told = parse_told(text.substr(std::min(line.size() + 1, text.size())));
    return out;
}

std::string format_day_note(const DayNote& note) {
    if (!note.day) return {};
    return std::to_string(note.day->time_since_epoch().count()) + "\n" + format_told(note.told);
}

net::Task<Result<std::string>> load_note(ControlReach& reach, std::string name) {
    NoteName asked{std::move(name)};
    auto note = co_await reach.trace.call<Note>(kLoadNote, std::move(asked), kAnswerTime);
    if (!note) co_return std::unexpected(std::move(note.error()));
    co_return std::move(note->text);
}

net::Task<bool> keep_note(ControlReach& reach, std::string name, std::string text) {
    Note note{std::move(name), std::move(text)};
    const auto kept =
        co_await reach.trace.call<ipc::Nothing>(kKeepNote, std::move(note), kAnswerTime);
    if (!kept) log::warning("note_not_kept", {{"reason", kept.error().internal}});
    co_return kept.has_value();
}

ToldMatters keys_of(const std::vector<Matter>& matters) {
    ToldMatters out;
    for (const auto& matter : matters) out.insert(matter.key);
    return out;
}

} // namespace

std::optional<UtcDay> summary_due(std::optional<UtcDay> last, WallTime now,
                                  std::chrono::seconds at) {
    const auto yesterday = day_of(now) - std::chrono::days(1);
    const bool is_time = now >= WallTime(yesterday + std::chrono::days(1)) + at;
    if (!last || *last >= yesterday || !is_time) return std::nullopt;
    return yesterday;
}

net::Task<void> AdminCare::run(AdminCare& self, ControlReach& reach) {
    for (std::size_t looks = 0;; ++looks) {
        const bool is_first = looks < std::size(kFirstLooks);
        co_await net::sleep_for(is_first ? kFirstLooks[looks] : kLook);
        if (reach.status.is_stopping) continue;
        co_await self.look_for_alerts(reach);
        co_await self.look_for_day(reach);
    }
}

net::Task<HostFacts> AdminCare::gather(ControlReach& reach) {
    HostFacts facts{.hostname = reach.context.config().hostname,
                    .now = clock_.now(),
                    .status = reach.status,
                    .min_free = reach.context.config().store.min_free_bytes};
    const auto figures = co_await reach.store.figures();
    if (figures) facts.store = *figures;
    ipc::Nothing nothing;
    auto certificates =
        co_await reach.auth.call<CertificateList>(kListCertificates, nothing, kAnswerTime);
    if (certificates)
        facts.certificates = std::move(certificates->certificates);
    else
        facts.unknown.emplace_back("the certificates: the process auth does not answer");
    auto queue = co_await reach.queue.queue_figures(kMostQueues);
    if (queue)
        facts.queue = std::move(*queue);
    else
        facts.unknown.emplace_back("the queue: the store does not answer");
    auto suspensions = co_await reach.queue.list_suspensions();
    if (suspensions) facts.suspensions = std::move(*suspensions);
    auto bans = co_await reach.admin.list_bans();
    if (bans) facts.bans = std::move(*bans);
    co_return facts;
}

net::Task<void> AdminCare::ask_dns(ControlReach& reach, HostFacts& facts) {
    const auto domains = co_await reach.admin.list_domains();
    if (!domains) co_return;
    const auto end = std::chrono::steady_clock::now() + kDnsTime;
    facts.has_dns = true;
    for (const auto& domain : *domains) {
        if (domain.is_disabled) continue;
        if (std::chrono::steady_clock::now() > end) {
            facts.has_dns = false;
            facts.unknown.emplace_back("the DNS from " + domain.name +
                                       " on: there was too much to ask");
            co_return;
        }
        auto known = co_await facts_of(reach, domain.name);
        if (!known) continue;
        dnscare::CheckOptions options;
        options.validates = !reach.context.config().dns.trust_anchor.empty();
        const auto found =
            co_await dnscare::check(resolver_, clock_, std::move(*known), std::move(options));
        for (const auto& finding : found)
            if (finding.severity != dnscare::Severity::note)
                facts.dns.push_back({domain.name, finding});
    }
}

net::Task<Result<Summary>> AdminCare::summarize(ControlReach& reach, WallTime begin, WallTime end,
                                                Dns dns) {
    Summary out{.begin = begin, .end = end};
    const bool is_traced = reach.context.config().trace.is_enabled;
    const auto patience = dns == Dns::ask ? kCountDayTime : kCountTime;
    if (is_traced) {
        trace::Tally::Choice all;
        auto mail = co_await tally_mail(reach.trace, std::move(all), begin, end, patience);
        if (!mail) co_return std::unexpected(std::move(mail.error()));
        out.mail = std::move(*mail);
    } else {
        out.mail.tally = std::make_unique<trace::Tally>(trace::Tally::Choice{});
    }
    auto facts = co_await gather(reach);
    if (!is_traced)
        facts.unknown.emplace_back("how much mail came and went: trace.record is \"off\"");
    if (dns == Dns::ask) co_await ask_dns(reach, facts);
    out.facts = std::move(facts);
    out.matters = matters_of(out.facts);
    const auto note = co_await load_note(reach, kDayNote);
    if (note) out.told = parse_day_note(*note).told;
    co_return std::move(out);
}

net::Task<Result<std::string>> AdminCare::send(ControlReach& reach, const Notice& notice,
                                               std::string id) {
    DeliverNotice request{.to = reach.context.config().notices.to,
                          .id = std::move(id),
                          .subject = notice.subject,
                          .text = notice.text};
    auto place = co_await ask_any_worker<NoticePlace>(reach.workers, kDeliverNotice,
                                                      std::move(request), kDeliverTime);
    if (!place) co_return std::unexpected(std::move(place.error()));
    co_return std::move(place->words);
}

// What is urgent at two looks one behind the other: a process that has just been replaced is not.
net::Task<void> AdminCare::look_for_alerts(ControlReach& reach) {
    if (!reach.context.config().notices.alerts) co_return;
    if (!alerted_) {
        const auto note = co_await load_note(reach, kAlertNote);
        if (!note) co_return;
        alerted_ = parse_told(*note);
    }
    const auto facts = co_await gather(reach);
    std::vector<Matter> fresh;
    std::set<std::string> urgent;
    for (auto& matter : matters_of(facts)) {
        if (!matter.is_urgent) continue;
        urgent.insert(matter.key);
        if (suspected_.contains(matter.key) && !alerted_->contains(matter.key))
            fresh.push_back(std::move(matter));
    }
    suspected_ = urgent;
    std::erase_if(logged_, [&](const auto& key) { return !urgent.contains(key); });
    const auto over =
        std::erase_if(*alerted_, [&](const auto& key) { return !urgent.contains(key); });
    if (over > 0) co_await keep_note(reach, kAlertNote, format_told(*alerted_));
    if (!fresh.empty()) co_await alert(reach, facts, fresh);
}

net::Task<void> AdminCare::alert(ControlReach& reach, const HostFacts& facts,
                                 const std::vector<Matter>& matters) {
    for (const auto& matter : matters)
        if (logged_.insert(matter.key).second) log::error("alert", {{"matter", matter.words}});
    const auto notice = alert_notice(facts, matters);
    auto id = "alert." + std::to_string(to_unix_seconds(facts.now));
    const auto sent = co_await send(reach, notice, std::move(id));
    if (!sent) {
        log::warning("alert_not_delivered", {{"reason", sent.error().internal}});
        co_return; // and again at the next look
    }
    log::info("alert_delivered", {{"place", *sent}});
    for (const auto& matter : matters) alerted_->insert(matter.key);
    co_await keep_note(reach, kAlertNote, format_told(*alerted_));
}

net::Task<void> AdminCare::look_for_day(ControlReach& reach) {
    const auto& settings = reach.context.config().notices;
    if (settings.summary == SummaryMode::off) co_return;
    const auto note = co_await load_note(reach, kDayNote);
    if (!note) co_return;
    const auto last = parse_day_note(*note).day;
    if (!last) { // the first day of a host is told when it is over
        const auto today = day_of(clock_.now());
        DayNote first{.day = today - std::chrono::days(1), .told = {}};
        co_await keep_note(reach, kDayNote, format_day_note(first));
        co_return;
    }
    const auto day = summary_due(last, clock_.now(), settings.at);
    if (day) co_await tell_day(reach, *day);
}

net::Task<bool> AdminCare::tell_day(ControlReach& reach, UtcDay day) {
    const auto summary =
        co_await summarize(reach, WallTime(day), WallTime(day + std::chrono::days(1)), Dns::ask);
    if (!summary) {
        log::warning("summary_not_made", {{"reason", summary.error().internal}});
        co_return false;
    }
    const bool is_wanted =
        reach.context.config().notices.summary == SummaryMode::daily || has_news(*summary);
    if (is_wanted) {
        const auto notice = summary_notice(*summary);
        const auto sent = co_await send(reach, notice, "summary." + format_day(day));
        if (!sent) {
            log::warning("summary_not_delivered", {{"reason", sent.error().internal}});
            co_return false;
        }
        log::info("summary_delivered", {{"place", *sent}});
    }
    DayNote note{.day = day, .told = keys_of(summary->matters)};
    // What was not asked is as it was.
    if (!summary->facts.has_dns)
        for (const auto& key : summary->told)
            if (key.starts_with("dns ")) note.told.insert(key);
    const bool is_kept = co_await keep_note(reach, kDayNote, format_day_note(note));
    co_return is_kept;
}

} // namespace maild::daemon
