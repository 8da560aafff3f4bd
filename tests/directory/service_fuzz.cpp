// Input: two bytes of message type, one of the peer's role, then the payload. Whatever is decoded
// may reach the directory; nothing may crash, and nobody but control may change anything.
#include "directory/service_calls.hpp"
#include "support/fake_clock.hpp"
#include "support/run_task.hpp"

#include "maild/base/ensure.hpp"
#include "maild/base/log.hpp"
#include "maild/directory/memory_directory.hpp"
#include "maild/directory/service.hpp"
#include "maild/ipc/codec.hpp"

#include <cstddef>
#include <cstdint>

using namespace maild;
using namespace maild::directory;

namespace {

template <class Message>
void try_call(Callee& to, ipc::MessageType type, std::string_view payload) {
    if (type != Message::kType) return;
    auto message = ipc::decode<Message>(payload);
    if (!message) return;
    ensure(ipc::encode(*message) == payload, "one message, one encoding");
    (void)test::run_task(messages::call(to, std::move(*message)));
}

template <class... Messages>
void try_each(Callee& to, ipc::MessageType type, std::string_view payload) {
    (try_call<Messages>(to, type, payload), ...);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 3) return 0;
    log::to_nowhere();
    test::FakeClock clock;
    test::SeededRandom random(1);
    MemoryDirectory directory(auth::TokenKey(std::string(32, 'k')), clock, random);
    (void)test::run_task(directory.add_domain("a.example"));
    (void)test::run_task(directory.add_account({"a@a.example", "", 0}));
    const auto type = static_cast<ipc::MessageType>(data[0] << 8 | data[1]);
    const auto role = static_cast<ipc::PeerRole>(data[2] % 7);
    if (!DirectoryService::may_call(role, type)) return 0;
    ensure(role == ipc::PeerRole::control || type <= messages::ForwardSender::kType);
    const std::string_view payload(reinterpret_cast<const char*>(data) + 3, size - 3);
    Callee to{directory, directory};
    using namespace messages;
    try_each<Login, Scram, External, Bearer, Resolve, MaySendAs, Submit, Sign, ForwardSender, Refer,
             ReferAll, AddDomain, ListDomains, ShowDomain, ChangeDomain, RemoveDomain,
             AddDomainAlias, RemoveDomainAlias, AddAccount, ListAccounts, ShowAccount,
             ChangeAccount, RemoveAccount, ImportAccounts, AddAddress, RemoveAddress, AddAlias,
             ListAliases, RemoveAlias, SetPostmaster, ListBans, AddBan, RemoveBan, ShowLogins,
             ListSuspects, AddAppPassword, ListAppPasswords, RemoveAppPassword, HideCapability,
             ListHiddenCapabilities, UnhideCapability, ListSent, ForgetSent, ForgetFailures,
             ShowTally, ReportsGrant, AddDkimKeys, ListDkimKeys, MoveDkimKeys>(to, type, payload);
    return 0;
}
