#pragma once
// One day's reports of one kind on their way out (RFC 9990, RFC 8460), in `control`: its facts come
// from `trace`, page by page, are added up, and each report goes to a worker, which looks whom it
// is for, signs it and puts it into the queue (report_sender.hpp). Whoever dies meanwhile, the day
// can be begun again: its facts are settled, so they make the same reports with the same ids, and
// what was sent is known from sent_log.hpp, and from the queue where nobody lived to write it down.
// Memory is bounded by day_facts.hpp. One thread.

#include "daemon/any_worker.hpp"
#include "daemon/day_facts.hpp"
#include "daemon/report_messages.hpp"
#include "daemon/role.hpp"
#include "daemon/utc_day.hpp"

#include "maild/directory/admin.hpp"
#include "maild/net/timer.hpp"
#include "maild/store/admin.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace maild::daemon {

// What control has for it; all of it outlives the reports.
struct ReportReach {
    RoleContext& context;
    directory::DirectoryAdmin& admin;
    store::StoreAdmin& store;
    ipc::Client& trace;
    WorkerLines& workers;
    std::map<std::string, std::string>& troubles; // by kind, for the role's status
};

// What became of the report to one domain, or of its copy to one destination.
struct ReportLine {
    std::string domain;
    std::uint64_t messages = 0;
    std::string to;   // empty: to nobody
    std::string fate; // one word or two
    std::string detail;
};

class DayReports {
public:
    DayReports(ReportReach reach, ReportKind kind, UtcDay day, bool is_dry_run)
        : reach_(reach), kind_(kind), day_(day), is_dry_run_(is_dry_run) {}

    // All of them; what the DNS could not tell is left open.
    static net::Task<void> carry_out(std::shared_ptr<DayReports> self);
    // Those that are open once more.
    static net::Task<void> try_again(std::shared_ptr<DayReports> self);
    // What is open stays so; gives back the memory of all but lines().
    void close();

    UtcDay day() const { return day_; }
    bool is_dry_run() const { return is_dry_run_; }
    bool is_over() const { return is_over_; }
    bool has_open() const { return !open_.empty(); }
    // Why there are none, where that is a reason for all of them.
    const std::optional<Error>& trouble() const { return trouble_; }
    const std::vector<ReportLine>& lines() const { return lines_; }
    net::Event& changed() { return changed_; } // there are more lines, or it is over

private:
    struct Lane;
    net::Task<Result<void>> gather();
    net::Task<Result<void>> choose();
    net::Task<Result<void>> learn_sent();
    net::Task<Result<void>> learn_queued();
    net::Task<void> note_sent(const std::string& domain, const ReportFate& fate);
    static net::Task<void> run_lanes(std::shared_ptr<DayReports> self);
    static net::Task<void> lane(std::shared_ptr<DayReports> self, std::size_t number);
    net::Task<void> report_to(report::Aggregator::Size size, std::size_t lane);
    void note(const report::Aggregator::Size& size, const Result<ReportFate>& fate);
    void add_line(ReportLine line);
    bool is_enough() const;

    ReportReach reach_;
    ReportKind kind_;
    UtcDay day_;
    bool is_dry_run_;
    std::unique_ptr<DayFacts> facts_;
    std::vector<report::Aggregator::Size> open_; // the next one last
    std::vector<report::Aggregator::Size> again_;
    std::size_t lanes_ = 0;    // running
    std::size_t reported_ = 0; // domains that have one now
    std::set<SentCopy> known_;
    bool has_failed_ = false; // something that may go well at once, if it is tried again
    bool has_sent_ = false;   // one at least: what is wrong is not so for all
    std::vector<ReportLine> lines_;
    std::optional<Error> trouble_;
    bool is_over_ = false;
    net::Event changed_;
    net::Event lane_ended_;
};

// Who has a wildcard in the DNS has any number of domains, and must not take the places of all.
inline constexpr std::size_t kMostOfOrganization = 20;

// Which of them get a report: not our own domains, unless that is wanted, nor those that are
// excluded, with what is below them; `most_a_day` of the rest, those with most messages first, and
// of one organization no more than kMostOfOrganization.
std::vector<report::Aggregator::Size> chosen(std::vector<report::Aggregator::Size> sizes,
                                             const ReportSettings& settings,
                                             const std::set<std::string>& own);

} // namespace maild::daemon
