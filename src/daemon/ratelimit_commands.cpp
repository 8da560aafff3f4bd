// All limits in one table, and how to forget what was counted.
#include "daemon/control_command.hpp"
#include "daemon/limit_table.hpp"
#include "daemon/rate_messages.hpp"

namespace maild::daemon {
namespace json = boost::json;
namespace {

using control::Reply;

constexpr std::chrono::milliseconds kTimeout{3'000};

json::value number_or_null(const std::optional<std::uint64_t>& number) {
    return number ? json::value(static_cast<std::int64_t>(*number)) : json::value(nullptr);
}

json::object to_json(const LimitRow& row) {
    json::array top;
    for (const auto& entry : row.top)
        if (entry.count > 0)
            top.push_back(json::object{{"who", entry.who}, {"count", entry.count}});
    const bool has_top = !top.empty();
    json::object out{{"name", row.name},
                     {"scope", row.scope},
                     {"limit", static_cast<std::int64_t>(row.limit)},
                     {"unit", row.unit},
                     {"on", row.limit != 0},
                     {"can_be_off", row.can_be_off},
                     {"setting", std::string(row.section) + "." + std::string(row.name)},
                     {"reply", row.reply},
                     {"counted", number_or_null(row.counted)},
                     {"at_limit", number_or_null(row.at_limit)},
                     {"refused", number_or_null(row.refused)},
                     {"most", nullptr},
                     {"who", nullptr},
                     {"top", std::move(top)}};
    if (has_top) {
        out["most"] = row.top.front().count;
        out["who"] = row.top.front().who;
    }
    return out;
}

// Adds up all workers' sessions; false where one does not answer.
net::Task<bool> count_sessions(ControlReach& reach, std::uint64_t& out) {
    bool is_whole = true;
    for (auto& [index, client] : reach.workers) {
        ipc::Nothing nothing;
        const auto list = co_await client->call<SessionList>(kListSessions, nothing, kTimeout);
        is_whole = is_whole && list.has_value();
        if (list) out += list->sessions.size();
    }
    co_return is_whole;
}

net::Task<Result<LimitFacts>> gather(ControlReach& reach) {
    LimitFacts facts;
    ipc::Nothing nothing;
    auto rates = co_await reach.auth.call<RateReport>(kListRates, nothing, kTimeout);
    if (!rates) co_return std::unexpected(rates.error());
    facts.counters = std::move(rates->counters);
    auto suspects = co_await reach.admin.list_suspects();
    if (!suspects) co_return std::unexpected(suspects.error());
    facts.suspects = std::move(*suspects);
    auto sent = co_await reach.admin.list_sent();
    if (!sent) co_return std::unexpected(sent.error());
    facts.sent = std::move(*sent);
    auto tally = co_await reach.admin.limit_tally();
    if (!tally) co_return std::unexpected(tally.error());
    facts.tally = *tally;
    co_return facts;
}

net::Task<Reply> show(ControlReach& reach, Arguments) {
    auto facts = co_await gather(reach);
    if (!facts) co_return control::failure(facts.error());
    const bool is_whole = co_await count_sessions(reach, facts->sessions);
    json::array rows;
    for (const auto& row : limit_rows(reach.context.config(), *facts)) rows.push_back(to_json(row));
    auto reply = control::success(json::object{{"rows", std::move(rows)}});
    if (!is_whole) {
        reply.exit = control::kTemporary;
        reply.error = "not complete: a worker does not answer now; connections are too few.";
    }
    co_return reply;
}

bool overlap(const net::Network& a, const net::Network& b) {
    return net::in_network(a.address, b) || net::in_network(b.address, a);
}

// Bans are none of what was counted: who wants one lifted is told how.
std::vector<std::string> bans_of(const std::vector<auth::Ban>& bans, const net::Network& network) {
    std::vector<std::string> out;
    for (const auto& ban : bans) {
        if (!overlap(ban.network, network)) continue;
        const auto name = net::format_network(ban.network);
        out.push_back(name + " is banned and stays so: `mailctl ban rm " + name + "` lifts that");
    }
    return out;
}

net::Task<Reply> reset_network(ControlReach& reach, net::Network network) {
    const auto forgotten = co_await reach.auth.call<Forgotten>(kForgetRates, network, kTimeout);
    if (!forgotten) co_return control::failure(forgotten.error());
    const auto failures = co_await reach.admin.forget_failures(network);
    if (!failures) co_return control::failure(failures.error());
    const auto bans = co_await reach.admin.list_bans();
    if (!bans) co_return control::failure(bans.error());
    auto reply = changed_reply(directory::Changed{forgotten->counts > 0 || failures->changed});
    add_warnings(reply, bans_of(*bans, network));
    co_return reply;
}

net::Task<Reply> reset(ControlReach& reach, Arguments arguments) {
    const auto who = arguments.text("who");
    if (who.find('@') != who.npos) {
        const auto changed = co_await reach.admin.forget_sent(who);
        co_return changed_reply(changed);
    }
    const auto network = net::parse_network(who);
    if (!network)
        co_return control::failure(
            control::kUsage, "'" + who +
                                 "' is neither the address of an account nor one in digits nor a "
                                 "network like 192.0.2.0/24 or 2001:db8::/48.");
    // Within an IPv6 /64 nobody is told from another.
    const bool is_one = !network->address.is_v4() && network->prefix > 64;
    const auto counted = is_one ? auth::peer_network(network->address) : *network;
    auto reply = co_await reset_network(reach, counted);
    co_return reply;
}

constexpr ControlCommand kCommands[] = {
    {"ratelimit show", show},
    {"ratelimit reset", reset, true},
};

} // namespace

std::span<const ControlCommand> ratelimit_commands() { return kCommands; }

} // namespace maild::daemon
