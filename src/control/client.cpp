#include "control/client.hpp"

#include <cerrno>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace maild::control {
namespace {

std::unexpected<Error> connect_failure(const std::string& path, int error_number) {
    if (error_number == ENOENT || error_number == ECONNREFUSED) {
        return fail(Errc::unavailable,
                    "the daemon does not answer on " + path +
                        ": is maild running? Start it, or name its socket with --socket.");
    }
    if (error_number == EACCES || error_number == EPERM) {
        return fail(Errc::not_permitted, "not permitted to open " + path +
                                             ": run mailctl as root, or join the group maild.");
    }
    return fail_errno("connect " + path, error_number);
}

} // namespace

Result<Client> Client::connect(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path)
        return fail(Errc::invalid_argument, "socket path too long: " + path);
    std::memcpy(address.sun_path, path.data(), path.size());
    UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!socket) return fail_errno("socket");
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        return connect_failure(path, errno);
    }
    return Client(std::move(socket));
}

Result<void> Client::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const auto count = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0 && errno == EPIPE)
            return fail(
                Errc::not_permitted,
                "the daemon closed the connection: run mailctl as root, or join the group maild.");
        if (count < 0) return fail_errno("send to the daemon");
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return {};
}

Result<std::string> Client::receive(std::size_t count,
                                    std::chrono::steady_clock::time_point deadline) {
    std::string out(count, '\0');
    std::size_t done = 0;
    while (done < count) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            deadline - std::chrono::steady_clock::now());
        pollfd waiting{.fd = socket_.get(), .events = POLLIN, .revents = 0};
        const int ready =
            ::poll(&waiting, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
        if (ready < 0 && errno == EINTR) continue;
        if (ready <= 0)
            return fail(Errc::timed_out, "the daemon did not answer in time; see its log.");
        const auto got = ::recv(socket_.get(), out.data() + done, count - done, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0 && errno != ECONNRESET) return fail_errno("receive from the daemon");
        if (got <= 0)
            return fail(Errc::closed, "the daemon closed the connection: not permitted for this "
                                      "user, or it is restarting.");
        done += static_cast<std::size_t>(got);
    }
    return out;
}

Result<Reply> Client::call(const Request& request, std::chrono::seconds timeout) {
    const auto payload = format_request(request);
    if (payload.size() > kMaxFrame)
        return fail(Errc::too_large, "too much for one request: split the file.");
    if (auto sent = send(frame(payload)); !sent) return std::unexpected(sent.error());
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    auto header = receive(kFrameHeader, deadline);
    if (!header) return std::unexpected(header.error());
    auto size = frame_size(*header);
    if (!size) return std::unexpected(size.error());
    auto body = receive(*size, deadline);
    if (!body) return std::unexpected(body.error());
    return parse_reply(*body);
}

} // namespace maild::control
