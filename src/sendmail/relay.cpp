#include "sendmail/relay.hpp"

#include "sendmail/daemon_line.hpp"

#include <array>
#include <cerrno>
#include <poll.h>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>

namespace maild::sendmail {
namespace {

Result<void> write_all(int to, std::string_view octets) {
    while (!octets.empty()) {
        const auto count = ::write(to, octets.data(), octets.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return fail_errno("write");
        octets.remove_prefix(static_cast<std::size_t>(count));
    }
    return {};
}

// What can be read now; false at the end.
Result<bool> pass(int from, int to) {
    std::array<char, 65'536> piece{};
    const auto count = ::read(from, piece.data(), piece.size());
    if (count < 0 && errno == EINTR) return true;
    if (count <= 0) return false;
    if (auto done = write_all(to, {piece.data(), static_cast<std::size_t>(count)}); !done)
        return std::unexpected(std::move(done.error()));
    return true;
}

} // namespace

Result<void> speak(const std::string& path) {
    auto socket = connect_to(path);
    if (!socket) return std::unexpected(std::move(socket.error()));
    std::array<pollfd, 2> ends{pollfd{STDIN_FILENO, POLLIN, 0}, pollfd{socket->get(), POLLIN, 0}};
    while (true) {
        if (::poll(ends.data(), ends.size(), -1) < 0) {
            if (errno == EINTR) continue;
            return fail_errno("poll");
        }
        if (ends[1].revents != 0) {
            const auto more = pass(socket->get(), STDOUT_FILENO);
            if (!more) return std::unexpected(more.error());
            if (!*more) return {};
        }
        if (ends[0].revents == 0) continue;
        const auto more = pass(STDIN_FILENO, socket->get());
        if (more && *more) continue;
        ends[0].fd = -1; // the caller, or the daemon, has no more to say; what is answered follows
        ::shutdown(socket->get(), SHUT_WR);
    }
}

} // namespace maild::sendmail
