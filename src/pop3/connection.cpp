// The edge of POP3: one coroutine for each connection that moves octets between stream and session,
// keeps the time, and writes the log. What is answered is the session's business.
#include "pop3/limits.hpp"
#include "pop3/session.hpp"

#include "maild/base/log.hpp"
#include "maild/net/output.hpp"
#include "maild/net/timer.hpp"

#include <algorithm>

namespace maild::pop3 {
namespace {

using std::chrono::milliseconds;

class Connection {
public:
    Connection(net::Stream stream, net::Gate::Pass pass, std::shared_ptr<const Server> server)
        : server_(std::move(server)),
          stream_(std::move(stream)),
          reader_(stream_, kMaxLine),
          output_(stream_, kPiece),
          session_({stream_.peer(), server_->implicit_tls}, *server_, [this] { interrupt(); }),
          pass_(std::move(pass)),
          started_(server_->clock.steady_now()) {
        pass_.on_stop([this](net::StopReason reason) {
            stopping_ = reason;
            // Whoever is to make room does not do so in his own time: a handshake, or a peer that
            // reads nothing, is waited for no longer.
            if (reason == net::StopReason::crowded_out)
                stream_.cancel();
            else
                interrupt();
        });
    }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    net::Task<void> run();

private:
    net::Task<Result<void>> talk();
    net::Task<Result<void>> converse();
    net::Task<Result<net::Line>> next_line();
    net::Task<Result<void>> say(Reply reply);
    net::Task<Result<void>> send_message();
    net::Task<Result<void>> start_tls();
    net::Task<Result<void>> flush();

