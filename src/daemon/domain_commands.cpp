#include "daemon/control_command.hpp"
#include "daemon/dkim_records.hpp"

#include <string>

namespace maild::daemon {
namespace json = boost::json;
namespace {

using control::Reply;
using directory::DomainChange;

json::array to_array(const std::vector<std::string>& items) {
    json::array out;
    for (const auto& item : items) out.emplace_back(item);
    return out;
}

json::object to_json(const directory::Domain& domain) {
    return {{"name", domain.name},
            {"accounts", static_cast<std::int64_t>(domain.accounts)},
            {"max_accounts", static_cast<std::int64_t>(domain.limits.max_accounts)},
            {"default_quota_bytes", static_cast<std::int64_t>(domain.limits.default_quota_bytes)},
            {"disabled", domain.is_disabled},
            {"disabled_reason", domain.disabled_reason},
            {"catch_all", domain.catch_all},
            {"separator", domain.subaddress_separator},
            {"aliases", to_array(domain.aliases)},
            {"created", unix_seconds(domain.created)}};
}

// Options of `domain add` and `domain set`. Limits are one value, so the one that was not given
// comes from `now`.
Result<DomainChange> change_from(const Arguments& arguments, const directory::DomainLimits& now) {
    DomainChange change;
    change.catch_all = arguments.optional_text("catch-all");
    change.subaddress_separator = arguments.optional_text("separator");
    auto limits = now;
    for (const auto& [name, field] :
         {std::pair{"max-accounts", &directory::DomainLimits::max_accounts},
          std::pair{"default-quota", &directory::DomainLimits::default_quota_bytes}}) {
        if (!arguments.has(name)) continue;
        const auto value = arguments.number(name);
        if (!value)
            return fail(Errc::invalid_argument, "--" + std::string(name) + " wants a number.");
        limits.*field = *value;
        change.limits = limits;
    }
    return change;
}

net::Task<Reply> set_options(ControlReach& reach, Arguments arguments, bool was_added) {
    const auto name = arguments.text("domain");
    const auto domain = co_await reach.admin.show_domain(name);
    if (!domain) co_return control::failure(domain.error());
    auto change = change_from(arguments, domain->limits);
    if (!change) co_return control::failure(change.error());
    auto changed = co_await reach.admin.change_domain(name, std::move(*change));
    if (changed) changed->changed = changed->changed || was_added;
    co_return changed_reply(changed);
}

// Keys to sign a new domain's mail with, told below the reply. Where there are none, that is no
// reason to have no domain.
net::Task<void> add_first_keys(ControlReach& reach, std::string domain, Reply& reply) {
    auto wanted = both_kinds();
    const auto keys = co_await reach.admin.add_dkim_keys(domain, std::move(wanted));
    if (!keys) {
        add_warnings(reply, {"its mail will not be signed: " + keys.error().internal +
                             "; `mailctl domain dkim add` tries again"});
        co_return;
    }
    auto& result = reply.result.as_object();
    json::array records;
    std::string text(result["text"].as_string());
    text += "Its mail will be signed once the DNS shows this:\n";
    add_dkim_records(records, text, *keys);
    result["records"] = std::move(records);
    result["text"] = std::move(text);
}

net::Task<Reply> add(ControlReach& reach, Arguments arguments) {
    auto added = co_await reach.admin.add_domain(arguments.text("domain"));
    const bool has_options = arguments.has("catch-all") || arguments.has("separator") ||
                             arguments.has("max-accounts") || arguments.has("default-quota");
    auto reply = changed_reply(added);
    const bool wants_keys = added && added->changed && !arguments.has("no-dkim");
    if (added && has_options) {
        auto changed = co_await set_options(reach, arguments, added->changed);
        reply = std::move(changed);
    }
    if (wants_keys && reply.exit == control::kOk)
        co_await add_first_keys(reach, arguments.text("domain"), reply);
    co_return reply;
}

net::Task<Reply> set(ControlReach& reach, Arguments arguments) {
    auto reply = co_await set_options(reach, arguments, false);
    co_return reply;
}

net::Task<Reply> list(ControlReach& reach, Arguments) {
    const auto domains = co_await reach.admin.list_domains();
    if (!domains) co_return control::failure(domains.error());
    json::array rows;
    for (const auto& domain : *domains) rows.push_back(to_json(domain));
    co_return control::success(json::object{{"rows", std::move(rows)}});
}

net::Task<Reply> show(ControlReach& reach, Arguments arguments) {
    const auto domain = co_await reach.admin.show_domain(arguments.text("domain"));
    if (!domain) co_return control::failure(domain.error());
    co_return control::success(to_json(*domain));
}

net::Task<Reply> remove(ControlReach& reach, Arguments arguments) {
    const auto changed = co_await reach.admin.remove_domain(arguments.text("domain"));
    co_return changed_reply(changed);
}

// Of every account of the domain, page by page; the first failure, when all were tried.
net::Task<Result<void>> end_sessions_of(ControlReach& reach, std::string domain) {
    constexpr std::uint32_t kPage = 500;
    Result<void> worst{};
    std::string after;
    for (;;) {
        const auto page = co_await reach.admin.list_accounts(domain, after, kPage);
        if (!page) co_return std::unexpected(page.error());
        for (const auto& account : *page) {
            const auto ended = co_await end_sessions(reach, account);
            if (!ended) worst = ended;
        }
        if (page->size() < kPage) co_return worst;
        after = page->back().address;
    }
}

net::Task<Reply> set_disabled(ControlReach& reach, Arguments arguments, bool disabled) {
    DomainChange change;
    change.disabled = disabled;
    change.disabled_reason = arguments.text("reason");
    const auto changed =
        co_await reach.admin.change_domain(arguments.text("domain"), std::move(change));
    if (disabled && changed && changed->changed) {
        const auto ended = co_await end_sessions_of(reach, arguments.text("domain"));
        if (!ended)
            co_return control::failure(control::kTemporary,
                                       "disabled, but open sessions could not be ended: " +
                                           ended.error().internal);
    }
    co_return changed_reply(changed);
}

net::Task<Reply> disable(ControlReach& reach, Arguments arguments) {
    auto reply = co_await set_disabled(reach, arguments, true);
    co_return reply;
}

net::Task<Reply> enable(ControlReach& reach, Arguments arguments) {
    auto reply = co_await set_disabled(reach, arguments, false);
    co_return reply;
}

net::Task<Reply> alias_add(ControlReach& reach, Arguments arguments) {
    const auto changed =
        co_await reach.admin.add_domain_alias(arguments.text("alias"), arguments.text("domain"));
    auto reply = changed_reply(changed);
    if (changed && changed->changed && !arguments.has("no-dkim"))
        co_await add_first_keys(reach, arguments.text("alias"), reply);
    co_return reply;
}

net::Task<Reply> alias_remove(ControlReach& reach, Arguments arguments) {
    const auto changed = co_await reach.admin.remove_domain_alias(arguments.text("alias"));
    co_return changed_reply(changed);
}

net::Task<Reply> alias_list(ControlReach& reach, Arguments arguments) {
    const auto only = arguments.text("domain");
    const auto domains = co_await reach.admin.list_domains();
    if (!domains) co_return control::failure(domains.error());
    json::array rows;
    for (const auto& domain : *domains) {
        if (!only.empty() && domain.name != only) continue;
        for (const auto& alias : domain.aliases)
            rows.push_back(json::object{{"alias", alias}, {"domain", domain.name}});
    }
    co_return control::success(json::object{{"rows", std::move(rows)}});
}

constexpr ControlCommand kCommands[] = {
    {"domain add", add, true},
    {"domain set", set, true},
    {"domain list", list},
    {"domain show", show},
    {"domain rm", remove, true},
    {"domain disable", disable, true},
    {"domain enable", enable, true},
    {"domain alias add", alias_add, true},
    {"domain alias rm", alias_remove, true},
    {"domain alias list", alias_list},
};

} // namespace

std::span<const ControlCommand> domain_commands() { return kCommands; }

} // namespace maild::daemon
