#include "daemon/control_command.hpp"

#include <algorithm>

namespace maild::daemon {
namespace json = boost::json;
namespace {

using control::Reply;
using directory::AppPassword;

constexpr std::uint64_t kLongestSpan = 3'653ULL * 86'400; // ten years, as mailctl reads it

// What stands between commas. Two commas in a row are a slip, and an empty word says so.
std::vector<std::string> words_of(std::string_view text) {
    std::vector<std::string> words;
    while (true) {
        const auto comma = text.find(',');
        words.emplace_back(text.substr(0, comma));
        if (comma == std::string_view::npos) return words;
        text.remove_prefix(comma + 1);
    }
}

Result<void> read_protocols(const Arguments& arguments, directory::AppScope& scope) {
    const auto text = arguments.optional_text("protocols");
    if (!text) return {};
    for (const auto& word : words_of(*text)) {
        const auto protocol = directory::parse_app_protocol(word);
        if (!protocol)
            return fail(Errc::invalid_argument,
                        "'" + word + "' is no protocol: write imap, pop3, smtp or sieve.");
        if (std::ranges::find(scope.protocols, *protocol) == scope.protocols.end())
            scope.protocols.push_back(*protocol);
    }
    return {};
}

Result<void> read_networks(const Arguments& arguments, directory::AppScope& scope) {
    const auto text = arguments.optional_text("networks");
    if (!text) return {};
    for (const auto& word : words_of(*text)) {
        const auto network = net::parse_network(word);
        if (!network)
            return fail(Errc::invalid_argument,
                        "'" + word +
                            "' is no network: write 192.0.2.7, 192.0.2.0/24 or 2001:db8::/48, with "
                            "zero bits behind the prefix.");
        scope.networks.push_back(*network);
    }
    return {};
}

Result<directory::AppScope> scope_of(const Arguments& arguments) {
    directory::AppScope scope;
    if (auto read = read_protocols(arguments, scope); !read)
        return std::unexpected(std::move(read.error()));
    if (auto read = read_networks(arguments, scope); !read)
        return std::unexpected(std::move(read.error()));
    if (!arguments.has("expires")) return scope;
    const auto seconds = arguments.number("expires");
    if (!seconds || *seconds == 0 || *seconds > kLongestSpan)
        return fail(Errc::invalid_argument, "--expires is no number of seconds.");
    scope.expires = SystemClock().now() + std::chrono::seconds(*seconds);
    return scope;
}

json::value time_or_null(const std::optional<WallTime>& time) {
    return time ? json::value(unix_seconds(*time)) : json::value(nullptr);
}

json::object to_json(const AppPassword& password) {
    json::array protocols, networks;
    for (const auto protocol : password.scope.protocols)
        protocols.emplace_back(directory::name_of(protocol));
    for (const auto& network : password.scope.networks)
        networks.emplace_back(net::format_network(network));
    return {{"name", password.name},
            {"protocols", std::move(protocols)},
            {"networks", std::move(networks)},
            {"created", unix_seconds(password.created)},
            {"expires", time_or_null(password.scope.expires)},
            {"last_used", time_or_null(password.last_used)},
            {"last_from", password.last_address},
            {"last_service", password.last_service}};
}

net::Task<Reply> add(ControlReach& reach, Arguments arguments) {
    auto scope = scope_of(arguments);
    if (!scope) co_return control::failure(control::kUsage, scope.error().internal);
    directory::NewAppPassword wanted{.account = arguments.text("address"),
                                     .name = arguments.text("name"),
                                     .scope = std::move(*scope)};
    if (wanted.name.empty()) co_return control::failure(control::kUsage, "--name is missing.");
    const auto password = co_await reach.admin.add_app_password(std::move(wanted));
    if (!password) co_return control::failure(password.error());
    co_return control::success(
        json::object{{"changed", true},
                     {"password", *password},
                     {"text", "password   " + *password + "   (shown this once)\n"}});
}

net::Task<Reply> list(ControlReach& reach, Arguments arguments) {
    const auto passwords = co_await reach.admin.list_app_passwords(arguments.text("address"));
    if (!passwords) co_return control::failure(passwords.error());
    json::array rows;
    for (const auto& password : *passwords) rows.push_back(to_json(password));
    co_return control::success(json::object{{"rows", std::move(rows)}});
}

net::Task<Reply> remove(ControlReach& reach, Arguments arguments) {
    const auto account = co_await reach.admin.show_account(arguments.text("address"));
    if (!account) co_return control::failure(account.error());
    const auto removed =
        co_await reach.admin.remove_app_password(account->address, arguments.text("name"));
    if (!removed || !removed->changed) co_return changed_reply(removed);
    const auto ended = co_await end_sessions(reach, *account);
    if (!ended)
        co_return control::failure(control::kTemporary,
                                   "removed, but open sessions could not be ended: " +
                                       ended.error().internal);
    co_return changed_reply(removed);
}

constexpr ControlCommand kCommands[] = {
    {"account apppass add", add, true},
    {"account apppass list", list},
    {"account apppass rm", remove, true},
};

} // namespace

std::span<const ControlCommand> app_password_commands() { return kCommands; }

} // namespace maild::daemon
