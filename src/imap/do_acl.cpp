// SETACL, DELETEACL, GETACL, LISTRIGHTS, MYRIGHTS (RFC 4314 §3). The store decides who may; here
// identifiers become accounts and back.
#include "imap/mailbox_name.hpp"
#include "imap/session.hpp"

#include "maild/base/ascii.hpp"

#include <algorithm>

namespace maild::imap {

namespace {

constexpr std::string_view kAnyone = "anyone";

std::string_view domain_of(std::string_view address) {
    return address.substr(address.rfind('@') + 1);
}

Response no_such_user() { return no("There is no such user"); }

void append_entry(std::string& out, bool is_negative, std::string_view who, store::Rights rights) {
    append_astring(out += ' ', (is_negative ? "-" : "") + std::string(who));
    append_astring(out += ' ', format_rights(rights));
}

std::vector<AccountId> accounts_of(const store::Acl& acl) {
    std::vector<AccountId> accounts;
    for (const auto& entry : acl)
        if (entry.who.account) accounts.push_back(entry.who.account);
    return accounts;
}

} // namespace

// A name of no mailbox, and one that leads nowhere.
net::Task<Result<Place, Response>> Session::locate(std::string_view sent) {
    auto name = to_mailbox_name(sent, name_form());
    if (!name) co_return std::unexpected(response_for(Errc::no_such_mailbox));
    auto place = co_await visits_->locate(std::move(*name));
    if (!place) co_return std::unexpected(response_for(place.error().code));
    co_return std::move(*place);
}

// §2: "anyone" is everybody of the owner's domain; a leading dash makes it negative. A name without
// domain is one of the owner's domain.
net::Task<Result<store::AclChange, Response>> Session::identify(std::string_view identifier,
                                                                const Place& place) {
    store::AclChange change;
    change.is_negative = identifier.starts_with('-');
    if (change.is_negative) identifier.remove_prefix(1);
    if (identifier == kAnyone) co_return change;
    std::string address(identifier);
    if (!address.contains('@') && place.owner.contains('@'))
        address.append("@").append(domain_of(place.owner));
    const auto referral = co_await server_.backend.refer(std::move(address));
    if (referral) {
        change.who.account = referral->account;
        co_return change;
    }
    switch (referral.error().code) {
    case Errc::no_such_account:
    case Errc::no_such_domain:
    case Errc::invalid_argument: co_return std::unexpected(no_such_user());
    default: co_return std::unexpected(response_for(referral.error().code));
    }
}

net::Task<Response> Session::edit_acl(const SetAcl& set, std::string_view command) {
    const auto& whom = set.whom;
    const auto place = co_await locate(whom.name);
    if (!place) co_return place.error();
    // §6: before anything is said of who there is.
    const auto mine = co_await store().my_rights(place->session, place->name);
    if (!mine) co_return response_for(mine.error().code);
    if (!mine->has(store::kAdminister)) co_return response_for(Errc::not_permitted);
    auto change = co_await identify(whom.identifier, *place);
    if (!change) co_return std::move(change.error());
    change->edit = set.edit;
    change->rights = set.rights;
    const auto done = co_await store().change_acl(place->session, place->name, *change);
    if (!done && done.error().code == Errc::cannot)
        co_return no("[CANNOT] The owner has all rights, always");
    if (!done) co_return response_for(done.error().code);
    co_return ok(std::string(command) + " completed");
}

net::Task<Response> Session::do_set_acl(const SetAcl& set) {
    auto response = co_await edit_acl(set, "SETACL");
    co_return response;
}

net::Task<Response> Session::do_delete_acl(const AclArgument& whom) {
    const SetAcl nothing{whom, store::AclEdit::replace, {}};
    auto response = co_await edit_acl(nothing, "DELETEACL");
    co_return response;
}

net::Task<Response> Session::do_get_acl(const MailboxArgument& mailbox) {
    const auto place = co_await locate(mailbox.name);
    if (!place) co_return place.error();
    const auto acl = co_await store().acl(place->session, place->name);
    if (!acl) co_return response_for(acl.error().code);
    auto accounts = accounts_of(*acl);
    const auto known = co_await server_.backend.refer_all(std::move(accounts));
    if (!known) co_return response_for(known.error().code);
    std::string line = "* ACL ";
    append_sent_mailbox(line, mailbox.name);
    append_entry(line, false, place->owner, store::kAllRights);
    for (const auto& entry : *acl) {
        const auto who = std::ranges::find(*known, entry.who.account, &Referral::account);
        if (entry.who.account && who == known->end()) continue; // it is removed just now
        append_entry(line, entry.is_negative, entry.who.account ? who->address : kAnyone,
                     entry.rights);
    }
    out_.text += line + "\r\n";
    co_return ok("GETACL completed");
}

// §3.7: the owner has everything for good; to others each right is given by itself.
net::Task<Response> Session::do_list_rights(const AclArgument& whom) {
    const auto place = co_await locate(whom.name);
    if (!place) co_return place.error();
    const auto mine = co_await store().my_rights(place->session, place->name);
    if (!mine) co_return response_for(mine.error().code);
    if (!mine->has(store::kAdminister)) co_return response_for(Errc::not_permitted);
    const auto who = co_await identify(whom.identifier, *place);
    if (!who) co_return who.error();
    auto& out = out_.text;
    out += "* LISTRIGHTS ";
    append_sent_mailbox(out, whom.name);
    append_astring(out += ' ', whom.identifier);
    if (who->who.account == place->account)
        out += ' ' + format_rights(store::kAllRights);
    else
        out += " \"\" l r s w i p k x t e c d a";
    out += "\r\n";
    co_return ok("LISTRIGHTS completed");
}

net::Task<Response> Session::do_my_rights(const MailboxArgument& mailbox) {
    const auto place = co_await locate(mailbox.name);
    if (!place) co_return place.error();
    const auto rights = co_await store().my_rights(place->session, place->name);
    if (!rights) co_return response_for(rights.error().code);
    const auto name = to_mailbox_name(mailbox.name, name_form());
    tell_rights(*name, *rights);
    co_return ok("MYRIGHTS completed");
}

void Session::tell_rights(const store::MailboxName& name, store::Rights rights) {
    out_.text += "* MYRIGHTS ";
    append_mailbox(out_.text, name, name_form());
    append_astring(out_.text += ' ', format_rights(rights));
    out_.text += "\r\n";
}

void Session::append_sent_mailbox(std::string& out, std::string_view sent) {
    append_mailbox(out, to_mailbox_name(sent, name_form()).value_or(store::MailboxName()),
                   name_form());
}

} // namespace maild::imap
