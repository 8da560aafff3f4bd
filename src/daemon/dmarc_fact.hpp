#pragma once
// What DMARC found of a message, between who finds it (a worker, at the end of data), who keeps it
// (the trace) and who adds it up (module report). Pure.

#include "daemon/config.hpp"

#include "maild/report/outgoing.hpp"
#include "maild/trace/record.hpp"

#include <optional>

namespace maild::daemon {

// For the trace. None where the policy asks for no report.
std::optional<trace::DmarcFact> traced_fact(const report::DmarcFact& fact);

// From the trace. None where there is nothing to report: no fact, a client without an address, or a
// message that was not taken yet and comes again.
std::optional<report::DmarcFact> fact_in(const trace::Record& record);

// Whether it brought a report, or comes from where ours come from: about such mail there is no
// report, or two hosts would send each other reports on reports for ever.
bool is_about_reports(const trace::Record& record, const ReportSettings& settings);

} // namespace maild::daemon
