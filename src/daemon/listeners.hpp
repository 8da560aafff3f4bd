#pragma once
// The listening sockets, opened by the supervisor before anything else runs and kept until the end,
// so that a worker that dies takes no waiting connection with it. Sockets that systemd opened are
// taken over where one has the address of a configured listener.

#include "daemon/config.hpp"
#include "daemon/role.hpp"

#include "maild/base/error.hpp"

#include <cstdint>
#include <vector>

namespace maild::daemon {

// Who may connect to our Unix sockets besides root.
struct SocketOwner {
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    bool change = false; // only root gives a file away
};

SocketOwner socket_owner(const Config& config);

// Which role accepts from it.
bool serves(Role role, Service service);

// mailctl's socket, as a listener: mode 0660 for the control role's group.
ListenerConfig control_listener(const Config& config);

// From sd_listen_fds(3), once; close-on-exec and non-blocking.
std::vector<UniqueFd> inherited_sockets();

// One for each config, in their order, without the optional ones that this kernel cannot have.
// Takes matching sockets out of `inherited`. The error names the listener and says what to do.
Result<std::vector<Listener>> open_listeners(const std::vector<ListenerConfig>& configs,
                                             const SocketOwner& owner,
                                             std::vector<UniqueFd>& inherited);

// Removes the file of a Unix socket that is ours.
void remove_socket_file(const Listener& listener);

} // namespace maild::daemon
