#include "store/check.hpp"

#include "store/pass.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace maild::store {
namespace {

using Phase = Result<bool> (*)(Checking&);

Phase phase_of(CheckPhase phase) {
    switch (phase) {
    case CheckPhase::database: return check_database;
    case CheckPhase::bodies: return check_bodies;
    case CheckPhase::references: return check_references;
    case CheckPhase::orphans: return check_orphans;
    case CheckPhase::mailboxes: return check_mailboxes;
    case CheckPhase::messages: return check_messages;
    case CheckPhase::accounts: return check_accounts;
    case CheckPhase::packs: return check_packs;
    case CheckPhase::queue: return check_queue;
    case CheckPhase::index: return check_index;
    }
    return check_queue;
}

// Of one account only what its rows tell: the rest is of the shard.
bool is_for_account(CheckPhase phase) {
    return phase == CheckPhase::mailboxes || phase == CheckPhase::messages ||
           phase == CheckPhase::accounts;
}

std::optional<CheckCursor> after(const CheckCursor& at, const CheckRequest& request) {
    auto next = CheckCursor{at.shard, at.phase};
    while (next.phase != kLastCheckPhase) {
        next.phase = static_cast<CheckPhase>(std::to_underlying(next.phase) + 1);
        if (!request.account || is_for_account(next.phase)) return next;
    }
    return std::nullopt;
}

} // namespace

Fault& Checking::add(FindingKind kind, std::string what) {
    auto& fault = faults.emplace_back();
    fault.finding.kind = kind;
    fault.finding.shard = at.shard;
    fault.finding.what = std::move(what);
    return fault;
}

Result<CheckedSlice> check_slice(Reading& reading, const CheckRequest& request,
                                 const CheckCursor& at, const ParseStructure& parse) {
    if (request.account && !is_for_account(at.phase)) {
        const auto first = *after(CheckCursor{at.shard}, request);
        return check_slice(reading, request, first, parse);
    }
    Checking check{reading, request, parse, at, 0, {}, {}};
    auto is_through = phase_of(at.phase)(check);
    // Where SQLite cannot go on, the next part may still be whole.
    if (!is_through && is_through.error().code == Errc::corrupt) {
        check.add(FindingKind::database, "meta.db is damaged, so its " +
                                             std::string(name_of(at.phase)) +
                                             " cannot be checked: stop maild and run mailctl "
                                             "store rebuild (" +
                                             is_through.error().internal + ")");
        is_through = true;
    }
    if (!is_through) return pass(is_through);
    CheckedSlice checked{std::move(check.faults), {}};
    checked.slice.at = at;
    checked.slice.percent = *is_through ? 100 : check.percent;
    checked.slice.counts = check.counts;
    checked.slice.next = *is_through ? after(at, request) : check.at;
    return checked;
}

Result<std::uint32_t> percent_of(std::int64_t done, Result<db::Statement> last) {
    if (!last) return pass(last);
    const auto found = last->step();
    if (!found) return pass(found);
    const auto total = *found ? last->column<std::int64_t>(0) : 0;
    if (total <= 0) return 100;
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(done * 100 / total, 0, 100));
}

std::string json_list(const std::vector<std::int64_t>& numbers) {
    std::string text = "[";
    for (const auto number : numbers) {
        if (text.size() > 1) text += ',';
        text += std::to_string(number);
    }
    return text + "]";
}

std::string count_of(std::int64_t number, std::string_view noun) {
    return std::to_string(number) + " " + std::string(noun) + (number == 1 ? "" : "s");
}

std::string_view name_of(CheckPhase phase) {
    static constexpr std::array<std::string_view, 10> kNames{
        "database", "bodies",   "references", "orphans", "mailboxes",
        "messages", "accounts", "packs",      "queue",   "search index"};
    const auto index = std::to_underlying(phase);
    return index < kNames.size() ? kNames[index] : "?";
}

std::string_view name_of(FindingKind kind) {
    static constexpr std::array<std::string_view, 12> kNames{
        "shard",   "database", "body",    "structure", "reference", "orphan",
        "mailbox", "message",  "account", "pack",      "queue",     "search_index"};
    const auto index = std::to_underlying(kind);
    return index < kNames.size() ? kNames[index] : "?";
}

} // namespace maild::store
