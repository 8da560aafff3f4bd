#include "maild/sender/reporter.hpp"

#include "maild/base/log.hpp"
#include "maild/delivery/report.hpp"
#include "maild/imap/structure.hpp"
#include "maild/net/spawn.hpp"
#include "maild/net/timer.hpp"

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <utility>

#pragma GCC diagnostic ignored "-Wmismatched-new-delete" // as in run.cpp

namespace maild::sender {
namespace {

using delivery::DsnAction;

constexpr std::uint32_t kAtOnce = 20; // messages, reported on at the same time
constexpr std::chrono::seconds kAgain{30};
constexpr std::chrono::milliseconds kGather{100}; // hints come with every message
constexpr std::uint64_t kPiece = 256 * 1024;

DsnAction action_of(queue::Report report) {
    switch (report) {
    case queue::Report::failure: return DsnAction::failed;
    case queue::Report::delay: return DsnAction::delayed;
    case queue::Report::success:
    case queue::Report::none: break;
    }
    return DsnAction::relayed;
}

delivery::DsnRecipient recipient_of(const queue::LeasedMessage& message,
                                    const queue::LeasedRecipient& leased,
                                    const RetryPolicy& retry) {
    delivery::DsnRecipient recipient;
    recipient.final_recipient = leased.recipient.address;
    recipient.original_recipient = leased.recipient.original_recipient;
    recipient.action = action_of(leased.owes);
    recipient.status = leased.status;
    recipient.remote_mta = leased.host;
    recipient.diagnostic = leased.reason;
    if (leased.last_attempt_at != WallTime{}) recipient.last_attempt = leased.last_attempt_at;
    if (recipient.action == DsnAction::delayed)
        recipient.will_retry_until = end_of_life(retry, message);
    return recipient;
}

// All or some of it becomes rows of the queue, which somebody has to own.
bool goes_elsewhere(const directory::Resolution& resolution) {
    return resolution.verdict == directory::Verdict::not_local ||
           std::ranges::any_of(resolution.targets, [](const auto& target) {
               return std::holds_alternative<directory::RelayTarget>(target);
           });
}

// Tried again, it may be there.
bool may_pass(Errc code) {
    return code == Errc::unavailable || code == Errc::timed_out || code == Errc::busy ||
           code == Errc::closed;
}

bool is_wanted(const queue::LeasedRecipient& leased) {
    return delivery::is_wanted(leased.recipient.notify, action_of(leased.owes));
}

bool is_wanted(const queue::LeasedMessage& message) {
    return std::ranges::any_of(message.recipients,
                               [](const auto& leased) { return is_wanted(leased); });
}

// The same for the same report: a reader of mail knows it again, should it come twice.
std::string id_of(const queue::LeasedMessage& message) {
    const auto& first = message.recipients.front();
    return "q" + std::to_string(message.id.value) + "-" + std::to_string(first.key.position) + "-" +
           std::to_string(first.key.attempts);
}

} // namespace

struct Reporter::State : std::enable_shared_from_this<Reporter::State> {
    State(store::Queue& queue_in, store::MessageStore& store_in, directory::Directory& directory_in,
          const Clock& clock_in, ReporterOptions options_in)
        : queue(queue_in),
          store(store_in),
          directory(directory_in),
          clock(clock_in),
          options(std::move(options_in)) {}

    store::Queue& queue;
    store::MessageStore& store;
    directory::Directory& directory;
    const Clock& clock;
    ReporterOptions options;
    net::Event wanted{};
    bool is_stopping = false;

