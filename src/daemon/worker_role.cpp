#include "daemon/worker_role.hpp"

#include "daemon/client_meter.hpp"
#include "daemon/common_places.hpp"
#include "daemon/imap_backend.hpp"
#include "daemon/peer_messages.hpp"
#include "daemon/pop3_backend.hpp"
#include "daemon/resolver_line.hpp"
#include "daemon/service_port.hpp"
#include "daemon/session_service.hpp"
#include "daemon/shortage_log.hpp"
#include "daemon/smtp_backend.hpp"
#include "daemon/worker_limits.hpp"
#include "daemon/worker_offers.hpp"
#include "daemon/worker_tls.hpp"

#include "maild/base/log.hpp"
#include "maild/directory/remote_directory.hpp"
#include "maild/imap/server.hpp"
#include "maild/ipc/client.hpp"
#include "maild/ipc/server.hpp"
#include "maild/lmtp/dialect.hpp"
#include "maild/net/dns_cache.hpp"
#include "maild/net/spawn.hpp"
#include "maild/net/timer.hpp"
#include "maild/policy/dmarc.hpp"
#include "maild/pop3/server.hpp"
#include "maild/smtp/server.hpp"
#include "maild/store/remote_store.hpp"
#include "maild/trace/recorder.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <vector>

namespace maild::daemon {
namespace {

constexpr std::chrono::milliseconds kRetry{200};
constexpr std::chrono::milliseconds kTraceTime{500}; // for the last records, at the end
constexpr std::array kTlsModes = {TlsMode::none, TlsMode::starttls, TlsMode::implicit};

std::string refusal_of(Service service) {
    if (service == Service::imap) return "* BYE [UNAVAILABLE] Too many connections\r\n";
    if (service == Service::pop3) return "-ERR [SYS/TEMP] Too many connections\r\n"; // RFC 3206 §4
    return "421 4.7.0 Too many connections, try again later\r\n"; // RFC 5321 §3.8
}

bool is_among(std::string_view address, const std::vector<net::Network>& networks) {
    const auto parsed = networks.empty() ? std::nullopt : net::parse_ip(address);
    return parsed && net::in_any_network(*parsed, networks);
}

class Worker final : public RoleProgram {
public:
    Result<void> prepare(const Config&) override {
        policy::dmarc::load_public_suffixes(); // a worker opens no file
        return {};
    }

    Result<void> start(RoleContext& context) override {
        context_ = &context;
        auto& io = context.io();
        const auto& config = context.config();
        store_line_.emplace(io, "store");
        auth_line_.emplace(io, "auth");
        tls_.emplace(*auth_line_, clock_);
        trace_line_.emplace(io, "trace");
        recorder_.emplace(io, *trace_line_, clock_);
        recorder_->set_wanted(config.trace.is_enabled);
        store_.emplace(io, *store_line_);
        directory_.emplace(*auth_line_);
        resolver_line_.emplace(io);
        dns_.emplace(*resolver_line_, clock_);
        meter_.emplace(*auth_line_, client_limits(config));
        smtp_backend_.emplace(*directory_, *store_, *dns_, clock_, config);
        smtp_backend_->set_meter(*meter_);
        smtp_backend_->set_host_users(host_users_);
        imap_backend_.emplace(*directory_, *store_);
        imap_backend_->read_aheads().set_most(read_aheads(config));
        pop3_backend_.emplace(*directory_, *store_);
        budget_.emplace(config.memory.mail_bytes);
        shortage_.emplace(io);
        shortage_->set_remedies(remedies_for(config));
        budget_->on_refused([this] { shortage_->mail_refused(); });
        places_.emplace(context);
        places_->on_short([this] { shortage_->connection_turned_away(); });
        net::spawn(io, places_->keep_telling(), "crowded");
        early_talkers_.emplace(clock_);
        early_talkers_->set_trusted(config.trusted);
        for (const auto service : kServices) {
            gates_[index_of(service)] = std::make_unique<net::Gate>(std::string(name_of(service)),
                                                                    gate_limits(config), clock_);
            net::spawn(io, gate_of(service).end_expired(), "gate_expiry");
        }
        signer_.emplace(*directory_);
        report_sender_.emplace(*directory_, *store_, *dns_, *signer_, clock_);
        notices_.emplace(*directory_, *store_, clock_);
        sessions_.emplace(io, gates(),
                          SessionService::Needs{.store = *store_,
                                                .sender = *report_sender_,
                                                .notices = *notices_,
                                                .context = context});
        follow_auth();
        net::spawn(io, begin(), "worker_begin");
        return {};
    }