    void interrupt();
    bool must_leave() const { return stopping_ || session_.is_lost(); }
    std::string goodbye(Errc reason) const;
    milliseconds time_left() const;
    void tell_gate();
    void log_started() const;
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
    bool is_reading_ = false;
    bool is_known_ = false; // the gate knows the account
};

// Ends a wait for the client's next line. What is being sent to it is sent to its end first.
void Connection::interrupt() {
    if (is_reading_) stream_.cancel();
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
    if (stopping_ == net::StopReason::crowded_out) stream_.cancel();
    co_await stream_.shutdown(limits().close_timeout);
    log_finished(result);
}

// What is said when a session ends for a reason of its connection. To a client that was silent for
// too long nothing is said, RFC 1939 §3.
std::string Connection::goodbye(Errc reason) const {
    if (reason == Errc::protocol_error || reason == Errc::corrupt) return {};
    if (stopping_ == net::StopReason::kicked)
        return err("[SYS/TEMP] The administrator ended this session").text;
    if (stopping_ == net::StopReason::expired) // RFC 3206 §4
        return err("[AUTH] The password of this session has expired").text;
    if (stopping_ == net::StopReason::crowded_out)
        return err("[SYS/TEMP] Too many connections have not logged in").text;
    if (stopping_) return err("[SYS/TEMP] The server is going away, come back").text;
    if (session_.is_lost()) return err("[SYS/TEMP] The mail store was restarted, come back").text;
    if (reason == Errc::too_large) return err("The line does not end").text;
    return {};
}

net::Task<Result<void>> Connection::talk() {
    if (server_->implicit_tls) {
        const auto secured = co_await start_tls();
        if (!secured) co_return secured;
    }
    output_.put(Session::greeting().text);
    while (session_.expects() != Expects::end) {
        if (session_.expects() == Expects::tls) {
            const auto secured = co_await start_tls();
            if (!secured) co_return secured;
        }
        const auto conversed = co_await converse();
        if (!conversed) co_return conversed;
    }
    const auto flushed = co_await flush();
    co_return flushed;
}

// Commands until the session wants something else. One write for a pipelined group.
net::Task<Result<void>> Connection::converse() {
    while (session_.expects() == Expects::command || session_.expects() == Expects::sasl_line) {
        if (must_leave()) co_return fail(Errc::unavailable, "told to stop");
        const auto line = co_await next_line();
        if (!line) co_return std::unexpected(line.error());
        auto reply = co_await session_.on_line(*line, !reader_.empty());
        tell_gate();
        const auto said = co_await say(std::move(reply));
        if (!said) co_return said;
    }
    co_return Result<void>{};
}

net::Task<Result<net::Line>> Connection::next_line() {
    reader_.set_max_line(session_.expects() == Expects::sasl_line ? auth::kMaxSaslLine + 2
                                                                  : kMaxLine);
    if (!reader_.has_line() || output_.full()) {
        const auto flushed = co_await flush();
        if (!flushed) co_return std::unexpected(flushed.error());
        if (must_leave()) co_return fail(Errc::unavailable, "told to stop");
    }
    is_reading_ = true;
    auto line = co_await reader_.next(time_left());
    is_reading_ = false;
    co_return line;
}

net::Task<Result<void>> Connection::say(Reply reply) {
    if (reply.delay > milliseconds(0)) {
        const auto flushed = co_await flush();
        if (!flushed) co_return flushed;
        co_await net::sleep_for(reply.delay);
    }
    output_.put(std::move(reply.text));
    while (session_.is_sending()) {
        const auto sent = co_await send_message();
        if (!sent) co_return sent;
    }
    co_return Result<void>{};
}

// A piece of a large message. What was read ahead goes out before more is read.
net::Task<Result<void>> Connection::send_message() {
    auto piece = co_await session_.next_piece();
    if (!piece) {
        log::warning("pop3_transfer_failed", {{"session", pass_.id()},
                                              {"account", session_.identity()->address},
                                              {"error", name_of(piece.error().code)},
                                              {"detail", piece.error().internal}});
        co_return fail(Errc::corrupt, "a message could not be sent to its end");
    }
    output_.put(std::move(*piece));
    if (!output_.full()) co_return Result<void>{};
    const auto flushed = co_await flush();
    co_return flushed;
}

// At STLS the session made sure that nothing was sent behind it.
net::Task<Result<void>> Connection::start_tls() {
    const auto flushed = co_await flush();
    if (!flushed) co_return flushed;
    reader_.clear();
    if (!server_->tls) co_return fail(Errc::protocol_error, "no certificate");
    const auto secured = co_await stream_.start_tls(*server_->tls, limits().tls_timeout);
    // Nothing can be said any more: the peer expects TLS.
    if (!secured)
        co_return fail(Errc::protocol_error, "TLS handshake: " + secured.error().internal);
    session_.on_tls(stream_.tls()->binding);
    co_return Result<void>{};
}

net::Task<Result<void>> Connection::flush() {
    if (output_.empty()) co_return Result<void>{};
    const auto flushed = co_await output_.flush(limits().write_timeout);
    co_return flushed;
}

// How long the peer may take for its next line.
milliseconds Connection::time_left() const {
    if (session_.state() == State::transaction) return limits().idle_timeout;
    const auto spent =
        std::chrono::duration_cast<milliseconds>(server_->clock.steady_now() - started_);
    return std::clamp(limits().login_timeout - spent, milliseconds(1), limits().idle_timeout);
}

void Connection::tell_gate() {
    if (is_known_ || !session_.identity()) return;
    is_known_ = true;
    const auto& identity = *session_.identity();
    pass_.set_account(identity.account, identity.address, identity.token.issued, identity.until);
    log::info("pop3_login", {{"session", pass_.id()},
                             {"account", session_.identity()->address},
                             {"remote_ip", stream_.peer().address},
                             {"tls", stream_.tls().has_value()}});
}

void Connection::log_started() const {
    log::info("pop3_session_started", {{"session", pass_.id()},
                                       {"remote_ip", stream_.peer().address},
                                       {"remote_port", stream_.peer().port},
                                       {"tls", server_->implicit_tls}});
}

void Connection::log_finished(const Result<void>& result) const {
    const auto& identity = session_.identity();
    const auto duration =
        std::chrono::duration_cast<milliseconds>(server_->clock.steady_now() - started_);
    log::info("pop3_session_finished",
              {{"session", pass_.id()},
               {"remote_ip", stream_.peer().address},
               {"account", identity ? std::string_view(identity->address) : std::string_view()},
               {"retrieved", session_.retrieved()},
               {"removed", session_.removed()},
               {"bytes_in", stream_.bytes_in()},
               {"bytes_out", stream_.bytes_out()},
               {"error", result ? std::string_view() : maild::name_of(result.error().code)},
               {"reason", result ? std::string_view() : std::string_view(result.error().internal)},
               {"duration_msecs", duration.count()}});
}

} // namespace

net::Task<void> serve(net::Stream stream, net::Gate::Pass pass,
                      std::shared_ptr<const Server> server) {
    Connection connection(std::move(stream), std::move(pass), std::move(server));
    co_await connection.run();
}

} // namespace maild::pop3
