#include "imap/connection.hpp"

#include "maild/base/log.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace maild::imap {

namespace {

constexpr std::size_t kReadSize = 64 * 1024;

} // namespace

net::Task<bool> StreamOutput::write(std::string_view bytes) {
    const auto written = co_await stream_.write(bytes, timeout_);
    failed_ = !written;
    co_return !failed_;
}

net::Task<bool> StreamOutput::end_compression() {
    bool alive = co_await flush();
    if (!alive || !is_compressed_) co_return alive;
    if (!deflater_) deflater_.emplace();
    std::string packed;
    deflater_->finish(packed);
    deflater_.reset();
    is_compressed_ = false;
    alive = co_await write(packed);
    co_return alive;
}

net::Task<bool> StreamOutput::flush() {
    if (failed_) text.clear();
    if (text.empty()) co_return !failed_;
    if (is_compressed_) {
        if (!deflater_) deflater_.emplace();
        std::string packed;
        deflater_->update(text, packed);
        co_await write(packed);
    } else {
        co_await write(text);
    }
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
        dialogue_.stop_waiting();
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
    else
        dialogue_.session().on_tls(stream_.tls()->binding);
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
        else if (stopping_ == net::StopReason::expired)
            session.bye("[EXPIRED] The password of this session has expired"); // RFC 5530 §3
        else if (stopping_ == net::StopReason::crowded_out)
            session.bye("[UNAVAILABLE] Too many connections have not logged in");
        else if (stopping_)
            session.bye("The server is going away, come back");
        const bool alive = co_await out_.flush();
        if (!alive || session.expects() == Expects::end) co_return;
        if (session.expects() == Expects::tls) {
            const bool usable = co_await start_tls();
            if (!usable) co_return;
        }
        if (session.expects() == Expects::deflate || session.expects() == Expects::plain) {
            co_await change_layer();
            if (dialogue_.has_input()) continue;
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
        pass_.set_nobody();
        login_began_ = server_->clock.steady_now();
        return;
    }
    const auto& identity = *session.identity();
    pass_.set_account(account, identity.address, identity.token.issued, identity.until);
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

// Between two responses, when all that was said before is on its way.
net::Task<void> Connection::change_layer() {
    auto& session = dialogue_.session();
    if (session.expects() == Expects::deflate) {
        out_.compress();
        inflater_.emplace();
    } else {
        co_await out_.end_compression();
        inflater_.reset();
        dialogue_.append(std::exchange(packed_, {})); // what came behind the end of the stream
    }
    session.on_layer();
}

bool Connection::has_packed() const {
    return inflater_ && (!packed_.empty() || inflater_->has_more());
}

// A bounded piece of what has come, whatever it grows to: the limits of lines and literals are
// those of what is inflated.
void Connection::unpack() {
    if (inflater_->is_over()) return dialogue_.session().bye("The compressed data have ended");
    std::string bytes;
    std::string_view rest = packed_;
    const auto inflated = inflater_->update(rest, bytes, kReadSize);
    packed_.erase(0, packed_.size() - rest.size());
    if (packed_.empty()) std::string().swap(packed_);
    if (!bytes.empty()) dialogue_.append(bytes);
    if (!inflated) dialogue_.session().bye("These are no compressed data");
}

net::Task<bool> Connection::wait_and_read() {
    if (has_packed()) {
        unpack();
        co_await net::sleep_for(std::chrono::milliseconds(0)); // others have their turn
        co_return true;
    }
    const bool was_in_command = std::exchange(is_in_command_, dialogue_.pending() > 0);
    if (is_in_command_ && !was_in_command) command_began_ = server_->clock.steady_now();
    if (!is_in_command_) {
        dialogue_.release();
        std::string().swap(out_.text);
        if (dialogue_.session().expects() == Expects::done) out_.rest();
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
        co_await dialogue_.session().on_wake();
        co_return true;
    }
    std::string bytes;
    const auto count = co_await stream_.read_append(bytes, kReadSize, time_left());
    if (!count) co_return false;
    active_ = server_->clock.steady_now();
    if (!inflater_) {
        dialogue_.append(bytes);
        co_return true;
    }
    packed_ = std::move(bytes);
    unpack();
    co_return true;
}

net::Task<void> serve(net::Stream stream, net::Gate::Pass pass,
                      std::shared_ptr<const Server> server) {
    Connection connection(std::move(stream), std::move(pass), std::move(server));
    co_await connection.run();
}

} // namespace maild::imap
