#pragma once
// What the traces tell of one day that reports of one kind are made of, added up. Pure; memory is
// bounded by the limits of module report.

#include "daemon/config.hpp"
#include "daemon/peer_messages.hpp"
#include "daemon/utc_day.hpp"

#include "maild/report/outgoing.hpp"
#include "maild/trace/query.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace maild::daemon {

class DayFacts {
public:
    virtual ~DayFacts() = default;
    virtual void ask_for(trace::Query& query) const = 0; // records of this kind
    virtual void add(const trace::Record& record) = 0;
    virtual std::vector<report::Aggregator::Size> sizes() const = 0; // those with most first
    virtual std::optional<report::PackedReport> pack(const std::string& domain) const = 0;
};

std::unique_ptr<DayFacts> make_day_facts(ReportKind kind, const Config& config, UtcDay day);
// Who we are in reports.
report::Reporter reporter_of(const Config& config);

} // namespace maild::daemon
