#include "daemon/roles.hpp"

#include "daemon/auth_role.hpp"
#include "daemon/control_role.hpp"
#include "daemon/oauth_role.hpp"
#include "daemon/resolver_role.hpp"
#include "daemon/sender_role.hpp"
#include "daemon/store_role.hpp"
#include "daemon/trace_role.hpp"
#include "daemon/worker_role.hpp"

namespace maild::daemon {

std::unique_ptr<RoleProgram> make_role(Role role) {
    switch (role) {
    case Role::worker: return make_worker();
    case Role::auth: return make_auth();
    case Role::oauth: return make_oauth();
    case Role::store: return make_store();
    case Role::control: return make_control();
    case Role::resolver: return make_resolver();
    case Role::trace: return make_trace();
    case Role::sender: return make_sender();
    }
    return nullptr;
}

} // namespace maild::daemon
