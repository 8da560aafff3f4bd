// mailctl acl: who may do what with an account's mailboxes (RFC 4314).
#include "daemon/control_command.hpp"

#include <algorithm>

namespace maild::daemon {
namespace json = boost::json;
namespace {

using control::Reply;

constexpr std::string_view kAnyone = "anyone";

Reply refuse(const Error& error, const std::string& mailbox, const std::string& owner) {
    if (error.code == Errc::no_such_mailbox)
        return control::failure(control::kNoSuchDomain,
                                "no mailbox '" + mailbox + "' in " + owner + ".");
    if (error.code == Errc::cannot)
        return control::failure(control::kUsage, "the owner has all rights, always.");
    if (error.code == Errc::limit_exceeded)
        return control::failure(control::kUsage,
                                "the mailbox, or its owner, has too many entries.");
    return control::failure(error);
}

// "+lr", "-lr" or "lr"
std::optional<store::AclChange> parse_edit(std::string_view text) {
    store::AclChange change;
    if (text.starts_with('+')) change.edit = store::AclEdit::add;
    if (text.starts_with('-')) change.edit = store::AclEdit::remove;
    if (change.edit != store::AclEdit::replace) text.remove_prefix(1);
    const auto rights = store::parse_rights(text);
    if (!rights) return std::nullopt;
    change.rights = *rights;
    return change;
}

// Whom `who` names, and with which sign.
net::Task<Result<void>> fill_in(ControlReach& reach, const directory::Account& owner,
                                std::string who, store::AclChange& change) {
    change.is_negative = who.starts_with('-');
    if (change.is_negative) who.erase(0, 1);
    if (who == kAnyone) {
        auto domain_name = owner.address.substr(owner.address.rfind('@') + 1);
        const auto domain = co_await reach.admin.show_domain(std::move(domain_name));
        if (!domain) co_return std::unexpected(domain.error());
        change.who = store::anyone_of(domain->id);
        co_return Result<void>();
    }
    const auto account = co_await reach.admin.show_account(std::move(who));
    if (!account) co_return std::unexpected(account.error());
    change.who = {account->id, {}};
    co_return Result<void>();
}

store::Rights rights_before(const store::Acl& acl, const store::AclChange& change) {
    const auto found = std::ranges::find_if(acl, [&](const store::AclEntry& entry) {
        return entry.who == change.who && entry.is_negative == change.is_negative;
    });
    return found == acl.end() ? store::Rights{} : found->rights;
}

net::Task<Reply> apply(ControlReach& reach, Arguments arguments, store::AclChange change) {
    const auto mailbox = arguments.text("mailbox");
    const auto owner = co_await reach.admin.show_account(arguments.text("address"));
    if (!owner) co_return control::failure(owner.error());
    const auto known = co_await fill_in(reach, *owner, arguments.text("who"), change);
    if (!known) co_return control::failure(known.error());
    const store::AccountRef account{.account = owner->id, .shard = owner->shard};
    // An account that nobody has used yet has no mailboxes, and so no list.
    const auto before = co_await reach.store.acl_of(account, mailbox);
    const auto had = before ? rights_before(*before, change) : store::Rights{};
    const auto done = co_await reach.store.set_acl_of(account, mailbox, change);
    if (!done) co_return refuse(done.error(), mailbox, owner->address);
    co_return changed_reply(directory::Changed{edited(had, change) != had});
}

net::Task<Reply> set(ControlReach& reach, Arguments arguments) {
    const auto change = parse_edit(arguments.text("rights"));
    if (!change)
        co_return control::failure(control::kUsage,
                                   "'" + arguments.text("rights") +
                                       "' are no rights: write letters of lrswipkxtea.");
    auto reply = co_await apply(reach, arguments, *change);
    co_return reply;
}

net::Task<Reply> remove(ControlReach& reach, Arguments arguments) {
    const store::AclChange nothing; // no right is left
    auto reply = co_await apply(reach, arguments, nothing);
    co_return reply;
}

// The names of the accounts in a list; what is gone meanwhile has none.
net::Task<Result<std::map<AccountId, std::string>>> names_of(ControlReach& reach,
                                                             const store::Acl& acl) {
    std::vector<AccountId> accounts;
    for (const auto& entry : acl)
        if (entry.who.account) accounts.push_back(entry.who.account);
    const auto found = co_await reach.directory.refer_all(std::move(accounts));
    if (!found) co_return std::unexpected(found.error());
    std::map<AccountId, std::string> names;
    for (const auto& referral : *found) names.emplace(referral.account, referral.address);
    co_return names;
}

net::Task<Reply> get(ControlReach& reach, Arguments arguments) {
    const auto mailbox = arguments.text("mailbox");
    const auto owner = co_await reach.admin.show_account(arguments.text("address"));
    if (!owner) co_return control::failure(owner.error());
    const store::AccountRef account{.account = owner->id, .shard = owner->shard};
    const auto acl = co_await reach.store.acl_of(account, mailbox);
    if (!acl) co_return refuse(acl.error(), mailbox, owner->address);
    const auto names = co_await names_of(reach, *acl);
    if (!names) co_return control::failure(names.error());
    json::array rows;
    for (const auto& entry : *acl) {
        const auto name = names->find(entry.who.account);
        if (entry.who.account && name == names->end()) continue;
        const auto who = entry.who.account ? name->second : std::string(kAnyone);
        rows.push_back(json::object{{"who", (entry.is_negative ? "-" : "") + who},
                                    {"rights", format_rights(entry.rights)}});
    }
    co_return control::success(json::object{{"rows", std::move(rows)}});
}

constexpr ControlCommand kCommands[] = {
    {"acl set", set, true},
    {"acl get", get},
    {"acl rm", remove, true},
};

} // namespace

std::span<const ControlCommand> acl_commands() { return kCommands; }

} // namespace maild::daemon
