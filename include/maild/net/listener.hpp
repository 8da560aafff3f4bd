#pragma once
// Accepting on a socket that already listens (made by the supervisor, shared with other workers).
// When descriptors run out it neither spins nor stops for good: a spare one is given up to turn the
// peer away, and it tries again shortly (HARDENING 86).

#include "maild/base/error.hpp"
#include "maild/base/unique_fd.hpp"
#include "maild/net/task.hpp"

#include <functional>
#include <memory>

namespace maild::net {

class Listener {
public:
    Listener(boost::asio::io_context& io, UniqueFd socket);
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;
    Listener(Listener&&) noexcept;
    Listener& operator=(Listener&&) noexcept;
    ~Listener();

    // A connected socket, non-blocking and close-on-exec. Errc::closed after stop(); other errors
    // are final too. One call at a time.
    Task<Result<UniqueFd>> accept();
    // Asked before each connection, and again after a moment while it says so: what comes meanwhile
    // stays in the queue, for the other processes that accept from it.
    void set_leaving(std::function<bool()> leaves);
    // No more from here; the listening socket itself stays open where others hold it.
    void stop();

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

} // namespace maild::net
