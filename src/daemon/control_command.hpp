#pragma once
// The daemon's half of mailctl's command table: each command is one function here, found by its
// name. It gets the checked arguments and everything that `control` can reach, and answers with
// JSON as the table's columns name it.

#include "daemon/any_worker.hpp"
#include "daemon/log_reader.hpp"
#include "daemon/peer_messages.hpp"
#include "daemon/role.hpp"

#include "maild/control/protocol.hpp"
#include "maild/directory/admin.hpp"
#include "maild/directory/directory.hpp"
#include "maild/dnscare/facts.hpp"
#include "maild/ipc/client.hpp"
#include "maild/net/timer.hpp"
#include "maild/store/admin.hpp"
#include "maild/store/queue.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace maild::daemon {

class AdminCare;
class DkimCare;
class ReportSchedule;

// What the role `control` has; references live as long as the role.
struct ControlReach {
    RoleContext& context;
    directory::DirectoryAdmin& admin;
    directory::Directory& directory;
    store::StoreAdmin& store;
    store::QueueAdmin& queue;
    ipc::Client& trace;
    ipc::Client& sender; // without a peer where nothing is sent
    LogReader& log;
    WorkerLines& workers;
    ServerStatus& status;
    net::Event& status_changed;
    ipc::Client& auth; // for what is no directory's
    DkimCare& dkim;
    ReportSchedule& dmarc_reports;
    ReportSchedule& tls_reports;
    AdminCare& notices;
};

// Typed access to a request's arguments. What is wrong with one is a sentence for the admin.
class Arguments {
public:
    explicit Arguments(const boost::json::object& object) : object_(object) {}

    std::string text(std::string_view name) const; // empty when it is not there
    std::optional<std::string> optional_text(std::string_view name) const;
    bool has(std::string_view name) const { return object_.contains(name); }
    // A number, or digits as text; nothing when it is not there or none.
    std::optional<std::uint64_t> number(std::string_view name) const;
    std::vector<std::string> list(std::string_view name) const;
    const boost::json::array* rows(std::string_view name) const;

private:
    const boost::json::object& object_;
};

using ControlHandler = net::Task<control::Reply> (*)(ControlReach& reach, Arguments arguments);

struct ControlCommand {
    std::string_view name; // as in the command table
    ControlHandler run;
    bool is_change = false; // logged with who asked
};

std::span<const ControlCommand> server_commands();
std::span<const ControlCommand> domain_commands();
std::span<const ControlCommand> dkim_commands();
std::span<const ControlCommand> dns_commands();
std::span<const ControlCommand> account_commands();
std::span<const ControlCommand> app_password_commands();
std::span<const ControlCommand> capability_commands();
std::span<const ControlCommand> address_commands();
std::span<const ControlCommand> mailbox_commands();
std::span<const ControlCommand> acl_commands();
std::span<const ControlCommand> fsck_commands();
std::span<const ControlCommand> ban_commands();
std::span<const ControlCommand> ratelimit_commands();
std::span<const ControlCommand> tls_commands();
std::span<const ControlCommand> trace_commands();
std::span<const ControlCommand> log_commands();
std::span<const ControlCommand> queue_commands();
std::span<const ControlCommand> route_commands();
std::span<const ControlCommand> report_commands();
std::span<const ControlCommand> volume_commands();

// What a domain's records are made of. Addresses that mail goes out from are those that are
// configured.
struct HostCertificates {
    std::string own{}; // PEM, leaf first; empty: there is none
    std::vector<dnscare::NamedCertificate> named{};
};
net::Task<Result<dnscare::DomainFacts>> facts_of(ControlReach& reach, std::string domain,
                                                 HostCertificates certificates);
// The domain's policy of MTA-STS as it is served; none: no process may fetch it.
net::Task<std::optional<dnscare::ServedPolicy>> served_policy(ControlReach& reach,
                                                              std::string domain);
// What others meet on this host's ports.
net::Task<Result<HostCertificates>> host_certificates(ControlReach& reach);
// Tells every session of an account to end, whatever its protocol; how many were told.
net::Task<std::uint32_t> kick_account(ControlReach& reach, AccountId account);
// That, and what it has open in the store: nobody goes on with rights of before.
net::Task<Result<void>> end_sessions(ControlReach& reach, const directory::Account& account);

const ControlCommand* find_control_command(std::string_view name);

// {"changed": …} or the failure.
control::Reply changed_reply(const Result<directory::Changed>& result);
// What an admin should know about a change that was made: in "warnings" and below the text.
void add_warnings(control::Reply& reply, const std::vector<std::string>& warnings);
std::int64_t unix_seconds(WallTime time);

} // namespace maild::daemon
