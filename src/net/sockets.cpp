#include "maild/net/sockets.hpp"

#include "maild/net/ip.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace maild::net {
namespace {

union SocketAddress {
    sockaddr any;
    sockaddr_in v4;
    sockaddr_in6 v6;
    sockaddr_un local;
};

constexpr int kSocketType = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;

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

// The address for bind(2) and how long it is; 0 when `text` is no address.
socklen_t fill_ip(SocketAddress& out, const std::string& text, std::uint16_t port) {
    const auto address = parse_ip(text);
    if (!address) return 0;
    if (address->is_v4()) {
        out.v4.sin_family = AF_INET;
        out.v4.sin_port = htons(port);
        std::memcpy(&out.v4.sin_addr, address->bytes.data() + 12, 4);
        return sizeof out.v4;
    }
    out.v6.sin6_family = AF_INET6;
    out.v6.sin6_port = htons(port);
    std::memcpy(&out.v6.sin6_addr, address->bytes.data(), 16);
    return sizeof out.v6;
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
    const auto size = fill_ip(name, address, port);
    if (size == 0) return fail(Errc::invalid_argument, what + ": not an IP address in digits");
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
