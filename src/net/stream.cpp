#include "maild/net/stream.hpp"

#include "net/pieces.hpp"
#include "net/readiness.hpp"
#include "net/socket_options.hpp"
#include "net/tls_session.hpp"

#include "maild/net/ip.hpp"

#include <array>
#include <cerrno>
#include <sys/socket.h>

namespace maild::net {
namespace {

// Shared by all streams of a thread: filled and emptied between two waits, never held across one.
constexpr std::size_t kScratch = 64 * 1024;
std::span<char> read_scratch() {
    thread_local std::array<char, kScratch> bytes;
    return bytes;
}

constexpr std::size_t kRecord = 16 * 1024; // RFC 8446 §5.1: at most 2^14 octets in one record
std::span<char> record_scratch() {
    thread_local std::array<char, kRecord> bytes;
    return bytes;
}

Result<Step> plain_read(int fd, std::span<char> out) {
    for (;;) {
        const auto count = ::recv(fd, out.data(), out.size(), 0);
        if (count > 0) return Step{Need::nothing, static_cast<std::size_t>(count)};
        if (count == 0) return fail(Errc::closed, "end of input");
        if (errno == EINTR) continue;
        if (errno == EAGAIN || errno == EWOULDBLOCK) return Step{Need::to_read, 0};
        return socket_failure("recv");
    }
}

Result<Step> plain_write(int fd, const Pieces& pieces) {
    std::array<iovec, 64> vectors;
    msghdr message{};
    message.msg_iov = vectors.data();
    message.msg_iovlen = pieces.vectors(vectors);
    for (;;) {
        const auto count = ::sendmsg(fd, &message, MSG_NOSIGNAL);
        if (count >= 0) return Step{Need::nothing, static_cast<std::size_t>(count)};
        if (errno == EINTR) continue;
        if (errno == EAGAIN || errno == EWOULDBLOCK) return Step{Need::to_write, 0};
        return socket_failure("sendmsg");
    }
}

std::unexpected<Error> not_ready(Wake wake, std::string_view what) {
    return fail(wake == Wake::timed_out ? Errc::timed_out : Errc::closed, std::string(what));
}

} // namespace

class Stream::Impl {
public:
    Impl(boost::asio::io_context& io_in, UniqueFd socket)
        : io(io_in), peer(peer_of(socket.get())), port(net::local_port(socket.get())) {
        set_stream_options(socket.get());
        readiness = std::make_shared<Readiness>(io_in, std::move(socket));
    }

    int fd() const { return readiness->fd(); }

    Result<Step> read(std::span<char> out) {
        if (is_cancelled) return fail(Errc::closed, "cancelled");
        auto step = session ? session->read(out) : plain_read(fd(), out);
        if (step) bytes_in += step->count;
        return step;
    }

    Result<Step> write(const Pieces& pieces) {
        if (fd() < 0) return fail(Errc::closed, "closed");
        auto step =
            session ? session->write(pieces.stretch(record_scratch())) : plain_write(fd(), pieces);
        if (step) bytes_out += step->count;
        return step;
    }

    // TLS may have to read in order to write, and the other way round.
    Task<Wake> wait(Need need, Readiness::Deadline deadline) {
        return readiness->wait(need == Need::to_write ? Direction::write : Direction::read,
                               deadline);
    }

    void cancel() {
        is_cancelled = true;
        readiness->cancel();
    }

