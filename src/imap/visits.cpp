#include "imap/visits.hpp"

#include "imap/mailbox_name.hpp"

#include "maild/base/ascii.hpp"

#include <algorithm>
#include <span>

namespace maild::imap {

namespace {

constexpr std::size_t kMaxNames = 20'000; // of a list, those of the own account among them
constexpr std::size_t kReferralsAtOnce = 500;

// An address that can be one level of a name, which a client can spell.
bool is_level(std::string_view address) {
    constexpr std::string_view kNever = "/%*";
    return !address.empty() && address.find_first_of(kNever) == address.npos &&
           std::ranges::none_of(address, ascii::is_control);
}

std::string name_of(std::string_view owner, std::string_view mailbox) {
    std::string name(store::kOtherUsers);
    name += store::kDelimiter;
    name += owner;
    name += store::kDelimiter;
    name += mailbox;
    return name;
}

void add_levels(std::map<std::string, store::MailboxEntry>& entries, const std::string& name) {
    for (auto at = name.find(store::kDelimiter); at != name.npos;
         at = name.find(store::kDelimiter, at + 1)) {
        auto level = name.substr(0, at);
        store::MailboxEntry entry{.id = {}, .name = level, .is_selectable = false};
        entries.try_emplace(std::move(level), std::move(entry));
    }
}

// Who has no right to know of a mailbox does not hear that it is there (RFC 4314 §6).
bool is_hidden(Errc code) {
    switch (code) {
    case Errc::no_such_mailbox:
    case Errc::no_such_account:
    case Errc::not_permitted:
    case Errc::disabled: return true;
    default: return false;
    }
}

// What a client could not name is not listed.
bool can_be_named(const std::string& name) { return bool(to_mailbox_name(name, NameForm::utf8)); }

} // namespace

MailboxId object_id(ShardId shard, MailboxId id) {
    constexpr int kBits = 40; // as many mailboxes as a shard will ever have
    return MailboxId(id.value | std::int64_t{shard.value} << kBits);
}

bool is_of_others(std::string_view name) {
    return name.starts_with(store::kOtherUsers) &&
           (name.size() == store::kOtherUsers.size() ||
            name[store::kOtherUsers.size()] == store::kDelimiter);
}

// Nothing is told to it: it has a mailbox open for a moment at most.
struct Visits::Visit final : store::ChangeSink {
    void on_changes(MailboxId, std::span<const store::Change>) override {}
    void on_lost() override { session.reset(); }