    // One for an endpoint that is served already takes its place: a reload changed its TLS mode or
    // service.
    void on_listener(Listener listener) override {
        on_listener_removed(listener.config);
        waiting_.push_back(std::move(listener));
        if (tls_->is_there()) open_ports();
    }

    void on_listener_removed(const ListenerConfig& config) override {
        std::erase_if(waiting_, [&](const Listener& l) { return l.config.same_endpoint(config); });
        std::erase_if(ports_, [&](const auto& port) {
            if (!port->config().same_endpoint(config)) return false;
            port->stop();
            return true;
        });
    }

    void on_peer(Peer peer) override {
        if (peer.role == Role::store)
            store_line_->attach(std::move(peer.socket));
        else if (peer.role == Role::trace)
            trace_line_->attach(std::move(peer.socket));
        else if (peer.role == Role::auth && peer.use == PeerUse::signing)
            tls_->attach(std::move(peer.socket));
        else if (peer.role == Role::auth)
            auth_line_->attach(std::move(peer.socket));
        else if (peer.role == Role::resolver)
            resolver_line_->attach(std::move(peer.socket));
        else if (peer.role == Role::control)
            sessions_->attach(std::move(peer.socket));
    }

    void on_crowded(std::uint32_t services) override { places_->on_crowded(services); }
    void on_users(std::vector<HostUser> users) override { host_users_.set(std::move(users)); }

    void on_reload() override {
        for (auto& gate : gates_) gate->set_limits(gate_limits(context_->config()));
        places_->on_reload();
        shortage_->set_remedies(remedies_for(context_->config()));
        meter_->set_limits(client_limits(context_->config()));
        smtp_backend_->set_config(context_->config());
        early_talkers_->set_trusted(context_->config().trusted);
        recorder_->set_wanted(context_->config().trace.is_enabled);
        net::spawn(context_->io(), refresh(), "worker_reload");
    }

    bool has_threads() const override { return false; }

    void on_drain(std::chrono::milliseconds grace) override {
        for (auto& port : ports_) port->stop();
        ports_.clear();
        waiting_.clear();
        net::spawn(context_->io(), drain(grace), "worker_drain");
    }

private:
    template <class Server>
    using ByTls = std::array<std::shared_ptr<const Server>, kTlsModes.size()>;

    static std::size_t index_of(Service service) { return static_cast<std::size_t>(service); }
    static std::size_t index_of(TlsMode mode) { return static_cast<std::size_t>(mode); }
    net::Gate& gate_of(Service service) { return *gates_[index_of(service)]; }
    std::vector<net::Gate*> gates() {
        std::vector<net::Gate*> all;
        for (auto& gate : gates_) all.push_back(gate.get());
        return all;
    }

    // Certificates come from auth, which may still be starting: nothing is accepted before they are
    // here, and the connections wait in the listeners' queues.
    net::Task<void> begin() {
        while (!tls_->is_there()) {
            const auto fetched = co_await tls_->fetch(context_->config().tls.tickets);
            if (fetched) break;
            log::debug("certificates_not_there_yet", {{"reason", fetched.error().internal}});
            co_await net::sleep_for(kRetry);
        }
        build_servers();
        open_ports();
        context_->ready();
        net::spawn(context_->io(), tls_->renew_tickets(), "ticket_keys");
    }

