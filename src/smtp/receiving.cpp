// What a connection does with content: reads it as it comes, within its time, and says what became
// of it.
#include "smtp/connection.hpp"
#include "smtp/replies.hpp"

#include "maild/base/log.hpp"

#include <algorithm>

namespace maild::smtp {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kPiece = 64 * 1024; // octets of content that are taken at once

} // namespace

// DATA's content. Its reply is written at once, so that one that could not be is known by message.
net::Task<Result<void>> Connection::receive() {
    const auto begin = server_->clock.steady_now();
    pass_.set_state("content");
    auto content = session_.begin_content();
    content_ = &content;
    const auto read = co_await read_content(content);
    if (!read) {
        content_ = nullptr;
        co_return read;
    }
    auto result = co_await session_.on_content(content);
    content_ = nullptr;
    const auto acknowledged = co_await acknowledge(std::move(result), begin);
    co_return acknowledged;
}

net::Task<Result<void>> Connection::acknowledge(ContentResult result, SteadyTime begin) {
    const bool is_accepted = result.report.refused < result.report.recipients;
    accepted_ += is_accepted ? 1 : 0;
    log_message(result.report, begin);
    output_.put(std::move(result.replies.text));
    is_acknowledging_ = true;
    const auto flushed = co_await flush();
    is_acknowledging_ = false;
    tell_gate();
    // Stored for good, but the peer does not know and will send it again: at most this duplicate.
    if (!flushed && is_accepted) log::warning("smtp_ack_lost", {{"id", result.report.id}});
    pass_.set_state("commands");
    co_return flushed;
}

// BDAT's chunk. Its octets stand behind the command, whatever was answered to those before it.
net::Task<Result<void>> Connection::receive_chunk() {
    if (!chunks_begin_) chunks_begin_ = server_->clock.steady_now();
    pass_.set_state("content");
    const auto read = co_await read_chunk(*chunks_begin_);
    if (!read) co_return read;
    const auto begin = *chunks_begin_;
    auto result = co_await session_.on_chunk();
    look_for_end_of_chunks();
    const bool is_message = !result.report.id.empty();
    if (is_message) {
        const auto acknowledged = co_await acknowledge(std::move(result), begin);
        co_return acknowledged;
    }
    pass_.set_state("commands");
    const auto said = co_await say(std::move(result.replies));
    co_return said;
}

// `begin` is when its message began, without the time that we have let it wait.
net::Task<Result<void>> Connection::read_chunk(SteadyTime& begin) {
    while (session_.chunk_left() > 0) {
        const auto flushed = co_await flush(); // what it waits for, if it waits
        if (!flushed) co_return flushed;
        const auto asked = server_->clock.steady_now();
        co_await session_.wait_for_chunk_room(0);
        begin += server_->clock.steady_now() - asked;
        const auto timeout = content_timeout(begin);
        const auto most = std::min<std::uint64_t>(kPiece, session_.chunk_left());
        const auto bytes = co_await reader_.next_bytes(static_cast<std::size_t>(most), timeout);
        if (!bytes) co_return std::unexpected(bytes.error());
        const auto count = bytes->size();
        const auto came = server_->clock.steady_now();
        co_await session_.wait_for_chunk_room(count);
        begin += server_->clock.steady_now() - came;
        session_.on_chunk_octets(*bytes);
        if (session_.is_hopeless()) {
            output_.put(replies::kHugeChunk);
            co_return fail(Errc::limit_exceeded, "chunks do not end");
        }
        if (is_too_slow(session_.chunk_octets(), begin))
            co_return fail(Errc::timed_out, "content too slow");
    }
    co_return Result<void>{};
}

// A message in chunks has its deadline between them, too: it is kept in memory meanwhile.
milliseconds Connection::command_timeout() const {
    if (!chunks_begin_) return limits().command_timeout;
    return std::min(limits().command_timeout, time_left(*chunks_begin_));
}

void Connection::look_for_end_of_chunks() {
    if (session_.expects() != Expects::chunk && !session_.in_chunks()) chunks_begin_.reset();
}

net::Task<Result<void>> Connection::read_content(ContentReader& content) {
    const auto flushed = co_await flush();
    if (!flushed) co_return flushed;
    auto begin = server_->clock.steady_now(); // without the time that we have let it wait
    while (!content.is_finished()) {
        const auto timeout = content_timeout(begin);
        const auto bytes = co_await reader_.next_bytes(kPiece, timeout);
        if (!bytes) co_return std::unexpected(bytes.error());
        const auto count = bytes->size();
        const auto patience = limits().memory_patience;
        const auto came = server_->clock.steady_now();
        co_await content.wait_for_room(count, patience);
        begin += server_->clock.steady_now() - came;
        const auto taken = content.push(*bytes);
        reader_.unread(bytes->size() - taken);
        if (content.is_hopeless()) {
            output_.put(replies::kTooLarge);
            co_return fail(Errc::limit_exceeded, "content does not end");
        }
        if (!content.is_finished() && is_too_slow(content.size(), begin))
            co_return fail(Errc::timed_out, "content too slow");
    }
    co_return Result<void>{};
}

// Of a message whose content began then.
milliseconds Connection::time_left(SteadyTime begin) const {
    const auto spent =
        std::chrono::duration_cast<milliseconds>(server_->clock.steady_now() - begin);
    return limits().data_deadline - spent;
}

milliseconds Connection::content_timeout(SteadyTime begin) const {
    return std::clamp(time_left(begin), milliseconds(1), limits().data_timeout);
}

// A peer that sends an octet now and then would hold the session for days.
bool Connection::is_too_slow(std::uint64_t octets, SteadyTime begin) const {
    const auto spent = server_->clock.steady_now() - begin;
    if (spent > limits().data_deadline) return true;
    if (spent <= limits().data_timeout) return false;
    const auto counted =
        std::chrono::duration_cast<std::chrono::seconds>(spent - limits().data_timeout);
    return octets < limits().data_rate * static_cast<std::uint64_t>(counted.count());
}

void Connection::log_message(const Report& report, SteadyTime begin) const {
    const bool is_accepted = report.refused < report.recipients;
    log::info(is_accepted ? "smtp_message_accepted" : "smtp_message_refused",
              {{"id", report.id},
               {"from", report.reverse_path},
               {"size", report.size},
               {"recipients", report.recipients},
               {"refused", report.refused},
               {"reason", report.reason},
               {"duration_usecs", microseconds(server_->clock.steady_now() - begin)}});
}

} // namespace maild::smtp
