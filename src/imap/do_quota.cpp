// GETQUOTA, GETQUOTAROOT, SETQUOTA (RFC 9208 §4.1). An account has one quota root, which all its
// mailboxes share.
#include "imap/mailbox_name.hpp"
#include "imap/session.hpp"

namespace maild::imap {

namespace {

// §5.1: in units of 1024 octets. Rounded up: a limit of 0 would forbid any use (§3.1.2).
std::uint64_t units(std::uint64_t octets) { return octets / 1024 + (octets % 1024 == 0 ? 0 : 1); }

// §4.2.1: a resource that is not named has no limit.
void append_resource(std::string& out, std::string_view name, std::uint64_t used,
                     std::uint64_t limit) {
    if (limit == 0) return;
    if (!out.ends_with('(')) out += ' ';
    out += name;
    append_number(out += ' ', used);
    append_number(out += ' ', limit);
}

std::string root_of(const std::string& owner) { return "#user/" + owner; }

} // namespace

std::string Session::quota_root() const { return root_of(identity_->address); }

net::Task<Response> Session::tell_quota(std::string_view command, const Place& place) {
    const auto quota = co_await store().quota(place.session, place.name);
    if (!quota) co_return response_for(quota.error().code);
    auto& out = out_.text;
    out += "* QUOTA ";
    append_astring(out, root_of(place.owner));
    out += " (";
    append_resource(out, "STORAGE", units(quota->bytes), units(quota->bytes_limit));
    append_resource(out, "MESSAGE", quota->messages, quota->messages_limit);
    out += ")\r\n";
    co_return ok(std::string(command) + " completed");
}

net::Task<Response> Session::do_get_quota(const QuotaRoot& root) {
    if (root.name != quota_root()) co_return no("[NONEXISTENT] There is no such quota root");
    const auto place = co_await visits_->locate({});
    if (!place) co_return response_for(place.error().code);
    auto response = co_await tell_quota("GETQUOTA", *place);
    co_return response;
}

// §4.1.2: the mailbox need not exist.
net::Task<Response> Session::do_get_quota_root(const MailboxArgument& mailbox) {
    const auto name = to_mailbox_name(mailbox.name, name_form());
    if (!name) co_return cannot(name.error());
    const auto place = co_await visits_->locate(*name);
    if (!place) co_return response_for(place.error().code);
    if (place->session != *store_session_) { // §6: the owner's, for who may read it
        const auto rights = co_await store().my_rights(place->session, place->name);
        if (!rights) co_return response_for(rights.error().code);
        if (!rights->has(store::kRead)) co_return response_for(Errc::not_permitted);
    }
    out_.text += "* QUOTAROOT ";
    append_mailbox(out_.text, *name, name_form());
    append_astring(out_.text += ' ', root_of(place->owner));
    out_.text += "\r\n";
    auto response = co_await tell_quota("GETQUOTAROOT", *place);
    co_return response;
}

// QUOTASET is not offered (§4.1.3): the directory knows no administrators, and who may use mailctl
// has no need of it. A password that was guessed must not lift a limit.
Response Session::do_set_quota(const QuotaRoot& root) {
    if (root.name != quota_root()) return no("[NONEXISTENT] There is no such quota root");
    return no("[NOPERM] Quotas are set by the administrator");
}

} // namespace maild::imap
