// The edge of SMTP: one coroutine for each connection that moves octets between stream and session,
// keeps the time, and writes the log. What is answered is the session's business.
#include "smtp/replies.hpp"
#include "smtp/session.hpp"

#include "maild/base/log.hpp"
#include "maild/net/line_reader.hpp"
#include "maild/net/output.hpp"
#include "maild/net/timer.hpp"

#include <algorithm>

namespace maild::smtp {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kPiece = 64 * 1024; // octets of content that are taken at once

// 64 random bits in Crockford's base32: letters and digits only, as log and Received need it.
std::string make_session_id(Random& random) {
    constexpr std::string_view kDigits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    std::string id;
    auto bits = random.next();
    for (int i = 0; i < 13; ++i, bits >>= 5) id += kDigits[bits & 31];
    return id;
}

std::string_view name_of(Service service) {
    switch (service) {
    case Service::relay_in: return "smtp";
    case Service::submission: return "submission";
    case Service::lmtp: return "lmtp";
    }
    return "smtp";
}

std::uint64_t microseconds(SteadyTime::duration span) {
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(span).count());
}

class Connection {
public:
    Connection(net::Stream stream, net::Gate::Pass pass, std::shared_ptr<const Server> server)
        : server_(std::move(server)),
          stream_(std::move(stream)),
          reader_(stream_, kMaxLine),
          output_(stream_),
          session_(*server_, make_client()),
          pass_(std::move(pass)),
          started_(server_->clock.steady_now()) {
        pass_.on_stop([this](net::StopReason reason) { stop(reason); });
    }
    ~Connection() = default;
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    net::Task<void> run();

private:
    net::Task<Result<void>> talk();
    net::Task<Result<void>> greet();
    net::Task<Result<void>> converse();
    net::Task<Result<void>> receive();
    net::Task<Result<void>> receive_chunk();
    net::Task<Result<void>> read_chunk();
    net::Task<Result<void>> read_content(ContentReader& content);
    net::Task<Result<void>> acknowledge(ContentResult result, SteadyTime begin);
    net::Task<Result<void>> start_tls();
    net::Task<Result<void>> say(Replies replies);
    net::Task<Result<void>> flush();

    Client make_client() const;
    void stop(net::StopReason reason);
    bool must_leave() const { return stopping_ && !has_to_finish(); }
    bool has_to_finish() const;
    std::string_view goodbye(Errc reason) const;
    milliseconds content_timeout(SteadyTime begin) const;
    bool is_too_slow(std::uint64_t octets, SteadyTime begin) const;
    void log_started() const;
    void log_message(const Report& report, SteadyTime begin) const;
    void log_finished(const Result<void>& result) const;
    const Limits& limits() const { return server_->limits; }

    std::shared_ptr<const Server> server_;
    net::Stream stream_;
    net::LineReader reader_;
    net::Output output_;
    Session session_;
    net::Gate::Pass pass_;
    SteadyTime started_;
    std::optional<net::StopReason> stopping_;
    std::uint64_t accepted_ = 0;
    SteadyTime chunks_begin_{};      // the first chunk of the message that is coming …
    std::uint64_t chunk_octets_ = 0; // … and how much of it has come
};

Client Connection::make_client() const {
    Client client;
    client.service = server_->service;
    client.session_id = make_session_id(server_->random);
    client.peer = stream_.peer();
    return client;
}

// The gate wants us gone. Between transactions the pending read ends now; within one, after it.
void Connection::stop(net::StopReason reason) {
    stopping_ = reason;
    if (!has_to_finish()) stream_.cancel();
}

// A transaction, but not for a newcomer's sake that has got no further than MAIL.
bool Connection::has_to_finish() const {
    return stopping_ == net::StopReason::crowded_out ? session_.has_recipient()
                                                     : session_.in_transaction();
}

net::Task<void> Connection::run() {
    log_started();
    const auto result = co_await talk();
    if (!result) {
        output_.put(goodbye(result.error().code));
        // The peer may be gone already; then there is nobody left to tell.
        const auto flushed = co_await output_.flush(limits().close_timeout);
        (void)flushed;
    }
    co_await stream_.shutdown(limits().close_timeout);
    log_finished(result);
}

