#pragma once
// `mailctl report dmarc` and `mailctl report tls`: what reports say together, for people and as
// JSON. The parts that do not depend on where the reports come from.

#include "maild/control/protocol.hpp"
#include "maild/report/summary.hpp"

#include <boost/json/object.hpp>

#include <string>
#include <vector>

namespace maild::control {

// What could not be read, a sentence each.
using ReportProblems = std::vector<std::string>;

// {"reports": …, "rows": […], "problems": […], "text": "…"}; all text harmless for a terminal.
boost::json::object dmarc_json(const report::DmarcSummary& summary, const ReportProblems& problems);
boost::json::object tls_json(const report::TlsSummary& summary, const ReportProblems& problems);

} // namespace maild::control
