#pragma once
// What `control` asks of workers and of `trace` to get a day's reports out
// (daemon/day_reports.hpp).

#include "daemon/peer_messages.hpp"
#include "daemon/sent_log.hpp"

#include "maild/ipc/codec.hpp"
#include "maild/ipc/message.hpp"
#include "maild/report/outgoing.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace maild::daemon {

inline constexpr ipc::MessageType kSendReport = 0x7104;     // SendReport → ReportFate; to a worker
inline constexpr ipc::MessageType kReportedDay = 0x7311;    // ReportedDay → ReportedDay; to `trace`
inline constexpr ipc::MessageType kSetReportedDay = 0x7312; // ReportedDay → Nothing; likewise
inline constexpr ipc::MessageType kSentCopies = 0x7313;     // ReportedDay → SentCopies; likewise
inline constexpr ipc::MessageType kNoteSent = 0x7314;       // SentCopies → Nothing; likewise

struct SendReport {
    ReportKind kind = ReportKind::dmarc;
    report::PackedReport report;
    std::vector<std::string> known{}; // addresses that have it
    bool is_dry_run = false;          // says what would be done
};

enum class CopyFate : std::uint8_t {
    sent,      // taken by the store, or would be
    known,     // it has it: SendReport::known
    refused,   // the destination's domain has not agreed (RFC 9990 §4)
    too_large, // for what the policy's record says behind "!"
    failed,    // `detail` has the reason
    later,     // likewise; it may be otherwise another time, and it may have been sent
};
// The report to one destination.
struct ReportCopy {
    std::string to{};
    CopyFate fate = CopyFate::failed;
    std::string detail{}; // where it lies, or why it does not; for people
};
struct ReportFate {
    // To whom it may go and to whom it may not; none: the policy asks for no report any more.
    static constexpr std::size_t kMostCopies = 2 * report::kMaxDestinations;
    static constexpr std::size_t kMostAddress = 320; // octets
    std::vector<ReportCopy> copies{};
    bool is_undecided = false; // the DNS did not answer: ask again later
};

// As `day`, the last that was reported with reports of this kind; none: none was yet, or the
// question which it was.
struct ReportedDay {
    ReportKind kind = ReportKind::dmarc;
    std::optional<std::int64_t> day{}; // since 1970
};
struct SentCopies {
    ReportKind kind = ReportKind::dmarc;
    std::int64_t day = 0;
    std::vector<SentCopy> copies{};
};

template <class Codec> void describe(Codec& codec, SendReport& r) {
    codec(r.kind, r.report, r.known, r.is_dry_run);
}
template <class Codec> void describe(Codec& codec, ReportCopy& c) { codec(c.to, c.fate, c.detail); }
template <class Codec> void describe(Codec& codec, ReportFate& f) {
    codec(f.copies, f.is_undecided);
}
template <class Codec> void describe(Codec& codec, ReportedDay& d) { codec(d.kind, d.day); }
template <class Codec> void describe(Codec& codec, SentCopies& s) {
    codec(s.kind, s.day, s.copies);
}

} // namespace maild::daemon