    std::optional<store::SessionId> session;
    ShardId shard;
    AccountId account;
    std::string owner;
};

Visits::Visits(Backend& backend, const auth::Identity& identity, store::SessionId own)
    : backend_(backend),
      account_(identity.account),
      shard_(identity.token.shard),
      address_(identity.address),
      own_(own) {}

Visits::~Visits() { leave(); }

void Visits::leave() {
    for (const auto& [account, visit] : visits_)
        if (visit->session) backend_.store().close_session(*visit->session);
    visits_.clear();
}

void Visits::trim() {
    constexpr std::size_t kMany = 16;
    if (visits_.size() > kMany) leave();
}

net::Task<Result<Visits::Visit*>> Visits::enter(Referral referral) {
    if (!referral.visit || referral.account == account_ || !is_level(referral.address))
        co_return fail(Errc::no_such_mailbox);
    if (const auto found = visits_.find(referral.account);
        found != visits_.end() && found->second->session)
        co_return found->second.get();
    auto visit = std::make_unique<Visit>();
    visit->account = referral.account;
    visit->shard = referral.visit->shard;
    visit->owner = std::move(referral.address);
    const auto opened = co_await backend_.store().open_shared(own_, *referral.visit, *visit);
    if (!opened) co_return std::unexpected(opened.error());
    visit->session = *opened;
    auto& kept = visits_[referral.account];
    kept = std::move(visit);
    co_return kept.get();
}

net::Task<Result<Visits::Visit*>> Visits::find(std::string owner) {
    for (const auto& [account, visit] : visits_)
        if (visit->owner == owner && visit->session) co_return visit.get();
    auto referral = co_await backend_.refer(std::move(owner));
    if (!referral) {
        const auto code = referral.error().code;
        const bool is_passing = code == Errc::unavailable || code == Errc::timed_out ||
                                code == Errc::closed || code == Errc::busy;
        co_return is_passing ? std::unexpected(referral.error()) : fail(Errc::no_such_mailbox);
    }
    auto visit = co_await enter(std::move(*referral));
    co_return visit;
}

net::Task<Result<Place>> Visits::locate(store::MailboxName name) {
    if (!is_of_others(name)) co_return Place{own_, std::move(name), account_, shard_, address_};
    const auto begin = store::kOtherUsers.size() + 1;
    const auto end = name.find(store::kDelimiter, std::min(begin, name.size()));
    if (end == name.npos) co_return fail(Errc::no_such_mailbox);
    auto inner = to_mailbox_name(name.substr(end + 1), NameForm::utf8);
    if (!inner) co_return fail(Errc::no_such_mailbox);
    auto owner = name.substr(begin, end - begin);
    const auto visit = co_await find(std::move(owner));
    if (!visit) co_return std::unexpected(visit.error());
    const auto& there = **visit;
    co_return Place{*there.session, std::move(*inner), there.account, there.shard, there.owner};
}

net::Task<Result<Visits::Entries>> Visits::list_one(Referral referral) {
    const auto visit = co_await enter(std::move(referral));
    if (!visit) co_return std::unexpected(visit.error());
    auto entries = co_await backend_.store().list_mailboxes(*(*visit)->session);
    if (!entries) co_return entries;
    for (auto& entry : *entries) {
        entry.id = object_id((*visit)->shard, entry.id);
        entry.name = name_of((*visit)->owner, entry.name);
    }
    co_return entries;
}

// What cannot be had of one owner now hides nothing of the others, nor of what is one's own.
net::Task<std::optional<Errc>> Visits::add_shared(ByName& entries) {
    const auto sharers = co_await backend_.store().sharing_accounts(own_);
    if (!sharers) co_return sharers.error().code;
    std::optional<Errc> missing;
    if (!sharers->is_whole) missing = Errc::unavailable;
    std::span<const AccountId> rest(sharers->accounts);
    while (!rest.empty()) {
        const auto some = rest.first(std::min(rest.size(), kReferralsAtOnce));
        rest = rest.subspan(some.size());
        std::vector<AccountId> asked(some.begin(), some.end());
        const auto left_out = co_await add_some(entries, std::move(asked));
        if (left_out) missing = left_out;
        if (left_out == Errc::limit_exceeded) co_return missing;
    }
    co_return missing;
}

net::Task<std::optional<Errc>> Visits::add_some(ByName& entries, std::vector<AccountId> owners) {
    std::optional<Errc> missing;
    auto referrals = co_await backend_.refer_all(std::move(owners));
    if (!referrals) co_return referrals.error().code;
    for (auto& referral : *referrals) {
        const auto shared = co_await list_one(std::move(referral));
        if (!shared && !is_hidden(shared.error().code)) missing = shared.error().code;
        if (!shared) continue;
        for (const auto& entry : *shared) {
            // Others decide how much they share: it must not be this session's memory.
            if (entries.size() >= kMaxNames) co_return Errc::limit_exceeded;
            if (!can_be_named(entry.name)) continue;
            add_levels(entries, entry.name);
            auto& kept = entries[entry.name];
            const bool is_subscribed = kept.is_subscribed;
            kept = entry;
            kept.is_subscribed = is_subscribed;
        }
        trim();
    }
    co_return missing;
}

net::Task<Result<Visits::Listing>> Visits::list() {
    auto own = co_await backend_.store().list_mailboxes(own_);
    if (!own) co_return std::unexpected(own.error());
    ByName entries;
    for (auto& entry : *own) {
        if (entry.id) entry.id = object_id(shard_, entry.id);
        entries.emplace(entry.name, std::move(entry));
    }
    Listing all;
    const auto missing = co_await add_shared(entries);
    all.missing = missing;
    all.entries.reserve(entries.size());
    for (auto& [name, entry] : entries) all.entries.push_back(std::move(entry));
    co_return all;
}

} // namespace maild::imap
