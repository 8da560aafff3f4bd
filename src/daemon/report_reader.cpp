#include "daemon/report_reader.hpp"

#include "maild/report/attachment.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

// GCC 12 takes Asio's recycled coroutine frames (aligned_alloc, freed by the frame's operator
// delete) for a mismatch.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace maild::daemon {
namespace {

constexpr std::uint32_t kLastUid = UINT32_MAX;
// A report comes after the time that it is about; clocks may differ.
constexpr std::chrono::hours kLeeway{24};

class NoSink final : public store::ChangeSink {
public:
    void on_changes(MailboxId, std::span<const store::Change>) override {}
    void on_lost() override {}
};

std::string place_of(Uid uid) { return "UID " + std::to_string(uid.value) + ": "; }

void add_text(ReportPage& page, Uid uid, std::string text) {
    if (text.size() > kMostReportText) {
        page.problems.push_back(place_of(uid) + "a report that is too large to be shown from here");
        return;
    }
    page.reports.push_back(std::move(text));
}

void add_found(ReportPage& page, Uid uid, ReportKind kind, const report::FoundReports& found) {
    for (const auto& problem : found.problems) page.problems.push_back(place_of(uid) + problem);
    if (kind == ReportKind::tls) {
        for (const auto& report : found.tls) add_text(page, uid, format_tls(report));
        return;
    }
    for (const auto& report : found.aggregate) {
        if (report.records.size() > kMostReportRecords)
            page.problems.push_back(place_of(uid) + "a report of too many records");
        else
            add_text(page, uid, format_aggregate(report));
    }
}

bool is_full(const ReportPage& page, std::size_t messages) {
    std::size_t octets = 0;
    for (const auto& text : page.reports) octets += text.size();
    return messages >= kPageMessages || octets >= kPageText;
}

} // namespace

net::Task<Result<ReportPage>> ReportReader::read(ReadReports request) {
    NoSink sink;
    const auto session = co_await store_.open_session(request.grant, sink);
    if (!session) co_return std::unexpected(session.error());
    ReportPage page;
    const auto done = co_await read_page(*session, request, page);
    store_.close_session(*session);
    if (!done) co_return std::unexpected(done.error());
    co_return std::move(page);
}

net::Task<Result<void>> ReportReader::read_page(store::SessionId session,
                                                const ReadReports& request, ReportPage& page) {
    store::MailboxName inbox("INBOX");
    const auto opened = co_await store_.open_mailbox(session, std::move(inbox), true, 0);
    if (!opened) co_return std::unexpected(opened.error());
    if (request.after.value == kLastUid) co_return Result<void>{};
    store::UidSet behind;
    behind.push_back({Uid(request.after.value + 1), Uid(kLastUid)});
    const auto listed =
        co_await store_.fetch(session, std::move(behind), store::kInternalDate | store::kSize);
    if (!listed) co_return std::unexpected(listed.error());
    std::size_t messages = 0;
    for (const auto& message : listed->messages) {
        page.next = message.uid;
        if (message.internal_date + kLeeway < request.since) continue;
        const auto done = co_await read_message(session, message, request.kind, page);
        if (!done) co_return done;
        if (is_full(page, ++messages)) co_return Result<void>{};
    }
    if (!listed->next) page.next.reset(); // the mailbox's end
    co_return Result<void>{};
}

net::Task<Result<void>> ReportReader::read_message(store::SessionId session,
                                                   const store::MessageData& message,
                                                   ReportKind kind, ReportPage& page) {
    ++page.messages;
    if (message.size > kMostReportMail) {
        page.problems.push_back(place_of(message.uid) + "a message that is too large for a report");
        co_return Result<void>{};
    }
    const auto content = co_await content_of(session, message);
    if (!content && content.error().code != Errc::corrupt)
        co_return std::unexpected(content.error());
    if (content)
        add_found(page, message.uid, kind,
                  report::reports_in_message(*content, kMostUnpackedReport));
    else
        page.problems.push_back(place_of(message.uid) + "the message is damaged");
    co_return Result<void>{};
}

net::Task<Result<std::string>> ReportReader::content_of(store::SessionId session,
                                                        const store::MessageData& message) {
    std::string out;
    while (out.size() < message.size) {
        const auto wanted = std::min<std::uint64_t>(message.size - out.size(), store::kMaxRead);
        auto piece = co_await store_.read(session, message.uid, out.size(), wanted);
        if (!piece) co_return std::unexpected(std::move(piece.error()));
        if (piece->empty()) break;
        out += *piece;
    }
    co_return std::move(out);
}

} // namespace maild::daemon
