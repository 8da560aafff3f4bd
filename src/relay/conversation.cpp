#include "relay/conversation.hpp"

#include <algorithm>
#include <utility>

// GCC 12 takes Asio's recycled coroutine frames (aligned_alloc, freed by the frame's operator
// delete) for a mismatch.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace maild::relay {
namespace {

using Clock = std::chrono::steady_clock;

std::chrono::milliseconds left(Clock::time_point deadline) {
    return std::max(std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()),
                    std::chrono::milliseconds(0));
}

// One that holds a bare CR or LF may be meant as two (RFC 5321 §2.3.8). NUL is cleaned like other
// controls.
Result<bool> take(ReplyBuilder& builder, const net::Line& line) {
    if (line.has_bare_cr_or_lf)
        return fail(Errc::protocol_error, "the server's reply holds a CR or LF alone");
    return builder.put(line.text);
}

} // namespace

Conversation::Conversation(net::Stream stream, std::string host)
    : stream_(std::move(stream)), reader_(stream_, kMaxReplyLine + 2), host_(std::move(host)) {}

net::Task<Result<void>> Conversation::write(std::string_view bytes,
                                            std::chrono::milliseconds timeout) {
    const auto written = co_await stream_.write(bytes, timeout);
    if (!written) is_over_ = true;
    co_return written;
}

net::Task<Result<Reply>> Conversation::read(std::chrono::milliseconds timeout) {
    const auto deadline = Clock::now() + timeout;
    ReplyBuilder builder;
    for (;;) {
        const auto line = co_await reader_.next(left(deadline));
        auto is_whole = line ? take(builder, *line) : std::unexpected(line.error());
        if (!is_whole) {
            is_over_ = true;
            co_return std::unexpected(std::move(is_whole.error()));
        }
        if (*is_whole) break;
    }
    auto reply = builder.take();
    if (reply.code == 421) {
        is_over_ = true;
        farewell_ = reply;
    }
    co_return reply;
}

net::Task<Result<Reply>> Conversation::ask(std::string_view command,
                                           std::chrono::milliseconds timeout) {
    const auto line = std::string(command) + "\r\n";
    const auto written = co_await write(line, timeout);
    if (!written) {
        // It may have said why before it went: 421, mostly.
        auto said = co_await read(std::chrono::milliseconds(0));
        if (said && said->code == 421) co_return said;
        co_return std::unexpected(written.error());
    }
    auto reply = co_await read(timeout);
    co_return reply;
}

Outcome Conversation::outcome(const Error& error, Stage stage) const {
    if (farewell_) return outcome_of(*farewell_, stage, Scope::host, host_);
    return outcome_of(error, stage, host_);
}

Outcome Conversation::outcome(const Reply& reply, Stage stage, Scope scope) const {
    return outcome_of(reply, stage, reply.code == 421 ? Scope::host : scope, host_);
}

} // namespace maild::relay