    boost::asio::io_context& io;
    std::shared_ptr<Readiness> readiness;
    std::optional<SteadyTimer> late_cancel;
    std::optional<TlsSession> session;
    std::optional<TlsState> tls;
    Peer peer;
    std::uint64_t bytes_in = 0;
    std::uint64_t bytes_out = 0;
    std::uint16_t port = 0;
    bool is_cancelled = false;
};

Stream::Stream(boost::asio::io_context& io, UniqueFd socket)
    : impl_(std::make_shared<Impl>(io, std::move(socket))) {}
Stream::Stream(Stream&&) noexcept = default;
Stream& Stream::operator=(Stream&& other) noexcept {
    if (this != &other) {
        if (impl_) impl_->readiness->close();
        impl_ = std::move(other.impl_);
    }
    return *this;
}
Stream::~Stream() {
    if (impl_) impl_->readiness->close();
}

Task<Result<std::size_t>> Stream::read_append(std::string& out, std::size_t at_most,
                                              std::chrono::milliseconds timeout) {
    const auto impl = impl_;
    std::optional<Readiness::Deadline> deadline;
    for (;;) {
        const auto scratch = read_scratch().first(std::min(at_most, kScratch));
        const auto step = impl->read(scratch);
        if (!step) co_return std::unexpected(step.error());
        if (step->need == Need::nothing) {
            out.append(scratch.data(), step->count);
            co_return step->count;
        }
        if (!deadline) deadline = deadline_after(timeout);
        if (out.empty()) std::string().swap(out);
        const auto wake = co_await impl->wait(step->need, *deadline);
        if (wake != Wake::ready) co_return not_ready(wake, "read");
    }
}

Task<WaitResult> Stream::wait_readable(Event& event, std::chrono::milliseconds timeout) {
    const auto impl = impl_;
    const auto deadline = deadline_after(timeout);
    for (;;) {
        if (impl->is_cancelled) co_return WaitResult::closed;
        if (impl->session) { // whole records only: a readable socket may hold a part of one
            const auto step = impl->session->peek();
            if (!step || step->need == Need::nothing) co_return WaitResult::readable;
        }
        const auto wake = co_await impl->readiness->wait(Direction::read, deadline, &event);
        if (wake == Wake::event) co_return WaitResult::event;
        if (wake == Wake::timed_out) co_return WaitResult::timed_out;
        if (wake == Wake::closed) co_return WaitResult::closed;
        if (!impl->session) co_return WaitResult::readable;
    }
}

Task<Result<void>> Stream::write(std::string_view bytes, std::chrono::milliseconds timeout) {
    const auto result = co_await write_all({&bytes, 1}, timeout);
    co_return result;
}

Task<Result<void>> Stream::write_all(std::span<const std::string_view> all,
                                     std::chrono::milliseconds timeout) {
    const auto impl = impl_;
    std::optional<Readiness::Deadline> deadline;
    for (Pieces pieces(all); !pieces.done();) {
        const auto step = impl->write(pieces);
        if (!step) co_return std::unexpected(step.error());
        if (step->need == Need::nothing) {
            pieces.advance(step->count);
            continue;
        }
        if (!deadline) deadline = deadline_after(timeout);
        const auto wake = co_await impl->wait(step->need, *deadline);
        if (wake != Wake::ready) co_return not_ready(wake, "write");
    }
    co_return Result<void>{};
}

Task<Result<void>> Stream::start_tls(TlsContext& context, std::chrono::milliseconds timeout) {
    const auto impl = impl_;
    if (impl->session) co_return fail(Errc::invalid_argument, "TLS is on already");
    auto created = TlsSession::create(context, impl->fd());
    if (!created) co_return std::unexpected(created.error());
    impl->session = std::move(*created);
    auto done = co_await shake_hands(impl, timeout);
    co_return done;
}

Task<Result<void>> Stream::start_client_tls(const ClientTls& context, std::string host,
                                            std::chrono::milliseconds timeout) {
    const auto impl = impl_;
    if (impl->session) co_return fail(Errc::invalid_argument, "TLS is on already");
    auto created = TlsSession::create_client(context, impl->fd(), host);
    if (!created) co_return std::unexpected(created.error());
    impl->session = std::move(*created);
    auto done = co_await shake_hands(impl, timeout);
    co_return done;
}

Task<Result<void>> Stream::shake_hands(std::shared_ptr<Impl> impl,
                                       std::chrono::milliseconds timeout) {
    const auto deadline = deadline_after(timeout);
    for (;;) {
        if (impl->is_cancelled) co_return fail(Errc::closed, "cancelled");
        const auto step = impl->session->handshake();
        if (!step) co_return std::unexpected(step.error());
        if (step->need == Need::nothing) break;
        const auto wake = co_await impl->wait(step->need, deadline);
        if (wake != Wake::ready) co_return not_ready(wake, "TLS handshake");
    }
    impl->tls = impl->session->state();
    co_return Result<void>{};
}

Task<void> Stream::shutdown(std::chrono::milliseconds timeout) {
    // What the peer still sends is read and dropped for a while: closing with unread input makes
    // the kernel send RST, which can take our last reply away from him. Not for ever, and not any
    // amount.
    constexpr std::size_t kMaxDropped = 1024 * 1024;
    const auto impl = impl_;
    if (impl->fd() < 0) co_return;
    if (impl->session) impl->session->close_notify();
    ::shutdown(impl->fd(), SHUT_WR);
    const auto deadline =
        deadline_after(impl->is_cancelled ? std::chrono::milliseconds(0) : timeout);
    for (std::size_t dropped = 0; dropped < kMaxDropped && impl->fd() >= 0;) {
        const auto step = plain_read(impl->fd(), read_scratch());
        if (!step) break;
        dropped += step->count;
        if (step->need == Need::nothing) continue;
        const auto wake = co_await impl->wait(step->need, deadline);
        if (wake != Wake::ready) break;
    }
    impl->readiness->close();
}

void Stream::cancel() { impl_->cancel(); }

void Stream::cancel_in(std::chrono::milliseconds delay) {
    auto& timer = impl_->late_cancel.emplace(impl_->io, delay);
    timer.async_wait([weak = std::weak_ptr(impl_)](const boost::system::error_code& error) {
        const auto impl = weak.lock();
        if (!error && impl) impl->cancel();
    });
}

const Peer& Stream::peer() const { return impl_->peer; }
std::uint16_t Stream::local_port() const { return impl_->port; }
const std::optional<TlsState>& Stream::tls() const { return impl_->tls; }
std::uint64_t Stream::bytes_in() const { return impl_->bytes_in; }
std::uint64_t Stream::bytes_out() const { return impl_->bytes_out; }

} // namespace maild::net
