#include "daemon/auth_role.hpp"

#include "daemon/descriptor_text.hpp"
#include "daemon/issuer_line.hpp"
#include "daemon/key_service.hpp"
#include "daemon/rate_service.hpp"
#include "daemon/sign_pace.hpp"

#include "maild/base/log.hpp"
#include "maild/directory/local_directory.hpp"
#include "maild/directory/service.hpp"
#include "maild/ipc/server.hpp"
#include "maild/net/spawn.hpp"
#include "maild/net/timer.hpp"

#include <limits>
#include <malloc.h>
#include <memory>
#include <optional>
#include <vector>

namespace maild::daemon {
namespace {

constexpr std::chrono::seconds kKeepLogins{30};
constexpr std::chrono::hours kLookAtCertificates{24};
constexpr std::chrono::minutes kKeepRetiredKeys{1};

// argon2id takes 19 MiB for each password. From here on such blocks are mapped and given back; left
// to itself, malloc would learn to keep them, a set for each hashing thread.
constexpr int kMapFrom = 1024 * 1024;

auth::LoginLimits login_limits(const Config& config) {
    auto limits = config.login_limits;
    limits.trusted = config.trusted;
    constexpr auto kNone = std::numeric_limits<std::uint32_t>::max(); // of what 0 switches off
    if (limits.failures_allowed == 0) limits.failures_allowed = kNone;
    if (limits.ban_after == 0) limits.ban_after = kNone;
    return limits;
}

auth::ClientLimits client_limits(const Config& config) {
    auto limits = config.client_limits;
    limits.trusted = config.trusted;
    return limits;
}

directory::LocalRules local_rules(const LocalSettings& local) {
    return {.is_enabled = local.is_enabled,
            .domain = local.domain,
            .trusted = local.trusted,
            .signs_as = local.signs_as,
            .limits = local.limits};
}

class Auth final : public RoleProgram {
public:
    Result<void> start(RoleContext& context) override {
        context_ = &context;
        ::mallopt(M_MMAP_THRESHOLD, kMapFrom);
        const auto& config = context.config();
        key_.emplace(context.token_secret());
        directory::Settings settings;
        settings.shards = config.store.shards;
        settings.login_limits = login_limits(config);
        settings.send_limits = config.submission.limits;
        settings.signature_lifetime = config.dkim.signature_lifetime;
        auto opened =
            directory::LocalDirectory::open(context.io(), files_, config.paths.directory_database(),
                                            *key_, clock_, random_, settings);
        if (!opened) return std::unexpected(std::move(opened.error()));
        directory_ = std::move(*opened);
        sign_pace_.set_rate(config.dkim.signatures_per_second);
        issuer_.emplace(context.io());
        use_issuer(config.oauth);
        directory_->set_report_mailbox(config.reports.mailbox);
        directory_->set_local_rules(local_rules(config.local));
        service_.emplace(*directory_, *directory_);
        service_->set_hostname(config.hostname);
        rates_.emplace(clock_, random_, client_limits(config));
        server_.emplace(context.io(), "auth",
                        [this](std::shared_ptr<ipc::Connection> connection, ipc::Request request) {
                            return answer(*this, std::move(connection), std::move(request));
                        });
        server_->on_closed([this](const ipc::Connection& line) { rates_->lose(line); });
        if (config.tls.certificate.empty() && config.tls.named.empty()) {
            if (auto loaded = load_certificates(); !loaded) return loaded;
            show_certificates();
        }
        net::spawn(context.io(), keep_logins_regularly(*this), "keep_logins");
        net::spawn(context.io(), look_at_certificates_daily(*this), "certificates");
        context.ready();
        return {};
    }

    void on_peer(Peer peer) override {
        if (peer.role == Role::oauth) {
            issuer_->attach(std::move(peer.socket));
            return use_issuer(context_->config().oauth); // it may be another: the one before ends
        }
        const auto role = peer.role == Role::control  ? ipc::PeerRole::control
                          : peer.role == Role::sender ? ipc::PeerRole::sender
                                                      : ipc::PeerRole::worker;
        const auto line = server_->attach(std::move(peer.socket), role, peer.index);
        if (peer.role == Role::worker && peer.use == PeerUse::requests) workers_.push_back(line);
    }

    // The configured pairs. A broken one at start leaves the host without TLS, and workers wait for
    // it; at a reload all old ones stay (HARDENING 32).
    void on_certificate(CertificateFiles files) override {
        if (files.number == 0) given_ = {};
        auto certificate = read_all(files.certificate.get());
        auto key = read_all(files.key.get());
        if (!certificate) return refuse(certificate.error());
        if (!key) return refuse(key.error());
        given_.has_own = given_.has_own || files.is_own;
        given_.pairs.push_back({.file = std::move(files.file),
                                .certificate = std::move(*certificate),
                                .key = std::move(*key),
                                .names = std::move(files.names)});
        if (given_.pairs.size() != files.count) return;
        const auto loaded = load_certificates();
        if (!loaded) refuse(loaded.error());
        show_certificates();
    }

    // As with the certificate: a broken file leaves the old authorities in force.
    void on_client_authorities(UniqueFd file) override {
        auto pem = read_all(file.get());
        const auto loaded = pem ? keys_.load_client_authorities(std::move(*pem))
                                : Result<void>(std::unexpected(pem.error()));
        if (!loaded)
            log::error("client_authorities_refused", {{"file", context_->config().tls.client_ca},
                                                      {"reason", loaded.error().internal}});
        directory_->set_client_trust(keys_.client_trust());
        tell_workers();
    }

