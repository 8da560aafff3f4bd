#include "daemon/control_command.hpp"

namespace maild::daemon {
namespace json = boost::json;
namespace {

using control::Reply;

json::object to_json(const auth::Ban& ban) {
    json::object out{{"network", net::format_network(ban.network)},
                     {"since", unix_seconds(ban.since)},
                     {"until", nullptr},
                     {"by", ban.is_by_admin ? "admin" : "guessing"},
                     {"count", ban.count},
                     {"reason", ban.reason}};
    if (ban.until) out["until"] = unix_seconds(*ban.until);
    return out;
}

Result<net::Network> network_of(const Arguments& arguments) {
    const auto text = arguments.text("network");
    const auto network = net::parse_network(text);
    if (network) return *network;
    return fail(Errc::invalid_argument,
                "'" + text +
                    "' is no network: write 192.0.2.7, 192.0.2.0/24 or 2001:db8::/48, with zero "
                    "bits behind the prefix.");
}

net::Task<Reply> list(ControlReach& reach, Arguments) {
    const auto bans = co_await reach.admin.list_bans();
    if (!bans) co_return control::failure(bans.error());
    json::array rows;
    for (const auto& ban : *bans) rows.push_back(to_json(ban));
    co_return control::success(json::object{{"rows", std::move(rows)}});
}

net::Task<Reply> add(ControlReach& reach, Arguments arguments) {
    const auto network = network_of(arguments);
    if (!network) co_return control::failure(network.error());
    auth::Ban ban{.network = *network, .reason = arguments.text("reason")};
    if (arguments.has("for")) {
        const auto seconds = arguments.number("for");
        constexpr std::uint64_t kTenYears = 3'653ULL * 86'400;
        if (!seconds || *seconds == 0 || *seconds > kTenYears)
            co_return control::failure(control::kUsage, "--for is no number of seconds.");
        ban.until = SystemClock().now() + std::chrono::seconds(*seconds);
    }
    const auto changed = co_await reach.admin.add_ban(std::move(ban));
    co_return changed_reply(changed);
}

net::Task<Reply> remove(ControlReach& reach, Arguments arguments) {
    const auto network = network_of(arguments);
    if (!network) co_return control::failure(network.error());
    const auto changed = co_await reach.admin.remove_ban(*network);
    co_return changed_reply(changed);
}

net::Task<Reply> failures(ControlReach& reach, Arguments) {
    const auto suspects = co_await reach.admin.list_suspects();
    if (!suspects) co_return control::failure(suspects.error());
    json::array rows;
    for (const auto& suspect : *suspects)
        rows.push_back(json::object{{"network", net::format_network(suspect.network)},
                                    {"failures", suspect.failures},
                                    {"last", unix_seconds(suspect.last)}});
    co_return control::success(json::object{{"rows", std::move(rows)}});
}

constexpr ControlCommand kCommands[] = {
    {"ban list", list},
    {"ban add", add, true},
    {"ban rm", remove, true},
    {"auth failures", failures},
};

} // namespace

std::span<const ControlCommand> ban_commands() { return kCommands; }

} // namespace maild::daemon
