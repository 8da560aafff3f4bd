#include "daemon/log_output.hpp"
#include "daemon/supervisor.hpp"

#include "maild/base/log.hpp"
#include "maild/net/sockets.hpp"

#include <algorithm>
#include <fcntl.h>

namespace maild::daemon {
namespace {

UniqueFd open_for_child(const std::string& path) {
    return UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
}

} // namespace

// All that are due at once, so that at the first start everybody finds everybody there.
void Supervisor::start_due() {
    if (is_stopping()) return;
    const auto now = clock_.steady_now();
    std::vector<Child*> started;
    for (auto& child : children_) {
        if (!child.start_at() || *child.start_at() > now) continue;
        const auto done = child.start();
        if (done)
            started.push_back(&child);
        else
            log::error("role_not_started",
                       {{"role", child.name()}, {"detail", done.error().internal}});
        if (!done) child.try_again_later();
    }
    if (started.empty()) return;
    has_news_ = true;
    for (auto* child : started) begin(*child);
    connect_all(started);
    for (auto* child : started) child->send(Begin{});
}

void Supervisor::begin(Child& child) {
    const bool has_secret = child.role() == Role::auth || child.role() == Role::store;
    auto descriptors = copy_of(log_);
    auto lock = pid_file_.copy_of_lock();
    if (lock) descriptors.push_back(std::move(*lock));
    child.send(Hello{child.role(), child.index(), config_, child.identity(),
                     LogOutput{config_.log.target, config_.log.level},
                     has_secret ? token_secret_ : std::string(), child.note()},
               std::move(descriptors));
    if (child.role() == Role::auth) give_certificates(child);
    if (child.role() == Role::oauth) give_issuer_files(child);
    if (child.role() == Role::control) give_log_reader(child);
    if (child.role() == Role::worker) {
        users_.look();
        child.send(TellUsers{users_.users()});
        child.send(TellCrowded{crowded_});
    }
    for (const auto& listener : listeners_) {
        if (serves(child.role(), listener.config.service)) {
            child.send(GiveListener{listener.config}, copy_of(listener.socket));
        }
    }
}

// Who asks whom. Each pair of living processes, of which one was just started, gets new sockets.
void Supervisor::connect_all(const std::vector<Child*>& started) {
    struct Wire {
        Role asking;
        Role answering;
        PeerUse use;
    };
    constexpr Wire kWires[] = {{Role::worker, Role::store, PeerUse::requests},
                               {Role::worker, Role::auth, PeerUse::requests},
                               {Role::worker, Role::auth, PeerUse::signing},
                               {Role::worker, Role::resolver, PeerUse::requests},
                               {Role::auth, Role::oauth, PeerUse::requests},
                               {Role::worker, Role::trace, PeerUse::requests},
                               {Role::sender, Role::store, PeerUse::requests},
                               {Role::sender, Role::auth, PeerUse::requests},
                               {Role::sender, Role::resolver, PeerUse::requests},
                               {Role::sender, Role::trace, PeerUse::requests},
                               {Role::control, Role::trace, PeerUse::requests},
                               {Role::control, Role::store, PeerUse::requests},
                               {Role::control, Role::auth, PeerUse::requests},
                               {Role::control, Role::resolver, PeerUse::requests},
                               {Role::control, Role::sender, PeerUse::requests},
                               {Role::control, Role::worker, PeerUse::requests}};
    const auto is_new = [&](const Child& child) {
        return std::ranges::find(started, &child) != started.end();
    };
    for (const auto& wire : kWires) {
        for (auto& asking : children_) {
            if (asking.role() != wire.asking || !asking.is_running()) continue;
            for (auto& answering : children_) {
                if (answering.role() != wire.answering || !answering.is_running()) continue;
                if (is_new(asking) || is_new(answering)) connect(asking, answering, wire.use);
            }
        }
    }
}

void Supervisor::connect(Child& asking, Child& answering, PeerUse use) {
    auto pair = net::socket_pair();
    if (!pair) {
        // Without this the two could never speak: begin anew with the one that asks.
        log::error("roles_not_connected", {{"detail", pair.error().internal}});
        return asking.kill();
    }
    Descriptors first;
    Descriptors second;
    first.push_back(std::move(pair->first));
    second.push_back(std::move(pair->second));
    asking.send(GivePeer{answering.role(), answering.index(), use, true}, std::move(first));
    answering.send(GivePeer{asking.role(), asking.index(), use, false}, std::move(second));
}

void Supervisor::give_client_authorities(Child& auth) {
    if (config_.tls.client_ca.empty()) return;
    Descriptors files;
    files.push_back(open_for_child(config_.tls.client_ca));
    if (files[0]) return auth.send(GiveClientAuthorities{}, std::move(files));
    log::error("client_authorities_not_opened", {{"file", config_.tls.client_ca}});
}

void Supervisor::give_issuer_files(Child& oauth) {
    Descriptors files;
    files.push_back(open_for_child(config_.oauth.secret_file));
    const bool has_tls = config_.oauth.introspection.is_https;
    files.push_back(open_for_child(has_tls ? config_.oauth.ca : "/dev/null"));
    if (files[0] && files[1]) return oauth.send(GiveIssuerFiles{}, std::move(files));
    log::error("issuer_files_not_opened",
               {{"client_secret_file", config_.oauth.secret_file}, {"ca", config_.oauth.ca}});
}

// For `mailctl log`.
void Supervisor::give_log_reader(Child& control) {
    Descriptors files;
    files.push_back(open_log_reader(config_.log));
    if (files[0]) control.send(GiveLogReader{}, std::move(files));
}

// All of them or, as far as auth is concerned, none: it waits for the last.
void Supervisor::give_certificates(Child& auth) {
    give_client_authorities(auth);
    auto pairs = config_.tls.named;
    const bool has_own = !config_.tls.certificate.empty();
    if (has_own) pairs.insert(pairs.begin(), {config_.tls.certificate, config_.tls.key, {}});
    for (std::uint32_t i = 0; i < pairs.size(); ++i) {
        Descriptors files;
        files.push_back(open_for_child(pairs[i].certificate));
        files.push_back(open_for_child(pairs[i].key));
        if (!files[0] || !files[1])
            return log::error("certificate_not_opened", {{"certificate", pairs[i].certificate}});
        auth.send(GiveCertificate{.number = i,
                                  .count = static_cast<std::uint32_t>(pairs.size()),
                                  .is_own = has_own && i == 0,
                                  .file = std::move(pairs[i].certificate),
                                  .names = std::move(pairs[i].names)},
                  std::move(files));
    }
}

Descriptors Supervisor::copy_of(const UniqueFd& descriptor) {
    Descriptors out;
    out.emplace_back(::fcntl(descriptor.get(), F_DUPFD_CLOEXEC, 3));
    return out;
}

} // namespace maild::daemon