    // `auth` may read certificates later than we the configuration at a reload, and one that takes
    // the place of another reads them anew.
    void follow_auth() {
        const auto ask = [this] {
            if (tls_->is_there()) net::spawn(context_->io(), refresh(), "certificates");
        };
        auth_line_->on_event([ask](ipc::MessageType type, const ipc::Message&) {
            if (type == kCertificatesChanged) ask();
        });
        auth_line_->on_attached([this, ask] {
            meter_->tell_all();
            ask();
        });
    }

    net::Task<void> refresh() {
        const auto fetched = co_await tls_->fetch(context_->config().tls.tickets);
        if (!fetched) log::error("certificates_kept", {{"reason", fetched.error().internal}});
        build_servers();
    }

    // What new sessions begin with; running ones keep what they have.
    void build_servers() {
        imap_backend_->set_annotations(context_->config().imap);
        for (const auto mode : kTlsModes) {
            imap_[index_of(mode)] = imap_server(mode);
            pop3_[index_of(mode)] = pop3_server(mode);
        }
    }

    std::shared_ptr<const imap::Server> imap_server(TlsMode mode) {
        const auto& config = context_->config();
        return std::make_shared<const imap::Server>(
            imap::Server{.tls = tls_of(Service::imap, mode),
                         .implicit_tls = mode == TlsMode::implicit,
                         .plaintext = policy_of(config.plaintext),
                         .sasl = offer_of(config),
                         .limits = imap_limits(config),
                         .backend = *imap_backend_,
                         .budget = *budget_,
                         .clock = clock_});
    }

    std::shared_ptr<const pop3::Server> pop3_server(TlsMode mode) {
        const auto& config = context_->config();
        return std::make_shared<const pop3::Server>(
            pop3::Server{.tls = tls_of(Service::pop3, mode),
                         .implicit_tls = mode == TlsMode::implicit,
                         .plaintext = policy_of(config.plaintext),
                         .sasl = offer_of(config),
                         .limits = pop3_limits(config.limits),
                         .backend = *pop3_backend_,
                         .clock = clock_});
    }

    std::shared_ptr<net::TlsContext> tls_of(Service service, TlsMode mode) {
        return mode == TlsMode::none ? nullptr : tls_->of(service);
    }

    // SMTP's servers differ by service and TLS mode; `none` offers no TLS at all.
    std::shared_ptr<const smtp::Server> smtp_server(const ListenerConfig& listener,
                                                    const net::Peer& peer) {
        const auto& config = context_->config();
        const bool is_submission = listener.service == Service::submission;
        auto server = std::make_shared<smtp::Server>(smtp::Server{
            .service = is_submission ? smtp::Service::submission : smtp::Service::relay_in,
            .hostname = config.hostname,
            .tls = tls_of(listener.service, listener.tls),
            .implicit_tls = listener.tls == TlsMode::implicit,
            .offers_auth = is_submission,
            .plaintext = policy_of(config.plaintext),
            .sasl = offer_of(config),
            .limits = smtp_limits(config),
            .backend = *smtp_backend_,
            .trace = &*recorder_,
            .budget = *budget_,
            .clock = clock_,
            .random = random_,
            .early_talkers = &*early_talkers_});
        if (listener.service == Service::lmtp) lmtp::set_lmtp(*server);
        if (listener.service == Service::local) be_local(*server, peer);
        return server;
    }

    // Of a peer whom the kernel does not name nothing is taken: see SmtpBackend::verify_sender().
    void be_local(smtp::Server& server, const net::Peer& peer) const {
        server.service = smtp::Service::local;
        if (!peer.uid) return;
        server.local = smtp::LocalUser{.uid = *peer.uid,
                                       .name = host_users_.name_of(*peer.uid),
                                       .domain = context_->config().local.domain};
    }