    // Reports that are under way: the store takes what comes together in one commit.
    struct Lanes {
        std::size_t open = 0;
        net::Event ended{};
        Result<void> outcome{}; // the last failure
    };
    net::Task<Result<void>> report_all();
    static net::Task<void> report_beside(std::shared_ptr<State> self, queue::LeasedMessage message,
                                         std::shared_ptr<Lanes> lanes);
    net::Task<Result<void>> report(const queue::LeasedMessage& message);
    net::Task<Result<std::string>> content_of(const queue::LeasedMessage& message);
    net::Task<Result<void>> forgive(const queue::LeasedMessage& message, std::string_view why);
    net::Task<Result<std::string>> signature_for(std::string_view bytes);
    net::Task<Result<void>> deliver(const delivery::Dsn& dsn, const queue::LeasedMessage& message,
                                    directory::Resolution resolution);
};

Reporter::Reporter(store::Queue& queue, store::MessageStore& store, directory::Directory& directory,
                   const Clock& clock, ReporterOptions options)
    : state_(std::make_shared<State>(queue, store, directory, clock, std::move(options))) {}
Reporter::~Reporter() = default;

void Reporter::set_options(ReporterOptions options) { state_->options = std::move(options); }
void Reporter::look() { state_->wanted.notify(); }
void Reporter::stop() {
    state_->is_stopping = true;
    state_->wanted.notify();
}

net::Task<void> Reporter::run() {
    const auto state = state_;
    while (!state->is_stopping) {
        const auto done = co_await state->report_all();
        if (!done)
            log::warning("dsn_put_off", {{"error", name_of(done.error().code)},
                                         {"reason", done.error().internal}});
        if (state->is_stopping) co_return;
        const std::chrono::seconds idle = done ? std::chrono::minutes(5) : kAgain;
        co_await state->wanted.wait(idle);
        if (!state->is_stopping) co_await net::sleep_for(kGather);
    }
}

// A report that cannot be delivered just now does not keep those behind it waiting.
net::Task<Result<void>> Reporter::State::report_all() {
    const auto executor = co_await boost::asio::this_coro::executor;
    const auto lanes = std::make_shared<Lanes>();
    QueueId after;
    while (!is_stopping) {
        auto owed = co_await queue.owed(after, kAtOnce);
        if (!owed) co_return std::unexpected(owed.error());
        const auto count = owed->size();
        for (auto& message : *owed) {
            after = message.id;
            ++lanes->open;
            net::spawn(executor.context(),
                       report_beside(shared_from_this(), std::move(message), lanes), "report");
        }
        while (lanes->open > 0) co_await lanes->ended.wait(kAgain);
        if (count < kAtOnce) break;
    }
    co_return lanes->outcome;
}

net::Task<void> Reporter::State::report_beside(std::shared_ptr<State> self,
                                               queue::LeasedMessage message,
                                               std::shared_ptr<Lanes> lanes) {
    struct Leave { // also by an exception
        Lanes& lanes;
        ~Leave() {
            if (--lanes.open == 0) lanes.ended.notify();
        }
    };
    const Leave leave{*lanes};
    auto done = co_await self->report(message);
    if (!done) lanes->outcome = std::move(done);
}

// As much as a report may bring back, and an octet more, which tells that it is larger.
net::Task<Result<std::string>> Reporter::State::content_of(const queue::LeasedMessage& message) {
    std::string content;
    const auto most = std::min<std::uint64_t>(message.size, delivery::kMaxReturnedContent + 1);
    while (content.size() < most) {
        const auto piece = co_await queue.read_queued(message.id, content.size(),
                                                      std::min(kPiece, most - content.size()));
        if (!piece) co_return std::unexpected(piece.error());
        if (piece->empty()) break;
        content += *piece;
    }
    co_return content;
}

net::Task<Result<void>> Reporter::State::report(const queue::LeasedMessage& message) {
    if (message.envelope.reverse_path.empty() || !is_wanted(message)) {
        auto done = co_await forgive(message, "nobody wants to hear of it");
        co_return done;
    }
    auto resolution = co_await directory.resolve(message.envelope.reverse_path);
    if (!resolution) co_return std::unexpected(std::move(resolution.error()));
    if (!delivery::can_be_told(*resolution)) {
        auto done = co_await forgive(message, "the reverse-path is nobody's");
        co_return done;
    }
    const auto content = co_await content_of(message);
    if (!content && may_pass(content.error().code)) co_return std::unexpected(content.error());
    const auto& envelope = message.envelope;
    delivery::Dsn dsn;
    dsn.reporting_mta = options.hostname;
    dsn.id = id_of(message);
    dsn.to = envelope.reverse_path;
    dsn.envelope_id = envelope.envelope_id;
    // RFC 3461 §4.3 leaves it to us where RET is not given. RFC 8689 §5.
    dsn.returns_content = envelope.return_content == "FULL" && !envelope.handling.requires_tls;
    dsn.arrival = message.queued_at;
    if (envelope.handling.deliver_by) dsn.deliver_by = envelope.handling.deliver_by->deadline;
    for (const auto& leased : message.recipients)
        if (is_wanted(leased))
            dsn.recipients.push_back(recipient_of(message, leased, options.retry));
    // One that cannot be read is reported on all the same.
    if (content) dsn.content = *content;
    dsn.now = clock.now();
    auto done = co_await deliver(dsn, message, std::move(*resolution));
    co_return done;
}

// Who signs may be starting just now, and then the debt stays; a report that nobody can sign is
// better than none.
net::Task<Result<std::string>> Reporter::State::signature_for(std::string_view bytes) {
    std::string none;
    if (options.signer == nullptr) co_return none;
    auto fields = co_await options.signer->fields_for(bytes);
    if (fields || may_pass(fields.error().code)) co_return fields;
    log::warning("dkim_not_signed", {{"reason", fields.error().internal}});
    co_return none;
}

net::Task<Result<void>> Reporter::State::deliver(const delivery::Dsn& dsn,
                                                 const queue::LeasedMessage& message,
                                                 directory::Resolution resolution) {
    const auto bytes = delivery::format_dsn(dsn);
    auto transaction = delivery::report_transaction(dsn, bytes, std::move(resolution));
    const auto fields = co_await signature_for(bytes);
    if (!fields) co_return std::unexpected(fields.error());
    transaction.received.insert(0, *fields);
    transaction.envelope.handling.requires_tls = message.envelope.handling.requires_tls;
    if (goes_elsewhere(transaction.recipients.front().resolution)) {
        const auto postmaster = co_await directory.resolve("postmaster");
        if (!postmaster) co_return std::unexpected(postmaster.error());
        transaction.relay_grant = delivery::first_grant(*postmaster);
    }
    auto plan = delivery::plan_delivery(
        {.content = bytes, .structure = imap::make_structure(bytes)}, std::move(transaction));
    if (plan.is_empty()) {
        const auto why = plan.results({});
        if (!why.front() && may_pass(why.front().error().code)) co_return why.front();
        auto done = co_await forgive(message, "the reverse-path leads nowhere");
        co_return done;
    }
    auto request = std::move(plan.request);
    for (const auto& leased : message.recipients) request.reports_on.push_back(leased.key);
    const auto stored = co_await store.deliver(std::move(request));
    if (!stored && stored.error().code == Errc::conflict) co_return Result<void>{}; // told already
    const auto results = plan.results(stored);
    const auto& result = results.front();
    if (result) {
        log::info("dsn_sent",
                  {{"id", dsn.id}, {"to", dsn.to}, {"recipients", dsn.recipients.size()}});
        co_return Result<void>{};
    }
    const auto code = result.error().code;
    const bool is_final = code == Errc::cannot || code == Errc::over_quota ||
                          code == Errc::no_such_account || code == Errc::too_large;
    if (!is_final) co_return result;
    auto done = co_await forgive(message, name_of(code));
    co_return done;
}

// Nobody can be told: RFC 5321 §6.1 forbids a report on a report.
net::Task<Result<void>> Reporter::State::forgive(const queue::LeasedMessage& message,
                                                 std::string_view why) {
    std::vector<queue::Settlement> settlements;
    for (const auto& leased : message.recipients)
        settlements.push_back({.key = leased.key,
                               .outcome = queue::Outcome::reported,
                               .status = {},
                               .reason = {},
                               .host = {}});
    const auto done = co_await queue.settle(std::move(settlements));
    if (!done) co_return std::unexpected(done.error());
    log::warning(
        "dsn_lost",
        {{"queue_id", message.id.value}, {"to", message.envelope.reverse_path}, {"reason", why}});
    co_return Result<void>{};
}

} // namespace maild::sender
