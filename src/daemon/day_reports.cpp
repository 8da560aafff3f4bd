#include "daemon/day_reports.hpp"

#include "maild/base/log.hpp"
#include "maild/net/spawn.hpp"
#include "maild/policy/dmarc.hpp"
#include "maild/trace/messages.hpp"

#include <algorithm>
#include <chrono>
#include <ranges>
#include <utility>

// GCC 12 takes Asio's recycled coroutine frames for a mismatch.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace maild::daemon {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kLanes = 8;     // reports under way at once: most of the time is the DNS's
constexpr auto kPageTime = 10s;       // of trace
constexpr auto kSendTime = 180s;      // of a worker: the DNS, five signatures, the store
constexpr std::uint32_t kPage = 2000; // records
constexpr std::size_t kMostPacked = 8 << 20; // octets; hardly a host takes mail of more
constexpr std::size_t kMostDetail = 500;     // octets, of a line
constexpr auto kBreath = 5ms; // between pages, so that trace and control do other work

// By the list of public suffixes: to walk up the DNS for each would take the time that is to be
// saved.
std::string organization_of(const std::string& domain) {
    return policy::dmarc::registrable_domain(domain).value_or(domain);
}

bool is_below(std::string_view name, std::string_view domain) {
    if (!name.ends_with(domain)) return false;
    return name.size() == domain.size() || name[name.size() - domain.size() - 1] == '.';
}

// A worker that was taken over may say anything, and what it says is kept, here and by `trace`.
bool is_bounded(const ReportFate& fate) {
    return fate.copies.size() <= ReportFate::kMostCopies &&
           std::ranges::all_of(fate.copies, [](const ReportCopy& copy) {
               return copy.to.size() <= ReportFate::kMostAddress;
           });
}

std::string_view word_for(CopyFate fate, bool is_dry_run) {
    switch (fate) {
    case CopyFate::sent: return is_dry_run ? "would be sent" : "sent";
    case CopyFate::known: return "sent before";
    case CopyFate::refused: return "not wanted";
    case CopyFate::too_large: return "too large";
    case CopyFate::later: return "later";
    case CopyFate::failed: break;
    }
    return "failed";
}

} // namespace

std::vector<report::Aggregator::Size> chosen(std::vector<report::Aggregator::Size> sizes,
                                             const ReportSettings& settings,
                                             const std::set<std::string>& own) {
    std::erase_if(sizes, [&](const report::Aggregator::Size& size) {
        const auto covers = [&](const std::string& domain) {
            return is_below(size.domain, domain);
        };
        return std::ranges::any_of(settings.excluded, covers) ||
               (!settings.tells_own && std::ranges::any_of(own, covers));
    });
    std::map<std::string, std::size_t> taken;
    std::erase_if(sizes, [&](const report::Aggregator::Size& size) {
        return ++taken[organization_of(size.domain)] > kMostOfOrganization;
    });
    if (sizes.size() > settings.most_a_day) sizes.resize(settings.most_a_day);
    return sizes;
}

net::Task<void> DayReports::carry_out(std::shared_ptr<DayReports> self) {
    auto ready = co_await self->gather();
    if (ready) {
        auto chose = co_await self->choose();
        ready = std::move(chose);
    }
    if (!ready) self->trouble_ = ready.error();
    if (ready) co_await run_lanes(self);
    // A process may have died of it, or beside it; another is there by now.
    if (ready && self->has_failed_) co_await run_lanes(self);
    self->is_over_ = true;
    self->changed_.notify();
}

net::Task<void> DayReports::try_again(std::shared_ptr<DayReports> self) {
    self->is_over_ = false;
    co_await run_lanes(self);
    self->is_over_ = true;
    self->changed_.notify();
}

void DayReports::close() {
    open_.clear();
    facts_.reset();
}

