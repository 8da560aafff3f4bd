#include "daemon/admin_care.hpp"

#include "daemon/any_worker.hpp"
#include "daemon/note_messages.hpp"
#include "daemon/notice_messages.hpp"

#include "maild/base/log.hpp"
#include "maild/net/spawn.hpp"
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
constexpr auto kAfterTrouble = 30min; // what could not be delivered is tried again
constexpr auto kAnswerTime = 5s;
constexpr auto kStoreTime = 10s;
constexpr auto kDeliverTime = 330s;  // longer than a worker waits for the store: none is sent twice
constexpr auto kCountTime = 20s;     // of a summary that an admin waits for …
constexpr auto kCountDayTime = 300s; // … and of the day's
constexpr auto kDnsTime = 600s;
constexpr std::uint32_t kMostQueues = 1'000;
constexpr const char* kDayNote = "summary";
constexpr const char* kAlertNote = "alerts";

net::Task<Result<std::string>> load_note(ControlReach& reach, std::string name) {
    if (!reach.context.config().trace.is_enabled) co_return std::string();
    NoteName asked{std::move(name)};
    auto note = co_await reach.trace.call<KeptNote>(kLoadNote, std::move(asked), kAnswerTime);
    if (!note) co_return std::unexpected(std::move(note.error()));
    co_return std::move(note->text);
}

