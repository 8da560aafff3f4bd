#include "daemon/status.hpp"

namespace maild::daemon {

std::string_view name_of(Role role) {
    switch (role) {
    case Role::worker: return "worker";
    case Role::auth: return "auth";
    case Role::oauth: return "oauth";
    case Role::store: return "store";
    case Role::control: return "control";
    case Role::resolver: return "resolver";
    case Role::trace: return "trace";
    case Role::sender: return "sender";
    }
    return "unknown";
}

std::string_view name_of(ProcessState state) {
    switch (state) {
    case ProcessState::starting: return "starting";
    case ProcessState::ready: return "ready";
    case ProcessState::draining: return "draining";
    case ProcessState::waiting: return "waiting";
    }
    return "unknown";
}

} // namespace maild::daemon
