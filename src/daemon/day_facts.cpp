#include "daemon/day_facts.hpp"

#include "daemon/dmarc_fact.hpp"
#include "daemon/tls_records.hpp"

#include <utility>

namespace maild::daemon {
namespace {

report::Period period_of(UtcDay day) {
    return {WallTime(day), WallTime(day + std::chrono::days(1))};
}

class DmarcFacts final : public DayFacts {
public:
    DmarcFacts(const Config& config, UtcDay day)
        : settings_(config.reports), sum_(reporter_of(config), period_of(day)) {}

    void ask_for(trace::Query& query) const override { query.has_dmarc = true; }
    void add(const trace::Record& record) override {
        if (is_about_reports(record, settings_)) return;
        if (const auto fact = fact_in(record)) sum_.add(*fact);
    }
    std::vector<report::Aggregator::Size> sizes() const override { return sum_.sizes(); }
    std::optional<report::PackedReport> pack(const std::string& domain) const override {
        const auto made = sum_.report(domain);
        if (!made) return std::nullopt;
        return report::pack_report(made->report);
    }

private:
    ReportSettings settings_;
    report::Aggregator sum_;
};

// Of mail with reports there are none: it says TLS-Required: No, and its sessions are not told.
class TlsFacts final : public DayFacts {
public:
    TlsFacts(const Config& config, UtcDay day) : sum_(reporter_of(config), period_of(day)) {}

    void ask_for(trace::Query& query) const override { query.has_tls = true; }
    void add(const trace::Record& record) override {
        if (const auto fact = tls_fact_in(record)) sum_.add(*fact);
    }
    std::vector<report::Aggregator::Size> sizes() const override { return sum_.sizes(); }
    std::optional<report::PackedReport> pack(const std::string& domain) const override {
        const auto made = sum_.report(domain);
        if (!made) return std::nullopt;
        return report::pack_report(*made, domain);
    }

private:
    report::TlsAggregator sum_;
};

} // namespace

report::Reporter reporter_of(const Config& config) {
    return {.organization = config.reports.organization,
            .email = config.reports.from,
            .extra_contact = {},
            .submitter = config.hostname};
}

std::unique_ptr<DayFacts> make_day_facts(ReportKind kind, const Config& config, UtcDay day) {
    if (kind == ReportKind::tls) return std::make_unique<TlsFacts>(config, day);
    return std::make_unique<DmarcFacts>(config, day);
}

} // namespace maild::daemon
