#include "imap/connection.hpp"

#include "maild/base/log.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace maild::imap {

namespace {

constexpr std::size_t kReadSize = 64 * 1024;

} // namespace

net::Task<bool> StreamOutput::flush() {
    if (failed_) text.clear();
    if (text.empty()) co_return !failed_;
    const auto written = co_await stream_.write(text, timeout_);
    failed_ = !written;
    // A small buffer is kept for the next command, an idle connection gives it back.
    if (text.capacity() > 2 * kFlushSize)
        std::string().swap(text);
    else
        text.clear();
    co_return !failed_;
}

Connection::Connection(net::Stream stream, net::Gate::Pass pass,
                       std::shared_ptr<const Server> server)
    : server_(std::move(server)),
      stream_(std::move(stream)),
      pass_(std::move(pass)),
      out_(stream_, server_->limits.write_timeout),
      dialogue_({stream_.peer(), server_->implicit_tls}, *server_, out_, wake_),
      started_(server_->clock.steady_now()),
      login_began_(started_),
      active_(started_),
      command_began_(started_) {
    pass_.on_stop([this](net::StopReason reason) {
        stopping_ = reason;
        wake_.notify();
        // Whoever is to make room does not do so in his own time: a handshake, or a peer that reads
        // nothing, is waited for no longer.
        if (reason == net::StopReason::crowded_out && !is_waiting_) stream_.cancel();
    });
}

net::Task<void> Connection::run() {
    log::info("imap_session_started", {{"session", pass_.id()},
                                       {"remote_ip", stream_.peer().address},
                                       {"remote_port", stream_.peer().port},
                                       {"tls", server_->implicit_tls}});
    bool usable = true;
    if (server_->implicit_tls) usable = co_await start_tls();
    if (usable) {
        dialogue_.session().greet();
        co_await converse();
        co_await out_.flush();
        if (stopping_ == net::StopReason::crowded_out) stream_.cancel();
        co_await stream_.shutdown(server_->limits.close_timeout);
    }
    const auto& identity = dialogue_.session().identity();
    const auto duration = std::chrono::duration_cast<std::chrono::milliseconds>(
        server_->clock.steady_now() - started_);
    log::info("imap_session_finished",
              {{"session", pass_.id()},
               {"remote_ip", stream_.peer().address},
               {"account", identity ? std::string_view(identity->address) : std::string_view()},
               {"bytes_in", stream_.bytes_in()},
               {"bytes_out", stream_.bytes_out()},
               {"duration_msecs", duration.count()}});
}

net::Task<bool> Connection::start_tls() {
    if (!server_->tls) co_return false;
    const auto done = co_await stream_.start_tls(*server_->tls, server_->limits.tls_timeout);
    if (!done)
        log::info("imap_tls_failed", {{"session", pass_.id()},
                                      {"remote_ip", stream_.peer().address},
                                      {"detail", done.error().internal}});
    co_return done.has_value();
}

net::Task<void> Connection::converse() {
    auto& session = dialogue_.session();
    while (!out_.failed()) {
        co_await dialogue_.advance();
        tell_gate();
        if (const auto delay = session.take_delay(); delay.count() > 0) {
            co_await net::sleep_for(delay);
            const bool alive = co_await out_.flush();
            if (!alive || session.expects() == Expects::end) co_return;
            continue; // what was pipelined behind the failed login
        }
        if (stopping_ == net::StopReason::kicked)
            session.bye("The administrator ended this session");
        else if (stopping_ == net::StopReason::crowded_out)
            session.bye("[UNAVAILABLE] Too many connections have not logged in");
        else if (stopping_)
            session.bye("The server is going away, come back");
        const bool alive = co_await out_.flush();
        if (!alive || session.expects() == Expects::end) co_return;
        if (session.expects() == Expects::tls) {
            const bool usable = co_await start_tls();
            if (!usable) co_return;
            session.on_tls();
        }
        const bool is_open = co_await wait_and_read();
        if (!is_open) co_return;
    }
}

// The gate's list is for people: who is here, and whether they only wait.
void Connection::tell_gate() {
    const auto& session = dialogue_.session();
    pass_.set_state(session.expects() == Expects::done   ? "IDLE"
                    : session.state() == State::selected ? "selected"
                                                         : "");
    const auto account = session.identity() ? session.identity()->account : AccountId();
    if (account == account_) return;
    account_ = account;
    if (!account) { // UNAUTHENTICATE: the next login has as much time as the first
        pass_.set_account({}, {});
        login_began_ = server_->clock.steady_now();
        return;
    }
    pass_.set_account(account, session.identity()->address);
    log::info("imap_login", {{"session", pass_.id()},
                             {"account", session.identity()->address},
                             {"remote_ip", stream_.peer().address},
                             {"tls", stream_.tls().has_value()}});
}

// How long the peer may be silent now. A command that has begun has to make progress: one octet a
// minute does not hold a connection (RFC 9051 §5.4 is about idle clients only).
std::chrono::milliseconds Connection::time_left() {
    const auto& limits = server_->limits;
    const auto now = server_->clock.steady_now();
    auto deadline = active_ + limits.idle_timeout;
    if (dialogue_.pending() > 0) {
        const std::chrono::seconds earned(dialogue_.pending() /
                                          std::max<std::uint64_t>(limits.command_rate, 1));
        deadline = std::min(deadline, command_began_ + limits.command_timeout + earned);
    }
    if (dialogue_.session().state() == State::not_authenticated)
        deadline = std::min(deadline, login_began_ + limits.login_timeout);
    return std::max(std::chrono::ceil<std::chrono::milliseconds>(deadline - now),
                    std::chrono::milliseconds(0));
}

net::Task<bool> Connection::wait_and_read() {
    const bool was_in_command = std::exchange(is_in_command_, dialogue_.pending() > 0);
    if (is_in_command_ && !was_in_command) command_began_ = server_->clock.steady_now();
    if (!is_in_command_) {
        dialogue_.release();
        std::string().swap(out_.text);
    }
    is_waiting_ = true;
    const auto waited = co_await stream_.wait_readable(wake_, time_left());
    is_waiting_ = false;
    if (waited == net::WaitResult::closed) co_return false;
    if (waited == net::WaitResult::timed_out) {
        dialogue_.session().bye("Autologout: nothing came for too long");
        co_return true;
    }
    if (waited == net::WaitResult::event) {
        dialogue_.session().on_wake();
        co_return true;
    }
    std::string bytes;
    const auto count = co_await stream_.read_append(bytes, kReadSize, time_left());
    if (!count) co_return false;
    active_ = server_->clock.steady_now();
    dialogue_.append(bytes);
    co_return true;
}

net::Task<void> serve(net::Stream stream, net::Gate::Pass pass,
                      std::shared_ptr<const Server> server) {
    Connection connection(std::move(stream), std::move(pass), std::move(server));
    co_await connection.run();
}

} // namespace maild::imap
