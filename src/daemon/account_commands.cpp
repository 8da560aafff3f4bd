#include "daemon/control_command.hpp"

#include <algorithm>
#include <limits>

namespace maild::daemon {
namespace json = boost::json;
namespace {

using control::Reply;
using directory::Account;
using directory::AccountChange;

constexpr std::uint32_t kPage = 1000;

store::AccountRef ref(const Account& account) {
    return {.account = account.id, .shard = account.shard};
}

std::string domain_of(std::string_view address) {
    return std::string(address.substr(address.rfind('@') + 1));
}

// "default" where the host's limit holds.
json::value limit_json(std::optional<std::uint32_t> limit) {
    if (!limit) return "default";
    return *limit;
}

json::object to_json(const Account& account, const store::AccountUsage& usage,
                     std::uint64_t default_quota) {
    json::array others;
    for (const auto& address : account.other_addresses) others.emplace_back(address);
    const auto quota = account.quota_bytes != 0 ? account.quota_bytes : default_quota;
    return {{"address", account.address},
            {"id", account.id.value},
            {"shard", account.shard.value},
            {"other_addresses", std::move(others)},
            {"used_bytes", static_cast<std::int64_t>(usage.bytes)},
            {"quota_bytes", static_cast<std::int64_t>(quota)},
            {"messages", static_cast<std::int64_t>(usage.messages)},
            {"quota_messages", static_cast<std::int64_t>(account.quota_messages)},
            {"mailboxes", usage.mailboxes},
            {"save_sent", account.sending.saves_sent},
            {"hold_for", account.sending.hold_for.count()},
            {"messages_per_day", limit_json(account.sending.messages_per_day)},
            {"recipients_per_day", limit_json(account.sending.recipients_per_day)},
            {"disabled", account.is_disabled},
            {"disabled_reason", account.disabled_reason},
            {"created", unix_seconds(account.created)},
            {"password_changed", unix_seconds(account.password_changed)}};
}

// Rows for accounts, with what they use; one question to the store for all of them.
net::Task<Result<json::array>> with_usage(ControlReach& reach, std::vector<Account> accounts) {
    std::vector<store::AccountRef> refs;
    for (const auto& account : accounts) refs.push_back(ref(account));
    auto usage = co_await reach.store.usage(std::move(refs));
    if (!usage) co_return std::unexpected(std::move(usage.error()));
    auto domains = co_await reach.admin.list_domains();
    if (!domains) co_return std::unexpected(std::move(domains.error()));
    std::map<std::string, std::uint64_t, std::less<>> defaults;
    for (const auto& domain : *domains) defaults[domain.name] = domain.limits.default_quota_bytes;
    std::map<AccountId, store::AccountUsage> used;
    for (const auto& entry : *usage) used[entry.account] = entry;
    json::array rows;
    for (const auto& account : accounts) {
        rows.push_back(to_json(account, used[account.id], defaults[domain_of(account.address)]));
    }
    co_return rows;
}

net::Task<Reply> add(ControlReach& reach, Arguments arguments) {
    directory::NewAccount account{.address = arguments.text("address"),
                                  .password = arguments.text("password"),
                                  .quota_bytes = arguments.number("quota").value_or(0)};
    const bool has_password = !account.password.empty();
    const auto address = account.address;
    const auto changed = co_await reach.admin.add_account(std::move(account));
    auto reply = changed_reply(changed);
    if (changed && changed->changed && !has_password) {
        reply.result.as_object()["text"] =
            "added without a password: nobody can log in before mailctl account passwd " + address +
            "\n";
    }
    co_return reply;
}

net::Task<Reply> list(ControlReach& reach, Arguments arguments) {
    if (arguments.has("limit") && !arguments.number("limit"))
        co_return control::failure(control::kUsage, "--limit wants a number.");
    const std::uint64_t wanted =
        arguments.number("limit").value_or(std::numeric_limits<std::uint64_t>::max());
    auto after = arguments.text("after");
    const auto domain = arguments.text("domain");
    json::array rows;
    while (rows.size() < wanted) {
        const auto count =
            static_cast<std::uint32_t>(std::min<std::uint64_t>(kPage, wanted - rows.size()));
        auto page = co_await reach.admin.list_accounts(domain, after, count);
        if (!page) co_return control::failure(page.error());
        const bool is_last = page->size() < count;
        if (!page->empty()) after = page->back().address;
        auto page_rows = co_await with_usage(reach, std::move(*page));
        if (!page_rows) co_return control::failure(page_rows.error());
        std::ranges::move(*page_rows, std::back_inserter(rows));
        if (is_last) break;
    }
    co_return control::success(json::object{{"rows", std::move(rows)}, {"next", after}});
}

net::Task<Reply> show(ControlReach& reach, Arguments arguments) {
    auto account = co_await reach.admin.show_account(arguments.text("address"));
    if (!account) co_return control::failure(account.error());
    std::vector<Account> one{std::move(*account)};
    auto rows = co_await with_usage(reach, std::move(one));
    if (!rows) co_return control::failure(rows.error());
    co_return control::success(std::move(rows->front()));
}

Reply not_ended(const Error& error) {
    return control::failure(control::kTemporary,
                            "changed, but open sessions could not be ended: " + error.internal);
}

// Sessions that were opened before the change must not go on with the old rights.
net::Task<Reply> change_and_drop(ControlReach& reach, std::string address, AccountChange change) {
    const auto account = co_await reach.admin.show_account(address);
    if (!account) co_return control::failure(account.error());
    const auto changed = co_await reach.admin.change_account(address, std::move(change));
    if (changed && changed->changed) {
        const auto ended = co_await end_sessions(reach, *account);
        if (!ended) co_return not_ended(ended.error());
    }
    co_return changed_reply(changed);
}

net::Task<Reply> remove(ControlReach& reach, Arguments arguments) {
    const auto address = arguments.text("address");
    const auto account = co_await reach.admin.show_account(address);
    if (!account) co_return control::failure(account.error());
    const auto removed = co_await reach.admin.remove_account(address);
    if (!removed) co_return changed_reply(removed);
    co_await kick_account(reach, account->id);
    const auto erased = co_await reach.store.remove_account(ref(*account));
    if (!erased) {
        co_return control::failure(
            control::kTemporary,
            "the account is closed, but its mail could not be marked for erasure: " +
                erased.error().internal);
    }
    auto reply = changed_reply(removed);
    const auto aliases = co_await reach.admin.list_aliases({});
    std::vector<std::string> warnings;
    for (const auto& alias : aliases.value_or(std::vector<directory::Alias>{})) {
        if (std::ranges::find(alias.targets, account->address) != alias.targets.end())
            warnings.push_back("the alias " + alias.pattern + " still leads to it");
    }
    add_warnings(reply, warnings);
    co_return reply;
}

net::Task<Reply> disable(ControlReach& reach, Arguments arguments) {
    AccountChange change;
    change.disabled = true;
    change.disabled_reason = arguments.text("reason");
    auto reply = co_await change_and_drop(reach, arguments.text("address"), std::move(change));
    co_return reply;
}

net::Task<Reply> enable(ControlReach& reach, Arguments arguments) {
    AccountChange change;
    change.disabled = false;
    const auto changed =
        co_await reach.admin.change_account(arguments.text("address"), std::move(change));
    co_return changed_reply(changed);
}

net::Task<Reply> rename(ControlReach& reach, Arguments arguments) {
    AccountChange change;
    change.new_address = arguments.text("new-address");
    const auto changed =
        co_await reach.admin.change_account(arguments.text("address"), std::move(change));
    co_return changed_reply(changed);
}

net::Task<Reply> passwd(ControlReach& reach, Arguments arguments) {
    AccountChange change;
    change.password = arguments.text("password");
    if (change.password->empty()) {
        co_return control::failure(
            control::kUsage, "no password: use --password-stdin or --generate, or a terminal.");
    }
    auto reply = co_await change_and_drop(reach, arguments.text("address"), std::move(change));
    co_return reply;
}

Result<std::vector<directory::ImportRow>> import_rows(const json::array& rows) {
    std::vector<directory::ImportRow> out;
    out.reserve(rows.size());
    for (const auto& row : rows) {
        if (!row.is_object()) return fail(Errc::invalid_argument, "rows must be objects.");
        const Arguments fields(row.as_object());
        out.push_back({.line = static_cast<std::uint32_t>(fields.number("line").value_or(0)),
                       .account = {.address = fields.text("address"),
                                   .password = fields.text("password"),
                                   .quota_bytes = fields.number("quota").value_or(0)},
                       .fault = fields.text("fault")});
    }
    return out;
}

net::Task<Reply> import(ControlReach& reach, Arguments arguments) {
    const auto* rows = arguments.rows("rows");
    if (rows == nullptr) co_return control::failure(control::kUsage, "nothing to import.");
    auto parsed = import_rows(*rows);
    if (!parsed) co_return control::failure(parsed.error());
    const auto result = co_await reach.admin.import_accounts(std::move(*parsed));
    if (!result) co_return control::failure(result.error());
    json::array errors;
    std::string text;
    for (const auto& error : result->errors) {
        errors.push_back(json::object{{"line", error.line}, {"what", error.what}});
        text += "line " + std::to_string(error.line) + ": " + error.what + "\n";
    }
    json::object object{
        {"added", result->added}, {"unchanged", result->unchanged}, {"errors", std::move(errors)}};
    if (result->errors.empty())
        text = std::to_string(result->added) + " accounts added, " +
               std::to_string(result->unchanged) + " were there already\n";
    object["text"] = text;
    auto reply = control::success(std::move(object));
    if (!result->errors.empty()) {
        reply.exit = control::kBadData;
        reply.error =
            "nothing was imported: " + std::to_string(result->errors.size()) + " lines are wrong.";
    }
    co_return reply;
}

net::Task<Reply> logins(ControlReach& reach, Arguments arguments) {
    const auto known = co_await reach.admin.account_logins(arguments.text("address"));
    if (!known) co_return control::failure(known.error());
    json::array rows;
    for (const auto& login : known->logins)
        rows.push_back(json::object{{"what", "logged in"},
                                    {"service", login.service},
                                    {"from", login.address},
                                    {"count", nullptr},
                                    {"first", nullptr},
                                    {"last", unix_seconds(login.at)}});
    for (const auto& failures : known->failures)
        rows.push_back(json::object{{"what", "failed"},
                                    {"service", failures.service},
                                    {"from", failures.network},
                                    {"count", failures.count},
                                    {"first", unix_seconds(failures.first)},
                                    {"last", unix_seconds(failures.last)}});
    co_return control::success(json::object{{"rows", std::move(rows)}});
}

net::Task<Reply> quota_set(ControlReach& reach, Arguments arguments) {
    AccountChange change;
    change.quota_bytes = arguments.number("size");
    if (arguments.has("size") && !change.quota_bytes)
        co_return control::failure(control::kUsage, "the size is no number.");
    change.quota_messages = arguments.number("messages");
    if (arguments.has("messages") && !change.quota_messages)
        co_return control::failure(control::kUsage, "--messages wants a number.");
    if (!change.quota_bytes && !change.quota_messages)
        co_return control::failure(control::kUsage, "neither a size nor --messages is given.");
    const auto changed =
        co_await reach.admin.change_account(arguments.text("address"), std::move(change));
    co_return changed_reply(changed);
}

// "on" or "off"; false if it is something else.
bool read_switch(const Arguments& arguments, std::string_view name, std::optional<bool>& out) {
    if (!arguments.has(name)) return true;
    const auto value = arguments.text(name);
    if (value == "on" || value == "off") out = value == "on";
    return out.has_value();
}

// A number or "default"; false if it is something else.
bool read_limit(const Arguments& arguments, std::string_view name,
                std::optional<std::optional<std::uint32_t>>& out) {
    constexpr std::uint64_t kMost = 1'000'000'000;
    if (!arguments.has(name)) return true;
    if (arguments.text(name) == "default") {
        out.emplace(std::nullopt);
        return true;
    }
    const auto number = arguments.number(name);
    if (!number || *number > kMost) return false;
    out = static_cast<std::uint32_t>(*number);
    return true;
}

net::Task<Reply> set(ControlReach& reach, Arguments arguments) {
    AccountChange change;
    auto& sending = change.sending;
    if (!read_switch(arguments, "save-sent", sending.saves_sent))
        co_return control::failure(control::kUsage, "--save-sent is on or off.");
    if (!read_limit(arguments, "messages-per-day", sending.messages_per_day))
        co_return control::failure(control::kUsage,
                                   "--messages-per-day wants a number or \"default\".");
    if (!read_limit(arguments, "recipients-per-day", sending.recipients_per_day))
        co_return control::failure(control::kUsage,
                                   "--recipients-per-day wants a number or \"default\".");
    if (arguments.has("hold-for")) {
        const auto seconds = arguments.text("hold-for") == "off" ? std::optional<std::uint64_t>(0)
                                                                 : arguments.number("hold-for");
        if (!seconds || *seconds > static_cast<std::uint64_t>(directory::kMaxHold.count()))
            co_return control::failure(control::kUsage,
                                       "--hold-for is a span of up to 24 hours, or off.");
        sending.hold_for = std::chrono::seconds(*seconds);
    }
    if (!sending.saves_sent && !sending.messages_per_day && !sending.recipients_per_day &&
        !sending.hold_for)
        co_return control::failure(control::kUsage, "nothing is to be set: see --help.");
    const auto changed =
        co_await reach.admin.change_account(arguments.text("address"), std::move(change));
    co_return changed_reply(changed);
}

constexpr ControlCommand kCommands[] = {
    {"account add", add, true},
    {"account list", list},
    {"account show", show},
    {"account rm", remove, true},
    {"account disable", disable, true},
    {"account enable", enable, true},
    {"account rename", rename, true},
    {"account passwd", passwd, true},
    {"account import", import, true},
    {"account logins", logins},
    {"account set", set, true},
    {"account quota get", show},
    {"account quota set", quota_set, true},
};

} // namespace

std::span<const ControlCommand> account_commands() { return kCommands; }

} // namespace maild::daemon
