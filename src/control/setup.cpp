#include "control/setup.hpp"

#include "control/input.hpp"
#include "control/session.hpp"

#include "maild/base/ascii.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace maild::control {
namespace json = boost::json;
namespace fs = std::filesystem;
namespace {

void progress(const Session& session, const std::string& what) {
    if (!session.invocation.globals.quiet) std::fprintf(stderr, "%s\n", what.c_str());
}

// Only what can stand in a TOML string and in a path without quoting.
bool is_plain_path(std::string_view path) {
    return path.starts_with('/') && std::ranges::none_of(path, [](char c) {
               return ascii::is_control(c) || c == '"' || c == '\\';
           });
}

bool is_plain_name(std::string_view name, std::string_view others) {
    return !name.empty() && name.size() <= 253 && name.front() != '.' && name.back() != '.' &&
           name.find("..") == name.npos && std::ranges::all_of(name, [&](char c) {
               return ascii::is_alnum(c) || others.find(c) != others.npos;
           });
}

Result<void> check_names(const SetupPlan& plan) {
    if (!is_plain_name(plan.domain, ".-") || plan.domain.find('.') == plan.domain.npos) {
        return fail(Errc::invalid_argument,
                    "--domain: '" + plan.domain + "' is no domain; like example.org, in ASCII.");
    }
    if (!is_plain_name(plan.hostname, ".-") || plan.hostname.find('.') == plan.hostname.npos) {
        return fail(Errc::invalid_argument,
                    "--host: '" + plan.hostname + "' is no full host name; like mail.example.org.");
    }
    if (!is_plain_name(plan.admin, ".-_") || plan.admin.size() > 64) {
        return fail(Errc::invalid_argument,
                    "--admin: '" + plan.admin +
                        "' is no local part: letters, digits, dots, hyphens; without @.");
    }
    return {};
}

Result<SetupPlan> plan_from(const json::object& arguments) {
    const auto text = [&](std::string_view key, std::string fallback) {
        const auto* value = arguments.if_contains(key);
        return value != nullptr ? std::string(value->as_string()) : std::move(fallback);
    };
    SetupPlan plan;
    plan.domain = ascii::to_lower(text("domain", plan.domain));
    plan.hostname = ascii::to_lower(text("host", "mail." + plan.domain));
    plan.admin = text("admin", plan.admin);
    plan.root = text("root", "");
    if (auto checked = check_names(plan); !checked) return std::unexpected(checked.error());
    if (plan.root.empty()) {
        // Without anybody to take syslog's lines they would be lost.
        std::error_code ignored;
        if (!fs::exists("/dev/log", ignored)) plan.log_file = "/var/log/maild.log";
        return plan;
    }
    plan.root = fs::absolute(plan.root).lexically_normal().string();
    while (plan.root.size() > 1 && plan.root.ends_with('/')) plan.root.pop_back();
    if (!is_plain_path(plan.root))
        return fail(Errc::invalid_argument,
                    "--root: no control characters, quotes or backslashes in the path.");
    const auto base = parse_size(text("port-base", "20000"));
    if (!base || *base > 65535 - 4190)
        return fail(Errc::invalid_argument, "--port-base wants a number from 0 to 61345.");
    plan.port_base = static_cast<std::uint16_t>(*base);
    plan.log_file = plan.root + "/var/log/maild.log";
    return plan;
}

// Ports and host name were fixed by the first run: another wish must not be passed over in silence.
Result<void> check_existing(const SetupPlan& plan) {
    auto text = read_file(plan.config_path());
    if (!text) return std::unexpected(text.error());
    const bool same_host = text->find("hostname = \"" + plan.hostname + "\"") != text->npos;
    const bool same_ports =
        plan.root.empty() ||
        text->find("port = " + std::to_string(plan.port(25)) + "\n") != text->npos;
    if (same_host && same_ports) return {};
    return fail(Errc::already_exists, plan.config_path() + " is there with another " +
                                          (same_host ? "port base" : "host name") +
                                          ": give the same as in the first run, or edit that file "
                                          "and run mailctl server reload.");
}

Result<bool> write_config(const Session& session, const SetupPlan& plan) {
    std::error_code failed;
    if (fs::exists(plan.config_path(), failed)) {
        auto same = check_existing(plan);
        if (!same) return std::unexpected(same.error());
        return false;
    }
    fs::create_directories(fs::path(plan.config_path()).parent_path(), failed);
    if (!plan.root.empty()) {
        fs::create_directories(plan.root + "/var/log", failed);
        fs::create_directories(plan.root + "/run", failed);
    }
    if (failed)
        return fail(Errc::io, "cannot make the directories of " + plan.config_path() + ": " +
                                  failed.message());
    if (auto written = write_new_file(plan.config_path(), initial_config(plan)); !written)
        return std::unexpected(written.error());
    progress(session, "wrote " + plan.config_path());
    return true;
}

// Waits for `maild`, which returns when the daemon is ready, or says on this terminal why it is
// not.
Result<void> start_daemon(const Session& session, const SetupPlan& plan, bool without_listeners) {
    const auto program = (fs::path(session.program_path).parent_path() / "maild").string();
    const auto config = plan.config_path();
    progress(session, "starting " + program);
    const pid_t child = ::fork();
    if (child < 0) return fail_errno("fork");
    if (child == 0) {
        const char* arguments[] = {program.c_str(), "--config", config.c_str(),
                                   without_listeners ? "--no-listeners" : nullptr, nullptr};
        ::execv(program.c_str(), const_cast<char* const*>(arguments));
        std::perror(program.c_str());
        ::_exit(kNotReachable);
    }
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
    return fail(Errc::unavailable, "the daemon did not start; what it said stands above.");
}

class Setup {
public:
    Setup(Session& session, SetupPlan plan) : session_(session), plan_(std::move(plan)) {}

