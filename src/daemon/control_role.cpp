#include "daemon/control_role.hpp"

#include "daemon/admin_care.hpp"
#include "daemon/control_server.hpp"
#include "daemon/dkim_care.hpp"
#include "daemon/report_schedule.hpp"
#include "daemon/resolver_line.hpp"

#include "maild/directory/remote_directory.hpp"
#include "maild/net/spawn.hpp"
#include "maild/net/timer.hpp"
#include "maild/policy/dmarc.hpp"
#include "maild/store/remote_store.hpp"

#include <optional>

namespace maild::daemon {
namespace {

constexpr std::chrono::milliseconds kDrainPoll{50};

class Control final : public RoleProgram {
public:
    Result<void> prepare(const Config&) override {
        policy::dmarc::load_public_suffixes(); // day_reports.cpp
        return {};
    }

    Result<void> start(RoleContext& context) override {
        context_ = &context;
        store_line_.emplace(context.io(), "store");
        auth_line_.emplace(context.io(), "auth");
        trace_line_.emplace(context.io(), "trace");
        sender_line_.emplace(context.io(), "sender");
        store_.emplace(context.io(), *store_line_);
        directory_.emplace(*auth_line_);
        care_.emplace(*directory_, resolver_line_.emplace(context.io()), clock_);
        const ReportReach reach{.context = context,
                                .admin = *directory_,
                                .store = *store_,
                                .trace = *trace_line_,
                                .workers = workers_,
                                .troubles = report_troubles_};
        dmarc_reports_.emplace(reach, ReportKind::dmarc, clock_);
        tls_reports_.emplace(reach, ReportKind::tls, clock_);
        notices_.emplace(*resolver_line_, clock_);
        reach_.emplace(ControlReach{.context = context,
                                    .admin = *directory_,
                                    .directory = *directory_,
                                    .store = *store_,
                                    .queue = *store_,
                                    .trace = *trace_line_,
                                    .sender = *sender_line_,
                                    .log = log_,
                                    .workers = workers_,
                                    .status = status_,
                                    .status_changed = status_changed_,
                                    .auth = *auth_line_,
                                    .dkim = *care_,
                                    .dmarc_reports = *dmarc_reports_,
                                    .tls_reports = *tls_reports_,
                                    .notices = *notices_});
        server_.emplace(*reach_);
        net::spawn(context.io(), AdminCare::watch(*notices_, *reach_), "alerts");
        net::spawn(context.io(), AdminCare::tell_days(*notices_, *reach_), "summaries");
        net::spawn(context.io(), care_->run([&context]() -> const DkimSettings& {
            return context.config().dkim;
        }),
                   "dkim_care");
        dmarc_reports_->start();
        tls_reports_->start();
        context.ready();
        return {};
    }

    void on_listener(Listener listener) override { server_->listen(std::move(listener.socket)); }

    void on_peer(Peer peer) override {
        if (peer.role == Role::store) return store_line_->attach(std::move(peer.socket));
        if (peer.role == Role::auth) return auth_line_->attach(std::move(peer.socket));
        if (peer.role == Role::trace) return trace_line_->attach(std::move(peer.socket));
        if (peer.role == Role::sender) return sender_line_->attach(std::move(peer.socket));
        if (peer.role == Role::resolver) return resolver_line_->attach(std::move(peer.socket));
        if (peer.role != Role::worker) return;
        auto& worker = workers_[peer.index];
        if (!worker) worker = std::make_unique<ipc::Client>(context_->io(), "worker");
        worker->attach(std::move(peer.socket));
    }

    void on_log_reader(UniqueFd file) override { log_.give(std::move(file)); }

    void on_status(const ServerStatus& status) override {
        status_ = status;
        status_changed_.notify();
    }

    void on_drain(std::chrono::milliseconds grace) override {
        server_->stop();
        net::spawn(context_->io(), drain(grace), "control_drain");
    }

private:
    // A request in progress gets its answer, the one that stops the daemon too.
    net::Task<void> drain(std::chrono::milliseconds grace) {
        const auto end = std::chrono::steady_clock::now() + grace;
        while (server_->busy() > 0 && std::chrono::steady_clock::now() < end)
            co_await net::sleep_for(kDrainPoll);
        context_->finished();
    }

    RoleContext* context_ = nullptr;
    std::optional<ipc::Client> store_line_;
    std::optional<ipc::Client> auth_line_;
    std::optional<ipc::Client> trace_line_;
    std::optional<ipc::Client> sender_line_;
    std::optional<ResolverLine> resolver_line_;
    std::optional<store::RemoteStore> store_;
    std::optional<directory::RemoteDirectory> directory_;
    SystemClock clock_;
    std::optional<DkimCare> care_;
    WorkerLines workers_;
    std::map<std::string, std::string> report_troubles_;
    std::optional<ReportSchedule> dmarc_reports_;
    std::optional<ReportSchedule> tls_reports_;
    LogReader log_;
    ServerStatus status_;
    net::Event status_changed_;
    std::optional<AdminCare> notices_;
    std::optional<ControlReach> reach_;
    std::optional<ControlServer> server_;
};

} // namespace

std::unique_ptr<RoleProgram> make_control() { return std::make_unique<Control>(); }

} // namespace maild::daemon
