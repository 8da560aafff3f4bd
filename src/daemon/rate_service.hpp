#pragma once
// What clients bring, counted in `auth` for all workers: auth::ClientRates behind the workers'
// lines. A worker that has fallen can make others refuse an address, as it can have one banned, and
// can forget nothing for anybody.

#include "daemon/rate_messages.hpp"

#include "maild/ipc/server.hpp"

namespace maild::daemon {

class RateService {
public:
    // Both outlive it.
    RateService(const Clock& clock, Random& random, auth::ClientLimits limits)
        : rates_(clock, random, std::move(limits)) {}

    void set_limits(auth::ClientLimits limits) { rates_.set_limits(std::move(limits)); }
    // True when the message was one of ours, and was answered.
    bool handle(ipc::Connection& connection, const ipc::Request& request);
    void lose(const ipc::Connection& connection) { rates_.lose(connection.id()); }

private:
    Result<RateAnswer> arrive(std::uint64_t line, const std::string& payload);
    Result<RateAnswer> count(ipc::MessageType type, const std::string& payload);
    Result<void> note(std::uint64_t line, const ipc::Request& request);
    Result<Forgotten> forget(const std::string& payload);
    void end(ipc::Connection& connection);
    void handle_admin(ipc::Connection& connection, const ipc::Request& request);
    void handle_worker(ipc::Connection& connection, const ipc::Request& request);

    auth::ClientRates rates_;
};

} // namespace maild::daemon