net::Task<bool> keep_note(ControlReach& reach, std::string name, std::string text) {
    if (!reach.context.config().trace.is_enabled) co_return true;
    KeptNote note{std::move(name), std::move(text)};
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

struct AdminCare::StoreLook {
    net::Event arrived;
    bool is_over = false;
    std::optional<store::StoreFigures> figures;
};

std::optional<UtcDay> summary_due(std::optional<UtcDay> last, WallTime now,
                                  std::chrono::seconds at) {
    const auto yesterday = day_of(now) - std::chrono::days(1);
    const bool is_time = now >= WallTime(yesterday + std::chrono::days(1)) + at;
    if (!last || *last >= yesterday || !is_time) return std::nullopt;
    return yesterday;
}

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

net::Task<void> AdminCare::watch(AdminCare& self, ControlReach& reach) {
    for (std::size_t looks = 0;; ++looks) {
        const bool is_first = looks < std::size(kFirstLooks);
        co_await net::sleep_for(is_first ? kFirstLooks[looks] : kLook);
        if (!reach.status.is_stopping) co_await self.look_for_alerts(reach);
    }
}

net::Task<void> AdminCare::tell_days(AdminCare& self, ControlReach& reach) {
    for (std::size_t looks = 0;; ++looks) {
        const bool is_first = looks < std::size(kFirstLooks);
        co_await net::sleep_for(is_first ? kFirstLooks[looks] : kLook);
        if (reach.status.is_stopping) continue;
        const bool is_well = co_await self.look_for_day(reach);
        if (!is_well) co_await net::sleep_for(kAfterTrouble);
    }
}

net::Task<void> AdminCare::ask_store(std::shared_ptr<StoreLook> look, store::StoreAdmin& store) {
    const auto figures = co_await store.figures();
    if (figures) look->figures = *figures;
    look->is_over = true;
    look->arrived.notify();
}

// A store whose disk hangs answers after minutes; nobody waits so long to tell of it, and it is not
// asked again meanwhile.
net::Task<std::optional<store::StoreFigures>> AdminCare::look_at_store(ControlReach& reach) {
    if (!store_look_ || store_look_->is_over) {
        store_look_ = std::make_shared<StoreLook>();
        net::spawn(reach.context.io(), ask_store(store_look_, reach.store), "look_at_store");
    }
    const auto look = store_look_;
    if (!look->is_over) co_await look->arrived.wait(kStoreTime);
    co_return look->figures;
}

net::Task<HostFacts> AdminCare::gather(ControlReach& reach) {
    HostFacts facts{.hostname = reach.context.config().hostname,
                    .now = clock_.now(),
                    .status = reach.status,
                    .min_free = reach.context.config().store.min_free_bytes};
    const auto figures = co_await look_at_store(reach);
    facts.store = figures;
    ipc::Nothing nothing;
    auto certificates =
        co_await reach.auth.call<CertificateList>(kListCertificates, nothing, kAnswerTime);
    if (certificates)
        facts.certificates = std::move(certificates->certificates);
    else
        facts.unknown.emplace_back("the certificates: the process auth does not answer");
    co_return facts;
}

// What nothing urgent depends on: the queue's figures are counted over all of it.
net::Task<void> AdminCare::gather_rest(ControlReach& reach, HostFacts& facts) {
    if (!facts.store) {
        facts.unknown.emplace_back("the queue: the store does not answer");
    } else {
        auto queue = co_await reach.queue.queue_figures(kMostQueues);
        if (queue) facts.queue = std::move(*queue);
        auto suspensions = co_await reach.queue.list_suspensions();
        if (suspensions) facts.suspensions = std::move(*suspensions);
        if (!facts.queue || !facts.suspensions)
            facts.unknown.emplace_back("all of the queue: the store does not answer");
        else if (facts.queue->size() == kMostQueues)
            facts.unknown.emplace_back("all of the queue: the thousand largest destinations are "
                                       "counted");
    }
    auto bans = co_await reach.admin.list_bans();
    if (bans)
        facts.bans = std::move(*bans);
    else
        facts.unknown.emplace_back("who is banned: the process auth does not answer");
}

// Where there is no time for all domains, the next day begins with those that are left.
net::Task<void> AdminCare::ask_dns(ControlReach& reach, HostFacts& facts) {
    const auto domains = co_await reach.admin.list_domains();
    const auto certificates = co_await host_certificates(reach);
    if (!domains || !certificates) {
        facts.unknown.emplace_back("what the DNS says: the process auth does not answer");
        co_return;
    }
    const auto end = std::chrono::steady_clock::now() + kDnsTime;
    const auto count = domains->size();
    std::vector<DomainFinding> findings;
    std::size_t done = 0;
    for (; done < count && std::chrono::steady_clock::now() < end; ++done) {
        const auto& domain = (*domains)[(first_domain_ + done) % count];
        if (domain.is_disabled) continue;
        auto served = *certificates;
        auto known = co_await facts_of(reach, domain.name, std::move(served));
        if (!known) break;
        auto name = known->domain;
        auto policy = co_await served_policy(reach, std::move(name));
        known->policy = std::move(policy);
        dnscare::CheckOptions options;
        options.validates = !reach.context.config().dns.trust_anchor.empty();
        const auto found =
            co_await dnscare::check(resolver_, clock_, std::move(*known), std::move(options));
        for (const auto& finding : found)
            if (finding.severity != dnscare::Severity::note)
                findings.push_back({domain.name, finding});
    }
    if (done == count) {
        facts.dns = std::move(findings);
        co_return;
    }
    facts.unknown.emplace_back("what the DNS says: " + std::to_string(count - done) + " of " +
                               std::to_string(count) +
                               " domains could not be asked about; see mailctl domain check --all");
    first_domain_ = (first_domain_ + done) % count;
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
    co_await gather_rest(reach, facts);
    if (!is_traced)
        facts.unknown.emplace_back("how much mail came and went: trace.record is \"off\"");
    if (dns == Dns::ask) co_await ask_dns(reach, facts);
    out.facts = std::move(facts);
    out.matters = matters_of(out.facts);
    co_await learn(reach);
    out.told = day_.told;
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

// What an earlier process has told. Where there is no `trace` to keep notes, memory is all there
// is, and yesterday counts as told.
net::Task<void> AdminCare::learn(ControlReach& reach) {
    if (!has_day_) {
        const auto note = co_await load_note(reach, kDayNote);
        has_day_ = note.has_value();
        if (note) day_ = parse_day_note(*note);
    }
    if (!has_alerts_) {
        const auto note = co_await load_note(reach, kAlertNote);
        has_alerts_ = note.has_value();
        if (note) alerts_.add(parse_told(*note), clock_.now());
    }
}

net::Task<void> AdminCare::look_for_alerts(ControlReach& reach) {
    co_await learn(reach); // if it fails: better told twice than not at all
    const auto facts = co_await gather(reach);
    const auto now = clock_.now();
    auto fresh = alerts_.look(matters_of(facts), now);
    const bool is_early = alert_again_at_ && now < *alert_again_at_;
    if (!fresh.empty() && !is_early) co_await alert(reach, facts, std::move(fresh));
    auto keys = alerts_.keys();
    if (!has_alerts_ || keys == kept_alerts_) co_return;
    const bool is_kept = co_await keep_note(reach, kAlertNote, format_told(keys));
    if (is_kept) kept_alerts_ = std::move(keys);
}

net::Task<void> AdminCare::alert(ControlReach& reach, const HostFacts& facts,
                                 std::vector<Matter> matters) {
    for (const auto& matter : matters)
        if (logged_.insert(matter.key).second) log::error("alert", {{"matter", matter.words}});
    if (reach.context.config().notices.alerts) {
        const auto notice = alert_notice(facts, matters);
        auto id = "alert." + std::to_string(to_unix_seconds(facts.now));
        const auto sent = co_await send(reach, notice, std::move(id));
        if (!sent) {
            log::warning("alert_not_delivered", {{"reason", sent.error().internal}});
            alert_again_at_ = clock_.now() + kAfterTrouble;
            co_return;
        }
        log::info("alert_delivered", {{"place", *sent}});
    }
    alert_again_at_.reset();
    logged_.clear();
    alerts_.told(matters, clock_.now());
}

// False: it was due, and something was in the way.
net::Task<bool> AdminCare::look_for_day(ControlReach& reach) {
    const auto settings = reach.context.config().notices; // a reload may take it away meanwhile
    if (settings.summary == SummaryMode::off) co_return true;
    co_await learn(reach);
    if (!has_day_) co_return true; // `trace` is being replaced
    if (!day_.day) {               // the first day of a host is told when it is over
        day_.day = day_of(clock_.now()) - std::chrono::days(1);
        co_await keep_note(reach, kDayNote, format_day_note(day_));
        co_return true;
    }
    const auto due = summary_due(day_.day, clock_.now(), settings.at);
    if (!due) co_return true;
    const bool is_told = co_await tell_day(reach, *due);
    co_return is_told;
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
    for (const auto& key : summary->told) // what was not asked is as it was
        if (!is_known(summary->facts, key)) note.told.insert(key);
    day_ = std::move(note);
    co_await keep_note(reach, kDayNote, format_day_note(day_));
    co_return true;
}

} // namespace maild::daemon
