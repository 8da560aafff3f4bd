#pragma once
// Reads the mailbox of reports for an admin, in a worker: what strangers have packed and written is
// taken apart in the sandbox that is there for it, and `control`, which never sees a body, hands on
// what was read of it, in the spelling of module report. Nothing is kept and nothing changed; each
// page is a store session of its own. Bounded: kMost… of a message, and a page ends at kPage….

#include "daemon/peer_messages.hpp"

#include "maild/store/message_store.hpp"

#include <cstddef>

namespace maild::daemon {

inline constexpr std::uint64_t kMostReportMail = 4 * 1024 * 1024; // octets of one message
// Unpacked: a session of this worker waits as long as one message takes, some 50 ms.
inline constexpr std::size_t kMostUnpackedReport = 2 * 1024 * 1024;
inline constexpr std::size_t kMostReportRecords = 5'000;
inline constexpr std::size_t kMostReportText = 4 * 1024 * 1024; // of one report, as it is handed on
inline constexpr std::size_t kPageMessages = 50;
inline constexpr std::size_t kPageText = 2 * 1024 * 1024;

class ReportReader {
public:
    // The store outlives it and its tasks.
    explicit ReportReader(store::MessageStore& store) : store_(store) {}

    net::Task<Result<ReportPage>> read(ReadReports request);

private:
    net::Task<Result<void>> read_page(store::SessionId session, const ReadReports& request,
                                      ReportPage& page);
    net::Task<Result<void>> read_message(store::SessionId session,
                                         const store::MessageData& message, ReportKind kind,
                                         ReportPage& page);
    net::Task<Result<std::string>> content_of(store::SessionId session,
                                              const store::MessageData& message);

    store::MessageStore& store_;
};

} // namespace maild::daemon