    ServicePort::Serve serve_with(const ListenerConfig& listener) {
        const auto mode = index_of(listener.tls);
        if (listener.service == Service::imap) {
            return [this, mode](net::Stream stream, net::Gate::Pass pass) {
                return imap::serve(std::move(stream), std::move(pass), imap_[mode]);
            };
        }
        if (listener.service == Service::pop3) {
            return [this, mode](net::Stream stream, net::Gate::Pass pass) {
                return pop3::serve(std::move(stream), std::move(pass), pop3_[mode]);
            };
        }
        return [this, listener](net::Stream stream, net::Gate::Pass pass) {
            auto server = smtp_server(listener, stream.peer());
            return smtp::serve(std::move(stream), std::move(pass), std::move(server));
        };
    }

    void open_ports() {
        for (auto& listener : waiting_) {
            const auto service = listener.config.service;
            places_->open(service, gate_of(service));
            ServicePort::Handling handling{
                .gate = gate_of(service),
                .meter = *meter_,
                .refusal = refusal_of(service),
                .serve = serve_with(listener.config),
                .is_proxy =
                    [this](std::string_view address) {
                        return is_among(address, context_->config().proxies);
                    },
                .leaves = [this, service] { return places_->leaves(service); }};
            auto port = std::make_shared<ServicePort>(context_->io(), std::move(listener),
                                                      std::move(handling));
            port->start();
            ports_.push_back(std::move(port));
        }
        waiting_.clear();
    }

    // All gates at once: the grace is for all of them together.
    net::Task<void> drain(std::chrono::milliseconds grace) {
        auto stopped = std::make_shared<net::Event>();
        auto running = std::make_shared<std::size_t>(gates_.size());
        for (auto& gate : gates_)
            net::spawn(context_->io(), stop_gate(*gate, grace, stopped, running), "gate_stop");
        while (*running > 0) co_await stopped->wait(grace + std::chrono::seconds(1));
        co_await recorder_->finish(kTraceTime);
        context_->finished();
    }

    static net::Task<void> stop_gate(net::Gate& gate, std::chrono::milliseconds grace,
                                     std::shared_ptr<net::Event> stopped,
                                     std::shared_ptr<std::size_t> running) {
        const auto left = co_await gate.stop(grace);
        if (left > 0) log::warning("sessions_cut", {{"service", gate.service()}, {"count", left}});
        --*running;
        stopped->notify();
    }

    SystemClock clock_;
    SystemRandom random_;
    RoleContext* context_ = nullptr;
    std::optional<ipc::Client> store_line_;
    std::optional<ipc::Client> auth_line_;
    std::optional<WorkerTls> tls_;
    std::optional<ipc::Client> trace_line_;
    std::optional<trace::Recorder> recorder_;
    std::optional<store::RemoteStore> store_;
    std::optional<directory::RemoteDirectory> directory_;
    std::optional<ResolverLine> resolver_line_;
    std::optional<net::DnsCache> dns_;
    std::optional<ClientMeter> meter_;
    HostUsers host_users_;
    std::optional<SmtpBackend> smtp_backend_;
    std::optional<ImapBackend> imap_backend_;
    std::optional<Pop3Backend> pop3_backend_;
    std::optional<ShortageLog> shortage_;
    std::optional<net::MemoryBudget> budget_;
    std::optional<smtp::EarlyTalkers> early_talkers_;
    std::optional<CommonPlaces> places_;
    std::array<std::unique_ptr<net::Gate>, kServices.size()> gates_;
    std::optional<OwnMailSigner> signer_;
    std::optional<ReportSender> report_sender_;
    std::optional<NoticeMail> notices_;
    std::optional<SessionService> sessions_;
    ByTls<imap::Server> imap_;
    ByTls<pop3::Server> pop3_;
    std::vector<Listener> waiting_; // for certificates
    std::vector<std::shared_ptr<ServicePort>> ports_;
};

} // namespace

std::unique_ptr<RoleProgram> make_worker() { return std::make_unique<Worker>(); }

} // namespace maild::daemon
