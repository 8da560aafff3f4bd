#include "daemon/control_command.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace maild::daemon {
namespace json = boost::json;

std::string Arguments::text(std::string_view name) const {
    return optional_text(name).value_or(std::string());
}

std::optional<std::string> Arguments::optional_text(std::string_view name) const {
    const auto* value = object_.if_contains(name);
    if (value == nullptr || !value->is_string()) return std::nullopt;
    return std::string(value->as_string());
}

std::optional<std::uint64_t> Arguments::number(std::string_view name) const {
    const auto* value = object_.if_contains(name);
    if (value == nullptr) return std::nullopt;
    if (value->is_int64() && value->as_int64() >= 0) {
        return static_cast<std::uint64_t>(value->as_int64());
    }
    if (!value->is_string()) return std::nullopt;
    const std::string_view digits = value->as_string();
    std::uint64_t number = 0;
    const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (parsed.ec != std::errc{} || parsed.ptr != digits.data() + digits.size())
        return std::nullopt;
    return number;
}

std::vector<std::string> Arguments::list(std::string_view name) const {
    std::vector<std::string> out;
    const auto* value = rows(name);
    if (value == nullptr) return out;
    for (const auto& item : *value) {
        if (item.is_string()) out.emplace_back(item.as_string());
    }
    return out;
}

const json::array* Arguments::rows(std::string_view name) const {
    const auto* value = object_.if_contains(name);
    return value != nullptr && value->is_array() ? &value->as_array() : nullptr;
}

const ControlCommand* find_control_command(std::string_view name) {
    for (const auto commands :
         std::array{server_commands(),     domain_commands(),  dkim_commands(),
                    dns_commands(),        account_commands(), app_password_commands(),
                    capability_commands(), address_commands(), mailbox_commands(),
                    acl_commands(),        fsck_commands(),    ban_commands(),
                    ratelimit_commands(),  tls_commands(),     trace_commands(),
                    log_commands(),        queue_commands(),   route_commands(),
                    report_commands(),     volume_commands()}) {
        const auto found = std::ranges::find(commands, name, &ControlCommand::name);
        if (found != commands.end()) return &*found;
    }
    return nullptr;
}

control::Reply changed_reply(const Result<directory::Changed>& result) {
    if (!result) return control::failure(result.error());
    json::object object{{"changed", result->changed}};
    object["text"] = result->changed ? "done\n" : "unchanged\n";
    return control::success(std::move(object));
}

void add_warnings(control::Reply& reply, const std::vector<std::string>& warnings) {
    if (warnings.empty() || !reply.result.is_object()) return;
    auto& result = reply.result.as_object();
    std::string text(result["text"].as_string());
    json::array list;
    for (const auto& warning : warnings) {
        text += "warning: " + warning + "\n";
        list.emplace_back(warning);
    }
    result["warnings"] = std::move(list);
    result["text"] = std::move(text);
}

std::int64_t unix_seconds(WallTime time) {
    return std::max<std::int64_t>(to_unix_seconds(time), 0);
}

} // namespace maild::daemon
