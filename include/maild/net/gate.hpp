#pragma once
// Who is here: admits connections within limits before a session exists, lists the sessions, ends
// them one by one or all together. Of its places only a part is for newcomers, whose peer has
// neither logged in nor otherwise shown what it is for (a stranger), so that a crowd of those keeps
// nobody out:
// when the part is full, one of them is told to end (of the network that has most, the oldest), and
// the next comes in. One gate for each service and worker; every session holds a Pass for as long
// as it lives. Belongs to one thread. Memory: one entry for each session, one counter for each peer
// that has a session.

#include "maild/base/clock.hpp"
#include "maild/base/error.hpp"
#include "maild/base/ids.hpp"
#include "maild/net/ip.hpp"
#include "maild/net/task.hpp"
#include "maild/net/timer.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace maild::net {

class Newcomers;
class Places;

struct GateLimits {
    std::size_t sessions = 4096;
    // Of an IPv4 address or an IPv6 /64; loopback and Unix sockets are not counted.
    std::size_t sessions_per_peer = 256;
    std::size_t newcomers = 2048; // of `sessions`
};

struct SessionEntry {
    std::uint64_t id = 0; // never used again in this gate
    std::string service;
    std::string peer;
    AccountId account; // zero before login
    std::string account_name;
    WallTime since;
    std::string state; // for people: "idle", "DATA" …
};

// Why a session is to end, so that it can say so: the daemon goes away, an admin ended this one, it
// has made room for another newcomer, or its login is good no longer.
enum class StopReason : std::uint8_t { shutdown, kicked, crowded_out, expired };

class Gate {
public:
    // For longer no client can hold back the end of its login.
    static constexpr std::chrono::hours kKickHolds{2};

    // Ends a session: it is to say goodbye and leave. Called at most once for each; within admit()
    // only another's than the one that is admitted. Must not end the session before it returns.
    using Stop = std::function<void(StopReason)>;

    class Pass {
    public:
        Pass() = default;
        Pass(const Pass&) = delete;
        Pass& operator=(const Pass&) = delete;
        Pass(Pass&& other) noexcept;
        Pass& operator=(Pass&& other) noexcept;
        ~Pass(); // the session is gone

        explicit operator bool() const { return gate_ != nullptr; }
        std::uint64_t id() const { return id_; }
        // With an account it is no newcomer any more. `proven`: when `auth` found the login right.
        // If the account was kicked since, the session is told so at once: between the two a
        // client may have held back its last line. `until`: when the login is good no longer.
        void set_account(AccountId account, std::string_view name, WallTime proven,
                         std::optional<WallTime> until = std::nullopt);
        void set_nobody(); // again, after UNAUTHENTICATE: a newcomer
        // Nor is it after this: the peer has shown what it is for. It is a stranger then, without
        // an account: where places are short, there may be only so many of those, too (Places).
        void set_proven();
        void set_newcomer(); // the stranger is done with that
        // Within Stop, from one who is to make room: it goes only when it is done with what it is
        // at, and is not waited for.
        void set_finishing();
        void set_trusted(); // neither of both, for good
        void set_state(std::string_view state);
        // What to call when it has to end. At once if that has been asked for already.
        void on_stop(Stop stop);
        bool is_stopping() const;

    private:
        friend class Gate;
        Pass(Gate* gate, std::uint64_t id) : gate_(gate), id_(id) {}
        Gate* gate_ = nullptr;
        std::uint64_t id_ = 0;
    };

    // One who has connected, and of whom a proxy has not said yet who it is: for Places::has_room()
    // its place is taken. It is not admitted by that, and ends before admit() is asked.
    class Coming {
    public:
        explicit Coming(Gate& gate) : gate_(&gate) { ++gate_->coming_; }
        Coming(Coming&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}
        Coming(const Coming&) = delete;
        Coming& operator=(const Coming&) = delete;
        Coming& operator=(Coming&&) = delete;
        ~Coming() {
            if (gate_ != nullptr) --gate_->coming_;
        }

    private:
        Gate* gate_;
    };

    // `clock` outlives the gate, the gate outlives its passes and who is coming.
    Gate(std::string service, const GateLimits& limits, const Clock& clock);
    // From now on its sessions also take places of these, which outlive it. Again: no change.
    void share(Places& places);
    ~Gate();
    Gate(const Gate&) = delete;
    Gate& operator=(const Gate&) = delete;

    // Errc::limit_exceeded when the service or this peer has enough, or all services together do;
    // Errc::unavailable once stop() was called. `peer` and `uid` as in net::Peer; what is no IP
    // address ("local") is not counted by peer, but is of its user when newcomers make room, as all
    // of loopback is of one network.
    Result<Pass> admit(std::string_view peer, std::optional<unsigned> uid = std::nullopt);

    // While every place is taken, and some are about to be free because those who were told to make
    // room take their leave (which one of a shared place is told now, if no other was): waits for
    // one of these, at most for `patience`. Who comes meanwhile
    // waits in the listener's queue, and is not refused because many came at once.
    Task<void> settle(std::chrono::milliseconds patience);

    // For ever: tells sessions to end whose time is over (set_account), when it is.
    Task<void> end_expired();

    const std::string& service() const { return service_; }
    std::vector<SessionEntry> sessions() const; // oldest first
    std::size_t count() const { return sessions_.size(); }
    std::size_t newcomers() const;
    std::size_t strangers() const;
    std::size_t coming() const { return coming_; }
    void set_limits(const GateLimits& limits) { limits_ = limits; }

    bool kick(std::uint64_t id);
    // How many were told. Logins of before that come only now are told too.
    std::size_t kick(AccountId account);

    // Nobody new; tells everyone to end; waits until all are gone or `patience` is over. The number
    // that is left.
    Task<std::size_t> stop(std::chrono::milliseconds patience);

private:
    friend class Places;
    enum class Leaves : bool { at_once, when_done };
    struct Session {
        SessionEntry entry;
        IpAddress peer_key;
        IpAddress network; // as newcomers are counted
        bool is_counted = false;
        std::optional<StopReason> stopping;
        std::optional<Leaves> leaving; // to make room
        std::optional<WallTime> until;
        Stop stop;
    };
    std::optional<Leaves> make_room(Newcomers& of);
    bool is_full() const;
    bool is_somebody_leaving();
    bool tell(std::uint64_t id, StopReason reason);
    void leave(std::uint64_t id);
    void expire_at(std::uint64_t id, std::optional<WallTime> until);

    std::string service_;
    GateLimits limits_;
    const Clock& clock_;
    Places* places_ = nullptr;
    std::unordered_map<std::uint64_t, Session> sessions_;
    std::unordered_map<IpAddress, std::size_t> by_peer_;
    std::unique_ptr<Newcomers> newcomers_;
    std::unique_ptr<Newcomers> strangers_; // who have shown what they are for, without an account
    std::unordered_map<AccountId, WallTime> kicked_; // within kKickHolds
    std::size_t leaving_ = 0;                        // of `sessions_`: at once, to make room …
    std::size_t finishing_ = 0;                      // … and when they are done
    std::size_t coming_ = 0;
    std::uint64_t next_id_ = 1;
    bool is_stopping_ = false;
    Event left_;
    std::set<std::pair<WallTime, std::uint64_t>> expiries_; // of `sessions_`
    Event expiries_changed_;
};

} // namespace maild::net
