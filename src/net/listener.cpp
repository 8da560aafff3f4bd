#include "maild/net/listener.hpp"

#include "net/readiness.hpp"

#include "maild/base/log.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/socket.h>

namespace maild::net {
namespace {

constexpr auto kPause = std::chrono::milliseconds(100);
constexpr auto kLeft = std::chrono::milliseconds(100); // between two looks whether others take them

bool is_exhausted(int error) {
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}
// The connection was gone before we took it, or never came to be (accept(2), "Error handling").
bool is_of_one_connection(int error) {
    switch (error) {
    case EINTR:
    case ECONNABORTED:
    case EPROTO:
    case EPERM:
    case ENETDOWN:
    case ENETUNREACH:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENONET:
    case ENOPROTOOPT: return true;
    default: return false;
    }
}

} // namespace

class Listener::Impl {
public:
    Impl(boost::asio::io_context& io, UniqueFd socket) {
        spare.reset(duplicate(socket.get()));
        readiness = std::make_shared<Readiness>(io, std::move(socket));
    }

    // A duplicate of the listener itself: works in a sandbox that can open nothing.
    static int duplicate(int fd) { return ::fcntl(fd, F_DUPFD_CLOEXEC, 0); }

    UniqueFd take() {
        return UniqueFd(::accept4(readiness->fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    }

    // Turns one waiting peer away, so that it does not hang, and keeps the descriptor for the next
    // time.
    void turn_away(int error) {
        log::warning("accept_out_of_resources",
                     {{"errno", error}, {"retry_msecs", kPause.count()}});
        spare.reset();
        take().reset();
        if (!is_stopped) spare.reset(duplicate(readiness->fd()));
    }

    void stop() {
        is_stopped = true;
        spare.reset();
        readiness->close();
        pause.notify();
    }

    Task<void> wait_for_connection() {
        const auto wake =
            co_await readiness->wait(Direction::read, deadline_after(std::chrono::hours(1)));
        static_cast<void>(wake); // whatever it was: look again
    }

    std::shared_ptr<Readiness> readiness;
    std::function<bool()> leaves;
    UniqueFd spare;
    Event pause;
    bool is_stopped = false;
};

Listener::Listener(boost::asio::io_context& io, UniqueFd socket)
    : impl_(std::make_shared<Impl>(io, std::move(socket))) {}
Listener::Listener(Listener&&) noexcept = default;
Listener& Listener::operator=(Listener&& other) noexcept {
    if (this != &other) {
        if (impl_) impl_->stop();
        impl_ = std::move(other.impl_);
    }
    return *this;
}
Listener::~Listener() {
    if (impl_) impl_->stop();
}

void Listener::stop() { impl_->stop(); }
void Listener::set_leaving(std::function<bool()> leaves) { impl_->leaves = std::move(leaves); }

Task<Result<UniqueFd>> Listener::accept() {
    const auto impl = impl_;
    while (!impl->is_stopped) {
        if (impl->leaves && impl->leaves()) {
            co_await impl->pause.wait(kLeft);
            continue; // it may have been stopped
        }
        auto socket = impl->take();
        if (socket) co_return socket;
        const int error = errno;
        if (is_of_one_connection(error)) continue;
        if (is_exhausted(error)) {
            impl->turn_away(error);
            co_await impl->pause.wait(kPause);
        } else if (error == EAGAIN || error == EWOULDBLOCK) {
            co_await impl->wait_for_connection();
        } else {
            co_return fail_errno("accept4", error);
        }
    }
    co_return fail(Errc::closed, "listener stopped");
}

} // namespace maild::net
