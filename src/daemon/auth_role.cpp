#include "daemon/auth_role.hpp"

#include "daemon/descriptor_text.hpp"
#include "daemon/issuer_line.hpp"
#include "daemon/key_service.hpp"

#include "maild/base/log.hpp"
#include "maild/directory/local_directory.hpp"
#include "maild/directory/service.hpp"
#include "maild/ipc/server.hpp"
#include "maild/net/spawn.hpp"
#include "maild/net/timer.hpp"

#include <malloc.h>
#include <optional>

namespace maild::daemon {
namespace {

constexpr std::chrono::seconds kKeepLogins{30};
constexpr std::chrono::hours kLookAtCertificates{24};

// argon2id takes 19 MiB for each password. From here on such blocks are mapped and given back; left
// to itself, malloc would learn to keep them, a set for each hashing thread.
constexpr int kMapFrom = 1024 * 1024;

auth::LoginLimits login_limits(const Config& config) {
    auto limits = config.login_limits;
    limits.trusted = config.trusted;
    return limits;
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
        auto opened =
            directory::LocalDirectory::open(context.io(), files_, config.paths.directory_database(),
                                            *key_, clock_, random_, settings);
        if (!opened) return std::unexpected(std::move(opened.error()));
        directory_ = std::move(*opened);
        issuer_.emplace(context.io());
        use_issuer(config.oauth);
        service_.emplace(*directory_, *directory_);
        server_.emplace(context.io(), "auth",
                        [this](std::shared_ptr<ipc::Connection> connection, ipc::Request request) {
                            return answer(*this, std::move(connection), std::move(request));
                        });
        if (config.tls.certificate.empty()) {
            if (auto made = load_own_certificate(); !made) return made;
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
        const auto role =
            peer.role == Role::control ? ipc::PeerRole::control : ipc::PeerRole::worker;
        server_->attach(std::move(peer.socket), role, peer.index);
    }

    // The configured pair. A broken one at start leaves the host without TLS, and workers wait for
    // it; at a reload the old one stays (HARDENING 32).
    void on_certificate(CertificateFiles files) override {
        const auto certificate = read_all(files.certificate.get());
        const auto key = read_all(files.key.get());
        if (!certificate) return refuse(certificate.error());
        if (!key) return refuse(key.error());
        const auto loaded = keys_.load(*certificate, *key, clock_.now());
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
    }

    void on_reload() override {
        if (context_->config().tls.client_ca.empty()) {
            keys_.forget_client_authorities();
            directory_->set_client_trust(nullptr);
        }
        directory_->set_login_limits(login_limits(context_->config()));
        use_issuer(context_->config().oauth);
        if (!context_->config().tls.certificate.empty()) return;
        const auto made = load_own_certificate();
        if (!made) log::error("certificate_refused", {{"reason", made.error().internal}});
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
        auto warnings = keys_.expiry_warnings(clock_.now());
        context_->set_status(warnings);
        return warnings;
    }

    void keep_logins() {
        const auto kept = directory_->keep_logins();
        if (!kept) log::error("logins_not_kept", {{"error", kept.error().internal}});
    }

    static net::Task<void> answer(Auth& self, std::shared_ptr<ipc::Connection> connection,
                                  ipc::Request request) {
        if (self.keys_.handle(*connection, request)) co_return;
        co_await self.service_->handle(std::move(connection), std::move(request));
    }

    Result<void> load_own_certificate() {
        const auto& config = context_->config();
        auto pair = own_certificate(config.paths.tls(), config.hostname, clock_.now());
        if (!pair) return std::unexpected(std::move(pair.error()));
        return keys_.load(pair->certificate, pair->key, clock_.now());
    }

    void refuse(const Error& error) {
        log::error("certificate_refused", {{"certificate", context_->config().tls.certificate},
                                           {"reason", error.internal}});
        if (!keys_.has_keys()) context_->fail(error);
    }

    SystemClock clock_;
    SystemRandom random_;
    PosixFileSystem files_;
    RoleContext* context_ = nullptr;
    std::optional<auth::TokenKey> key_;
    std::optional<IssuerLine> issuer_;
    std::unique_ptr<directory::LocalDirectory> directory_;
    std::optional<directory::DirectoryService> service_;
    KeyService keys_;
    std::optional<ipc::Server> server_;
};

} // namespace

std::unique_ptr<RoleProgram> make_auth() { return std::make_unique<Auth>(); }

} // namespace maild::daemon