// What is said when a session ends for a reason of its connection, RFC 5321 §3.8.
std::string_view Connection::goodbye(Errc reason) const {
    if (reason == Errc::protocol_error) return {}; // said already, or nothing would be understood
    if (stopping_ == net::StopReason::kicked) return replies::kKicked;
    if (stopping_ == net::StopReason::expired) return replies::kExpired;
    if (stopping_ == net::StopReason::crowded_out) return replies::kCrowdedOut;
    if (stopping_) return replies::kStopping;
    if (reason == Errc::timed_out) return replies::kTimedOut;
    if (reason == Errc::too_large)
        return session_.in_exchange() ? replies::kEndlessLine : replies::kEndlessCommand;
    return {};
}

net::Task<Result<void>> Connection::talk() {
    if (server_->implicit_tls) {
        const auto secured = co_await start_tls();
        if (!secured) co_return secured;
    }
    const auto greeted = co_await greet();
    if (!greeted) co_return greeted;
    while (session_.expects() != Expects::nothing) {
        if (session_.expects() == Expects::content) {
            const auto received = co_await receive();
            if (!received) co_return received;
        } else if (session_.expects() == Expects::chunk) {
            const auto received = co_await receive_chunk();
            if (!received) co_return received;
        } else if (session_.expects() == Expects::tls_handshake) {
            const auto secured = co_await start_tls();
            if (!secured) co_return secured;
        } else {
            const auto conversed = co_await converse();
            if (!conversed) co_return conversed;
        }
    }
    const auto flushed = co_await flush();
    co_return flushed;
}

// The server speaks first (RFC 5321 §3.1). On port 25, whoever talks before is no mail host.
net::Task<Result<void>> Connection::greet() {
    if (server_->service == Service::relay_in) {
        net::Event never;
        const auto pause =
            stream_.peer().is_loopback ? limits().greeting_pause_loopback : limits().greeting_pause;
        const auto waited = co_await reader_.wait(never, pause);
        if (waited == net::WaitResult::closed) co_return fail(Errc::closed);
        if (waited == net::WaitResult::readable) {
            const auto bytes = co_await reader_.next_bytes(1, limits().command_timeout);
            if (!bytes) co_return std::unexpected(bytes.error());
            output_.put(replies::kTalksFirst);
            const auto flushed = co_await flush();
            if (!flushed) co_return flushed;
            co_return fail(Errc::protocol_error, "input before the greeting");
        }
    }
    auto greeting = session_.greeting();
    const auto said = co_await say(std::move(greeting));
    co_return said;
}

// Commands until the session wants something else. One write for a pipelined group, RFC 2920 §3.2.
net::Task<Result<void>> Connection::converse() {
    while (session_.expects() == Expects::command) {
        if (must_leave()) co_return fail(Errc::unavailable, "told to stop");
        if (!reader_.has_line() || output_.full()) {
            const auto flushed = co_await flush();
            if (!flushed) co_return flushed;
        }
        const auto line = co_await reader_.next(limits().command_timeout);
        if (!line) co_return std::unexpected(line.error());
        const bool was_known = session_.client().identity.has_value();
        auto replies = co_await session_.on_line(*line, !reader_.empty());
        if (session_.expects() != Expects::chunk && !session_.in_chunks()) chunk_octets_ = 0;
        const auto& identity = session_.client().identity;
        if (identity && !was_known)
            pass_.set_account(identity->account, identity->address, identity->token.issued,
                              identity->until);
        if (session_.has_recipient()) pass_.set_proven();
        const auto said = co_await say(std::move(replies));
        if (!said) co_return said;
    }
    co_return Result<void>{};
}

// DATA's content. Its reply is written at once, so that one that could not be is known by message.
net::Task<Result<void>> Connection::receive() {
    const auto begin = server_->clock.steady_now();
    pass_.set_state("content");
    ContentReader content(limits().message_size, server_->budget);
    const auto read = co_await read_content(content);
    if (!read) co_return read;
    auto result = co_await session_.on_content(content);
    const auto acknowledged = co_await acknowledge(std::move(result), begin);
    co_return acknowledged;
}

net::Task<Result<void>> Connection::acknowledge(ContentResult result, SteadyTime begin) {
    const bool is_accepted = result.report.refused < result.report.recipients;
    accepted_ += is_accepted ? 1 : 0;
    log_message(result.report, begin);
    output_.put(std::move(result.replies.text));
    const auto flushed = co_await flush();
    // Stored for good, but the peer does not know and will send it again: at most this duplicate.
    if (!flushed && is_accepted) log::warning("smtp_ack_lost", {{"id", result.report.id}});
    pass_.set_state("commands");
    co_return flushed;
}

