#include "maild/net/sockets.hpp"

#include "net/socket_address.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sys/stat.h>
#include <unistd.h>

namespace maild::net {
namespace {

std::unexpected<Error> bind_failure(const std::string& what) {
    switch (errno) {
    case EADDRINUSE:
        return fail(Errc::already_exists, what + ": address already in use by another program");
    case EADDRNOTAVAIL:
        return fail(Errc::invalid_argument, what + ": this host has no such address");
    case EACCES:
        return fail(Errc::not_permitted, what + ": permission denied (ports below 1024 need root)");
    default: return fail_errno(what);
    }
}

bool set_flag(int fd, int level, int name) {
    const int on = 1;
    return ::setsockopt(fd, level, name, &on, sizeof on) == 0;
}

// Removes a socket file that nobody listens on any more.
Result<void> clear_stale(const std::string& path, const SocketAddress& address, socklen_t size) {
    struct stat status{};
    if (::lstat(path.c_str(), &status) != 0) {
        if (errno == ENOENT) return {};
        return bind_failure(path);
    }
    if (!S_ISSOCK(status.st_mode))
        return fail(Errc::already_exists, path + ": exists and is no socket");
    const UniqueFd probe(::socket(AF_UNIX, kSocketType, 0));
    if (!probe) return fail_errno("socket");
    if (::connect(probe.get(), &address.any, size) == 0 || errno != ECONNREFUSED) {
        return fail(Errc::already_exists, path + ": address already in use by another program");
    }
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return fail_errno("unlink " + path);
    return {};
}

} // namespace

Result<UniqueFd> bind_tcp(const std::string& address, std::uint16_t port,
                          const ListenOptions& options) {
    const auto what = "listen on " + address + " port " + std::to_string(port);
    SocketAddress name{};
    const auto parsed = parse_ip(address);
    if (!parsed) return fail(Errc::invalid_argument, what + ": not an IP address in digits");
    const auto size = fill_ip(name, *parsed, port);
    UniqueFd socket(::socket(name.any.sa_family, kSocketType, 0));
    if (!socket) return bind_failure(what);
    if (!set_flag(socket.get(), SOL_SOCKET, SO_REUSEADDR))
        return fail_errno(what); // restart during TIME_WAIT
    if (name.any.sa_family == AF_INET6 && !set_flag(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY))
        return fail_errno(what);
    if (::bind(socket.get(), &name.any, size) != 0) return bind_failure(what);
    if (::listen(socket.get(), options.backlog) != 0) return bind_failure(what);
    return socket;
}

Result<UniqueFd> bind_unix(const std::string& path, mode_t mode, const ListenOptions& options) {
    SocketAddress name{};
    if (path.empty() || path.size() >= sizeof name.local.sun_path || path.contains('\0')) {
        return fail(Errc::invalid_argument, path + ": a socket path has 1 to 107 octets");
    }
    name.local.sun_family = AF_UNIX;
    std::ranges::copy(path, name.local.sun_path);
    const auto size = static_cast<socklen_t>(sizeof name.local);
    const auto cleared = clear_stale(path, name, size);
    if (!cleared) return std::unexpected(cleared.error());
    UniqueFd socket(::socket(AF_UNIX, kSocketType, 0));
    if (!socket) return fail_errno("socket");
    // The mode is on the socket before its name exists, so that nobody can come in between.
    if (::fchmod(socket.get(), mode) != 0) return fail_errno("fchmod " + path);
    const auto old_mask = ::umask(static_cast<mode_t>(~mode & 0777));
    const int bound = ::bind(socket.get(), &name.any, size);
    ::umask(old_mask);
    if (bound != 0) return bind_failure(path);
    if (::listen(socket.get(), options.backlog) != 0) return bind_failure(path);
    return socket;
}

std::uint16_t local_port(int fd) {
    SocketAddress name{};
    socklen_t size = sizeof name;
    if (::getsockname(fd, &name.any, &size) != 0) return 0;
    if (name.any.sa_family == AF_INET) return ntohs(name.v4.sin_port);
    return name.any.sa_family == AF_INET6 ? ntohs(name.v6.sin6_port) : std::uint16_t{0};
}

Result<std::pair<UniqueFd, UniqueFd>> socket_pair() {
    int fds[2];
    if (::socketpair(AF_UNIX, kSocketType, 0, fds) != 0) return fail_errno("socketpair");
    return std::pair(UniqueFd(fds[0]), UniqueFd(fds[1]));
}

} // namespace maild::net
