#include "smtp/connection.hpp"

#include "smtp/replies.hpp"

#include "maild/base/log.hpp"
#include "maild/net/timer.hpp"

namespace maild::smtp {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kMostLookedUp = 100; // RCPTs together

// 64 random bits in Crockford's base32: letters and digits only, as log and Received need it.
std::string make_session_id(Random& random) {
    constexpr std::string_view kDigits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    std::string id;
    auto bits = random.next();
    for (int i = 0; i < 13; ++i, bits >>= 5) id += kDigits[bits & 31];
    return id;
}

// For the trace.
std::string end_of(const Error& error) {
    auto out = "the connection ended: " + std::string(maild::name_of(error.code));
    return error.internal.empty() ? out : out + ", " + error.internal;
}

} // namespace

Connection::Connection(net::Stream stream, net::Gate::Pass pass,
                       std::shared_ptr<const Server> server)
    : server_(std::move(server)),
      stream_(std::move(stream)),
      reader_(stream_, kMaxLine),
      output_(stream_),
      session_(*server_, make_client()),
      pass_(std::move(pass)),
      started_(server_->clock.steady_now()) {
    pass_.on_stop([this](net::StopReason reason) { stop(reason); });
}

Client Connection::make_client() const {
    Client client;
    client.service = server_->service;
    client.session_id = make_session_id(server_->random);
    client.peer = stream_.peer();
    client.local = server_->local;
    return client;
}

// The gate wants us gone. The pending read ends now, or after what has to be finished.
void Connection::stop(net::StopReason reason) {
    stopping_ = reason;
    const bool is_crowded_out = reason == net::StopReason::crowded_out;
    if (is_crowded_out && has_to_finish()) {
        pass_.set_finishing();
    } else {
        session_.stop_waiting();
        if (content_ != nullptr) content_->stop_waiting();
    }
    if (!has_to_finish())
        stream_.cancel();
    else if (reason != net::StopReason::shutdown)
        stream_.cancel_in(limits().leave_timeout);
}

// The reply to a message; a transaction; but of one who is not wanted any longer only the content
// that is coming, and of one whose place is wanted only where it has a recipient.
bool Connection::has_to_finish() const {
    if (is_acknowledging_) return true;
    if (stopping_ == net::StopReason::shutdown) return session_.in_transaction();
    const bool has_content = session_.in_content();
    return has_content && (stopping_ != net::StopReason::crowded_out || session_.has_recipient());
}

// Without an account it is a newcomer but for the time of its transactions. LMTP's peer is trusted,
// and will never have one.
void Connection::tell_gate() {
    if (session_.client().identity) return;
    if (!session_.has_recipient())
        pass_.set_newcomer();
    else if (server_->service == Service::lmtp)
        pass_.set_trusted();
    else
        pass_.set_proven();
}

net::Task<void> Connection::run() {
    log_started();
    const auto result = co_await talk();
    if (!result) {
        session_.on_lost(end_of(result.error()));
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
    const auto pause = greeting_pause();
    if (pause > milliseconds(0)) {
        const auto waited = co_await wait_in_silence(pause);
        if (!waited) co_return waited;
        if (server_->early_talkers != nullptr) server_->early_talkers->passed(stream_.peer());
    }
    auto greeting = session_.greeting();
    const auto said = co_await say(std::move(greeting));
    co_return said;
}

net::Task<Result<void>> Connection::wait_in_silence(milliseconds pause) {
    net::Event never;
    const auto waited = co_await reader_.wait(never, pause);
    if (waited == net::WaitResult::closed) co_return fail(Errc::closed);
    if (waited != net::WaitResult::readable) co_return Result<void>{};
    const auto bytes = co_await reader_.next_bytes(1, limits().command_timeout);
    if (!bytes) co_return std::unexpected(bytes.error()); // it did not talk, it left
    output_.put(replies::kTalksFirst);
    const auto flushed = co_await flush();
    if (!flushed) co_return flushed;
    co_return fail(Errc::protocol_error, "input before the greeting");
}

milliseconds Connection::greeting_pause() const {
    if (server_->service != Service::relay_in) return milliseconds(0);
    const auto& peer = stream_.peer();
    if (peer.is_loopback) return limits().greeting_pause_loopback;
    const auto* talkers = server_->early_talkers;
    return talkers == nullptr || talkers->must_wait(peer) ? limits().greeting_pause
                                                          : milliseconds(0);
}

// Commands until the session wants something else. One write for a pipelined group, RFC 2920 §3.2.
net::Task<Result<void>> Connection::converse() {
    while (session_.expects() == Expects::command) {
        if (must_leave()) co_return fail(Errc::unavailable, "told to stop");
        if (!reader_.has_line() || output_.full()) {
            const auto flushed = co_await flush();
            if (!flushed) co_return flushed;
        }
        const auto timeout = command_timeout();
        if (timeout <= milliseconds(0)) co_return fail(Errc::timed_out, "content too slow");
        const auto line = co_await reader_.next(timeout);
        if (!line) co_return std::unexpected(line.error());
        if (session_.is_about_to_wait(*line)) {
            const auto flushed = co_await flush();
            if (!flushed) co_return flushed;
        }
        const bool was_known = session_.client().identity.has_value();
        if (session_.wants_group(*line)) {
            auto following = reader_.buffered_lines(kMostLookedUp - 1);
            co_await session_.look_up(*line, std::move(following));
        }
        auto replies = co_await session_.on_line(*line, !reader_.empty());
        look_for_end_of_chunks();
        const auto& identity = session_.client().identity;
        if (identity && !was_known)
            pass_.set_account(identity->account, identity->address, identity->token.issued,
                              identity->until);
        tell_gate();
        const auto said = co_await say(std::move(replies));
        if (!said) co_return said;
    }
    co_return Result<void>{};
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

void Connection::log_finished(const Result<void>& result) const {
    const auto& client = session_.client();
    log::info("smtp_session_finished",
              {{"session", client.session_id},
               {"remote_ip", client.peer.address},
               {"user", client.local ? std::string_view(client.local->name) : std::string_view()},
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

net::Task<void> serve(net::Stream stream, net::Gate::Pass pass,
                      std::shared_ptr<const Server> server) {
    Connection connection(std::move(stream), std::move(pass), std::move(server));
    co_await connection.run();
}

} // namespace maild::smtp
