#include "daemon/listeners.hpp"

#include "daemon/account.hpp"

#include "maild/base/log.hpp"
#include "maild/net/ip.hpp"
#include "maild/net/sockets.hpp"

#include <systemd/sd-daemon.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <netinet/in.h>
#include <optional>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace maild::daemon {
namespace {

// Where a socket listens, in the words of the configuration; nothing for what we do not know.
std::optional<ListenerConfig> endpoint_of(int fd) {
    sockaddr_storage storage{};
    socklen_t size = sizeof storage;
    if (::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return {};
    ListenerConfig out;
    net::IpAddress ip;
    if (storage.ss_family == AF_INET) {
        const auto& v4 = reinterpret_cast<const sockaddr_in&>(storage);
        ip.bytes[10] = ip.bytes[11] = 0xff;
        std::memcpy(ip.bytes.data() + 12, &v4.sin_addr, 4);
        out.port = ntohs(v4.sin_port);
    } else if (storage.ss_family == AF_INET6) {
        const auto& v6 = reinterpret_cast<const sockaddr_in6&>(storage);
        std::memcpy(ip.bytes.data(), &v6.sin6_addr, 16);
        out.port = ntohs(v6.sin6_port);
    } else if (storage.ss_family == AF_UNIX) {
        out.path = reinterpret_cast<const sockaddr_un&>(storage).sun_path;
        return out;
    } else {
        return {};
    }
    out.address = net::format_ip(ip);
    return out;
}

UniqueFd take_inherited(const ListenerConfig& config, std::vector<UniqueFd>& inherited) {
    const auto found = std::ranges::find_if(inherited, [&](const UniqueFd& fd) {
        const auto endpoint = endpoint_of(fd.get());
        return endpoint && endpoint->same_endpoint(config);
    });
    if (found == inherited.end()) return {};
    auto socket = std::move(*found);
    inherited.erase(found);
    log::info("socket_inherited", {{"listener", config.endpoint()}});
    return socket;
}

Result<UniqueFd> open_unix(const ListenerConfig& config, const SocketOwner& owner) {
    auto socket = net::bind_unix(config.path, config.mode);
    if (!socket || !owner.change) return socket;
    if (::lchown(config.path.c_str(), owner.uid, owner.gid) != 0) return fail_errno(config.path);
    return socket;
}

Result<UniqueFd> open_one(const ListenerConfig& config, const SocketOwner& owner,
                          std::vector<UniqueFd>& inherited) {
    auto socket = take_inherited(config, inherited);
    if (socket) return socket;
    if (config.is_unix()) return open_unix(config, owner);
    return net::bind_tcp(config.address, config.port);
}

bool has_ipv6() {
    const UniqueFd probe(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
    return static_cast<bool>(probe);
}

} // namespace

SocketOwner socket_owner(const Config& config) {
    const auto account =
        ::geteuid() == 0 ? find_account(config.users.control) : std::optional<Account>();
    if (!account) return {};
    return {0, account->gid, true}; // root's, so that nobody else can change the mode
}

bool serves(Role role, Service service) {
    return role == (service == Service::control ? Role::control : Role::worker);
}

ListenerConfig control_listener(const Config& config) {
    ListenerConfig out;
    out.service = Service::control;
    out.path = config.paths.control_socket();
    out.mode = 0660;
    return out;
}

std::vector<UniqueFd> inherited_sockets() {
    std::vector<UniqueFd> out;
    const int count = ::sd_listen_fds(1); // 1: our children shall not think that they are meant
    for (int i = 0; i < count; ++i) {
        out.emplace_back(SD_LISTEN_FDS_START + i);
        ::fcntl(out.back().get(), F_SETFD, FD_CLOEXEC);
        ::fcntl(out.back().get(), F_SETFL, O_NONBLOCK);
    }
    return out;
}

Result<std::vector<Listener>> open_listeners(const std::vector<ListenerConfig>& configs,
                                             const SocketOwner& owner,
                                             std::vector<UniqueFd>& inherited) {
    std::vector<Listener> out;
    for (const auto& config : configs) {
        if (config.is_optional && !has_ipv6()) continue;
        auto socket = open_one(config, owner, inherited);
        if (socket) {
            out.push_back({config, std::move(*socket)});
            continue;
        }
        for (const auto& opened : out) remove_socket_file(opened);
        return fail(socket.error().code, std::string(name_of(config.service)) + " listener " +
                                             config.endpoint() + ": " + socket.error().internal);
    }
    return out;
}

void remove_socket_file(const Listener& listener) {
    struct stat facts{};
    const auto& path = listener.config.path;
    if (path.empty() || ::lstat(path.c_str(), &facts) != 0 || !S_ISSOCK(facts.st_mode)) return;
    ::unlink(path.c_str());
}

} // namespace maild::daemon
