#include "daemon/rate_service.hpp"

#include "maild/base/log.hpp"

#include <utility>

namespace maild::daemon {
namespace {

constexpr std::size_t kMostShown = 20; // of each counter
constexpr ipc::MessageType kFirst = kArrive;
constexpr ipc::MessageType kLast = kTurnedAway;

std::string describe_refusal(const auth::RateRefusal& refusal) {
    return (refusal.rate ? std::string(auth::name_of(*refusal.rate)) : "open connections") +
           (refusal.is_of_network ? " of a network" : " of an address");
}

void log_refusal(const net::IpAddress& from, const auth::RateRefusal& refusal) {
    log::info("client_limit_reached", {{"remote_ip", net::format_ip(from)},
                                       {"what", describe_refusal(refusal)},
                                       {"limit", refusal.limit}});
}

bool is_note(ipc::MessageType type) {
    return type == kOpen || type == kNoteRefused || type == kTurnedAway;
}

} // namespace

bool RateService::handle(ipc::Connection& connection, const ipc::Request& request) {
    if (request.type < kFirst || request.type > kLast) return false;
    const bool is_for_admins = request.type == kListRates || request.type == kForgetRates;
    const auto wanted = is_for_admins ? ipc::PeerRole::control : ipc::PeerRole::worker;
    if (connection.role() != wanted) {
        log::error("rate_request_refused", {{"type", request.type}, {"peer", connection.index()}});
        connection.reply_error(request.id, Error{Errc::not_permitted, "not for this process"});
    } else if (is_for_admins) {
        handle_admin(connection, request);
    } else {
        handle_worker(connection, request);
    }
    return true;
}

void RateService::handle_admin(ipc::Connection& connection, const ipc::Request& request) {
    if (request.type == kListRates)
        connection.reply(request.id, ipc::encode(RateReport{rates_.list(kMostShown)}));
    else
        connection.answer(request.id, forget(request.payload));
}

// What is malformed ends the line, as everywhere (HARDENING 75).
void RateService::handle_worker(ipc::Connection& connection, const ipc::Request& request) {
    if (is_note(request.type)) {
        if (!note(connection.id(), request)) end(connection);
        return;
    }
    const auto answer = request.type == kArrive ? arrive(connection.id(), request.payload)
                                                : count(request.type, request.payload);
    if (!answer) return end(connection);
    connection.reply(request.id, ipc::encode(*answer));
}

void RateService::end(ipc::Connection& connection) {
    log::error("rate_request_malformed", {{"peer", connection.index()}});
    lose(connection);
    connection.close();
}

Result<RateAnswer> RateService::arrive(std::uint64_t line, const std::string& payload) {
    const auto one = ipc::decode<OpenConnections>(payload);
    if (!one) return std::unexpected(one.error());
    if (one->open.size() != 1) return fail(Errc::protocol_error, "not one connection");
    RateAnswer answer{rates_.arrive(line, one->open.front())};
    if (answer.refusal) log_refusal(one->open.front().from, *answer.refusal);
    return answer;
}

Result<RateAnswer> RateService::count(ipc::MessageType type, const std::string& payload) {
    const auto client = ipc::decode<RateClient>(payload);
    if (!client) return std::unexpected(client.error());
    RateAnswer answer{type == kBeginMessage ? rates_.begin_message(client->from)
                                            : rates_.add_recipient(client->from)};
    if (answer.refusal) log_refusal(client->from, *answer.refusal);
    return answer;
}

Result<void> RateService::note(std::uint64_t line, const ipc::Request& request) {
    if (request.type != kOpen) {
        const auto client = ipc::decode<RateClient>(request.payload);
        if (!client) return std::unexpected(client.error());
        if (request.type == kNoteRefused)
            rates_.note_refused(client->from);
        else
            rates_.note_turned_away(client->from);
        return {};
    }
    const auto all = ipc::decode<OpenConnections>(request.payload);
    if (!all) return std::unexpected(all.error());
    for (const auto& open : all->open) rates_.set_open(line, open);
    return {};
}

Result<Forgotten> RateService::forget(const std::string& payload) {
    const auto network = ipc::decode<net::Network>(payload);
    if (!network) return std::unexpected(network.error());
    return Forgotten{rates_.forget(*network)};
}

} // namespace maild::daemon
