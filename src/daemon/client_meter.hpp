#pragma once
// A worker's side of what clients may bring (auth::ClientRates): asks `auth`, which counts for all
// workers. Where `auth` does not answer nothing is refused: mail must not wait for a limit. Belongs
// to the worker's thread; memory: an entry for each address that has connections open here.

#include "daemon/rate_messages.hpp"

#include "maild/ipc/client.hpp"
#include "maild/net/task.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

namespace maild::daemon {

class ClientMeter {
public:
    // The line outlives it.
    ClientMeter(ipc::Client& auth, auth::ClientLimits limits)
        : auth_(auth), limits_(std::move(limits)) {}
    ClientMeter(const ClientMeter&) = delete;
    ClientMeter& operator=(const ClientMeter&) = delete;
    ~ClientMeter() = default;

    void set_limits(auth::ClientLimits limits) { limits_ = std::move(limits); }
    // Another process `auth`: it knows of no connection yet.
    void tell_all();

    // The client's address, if it is counted at all.
    std::optional<net::IpAddress> counted(std::string_view address) const;

    // A connection that is open, as long as this lives. The meter outlives it.
    class Presence {
    public:
        Presence(ClientMeter& meter, std::uint8_t service, const net::IpAddress& from);
        Presence(Presence&& other) noexcept;
        Presence(const Presence&) = delete;
        Presence& operator=(const Presence&) = delete;
        Presence& operator=(Presence&&) = delete;
        ~Presence();

    private:
        friend class ClientMeter;
        ClientMeter* meter_;
        std::uint8_t service_;
        net::IpAddress from_;
    };
    // Whether it may stay.
    net::Task<std::optional<auth::RateRefusal>> arrive(const Presence& presence);
    // One that the service's gate did not let in: where this worker alone has as many of the client
    // as all may have together, `auth` hears of it.
    void note_turned_away(std::uint8_t service, const net::IpAddress& from);

    // On port 25, of a client that is counted.
    net::Task<std::optional<auth::RateRefusal>> begin_message(net::IpAddress from);
    net::Task<std::optional<auth::RateRefusal>> add_recipient(net::IpAddress from);
    void note_refused(const net::IpAddress& from);

private:
    using Place = std::pair<std::uint8_t, net::IpAddress>;
    auth::ClientRates::Open open_at(const Place& place) const;
    bool compares(auth::Rate rate) const;
    net::Task<std::optional<auth::RateRefusal>> ask(ipc::MessageType type, std::string request);

    ipc::Client& auth_;
    auth::ClientLimits limits_;
    std::map<Place, std::uint32_t> open_;
};

} // namespace maild::daemon
