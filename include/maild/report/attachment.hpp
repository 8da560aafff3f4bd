#pragma once
// Reports in the mail that brings them (RFC 9990 §3.5.2, RFC 8460 §5.3), or in a file as it was
// attached: plain, in gzip or in ZIP. Which of them a part is, its octets say; media type and file
// name only whether it is looked at, because senders mislabel. Pure, total, bounded:
// kMaxAttachments parts and kMaxUnpacked octets of one message.

#include "maild/report/aggregate.hpp"
#include "maild/report/tls.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace maild::report {

inline constexpr std::size_t kMaxAttachments = 100;
inline constexpr std::size_t kMaxUnpacked = 64 * 1024 * 1024;

struct FoundReports {
    std::vector<AggregateReport> aggregate;
    std::vector<TlsReport> tls;
    // Why something that looked like a report is none, a sentence each without a dot; they may hold
    // what a stranger wrote.
    std::vector<std::string> problems;

    bool is_empty() const { return aggregate.empty() && tls.empty(); }
};

// Messages that are forwarded within others are looked into, too. `most_unpacked`: octets of all
// its reports together.
FoundReports reports_in_message(std::string_view message, std::size_t most_unpacked = kMaxUnpacked);
// A file: a report, packed or not, or else a message.
FoundReports reports_in_file(std::string_view file);

} // namespace maild::report
