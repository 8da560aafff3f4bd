#include "daemon/control_command.hpp"

namespace maild::daemon {
namespace json = boost::json;
namespace {

using control::Reply;

// A target may come to exist later, so an alias to it is kept; but its mail is refused until then.
void append_doubt(std::vector<std::string>& warnings, const std::string& target,
                  directory::Verdict verdict) {
    switch (verdict) {
    case directory::Verdict::no_such_user:
        return warnings.push_back("nobody here has the address " + target);
    case directory::Verdict::domain_disabled:
        return warnings.push_back("the domain of " + target + " is disabled");
    case directory::Verdict::account_disabled:
        return warnings.push_back("the account of " + target + " is disabled");
    case directory::Verdict::alias_loop:
        return warnings.push_back("from " + target + " the aliases run in a circle or too deep");
    case directory::Verdict::too_many_targets:
        return warnings.push_back(target + " leads to too many targets");
    case directory::Verdict::accepted:
    case directory::Verdict::not_local: break;
    }
}

net::Task<Reply> alias_add(ControlReach& reach, Arguments arguments) {
    directory::Alias alias{.pattern = arguments.text("pattern"),
                           .targets = arguments.list("target")};
    if (alias.targets.empty())
        co_return control::failure(control::kUsage, "alias add wants at least one target.");
    const auto targets = alias.targets;
    const auto changed = co_await reach.admin.add_alias(std::move(alias));
    auto reply = changed_reply(changed);
    std::vector<std::string> warnings;
    for (const auto& target : targets) {
        const auto resolution = co_await reach.directory.resolve(target);
        if (resolution) append_doubt(warnings, target, resolution->verdict);
    }
    add_warnings(reply, warnings);
    co_return reply;
}

net::Task<Reply> alias_remove(ControlReach& reach, Arguments arguments) {
    directory::Alias alias{.pattern = arguments.text("pattern"),
                           .targets = arguments.list("target")};
    const auto changed = co_await reach.admin.remove_alias(std::move(alias));
    co_return changed_reply(changed);
}

net::Task<Reply> alias_list(ControlReach& reach, Arguments arguments) {
    const auto aliases = co_await reach.admin.list_aliases(arguments.text("domain"));
    if (!aliases) co_return control::failure(aliases.error());
    json::array rows;
    for (const auto& alias : *aliases) {
        json::array targets;
        for (const auto& target : alias.targets) targets.emplace_back(target);
        rows.push_back(json::object{{"pattern", alias.pattern}, {"targets", std::move(targets)}});
    }
    co_return control::success(json::object{{"rows", std::move(rows)}});
}

std::string_view words_for(directory::Verdict verdict) {
    switch (verdict) {
    case directory::Verdict::accepted: return "accepted";
    case directory::Verdict::not_local:
        return "not hosted here: relayed for those who may, else refused (554 5.7.1)";
    case directory::Verdict::no_such_user: return "refused: no such user (550 5.1.1)";
    case directory::Verdict::domain_disabled: return "refused: the domain is disabled (550 5.2.1)";
    case directory::Verdict::account_disabled:
        return "refused: the account is disabled (550 5.2.1)";
    case directory::Verdict::alias_loop:
        return "refused: the aliases run in a circle or too deep (554 5.4.6)";
    case directory::Verdict::too_many_targets: return "refused: too many targets (452 4.5.3)";
    }
    return "unknown";
}

json::object target_json(const directory::Target& target) {
    if (const auto* relay = std::get_if<directory::RelayTarget>(&target)) {
        return {{"kind", "relay"}, {"address", relay->address}};
    }
    const auto& local = std::get<directory::LocalTarget>(target);
    json::object out{{"kind", "mailbox"}, {"address", local.address}, {"mailbox", "INBOX"}};
    if (!local.detail.empty()) out["detail"] = local.detail;
    return out;
}

net::Task<Reply> resolve(ControlReach& reach, Arguments arguments) {
    const auto address = arguments.text("address");
    const auto resolution = co_await reach.directory.resolve(address);
    if (!resolution) co_return control::failure(resolution.error());
    std::string text = address + "\n";
    json::array steps;
    for (const auto& step : resolution->steps) {
        steps.push_back(json::object{{"rule", step.rule}, {"from", step.from}, {"to", step.to}});
        text += "  " + step.rule + ": " + step.from + " -> " + step.to + "\n";
    }
    json::array targets;
    for (const auto& target : resolution->targets) {
        auto object = target_json(target);
        text += object["kind"] == "relay" ? "  relayed to " : "  delivered to INBOX of ";
        text += std::string(object["address"].as_string()) + "\n";
        targets.push_back(std::move(object));
    }
    const auto verdict = words_for(resolution->verdict);
    text += "  " + std::string(verdict) + "\n";
    json::object result{{"address", address},
                        {"verdict", verdict},
                        {"steps", std::move(steps)},
                        {"targets", std::move(targets)},
                        {"text", std::move(text)}};
    co_return control::success(std::move(result));
}

net::Task<Reply> add(ControlReach& reach, Arguments arguments) {
    const auto changed =
        co_await reach.admin.add_address(arguments.text("address"), arguments.text("account"));
    co_return changed_reply(changed);
}

net::Task<Reply> remove(ControlReach& reach, Arguments arguments) {
    const auto changed = co_await reach.admin.remove_address(arguments.text("address"));
    co_return changed_reply(changed);
}

net::Task<Reply> set_postmaster(ControlReach& reach, Arguments arguments) {
    const auto changed = co_await reach.admin.set_postmaster(arguments.text("address"));
    co_return changed_reply(changed);
}

constexpr ControlCommand kCommands[] = {
    {"alias add", alias_add, true},
    {"alias rm", alias_remove, true},
    {"alias list", alias_list},
    {"address add", add, true},
    {"address rm", remove, true},
    {"address resolve", resolve},
    {"server postmaster", set_postmaster, true},
};

} // namespace

std::span<const ControlCommand> address_commands() { return kCommands; }

} // namespace maild::daemon
