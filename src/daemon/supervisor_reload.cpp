#include "daemon/config_file.hpp"
#include "daemon/directories.hpp"
#include "daemon/fixed_settings.hpp"
#include "daemon/log_output.hpp"
#include "daemon/notify.hpp"
#include "daemon/supervisor.hpp"

#include "maild/base/log.hpp"

#include <algorithm>
#include <unistd.h>

namespace maild::daemon {
namespace {

constexpr std::chrono::seconds kAnswerTime{1};
constexpr std::chrono::seconds kSendTime{20};  // for what is under way; the rest goes on anew
constexpr std::chrono::seconds kLookupTime{5}; // what the DNS was asked before a reload

const Listener* find_endpoint(const std::vector<Listener>& listeners,
                              const ListenerConfig& config) {
    const auto found = std::ranges::find_if(
        listeners, [&](const Listener& each) { return each.config.same_endpoint(config); });
    return found == listeners.end() ? nullptr : &*found;
}

bool is_in(const std::vector<ListenerConfig>& configs, const ListenerConfig& config) {
    return std::ranges::any_of(
        configs, [&](const ListenerConfig& each) { return each.same_endpoint(config); });
}

} // namespace

// All or nothing: whatever is wrong with the new configuration, the old one stays in force.
Result<std::string> Supervisor::reload() {
    if (phase_ != Phase::running)
        return fail(Errc::unavailable, "the daemon is starting or stopping");
    notify::reloading();
    auto loaded = load_config(config_.file);
    Result<std::string> result;
    if (loaded)
        result = apply(std::move(*loaded));
    else
        result = fail(Errc::invalid_argument, format_faults(config_.file, loaded.error()));
    notify::ready(result ? "taking mail" : "taking mail; the last reload was refused");
    return result;
}

Result<std::string> Supervisor::apply(Config next) {
    auto unchanged = keep_fixed(config_, next);
    if (auto made = make_directories(next, ::geteuid() == 0); !made)
        return std::unexpected(std::move(made.error()));
    std::vector<ListenerConfig> wanted;
    for (const auto& config : next.listeners) {
        if (find_endpoint(listeners_, config) == nullptr) wanted.push_back(config);
    }
    std::vector<UniqueFd> inherited;
    auto opened = open_listeners(wanted, socket_owner(next), inherited);
    if (!opened) return std::unexpected(opened.error());
    auto log = open_log(next.log);
    if (!log) {
        for (const auto& listener : *opened) remove_socket_file(listener);
        return std::unexpected(log.error());
    }
    change_listeners(next, std::move(*opened));
    const bool has_new_dns = next.dns != config_.dns;
    // Files of authorities and passwords may be other ones under the same names.
    const auto has_files = [](const QueueSettings& queue) {
        return !queue.authorities.empty() ||
               std::ranges::any_of(queue.routes, [](const RouteSettings& route) {
                   return !route.password_file.empty();
               });
    };
    const bool has_new_queue =
        next.queue != config_.queue || next.hostname != config_.hostname || has_files(next.queue);
    config_ = std::move(next);
    reopen_log();
    for (auto& child : children_) {
        if (child.role() == Role::oauth) {
            child.set_wanted(config_.oauth.is_enabled());
            begin_anew(child, config_.oauth.timeout + kAnswerTime);
            continue;
        }
        if (child.role() == Role::resolver && has_new_dns) {
            begin_anew(child, kLookupTime);
            continue;
        }
        if (child.role() == Role::sender) {
            child.set_wanted(config_.queue.is_sending);
            if (has_new_queue) {
                begin_anew(child, kSendTime);
                continue;
            }
        }
        if (child.role() == Role::trace) child.set_wanted(config_.trace.is_enabled);
        if (!child.is_running()) continue;
        if (child.role() == Role::auth) give_certificates(child);
        child.send(Reload{config_});
        if (!child.is_wanted()) begin_anew(child, kAnswerTime);
    }
    log::info("configuration_reloaded", {{"config", config_.file}});
    return unchanged;
}

// Of a role that keeps nothing and has ports in its sandbox: a new process takes whatever is new in
// the configuration and in its files. What it has been asked, the old one answers.
void Supervisor::begin_anew(Child& child, std::chrono::milliseconds grace) {
    if (!child.is_running()) return;
    child.draining();
    child.send(Drain{grace});
}

// Sessions of a listener that goes stay; one whose service or TLS mode changed is given anew.
void Supervisor::change_listeners(const Config& next, std::vector<Listener> opened) {
    std::vector<Listener> kept;
    for (auto& listener : listeners_) {
        if (listener.config.service == Service::control || is_in(next.listeners, listener.config)) {
            kept.push_back(std::move(listener));
            continue;
        }
        remove_socket_file(listener);
        for (auto& child : children_) {
            if (serves(child.role(), listener.config.service)) {
                child.send(RemoveListener{listener.config});
            }
        }
    }
    std::vector<std::size_t> fresh;
    for (std::size_t i = 0; i < kept.size(); ++i) {
        for (const auto& config : next.listeners) {
            auto& old = kept[i].config;
            if (!old.same_endpoint(config)) continue;
            if (old.service != config.service || old.tls != config.tls) fresh.push_back(i);
            old = config;
        }
    }
    for (auto& listener : opened) {
        fresh.push_back(kept.size());
        kept.push_back(std::move(listener));
    }
    listeners_ = std::move(kept);
    for (const auto i : fresh) {
        const auto& listener = listeners_[i];
        for (auto& child : children_) {
            if (!serves(child.role(), listener.config.service)) continue;
            child.send(GiveListener{listener.config}, copy_of(listener.socket));
        }
    }
}

} // namespace maild::daemon
