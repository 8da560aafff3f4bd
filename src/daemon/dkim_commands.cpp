// `mailctl domain dkim`: the keys with which a domain's mail is signed.
#include "daemon/control_command.hpp"
#include "daemon/dkim_care.hpp"
#include "daemon/dkim_records.hpp"

#include "maild/base/ascii.hpp"

#include <algorithm>
#include <iterator>

namespace maild::daemon {
namespace json = boost::json;
namespace {

using control::Reply;
using directory::DkimKey;
using directory::DkimState;
using directory::NewDkimKey;
using policy::dkim::Algorithm;

json::value time_or_null(const std::optional<WallTime>& time) {
    return time ? json::value(unix_seconds(*time)) : json::value(nullptr);
}

std::optional<WallTime> since(const DkimKey& key) {
    switch (key.state) {
    case DkimState::published: return key.created;
    case DkimState::active: return key.activated;
    case DkimState::retired: return key.retired;
    case DkimState::removed: return key.removed;
    }
    return std::nullopt;
}

json::object to_json(const DkimKey& key) {
    return {{"domain", key.domain},
            {"selector", key.selector},
            {"algorithm", std::string(policy::dkim::name_of(key.algorithm))},
            {"bits", std::int64_t{key.bits}},
            {"state", std::string(directory::name_of(key.state))},
            {"since", time_or_null(since(key))},
            {"created", unix_seconds(key.created)},
            {"activated", time_or_null(key.activated)},
            {"retired", time_or_null(key.retired)},
            {"keep_until", time_or_null(key.keep_until)},
            {"record_name", key.record_name()},
            {"record", key.record()}};
}

// With the records to publish, if it has added any.
Reply added_reply(const std::vector<DkimKey>& added, std::string text) {
    json::array rows, records;
    for (const auto& key : added) rows.push_back(to_json(key));
    add_dkim_records(records, text, added);
    return control::success(json::object{{"changed", true},
                                         {"rows", std::move(rows)},
                                         {"records", std::move(records)},
                                         {"text", std::move(text)}});
}

net::Task<Reply> list(ControlReach& reach, Arguments arguments) {
    const auto keys = co_await reach.admin.list_dkim_keys(arguments.text("domain"));
    if (!keys) co_return control::failure(keys.error());
    json::array rows;
    for (const auto& key : *keys)
        if (key.state != DkimState::removed || arguments.has("all")) rows.push_back(to_json(key));
    co_return control::success(json::object{{"rows", std::move(rows)}});
}

net::Task<Reply> show(ControlReach& reach, Arguments arguments) {
    auto selector = ascii::to_lower(arguments.text("selector"));
    const auto keys = co_await reach.admin.list_dkim_keys(arguments.text("domain"));
    if (!keys) co_return control::failure(keys.error());
    const auto found = std::ranges::find(*keys, selector, &DkimKey::selector);
    if (found == keys->end())
        co_return control::failure(Error{Errc::not_found, "there is no key " + selector});
    co_return control::success(to_json(*found));
}

net::Task<Reply> add(ControlReach& reach, Arguments arguments) {
    auto wanted = both_kinds();
    const auto kind = arguments.optional_text("algorithm");
    if (kind && *kind != "both") {
        const auto algorithm = policy::dkim::parse_algorithm(*kind);
        if (!algorithm)
            co_return control::failure(control::kUsage, "--algorithm is rsa, ed25519 or both.");
        wanted.assign(1, NewDkimKey{*algorithm, "", ""});
    }
    if (arguments.has("selector")) {
        if (wanted.size() > 1)
            co_return control::failure(control::kUsage,
                                       "--selector is for one key: say which --algorithm.");
        wanted.front().selector = arguments.text("selector");
    }
    const auto added =
        co_await reach.admin.add_dkim_keys(arguments.text("domain"), std::move(wanted));
    if (!added) co_return control::failure(added.error());
    co_return added_reply(*added, "Publish this; it signs when the DNS shows it:\n");
}

net::Task<Reply> import(ControlReach& reach, Arguments arguments) {
    if (!arguments.has("selector") || !arguments.has("pem"))
        co_return control::failure(control::kUsage, "--selector and --key are wanted.");
    std::vector<NewDkimKey> wanted;
    wanted.push_back({Algorithm::rsa_sha256, arguments.text("selector"), arguments.text("pem")});
    const auto added =
        co_await reach.admin.add_dkim_keys(arguments.text("domain"), std::move(wanted));
    if (!added) co_return control::failure(added.error());
    co_return added_reply(*added, "It signs when the DNS shows this:\n");
}

net::Task<Reply> move(ControlReach& reach, Arguments arguments, DkimState to) {
    directory::DkimMove wanted{arguments.text("selector"), to, std::nullopt};
    if (to == DkimState::retired)
        wanted.keep_until = SystemClock().now() + reach.context.config().dkim.retired_for;
    std::vector<directory::DkimMove> moves;
    moves.push_back(std::move(wanted));
    const auto moved =
        co_await reach.admin.move_dkim_keys(arguments.text("domain"), std::move(moves));
    co_return changed_reply(moved);
}

net::Task<Reply> retire(ControlReach& reach, Arguments arguments) {
    auto reply = co_await move(reach, arguments, DkimState::retired);
    co_return reply;
}

net::Task<Reply> remove(ControlReach& reach, Arguments arguments) {
    auto reply = co_await move(reach, arguments, DkimState::removed);
    co_return reply;
}

Reply rotation_reply(const DkimCare::Turn& turn, bool changed) {
    json::array moved, steps, records;
    std::string text;
    for (const auto& what : turn.moved) {
        moved.emplace_back(what);
        text += what + ".\n";
    }
    for (const auto& sentence : turn.plan.sentences) {
        steps.emplace_back(sentence);
        text += sentence + ".\n";
    }
    std::vector<DkimKey> waiting;
    std::ranges::copy_if(turn.keys, std::back_inserter(waiting),
                         [](const DkimKey& key) { return key.state == DkimState::published; });
    add_dkim_records(records, text, waiting);
    return control::success(json::object{{"changed", changed},
                                         {"moved", std::move(moved)},
                                         {"steps", std::move(steps)},
                                         {"records", std::move(records)},
                                         {"text", std::move(text)}});
}

net::Task<Reply> rotate(ControlReach& reach, Arguments arguments) {
    const auto domain = arguments.text("domain");
    const bool tells = arguments.has("status");
    auto rules = rotation_rules(reach.context.config().dkim);
    rules.is_forced = arguments.has("force");
    if (tells && rules.is_forced)
        co_return control::failure(control::kUsage, "either --status or --force.");
    auto turn = co_await reach.dkim.turn(domain, rules,
                                         tells ? DkimCare::Way::tell : DkimCare::Way::carry_out);
    if (!turn) co_return control::failure(turn.error());
    if (tells || !turn->plan.is_idle || !turn->moved.empty())
        co_return rotation_reply(*turn, !turn->moved.empty());
    // Nothing is under way: this begins it.
    auto wanted = both_kinds();
    const auto added = co_await reach.admin.add_dkim_keys(domain, std::move(wanted));
    if (!added) co_return control::failure(added.error());
    const auto next = co_await reach.dkim.turn(domain, rotation_rules(reach.context.config().dkim),
                                               DkimCare::Way::tell);
    if (!next) co_return control::failure(next.error());
    co_return rotation_reply(*next, true);
}

constexpr ControlCommand kCommands[] = {
    {"domain dkim list", list},           {"domain dkim show", show},
    {"domain dkim add", add, true},       {"domain dkim import", import, true},
    {"domain dkim rotate", rotate, true}, {"domain dkim retire", retire, true},
    {"domain dkim rm", remove, true},
};

} // namespace

std::vector<NewDkimKey> both_kinds() {
    return {{Algorithm::rsa_sha256, "", ""}, {Algorithm::ed25519_sha256, "", ""}};
}

void add_dkim_records(json::array& records, std::string& text, const std::vector<DkimKey>& keys) {
    for (const auto& key : keys) {
        records.push_back(json::object{{"name", key.record_name() + "."},
                                       {"type", "TXT"},
                                       {"value", directory::zone_value(key)}});
        text += directory::zone_line(key);
    }
}

std::span<const ControlCommand> dkim_commands() { return kCommands; }

} // namespace maild::daemon
