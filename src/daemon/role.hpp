#pragma once
// What a role (worker, auth, oauth, store, control, trace) is to the process around it. The
// supervisor forks and re-executes one process for each; run_role() receives its configuration,
// drops privileges, enters the sandbox and then drives one RoleProgram on one io_context and one
// thread. All callbacks come on that thread, from the io_context.
//
// Order: prepare() · privileges dropped, sandbox entered · start() · any number of on_… ·
// on_drain() · finished(). Listeners and the first peers are handed over right after start(),
// before anything else can happen on the io_context; peers come again, with the same role and
// index, whenever the process at the other end was replaced.

#include "daemon/config.hpp"
#include "daemon/host_users.hpp"
#include "daemon/status.hpp"

#include "maild/base/error.hpp"
#include "maild/base/unique_fd.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace maild::daemon {

// What a socket between two roles is for. Both ends get the same value.
enum class PeerUse : std::uint8_t {
    requests, // asynchronous requests and answers: ipc::Client at the asking end, ipc::Server at
              // the other
    signing,  // worker asks auth for TLS signatures, synchronously
};

// One end of a connected stream socket (AF_UNIX, non-blocking) to another process of ours. A later
// one for the same role, index and use replaces the earlier, whose process is dead.
struct Peer {
    Role role = Role::store; // who is at the other end
    std::uint32_t index = 0; // which worker; 0 for the single ones
    PeerUse use = PeerUse::requests;
    bool we_ask = false; // this end sends the requests (workers and control ask; auth and store
                         // answer, and workers answer control)
    UniqueFd socket;
};

// A listening, non-blocking socket that the supervisor keeps a copy of; the others who have it
// accept from it too.
struct Listener {
    ListenerConfig config;
    UniqueFd socket;
};

// One pair of the files of [tls], opened by the supervisor (auth alone gets them); positioned at
// the start.
struct CertificateFiles {
    UniqueFd certificate;
    UniqueFd key;
    std::uint32_t number = 0; // from 0 …
    std::uint32_t count = 1;  // … to below this, in order
    bool is_own = true;       // the host's own; the others are for `names`, or those in them
    std::string file{};
    std::vector<std::string> names{};
};

// The files of [oauth], opened by the supervisor (the role oauth alone gets them).
struct IssuerFiles {
    UniqueFd secret;
    UniqueFd authorities;
};

enum class SupervisorRequest : std::uint8_t { reload, stop, reopen_logs };

// The process that a role runs in. Lives as long as the role.
class RoleContext {
public:
    virtual ~RoleContext() = default;
    virtual boost::asio::io_context& io() = 0;
    virtual Role role() const = 0;
    virtual std::uint32_t index() const = 0;
    virtual const Config& config() const = 0; // the one in force; changes just before on_reload()
    // 32 octets that only auth and store know, new at each start of the supervisor; empty in the
    // others.
    virtual const std::string& token_secret() const = 0;

    // This role can serve now. The daemon is ready when all are.
    virtual void ready() = 0;
    // One line for `mailctl server status`, at most 200 octets, e.g. "recovering shard 3".
    virtual void set_status(std::string_view text) = 0;
    // A worker: bits for the services that it has no room for (CommonPlaces).
    virtual void tell_crowded(std::uint32_t services) = 0;
    // At most 4096 octets for the process that comes after this one in its place, in the same
    // supervisor's life; and what the one before has left, or its own predecessors.
    virtual void leave_note(std::string bytes) = 0;
    virtual const std::string& note() const = 0;
    // The role cannot go on: the reason is logged by the supervisor, the process ends, a new one is
    // started.
    virtual void fail(const Error& reason) = 0;
    // After on_drain(): all that was acknowledged is done. The process exits 0.
    virtual void finished() = 0;
    // Control alone: `done` is called once with what came of it: words for the admin, empty where
    // there is nothing to add. A reload is refused with the configuration's faults in
    // Error::internal, and then the old one stays in force; after `stop` was accepted, on_drain()
    // follows.
    virtual void ask_supervisor(SupervisorRequest request,
                                std::function<void(Result<std::string>)> done) = 0;
};

class RoleProgram {
public:
    virtual ~RoleProgram() = default;
    // Before the sandbox, as the role's own user: load what libraries would otherwise open later
    // (runtime has already done so for OpenSSL, ICU and the time zone). Must not start threads.
    virtual Result<void> prepare(const Config&) { return {}; }
    // In the sandbox. `context` outlives the program. Long work (recovery) may block here: the
    // heartbeat is only demanded after ready(); ready() must come within five minutes.
    virtual Result<void> start(RoleContext& context) = 0;
    // A later one for the same endpoint replaces the earlier (its service or TLS mode changed).
    virtual void on_listener(Listener) {}
    // At a reload that removed it: stop accepting from it and close it. Sessions go on.
    virtual void on_listener_removed(const ListenerConfig&) {}
    virtual void on_peer(Peer peer) = 0;
    // auth: for each pair, after start() and again before each on_reload()
    virtual void on_certificate(CertificateFiles) {}
    virtual void on_client_authorities(UniqueFd) {} // auth: likewise
    virtual void on_issuer_files(IssuerFiles) {}    // oauth: after start(); a reload begins it anew
    virtual void on_log_reader(UniqueFd) {
    } // control: after start() and whenever it was opened anew
    virtual void on_users(std::vector<HostUser>) {} // worker: after start(), and when they change
    virtual void on_crowded(std::uint32_t) {} // worker: what no worker has room for, at first 0
    virtual void on_reload() {}               // context.config() is the new one
    virtual void on_status(const ServerStatus&) {
    } // control: after every change of the process table
    // Threads of its own may work for coroutines that have not ended when the process does. Without
    // any, the coroutines are dropped before the program, whose parts they refer to; else behind
    // it, because it joins the threads.
    virtual bool has_threads() const { return true; }
    // Take nothing new, let sessions finish within `grace`, then call context.finished(). The
    // process is ended when that takes longer. Comes again with a shorter grace at a second
    // SIGTERM, and when the supervisor has died.
    virtual void on_drain(std::chrono::milliseconds grace) = 0;
};

// Makes the program of a role. One function for the daemon (roles.cpp), another in the tests.
using RoleFactory = std::unique_ptr<RoleProgram> (*)(Role role);

} // namespace maild::daemon