net::Task<Result<void>> DayReports::gather() {
    facts_ = make_day_facts(kind_, reach_.context.config(), day_); // a reload may come meanwhile
    trace::SearchRequest request;
    request.query.since = WallTime(day_);
    request.query.before = WallTime(day_ + std::chrono::days(1));
    facts_->ask_for(request.query);
    request.range.limit = kPage;
    while (true) {
        trace::SearchRequest copy = request;
        const auto page = co_await reach_.trace.call<trace::SearchPage>(trace::kSearch,
                                                                        std::move(copy), kPageTime);
        if (!page) co_return std::unexpected(page.error());
        for (const auto& found : page->found) {
            const auto record = trace::parse_record(found.record);
            if (record) facts_->add(*record);
        }
        if (!page->next) co_return Result<void>{};
        request.range.before = *page->next;
        co_await net::sleep_for(kBreath);
    }
}

net::Task<Result<void>> DayReports::choose() {
    const auto domains = co_await reach_.admin.list_domains();
    if (!domains) co_return std::unexpected(domains.error());
    std::set<std::string> own;
    for (const auto& domain : *domains) {
        own.insert(domain.name);
        own.insert(domain.aliases.begin(), domain.aliases.end());
    }
    const auto all = facts_->sizes();
    auto settings = reach_.context.config().reports;
    if (kind_ == ReportKind::tls) settings.most_a_day = report::kMaxReportedDomains; // is_enough()
    open_ = chosen(all, settings, own);
    log::info("reports_begin", {{"kind", kind_ == ReportKind::tls ? "tls" : "dmarc"},
                                {"day", format_day(day_)},
                                {"domains", all.size()},
                                {"reports", open_.size()},
                                {"dry_run", is_dry_run_}});
    std::ranges::reverse(open_);
    co_return Result<void>{};
}

net::Task<void> DayReports::run_lanes(std::shared_ptr<DayReports> self) {
    self->has_failed_ = false;
    self->trouble_.reset();
    const auto learnt = co_await self->learn_sent();
    if (!learnt) {
        self->trouble_ = learnt.error();
        co_return;
    }
    const auto count = std::min(kLanes, self->open_.size());
    self->lanes_ = count;
    for (std::size_t i = 0; i < count; ++i)
        net::spawn(self->reach_.context.io(), lane(self, i), "report_lane");
    while (self->lanes_ > 0) co_await self->lane_ended_.wait(kSendTime);
    self->open_ = std::exchange(self->again_, {});
    std::ranges::reverse(self->open_);
}

net::Task<Result<void>> DayReports::learn_sent() {
    ReportedDay day{.kind = kind_, .day = day_.time_since_epoch().count()};
    const auto sent =
        co_await reach_.trace.call<SentCopies>(kSentCopies, std::move(day), kPageTime);
    if (!sent) co_return std::unexpected(sent.error());
    known_.insert(sent->copies.begin(), sent->copies.end());
    auto queued = co_await learn_queued();
    co_return queued;
}

// Their ENVID is the report's id (report_sender.cpp).
net::Task<Result<void>> DayReports::learn_queued() {
    constexpr std::uint32_t kRows = 1000;
    const std::string kind = kind_ == ReportKind::tls ? "tls-" : "";
    const auto begin = kind + std::to_string(to_unix_seconds(WallTime(day_))) + ".";
    const auto end = "@" + reach_.context.config().hostname;
    QueueId after;
    while (true) {
        const auto rows = co_await reach_.store.queued(after, kRows);
        if (!rows) co_return std::unexpected(rows.error());
        for (const auto& row : *rows) {
            after = row.id;
            std::string_view id = row.envelope_id;
            const bool is_one =
                id.size() > begin.size() + end.size() && id.starts_with(begin) && id.ends_with(end);
            if (!is_one) continue;
            id.remove_prefix(begin.size());
            id.remove_suffix(end.size());
            known_.emplace(id, row.recipient);
        }
        if (rows->size() < kRows) co_return Result<void>{};
    }
}

// However it ends, run_lanes() hears of it.
struct DayReports::Lane {
    explicit Lane(DayReports& owner) : reports(owner) {}
    ~Lane() {
        --reports.lanes_;
        reports.lane_ended_.notify();
    }
    Lane(const Lane&) = delete;
    Lane& operator=(const Lane&) = delete;
    DayReports& reports;
};

