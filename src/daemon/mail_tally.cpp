#include "daemon/mail_tally.hpp"

#include "maild/net/timer.hpp"
#include "maild/trace/messages.hpp"

#include <utility>

// GCC 12 takes Asio's recycled coroutine frames for a mismatch.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace maild::daemon {
namespace {

constexpr std::chrono::seconds kAnswerTime{5};
constexpr std::uint32_t kPage = 1'000;
constexpr std::chrono::milliseconds kBreath{2}; // so that trace and control do other work

} // namespace

net::Task<Result<MailTally>> tally_mail(ipc::Client& trace, trace::Tally::Choice choice,
                                        WallTime since, WallTime until,
                                        std::chrono::milliseconds patience) {
    MailTally out{.tally = std::make_unique<trace::Tally>(std::move(choice)), .from = since};
    trace::SearchRequest request;
    request.query.since = since;
    request.query.before = until;
    request.range.limit = kPage;
    const auto end = std::chrono::steady_clock::now() + patience;
    auto oldest = until;
    for (;;) {
        trace::SearchRequest copy = request;
        const auto page =
            co_await trace.call<trace::SearchPage>(trace::kSearch, std::move(copy), kAnswerTime);
        if (!page) co_return std::unexpected(page.error());
        for (const auto& found : page->found) {
            const auto record = trace::parse_record(found.record);
            if (!record || record->time >= until) continue;
            oldest = std::min(oldest, record->time);
            out.tally->add(*record);
        }
        if (!page->next) co_return out;
        if (std::chrono::steady_clock::now() > end) break;
        request.range.before = *page->next;
        co_await net::sleep_for(kBreath);
    }
    out.is_whole = false;
    out.from = oldest;
    co_return out;
}

} // namespace maild::daemon
