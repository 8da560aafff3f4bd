#pragma once
// How many logins a worker has before `auth` at once. That line carries the questions of RCPT too,
// which must not stand behind logins that wait there for their turn (auth/login_guard.hpp): so
// logins have half of it. Those beyond wait here, and who comes next is whose network has the
// fewest, so that a crowd from one network stands in its own way. Access tokens, which wait for
// their issuer, have places beside the lane, and never wait for one. One thread.

#include "maild/base/error.hpp"
#include "maild/net/ip.hpp"
#include "maild/net/task.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

namespace maild::directory {

class LoginLane {
public:
    static constexpr std::size_t kPlaces = 128;     // of 256, ipc::ServerOptions::max_requests
    static constexpr std::size_t kTokens = 64;      // likewise; beside kPlaces
    static constexpr std::size_t kPlacesOfOne = 32; // network
    static constexpr std::size_t kMostWaiting = 1024;
    static constexpr std::size_t kMostWaitingOfOne = 256;
    static constexpr std::chrono::seconds kLongestWait{15};

    LoginLane();
    ~LoginLane();
    LoginLane(const LoginLane&) = delete;
    LoginLane& operator=(const LoginLane&) = delete;

private:
    struct State;
    struct Waiter;

public:
    // Held until `auth` has answered. May outlive the lane.
    class Place {
    public:
        Place(Place&& other) noexcept = default;
        Place& operator=(Place&&) = delete;
        Place(const Place&) = delete;
        Place& operator=(const Place&) = delete;
        ~Place();

    private:
        friend class LoginLane;
        Place(std::shared_ptr<State> state, const net::IpAddress& network);
        std::shared_ptr<State> state_; // null: given on
        net::IpAddress network_;
    };

    // `remote_address` in digits; what is none counts as one network. busy: too many wait, or it
    // took too long.
    net::Task<Result<Place>> enter(std::string remote_address);

private:
    std::shared_ptr<State> state_;
};

} // namespace maild::directory