net::Task<void> DayReports::lane(std::shared_ptr<DayReports> self, std::size_t number) {
    const Lane lane(*self);
    while (!self->open_.empty() && !self->is_enough()) {
        auto next = std::move(self->open_.back());
        self->open_.pop_back();
        co_await self->report_to(std::move(next), number);
    }
}

net::Task<void> DayReports::report_to(report::Aggregator::Size size, std::size_t lane) {
    SendReport request{.kind = kind_, .report = {}, .known = {}, .is_dry_run = is_dry_run_};
    if (auto made = facts_->pack(size.domain)) request.report = std::move(*made);
    if (request.report.gzip.size() > kMostPacked)
        co_return add_line({size.domain, size.messages, "", "too large",
                            std::to_string(request.report.gzip.size()) + " octets"});
    for (auto each = known_.lower_bound({size.domain, {}});
         each != known_.end() && each->first == size.domain; ++each)
        request.known.push_back(each->second);
    if (reach_.workers.empty()) {
        const Result<ReportFate> none = fail(Errc::unavailable, "no worker is there");
        note(size, none);
        co_return;
    }
    // One worker, and no other in its place: it may have sent the report and died.
    const auto place = static_cast<std::ptrdiff_t>(lane % reach_.workers.size());
    auto& worker = *std::next(reach_.workers.begin(), place)->second;
    auto fate = co_await worker.call<ReportFate>(kSendReport, std::move(request), kSendTime);
    if (fate && !is_bounded(*fate))
        fate = fail(Errc::protocol_error, "a worker tells of too many copies");
    if (fate && !is_dry_run_) co_await note_sent(size.domain, *fate);
    note(size, fate);
}

net::Task<void> DayReports::note_sent(const std::string& domain, const ReportFate& fate) {
    SentCopies sent{.kind = kind_, .day = day_.time_since_epoch().count(), .copies = {}};
    for (const auto& copy : fate.copies)
        if (copy.fate == CopyFate::sent) sent.copies.emplace_back(domain, copy.to);
    if (sent.copies.empty()) co_return;
    known_.insert(sent.copies.begin(), sent.copies.end());
    const auto noted =
        co_await reach_.trace.call<ipc::Nothing>(kNoteSent, std::move(sent), kPageTime);
    if (!noted)
        log::warning("report_not_noted", {{"domain", domain}, {"detail", noted.error().internal}});
}

void DayReports::note(const report::Aggregator::Size& size, const Result<ReportFate>& fate) {
    const auto line = [&](std::string to, std::string_view word, std::string detail) {
        add_line({size.domain, size.messages, std::move(to), std::string(word), std::move(detail)});
    };
    if (!fate) {
        has_failed_ = true;
        if (!has_sent_) trouble_ = fate.error();
        again_.push_back(size);
        return line("", "later", fate.error().internal);
    }
    // Of what nobody wants nothing is learnt about keys.
    if (std::ranges::any_of(fate->copies, [](const ReportCopy& copy) {
            return copy.fate == CopyFate::sent || copy.fate == CopyFate::known;
        })) {
        has_sent_ = true;
        ++reported_;
        trouble_.reset();
    }
    bool is_open = fate->is_undecided;
    for (const auto& copy : fate->copies) {
        line(copy.to, word_for(copy.fate, is_dry_run_), copy.detail);
        has_failed_ = has_failed_ || copy.fate == CopyFate::later;
        is_open = is_open || copy.fate == CopyFate::later;
    }
    if (is_open) again_.push_back(size);
    if (fate->is_undecided) return line("", "later", "the DNS does not answer now");
    // A domain asks for reports on TLS nowhere but in the DNS; that it asks for none is the rule.
    if (fate->copies.empty() && kind_ == ReportKind::dmarc)
        line("", "nobody", "its policy asks for no report any more");
}

// Of those to whom we have sent mail only the DNS knows who wants reports.
bool DayReports::is_enough() const {
    return kind_ == ReportKind::tls && reported_ >= reach_.context.config().reports.most_a_day;
}

void DayReports::add_line(ReportLine line) {
    line.detail.resize(std::min(line.detail.size(), kMostDetail));
    lines_.push_back(std::move(line));
    changed_.notify();
}

} // namespace maild::daemon
