#include "maild/trace/recorder.hpp"

#include "maild/net/spawn.hpp"
#include "maild/net/timer.hpp"
#include "maild/trace/messages.hpp"

#include <utility>

// GCC 12 takes Asio's inlined frame allocator for a mistake.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace maild::trace {
namespace {

constexpr std::chrono::milliseconds kGather{100};
constexpr std::chrono::seconds kAnswerTime{10};

} // namespace

struct Recorder::State {
    State(boost::asio::io_context& io_in, ipc::Client& line_in, const Clock& clock_in)
        : io(io_in), line(line_in), clock(clock_in) {}

    boost::asio::io_context& io;
    ipc::Client& line;
    const Clock& clock;
    bool is_wanted = true;
    bool is_sending = false;
    Batch pending;
    std::size_t octets = 0; // of pending
    net::Event hurry;
    net::Event sent;

    bool has_pending() const { return !pending.entries.empty() || pending.lost > 0; }
    static net::Task<void> send(std::shared_ptr<State> self);
};

// One batch after the other, until nothing is left.
net::Task<void> Recorder::State::send(std::shared_ptr<State> self) {
    while (self->has_pending()) {
        co_await self->hurry.wait(kGather);
        auto batch = std::exchange(self->pending, {});
        self->octets = 0;
        const auto count = batch.entries.size() + batch.lost;
        const auto kept =
            co_await self->line.call<ipc::Nothing>(kKeep, std::move(batch), kAnswerTime);
        if (!kept) self->pending.lost += count;
        // Not at once again, where nobody is there to answer.
        if (!kept) co_await net::sleep_for(kGather * 10);
    }
    self->is_sending = false;
    self->sent.notify();
}

Recorder::Recorder(boost::asio::io_context& io, ipc::Client& line, const Clock& clock)
    : state_(std::make_shared<State>(io, line, clock)) {}
Recorder::~Recorder() = default;

bool Recorder::is_wanted() const { return state_->is_wanted; }
void Recorder::set_wanted(bool wanted) { state_->is_wanted = wanted; }

void Recorder::record(Record record) {
    if (!state_->is_wanted) return;
    record.time = state_->clock.now();
    Entry entry{format_record(record), {}};
    // Of what is kept, so that cut texts are found by what is left of them. More names than a
    // record may have lead to it by fewer: `trace` would refuse the whole batch.
    if (const auto kept = parse_record(entry.record)) entry.keys = keys_of(*kept);
    if (entry.keys.size() > Store::kMaxKeys) entry.keys.resize(Store::kMaxKeys);
    const auto octets = entry.record.size() + entry.keys.size() * sizeof(std::uint64_t);
    if (state_->octets + octets > kMaxPending) {
        ++state_->pending.lost;
    } else {
        state_->octets += octets;
        state_->pending.entries.push_back(std::move(entry));
    }
    if (std::exchange(state_->is_sending, true)) return;
    net::spawn(state_->io, State::send(state_), "trace_recorder");
}

net::Task<void> Recorder::finish(std::chrono::milliseconds patience) {
    const auto state = state_;
    if (!state->is_sending) co_return;
    state->sent.take();
    state->hurry.notify();
    co_await state->sent.wait(patience);
}

Result<Batch> decode_batch(std::string_view payload) {
    auto batch = ipc::decode<Batch>(payload);
    if (!batch) return batch;
    for (const auto& entry : batch->entries)
        if (entry.record.size() > kMaxRecord || entry.keys.size() > Store::kMaxKeys)
            return fail(Errc::protocol_error, "a trace too long");
    return batch;
}

} // namespace maild::trace