    void on_reload() override {
        service_->set_hostname(context_->config().hostname);
        if (context_->config().tls.client_ca.empty()) {
            keys_.forget_client_authorities();
            directory_->set_client_trust(nullptr);
            tell_workers();
        }
        directory_->set_login_limits(login_limits(context_->config()));
        directory_->set_send_limits(context_->config().submission.limits);
        rates_->set_limits(client_limits(context_->config()));
        directory_->set_local_rules(local_rules(context_->config().local));
        directory_->set_signature_lifetime(context_->config().dkim.signature_lifetime);
        sign_pace_.set_rate(context_->config().dkim.signatures_per_second);
        use_issuer(context_->config().oauth);
        directory_->set_report_mailbox(context_->config().reports.mailbox);
        const auto& tls = context_->config().tls;
        if (!tls.certificate.empty() || !tls.named.empty()) return; // given before
        given_ = {};
        const auto loaded = load_certificates();
        if (!loaded) refuse(loaded.error());
        show_certificates();
    }

    void on_drain(std::chrono::milliseconds) override {
        keep_logins();
        context_->finished();
    }

private:
    // For ever: the role ends with its io_context.
    static net::Task<void> keep_logins_regularly(Auth& self) {
        while (true) {
            co_await net::sleep_for(kKeepLogins);
            self.keep_logins();
        }
    }

    // HARDENING 32: as long as it lasts, so that nobody misses it.
    static net::Task<void> look_at_certificates_daily(Auth& self) {
        while (true) {
            co_await net::sleep_for(kLookAtCertificates);
            const auto warnings = self.show_certificates();
            if (!warnings.empty()) log::warning("certificate_expires", {{"detail", warnings}});
        }
    }

    void use_issuer(const OauthSettings& settings) {
        issuer_->set_timeout(settings.timeout);
        directory_->set_issuer(settings.is_enabled() ? &*issuer_ : nullptr, settings.rules);
    }

    // In `mailctl server status`.
    std::string show_certificates() {
        auto warnings = keys_.expiry_warnings();
        context_->set_status(warnings);
        return warnings;
    }

    void keep_logins() {
        const auto kept = directory_->keep_logins();
        if (!kept) log::error("logins_not_kept", {{"error", kept.error().internal}});
    }

    // Workers have their number; the sender is none of them.
    static unsigned signer_number(const ipc::Connection& connection) {
        const bool is_worker = connection.role() == ipc::PeerRole::worker;
        return is_worker ? connection.index() : std::numeric_limits<unsigned>::max();
    }

    static net::Task<void> answer(Auth& self, std::shared_ptr<ipc::Connection> connection,
                                  ipc::Request request) {
        if (self.rates_->handle(*connection, request)) co_return;
        if (self.keys_.handle(*connection, request)) co_return;
        if (directory::DirectoryService::is_signing(request.type)) {
            const auto wait = self.sign_pace_.take(signer_number(*connection));
            if (!wait) {
                const Error error{Errc::busy, "too many signatures at once"};
                connection->reply_error(request.id, error);
                co_return;
            }
            if (wait->count() > 0) co_await net::sleep_for(*wait);
        }
        co_await self.service_->handle(std::move(connection), std::move(request));
    }

    // What was given, behind a certificate that the host makes for itself where none is its own.
    Result<void> load_certificates() {
        auto pairs = std::move(given_.pairs);
        if (!given_.has_own) {
            const auto& config = context_->config();
            auto own = own_certificate(config.paths.tls(), config.hostname, clock_.now());
            if (!own) return std::unexpected(std::move(own.error()));
            pairs.insert(pairs.begin(), {.file = {},
                                         .certificate = std::move(own->certificate),
                                         .key = std::move(own->key),
                                         .names = {}});
        }
        auto loaded = keys_.load(pairs);
        if (!loaded) return loaded;
        net::spawn(context_->io(), forget_retired_keys(*this), "retired_keys");
        tell_workers();
        return loaded;
    }

    // Not on the lines for signatures: who waits there reads nothing but his answer.
    void tell_workers() {
        std::erase_if(workers_, [](const auto& worker) { return worker.expired(); });
        for (const auto& worker : workers_)
            if (const auto line = worker.lock()) line->send_event(kCertificatesChanged, {});
    }

    // By then every worker has fetched the new certificates, or is gone.
    static net::Task<void> forget_retired_keys(Auth& self) {
        co_await net::sleep_for(kKeepRetiredKeys);
        self.keys_.forget_retired();
    }

    void refuse(const Error& error) {
        given_ = {};
        log::error("certificate_refused", {{"reason", error.internal}});
        if (!keys_.has_keys()) context_->fail(error);
    }

    struct Given { // since the first of them
        std::vector<CertificateSource> pairs;
        bool has_own = false;
    };

    SystemClock clock_;
    SystemRandom random_;
    PosixFileSystem files_;
    RoleContext* context_ = nullptr;
    std::optional<auth::TokenKey> key_;
    std::optional<IssuerLine> issuer_;
    std::unique_ptr<directory::LocalDirectory> directory_;
    std::optional<directory::DirectoryService> service_;
    std::optional<RateService> rates_;
    KeyService keys_{clock_, random_};
    SignPace sign_pace_{clock_};
    Given given_;
    std::optional<ipc::Server> server_;
    std::vector<std::weak_ptr<ipc::Connection>> workers_;
};

} // namespace

std::unique_ptr<RoleProgram> make_auth() { return std::make_unique<Auth>(); }

} // namespace maild::daemon