    Reply run() {
        if (session_.invocation.globals.socket.empty()) session_.socket_path = plan_.socket_path();
        const bool stays_stopped = session_.invocation.arguments.contains("no-start");
        auto written = write_config(session_, plan_);
        if (!written) return failure(written.error());
        changed_ = *written;
        const bool was_running = Client::connect(session_.socket_path).has_value();
        if (!was_running) {
            auto started = start_daemon(session_, plan_, stays_stopped);
            if (!started) {
                // What this run wrote and does not work must not stand in the way of the next one.
                std::error_code ignored;
                if (*written) fs::remove(plan_.config_path(), ignored);
                return failure(started.error());
            }
            changed_ = changed_ || !stays_stopped;
        }
        auto reply = add_everything();
        if (!was_running && stays_stopped) {
            auto stopped = session_.ask({"server stop", {}});
            if (!stopped) return failure(stopped.error());
        }
        return reply;
    }

private:
    Reply add_everything() {
        if (auto reply =
                change("domain add", {{"domain", plan_.domain}}, "added domain " + plan_.domain);
            reply.exit != kOk)
            return reply;
        if (auto reply = add_account(); reply.exit != kOk) return reply;
        // RFC 2142 §5, §4; and the reports of this host's own programs.
        for (const std::string_view name : {"postmaster", "abuse", "root"}) {
            if (plan_.admin == name) continue;
            const auto pattern = std::string(name) + "@" + plan_.domain;
            auto reply = change("alias add",
                                {{"pattern", pattern}, {"target", json::array{plan_.account()}}},
                                "added alias " + pattern);
            if (reply.exit != kOk) return reply;
        }
        auto zone = ask("domain dns", {{"domain", plan_.domain}});
        if (zone.exit != kOk) return zone;
        std::string text;
        if (const auto* value = zone.result.as_object().if_contains("text"))
            text = value->as_string();
        json::object result{{"changed", changed_},        {"new_account", new_account_},
                            {"account", plan_.account()}, {"config", plan_.config_path()},
                            {"host", plan_.hostname},     {"zone", text}};
        if (!password_.empty()) result["password"] = password_;
        result["text"] = changed_ ? setup_summary(plan_, password_, text)
                                  : "Nothing to do: " + plan_.account() +
                                        " is set up, and nothing was changed.\n";
        return success(std::move(result));
    }

    Reply add_account() {
        auto shown = ask("account show", {{"address", plan_.account()}});
        if (shown.exit == kOk) return shown;
        if (shown.exit != kNoSuchAccount) return shown;
        json::object arguments{{"address", plan_.account()}};
        if (session_.invocation.arguments.contains("password-stdin")) {
            auto line = read_password_line(STDIN_FILENO);
            if (!line) return failure(line.error());
            arguments["password"] = std::move(*line);
        } else {
            password_ = generate_password();
            arguments["password"] = password_;
        }
        new_account_ = true;
        return change("account add", std::move(arguments), "added account " + plan_.account());
    }

    Reply ask(std::string command, json::object arguments) {
        auto reply = session_.ask({std::move(command), std::move(arguments)});
        return reply ? std::move(*reply) : failure(reply.error());
    }

    Reply change(std::string command, json::object arguments, const std::string& done) {
        auto reply = ask(std::move(command), std::move(arguments));
        if (reply.exit != kOk || !reply.result.is_object()) return reply;
        const auto* changed = reply.result.as_object().if_contains("changed");
        if (changed != nullptr && changed->is_bool() && changed->as_bool()) {
            changed_ = true;
            progress(session_, done);
        }
        return reply;
    }

    Session& session_;
    SetupPlan plan_;
    std::string password_; // made here, to be shown once
    bool changed_ = false;
    bool new_account_ = false;
};

} // namespace

Reply run_setup(Session& session) {
    auto plan = plan_from(session.invocation.arguments);
    if (!plan) return failure(plan.error());
    return Setup(session, std::move(*plan)).run();
}

} // namespace maild::control
