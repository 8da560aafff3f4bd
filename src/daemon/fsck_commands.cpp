// mailctl fsck: a check of the store, slice by slice (control/protocol.hpp: steps).
#include "daemon/control_command.hpp"

#include <array>
#include <charconv>
#include <set>

namespace maild::daemon {
namespace json = boost::json;
namespace {

using control::Reply;
using store::CheckCursor;
using store::CheckSlice;

// A cursor as mailctl carries it from step to step: "1.2.1000.0".
std::string format_cursor(const CheckCursor& cursor) {
    return std::to_string(cursor.shard.value) + "." +
           std::to_string(std::to_underlying(cursor.phase)) + "." + std::to_string(cursor.first) +
           "." + std::to_string(cursor.second);
}

std::optional<CheckCursor> parse_cursor(std::string_view text) {
    std::array<std::int64_t, 4> numbers{};
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        const auto* end = text.data() + text.size();
        const auto parsed = std::from_chars(text.data(), end, numbers[i]);
        if (parsed.ec != std::errc{}) return std::nullopt;
        text.remove_prefix(static_cast<std::size_t>(parsed.ptr - text.data()));
        const bool is_last = i + 1 == numbers.size();
        if (is_last != text.empty() || (!is_last && !text.starts_with('.'))) return std::nullopt;
        if (!is_last) text.remove_prefix(1);
    }
    const bool is_valid = numbers[0] >= 0 && numbers[0] <= std::int64_t{UINT32_MAX} &&
                          numbers[1] >= 0 &&
                          numbers[1] <= std::to_underlying(store::kLastCheckPhase);
    if (!is_valid) return std::nullopt;
    return CheckCursor{ShardId(static_cast<std::uint32_t>(numbers[0])),
                       static_cast<store::CheckPhase>(numbers[1]), numbers[2], numbers[3]};
}

using Names = std::map<AccountId, std::string>;

// The addresses of these accounts; one that was removed has none any more.
net::Task<Result<Names>> names_of(ControlReach& reach, std::set<AccountId> wanted) {
    constexpr std::uint32_t kPage = 1000;
    Names names;
    std::string after;
    while (names.size() < wanted.size()) {
        const auto page = co_await reach.admin.list_accounts({}, after, kPage);
        if (!page) co_return std::unexpected(page.error());
        for (const auto& account : *page) {
            if (wanted.contains(account.id)) names.emplace(account.id, account.address);
        }
        if (page->size() < kPage) break;
        after = page->back().address;
    }
    co_return names;
}

std::string name_of(const Names& names, AccountId account) {
    if (!account) return {};
    const auto found = names.find(account);
    return found != names.end() ? found->second
                                : "removed account " + std::to_string(account.value);
}

json::object to_json(const store::CheckFinding& finding, const Names& names) {
    return {{"kind", store::name_of(finding.kind)},
            {"shard", finding.shard.value},
            {"account", name_of(names, finding.account)},
            {"mailbox", finding.mailbox},
            {"uid", finding.uid.value},
            {"what", finding.what},
            {"repaired", finding.is_repaired}};
}

json::object to_json(const store::CheckCounts& c) {
    return {{"bodies", c.bodies},       {"body_bytes", c.body_bytes}, {"messages", c.messages},
            {"mailboxes", c.mailboxes}, {"accounts", c.accounts},     {"packs", c.packs},
            {"queued", c.queued}};
}

json::object to_json(const CheckSlice& slice, const Names& names) {
    json::array rows;
    for (const auto& finding : slice.findings) rows.push_back(to_json(finding, names));
    json::object result{{"rows", std::move(rows)},
                        {"counts", to_json(slice.counts)},
                        {"progress", "shard " + std::to_string(slice.at.shard.value) + ", " +
                                         std::string(store::name_of(slice.at.phase)) + ": " +
                                         std::to_string(slice.percent) + " %"}};
    if (slice.next) result["next"] = format_cursor(*slice.next);
    return result;
}

net::Task<Reply> run(ControlReach& reach, Arguments arguments) {
    store::CheckRequest request;
    request.deep = arguments.has("deep");
    request.repair = arguments.has("repair");
    if (const auto step = arguments.optional_text(control::kStep)) {
        request.from = parse_cursor(*step);
        if (!request.from) co_return control::failure(control::kUsage, "no step of this command.");
    }
    if (const auto address = arguments.optional_text("account")) {
        const auto account = co_await reach.admin.show_account(*address);
        if (!account) co_return control::failure(account.error());
        request.account = store::AccountRef{account->id, account->shard};
    }
    const auto slice = co_await reach.store.check(std::move(request));
    if (!slice) co_return control::failure(slice.error());
    std::set<AccountId> wanted;
    for (const auto& finding : slice->findings) {
        if (finding.account) wanted.insert(finding.account);
    }
    const auto names = co_await names_of(reach, std::move(wanted));
    if (!names) co_return control::failure(names.error());
    co_return control::success(to_json(*slice, *names));
}

constexpr ControlCommand kCommands[] = {{"fsck run", run}};

} // namespace

std::span<const ControlCommand> fsck_commands() { return kCommands; }

} // namespace maild::daemon