// BDAT's chunk. Its octets stand behind the command, whatever was answered to those before it.
net::Task<Result<void>> Connection::receive_chunk() {
    if (chunk_octets_ == 0) chunks_begin_ = server_->clock.steady_now();
    pass_.set_state("content");
    const auto read = co_await read_chunk();
    if (!read) co_return read;
    auto result = co_await session_.on_chunk();
    const bool is_message = !result.report.id.empty();
    if (is_message) {
        const auto acknowledged = co_await acknowledge(std::move(result), chunks_begin_);
        co_return acknowledged;
    }
    pass_.set_state("commands");
    const auto said = co_await say(std::move(result.replies));
    co_return said;
}

net::Task<Result<void>> Connection::read_chunk() {
    while (session_.chunk_left() > 0) {
        const auto flushed = co_await flush(); // what it waits for, if it waits
        if (!flushed) co_return flushed;
        const auto timeout = content_timeout(chunks_begin_);
        const auto most = std::min<std::uint64_t>(kPiece, session_.chunk_left());
        const auto bytes = co_await reader_.next_bytes(static_cast<std::size_t>(most), timeout);
        if (!bytes) co_return std::unexpected(bytes.error());
        session_.on_chunk_octets(*bytes);
        chunk_octets_ += bytes->size();
        if (is_too_slow(chunk_octets_, chunks_begin_))
            co_return fail(Errc::timed_out, "content too slow");
    }
    co_return Result<void>{};
}

net::Task<Result<void>> Connection::read_content(ContentReader& content) {
    const auto flushed = co_await flush();
    if (!flushed) co_return flushed;
    const auto begin = server_->clock.steady_now();
    while (!content.is_finished()) {
        const auto timeout = content_timeout(begin);
        const auto bytes = co_await reader_.next_bytes(kPiece, timeout);
        if (!bytes) co_return std::unexpected(bytes.error());
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

milliseconds Connection::content_timeout(SteadyTime begin) const {
    const auto spent =
        std::chrono::duration_cast<milliseconds>(server_->clock.steady_now() - begin);
    return std::clamp(limits().data_deadline - spent, milliseconds(1), limits().data_timeout);
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

// At STARTTLS the session made sure that nothing was sent behind it (RFC 3207 §5).
net::Task<Result<void>> Connection::start_tls() {
    const auto flushed = co_await flush();
    if (!flushed) co_return flushed;
    reader_.clear();
    const auto secured = co_await stream_.start_tls(*server_->tls, limits().tls_timeout);
    // Nothing can be said any more: the peer expects TLS.
    if (!secured)
        co_return fail(Errc::protocol_error, "TLS handshake: " + secured.error().internal);
    session_.on_tls(*stream_.tls());
    co_return Result<void>{};
}

net::Task<Result<void>> Connection::say(Replies replies) {
    if (replies.delay > milliseconds(0)) {
        const auto flushed = co_await flush();
        if (!flushed) co_return flushed;
        co_await net::sleep_for(replies.delay);
    }
    output_.put(std::move(replies.text));
    co_return Result<void>{};
}

net::Task<Result<void>> Connection::flush() {
    if (output_.empty()) co_return Result<void>{};
    const auto flushed = co_await output_.flush(limits().write_timeout);
    co_return flushed;
}

void Connection::log_started() const {
    const auto& client = session_.client();
    log::info("smtp_session_started", {{"session", client.session_id},
                                       {"service", name_of(client.service)},
                                       {"remote_ip", client.peer.address},
                                       {"remote_port", client.peer.port}});
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

void Connection::log_finished(const Result<void>& result) const {
    const auto& client = session_.client();
    log::info("smtp_session_finished",
              {{"session", client.session_id},
               {"remote_ip", client.peer.address},
               {"hello", client.hello},
               {"tls", client.tls ? std::string_view(client.tls->version) : std::string_view()},
               {"account",
                client.identity ? std::string_view(client.identity->address) : std::string_view()},
               {"transactions", session_.transactions()},
               {"accepted", accepted_},
               {"bytes_in", stream_.bytes_in()},
               {"bytes_out", stream_.bytes_out()},
               {"error", result ? std::string_view() : maild::name_of(result.error().code)},
               {"reason", result ? std::string_view() : std::string_view(result.error().internal)},
               {"duration_usecs", microseconds(server_->clock.steady_now() - started_)}});
}

} // namespace

net::Task<void> serve(net::Stream stream, net::Gate::Pass pass,
                      std::shared_ptr<const Server> server) {
    Connection connection(std::move(stream), std::move(pass), std::move(server));
    co_await connection.run();
}

} // namespace maild::smtp
