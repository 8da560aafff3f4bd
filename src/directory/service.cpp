#include "maild/directory/service.hpp"

#include "directory/service_calls.hpp"

#include "maild/base/ascii.hpp"
#include "maild/base/log.hpp"
#include "maild/mail/mailbox_list.hpp"
#include "maild/policy/dkim.hpp"

#include <array>
#include <string_view>
#include <utility>

// GCC 12 takes Asio's recycled coroutine frames (aligned_alloc, freed by the frame's operator
// delete) for a mismatch.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace maild::directory {
namespace {

using namespace messages;

// The sender speaks to strangers, and signs what comes from nobody but the host's mailer: not even
// in the name of that of another domain here.
bool is_report(const Sign& sign, std::string_view hostname) {
    if (sign.request.login) return false;
    const auto from = policy::dkim::author_of(sign.request.message);
    if (!from) return false;
    const auto authors = mail::parse_mailbox_list(*from);
    return authors && authors->size() == 1 &&
           ascii::equals_icase(authors->front().localpart, "mailer-daemon") &&
           ascii::equals_icase(authors->front().domain.ascii(), hostname);
}

bool asks_too_much(ipc::PeerRole role, const ipc::Request& request, std::string_view hostname) {
    if (role != ipc::PeerRole::sender || request.type != Sign::kType) return false;
    const auto sign = ipc::decode<Sign>(request.payload);
    return sign && !is_report(*sign, hostname);
}

using Serve = net::Task<void> (*)(Callee to, std::shared_ptr<ipc::Connection> connection,
                                  ipc::Request request);
struct Entry {
    ipc::MessageType type;
    bool is_for_admins;
    Serve serve;
};

template <class Message>
net::Task<void> serve(Callee to, std::shared_ptr<ipc::Connection> connection,
                      ipc::Request request) {
    auto message = ipc::decode<Message>(request.payload);
    if (!message) {
        log::error("directory_request_malformed",
                   {{"type", Message::kType}, {"peer", connection->index()}});
        connection->close();
        co_return;
    }
    auto reply = co_await call(to, std::move(*message));
    connection->answer(request.id, reply);
}

template <class... Messages> constexpr auto make_entries(bool is_for_admins) {
    return std::array{Entry{Messages::kType, is_for_admins, &serve<Messages>}...};
}

constexpr auto kForAll = make_entries<Login, Scram, External, Bearer, Resolve, MaySendAs, Submit,
                                      Sign, ForwardSender, Refer, ReferAll>(false);
constexpr auto kForAdmins =
    make_entries<AddDomain, ListDomains, ShowDomain, ChangeDomain, RemoveDomain, AddDomainAlias,
                 RemoveDomainAlias, AddAccount, ListAccounts, ShowAccount, ChangeAccount,
                 RemoveAccount, ImportAccounts, AddAddress, RemoveAddress, AddAlias, ListAliases,
                 RemoveAlias, SetPostmaster, ListBans, AddBan, RemoveBan, ShowLogins, ListSuspects,
                 AddAppPassword, ListAppPasswords, RemoveAppPassword, HideCapability,
                 ListHiddenCapabilities, UnhideCapability, ListSent, ForgetSent, ForgetFailures,
                 ShowTally, ReportsGrant, AddDkimKeys, ListDkimKeys, MoveDkimKeys>(true);

const Entry* find_entry(ipc::MessageType type) {
    for (const auto& entry : kForAll)
        if (entry.type == type) return &entry;
    for (const auto& entry : kForAdmins)
        if (entry.type == type) return &entry;
    return nullptr;
}

} // namespace

bool DirectoryService::knows(ipc::MessageType type) { return find_entry(type) != nullptr; }

bool DirectoryService::is_signing(ipc::MessageType type) { return type == Sign::kType; }

bool DirectoryService::may_call(ipc::PeerRole role, ipc::MessageType type) {
    const auto* entry = find_entry(type);
    if (entry == nullptr) return false;
    if (role == ipc::PeerRole::control) return true;
    if (role == ipc::PeerRole::sender) return type == Resolve::kType || type == Sign::kType;
    return !entry->is_for_admins && role == ipc::PeerRole::worker;
}

net::Task<void> DirectoryService::handle(std::shared_ptr<ipc::Connection> connection,
                                         ipc::Request request) {
    const auto role = connection->role();
    if (!may_call(role, request.type) || asks_too_much(role, request, hostname_)) {
        log::error("directory_request_refused", {{"type", request.type},
                                                 {"role", std::to_underlying(role)},
                                                 {"peer", connection->index()}});
        const Error refused{Errc::not_permitted, "not for this process"};
        connection->reply_error(request.id, refused);
        co_return;
    }
    const Callee to{directory_, admin_};
    const auto serve = find_entry(request.type)->serve;
    co_await serve(to, std::move(connection), std::move(request));
}

} // namespace maild::directory
