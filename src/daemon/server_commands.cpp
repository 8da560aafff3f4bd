#include "daemon/control_command.hpp"
#include "daemon/worker_limits.hpp"

#include "maild/net/timer.hpp"

#include <charconv>

namespace maild::daemon {
namespace json = boost::json;
namespace {

using control::Reply;

constexpr std::chrono::milliseconds kWorkerTimeout{3'000};
constexpr std::chrono::milliseconds kStatusTimeout{2'000};

json::object to_json(const ProcessStatus& process) {
    json::object out{
        {"role", std::string(name_of(process.role)) +
                     (process.role == Role::worker ? " " + std::to_string(process.index) : "")},
        {"pid", process.pid},
        {"user", process.user},
        {"state", name_of(process.state)},
        {"since", unix_seconds(process.since)},
        {"restarts", process.restarts},
        {"no_new_privs", process.sandbox.no_new_privileges},
        {"seccomp", process.sandbox.seccomp ? 2 : 0},
        {"landlock", process.sandbox.landlock_abi},
        {"capabilities", process.sandbox.no_capabilities ? "none" : "some"}};
    out["text"] = process.text;
    if (!process.sandbox.lost.empty()) out["lost"] = process.sandbox.lost;
    return out;
}

double ratio(std::uint64_t numerator, std::uint64_t denominator) {
    return denominator == 0 ? 0 : static_cast<double>(numerator) / static_cast<double>(denominator);
}

json::object to_json(const store::StoreFigures& f) {
    return {{"messages_delivered", f.messages_delivered},
            {"commits", f.commits},
            {"syncs", f.syncs},
            {"msgs_per_sync", ratio(f.messages_delivered, f.syncs)},
            {"requests_per_commit", ratio(f.requests_committed, f.commits)},
            {"messages_stored", f.messages_stored},
            {"pack_bytes", f.pack_bytes},
            {"free_bytes", f.free_bytes},
            {"wal_frames", f.wal_frames},
            {"sessions", f.sessions},
            {"shards", f.shards},
            {"read_only_shards", f.read_only_shards},
            {"offline_shards", f.offline_shards},
            {"accepts_mail", f.accepts_mail},
            {"search_index_bytes", f.index_bytes},
            {"search_index_pending", f.index_pending}};
}

std::string padded(std::string text, std::size_t width) {
    if (text.size() < width) text.append(width - text.size(), ' ');
    return text + "  ";
}

std::string age(WallTime since, WallTime now) {
    const auto seconds = std::max<std::int64_t>(unix_seconds(now) - unix_seconds(since), 0);
    if (seconds < 120) return std::to_string(seconds) + " s";
    if (seconds < 7200) return std::to_string(seconds / 60) + " min";
    if (seconds < 172'800) return std::to_string(seconds / 3600) + " h";
    return std::to_string(seconds / 86'400) + " days";
}

std::string sandbox_words(const SandboxFacts& facts) {
    std::string out = facts.no_capabilities ? "no capabilities" : "capabilities kept";
    out += facts.no_new_privileges ? ", no new privileges" : "";
    out += facts.seccomp ? ", seccomp" : ", no seccomp";
    out += facts.landlock_abi > 0 ? ", Landlock " + std::to_string(facts.landlock_abi)
                                  : ", no Landlock";
    return facts.lost.empty() ? out : out + " (" + facts.lost + ")";
}

std::string_view disk_words(const store::StoreFigures& figures) {
    if (figures.accepts_mail)
        return figures.read_only_shards == 0 ? "accepting mail"
                                             : "accepting mail, but not where a shard is read-only";
    return figures.read_only_shards == figures.shards ? "read-only: refusing mail with 451 4.3.0"
                                                      : "too full: refusing mail with 452 4.3.1";
}

std::string index_words(const store::StoreFigures& figures) {
    const auto size = std::to_string(figures.index_bytes >> 10) + " KiB of index";
    if (figures.index_pending == 0) return size + ", up to date";
    return size + ", " + std::to_string(figures.index_pending) +
           " messages not in it yet: these are read";
}

std::string memory_words(const Config& config) {
    const auto limit = config.memory.limit_bytes;
    if (limit == 0) return "no limit for all processes";
    return std::to_string(limit >> 20) +
           " MiB for all processes: " + std::to_string(config.memory.workers) +
           (config.memory.workers == 1 ? " worker" : " workers, each") + " with at most " +
           std::to_string(gate_limits(config).sessions) + " connections and " +
           std::to_string(config.memory.mail_bytes >> 20) + " MiB of mail on its way in";
}

json::object memory_json(const Config& config) {
    return {{"limit", config.memory.limit_bytes},
            {"mail_of_worker", config.memory.mail_bytes},
            {"connections_of_worker", gate_limits(config).sessions},
            {"database_cache_kib", config.memory.page_cache_kib}};
}

std::string status_text(const ServerStatus& status, const Config& config,
                        const Result<store::StoreFigures>& figures, WallTime now) {
    std::string out = "maild " + status.version + ", process " + std::to_string(status.pid) +
                      ", up " + age(status.started, now) +
                      (status.is_stopping ? ", stopping" : "") + "\n\n";
    for (const auto& process : status.processes) {
        out += padded(std::string(name_of(process.role)) + " " + std::to_string(process.index), 10);
        out += padded(std::to_string(process.pid), 8) + padded(process.user, 12) +
               padded(std::string(name_of(process.state)), 8);
        out += padded(age(process.since, now), 8) + sandbox_words(process.sandbox);
        if (process.restarts > 0)
            out += ", restarted " + std::to_string(process.restarts) +
                   (process.restarts == 1 ? " time" : " times");
        if (!process.text.empty()) out += ": " + process.text;
        out += "\n";
    }
    out += "\nmemory    " + memory_words(config) + "\n";
    if (!figures)
        return out + "store: not reachable now (" + std::string(name_of(figures.error().code)) +
               ")\n";
    out += "store     " + std::to_string(figures->messages_stored) + " messages in " +
           std::to_string(figures->shards) + " shards; since start " +
           std::to_string(figures->messages_delivered) + " delivered, " +
           std::to_string(figures->commits) + " commits, " + std::to_string(figures->syncs) +
           " syncs\n";
    out += "disk      " + std::to_string(figures->free_bytes >> 20) + " MiB free, " +
           std::string(disk_words(*figures)) + "\n";
    out += "searches  " + index_words(*figures) + "\n";
    return out;
}

net::Task<Reply> status(ControlReach& reach, Arguments) {
    // Right after the start the supervisor's first word may still be on its way.
    if (reach.status.processes.empty()) co_await reach.status_changed.wait(kStatusTimeout);
    const auto figures = co_await reach.store.figures();
    json::object result{{"version", reach.status.version},
                        {"pid", reach.status.pid},
                        {"started", unix_seconds(reach.status.started)},
                        {"stopping", reach.status.is_stopping},
                        {"hostname", reach.context.config().hostname}};
    json::array processes;
    for (const auto& process : reach.status.processes) processes.push_back(to_json(process));
    result["processes"] = std::move(processes);
    if (figures) result["store"] = to_json(*figures);
    const auto& config = reach.context.config();
    result["memory"] = memory_json(config);
    result["text"] = status_text(reach.status, config, figures, SystemClock().now());
    co_return control::success(std::move(result));
}

// The supervisor's answer, as something that a coroutine can wait for.
struct Answer {
    net::Event arrived;
    Result<std::string> result;
};

net::Task<Reply> ask_supervisor(ControlReach& reach, SupervisorRequest request,
                                std::string_view done) {
    auto answer = std::make_shared<Answer>();
    reach.context.ask_supervisor(request, [answer](Result<std::string> result) {
        answer->result = std::move(result);
        answer->arrived.notify();
    });
    const bool arrived = co_await answer->arrived.wait(std::chrono::seconds(30));
    if (!arrived)
        co_return control::failure(control::kTemporary,
                                   "the supervisor did not answer; see the log.");
    if (!answer->result)
        co_return control::failure(control::kBadConfiguration, answer->result.error().internal);
    auto text = std::string(done);
    if (!answer->result->empty()) text += "note: " + *answer->result + "\n";
    co_return control::success(
        json::object{{"changed", true}, {"note", *answer->result}, {"text", std::move(text)}});
}

net::Task<Reply> reload(ControlReach& reach, Arguments) {
    auto reply = co_await ask_supervisor(reach, SupervisorRequest::reload, "reloaded\n");
    co_return reply;
}

net::Task<Reply> stop(ControlReach& reach, Arguments) {
    auto reply = co_await ask_supervisor(reach, SupervisorRequest::stop,
                                         "stopping: sessions finish what they are in\n");
    co_return reply;
}

// A session's number for people is worker:service:number, unique on the host.
std::string session_name(std::uint32_t worker, const SessionRow& row) {
    return std::to_string(worker) + ":" + row.service + ":" + std::to_string(row.id);
}

net::Task<Reply> sessions(ControlReach& reach, Arguments arguments) {
    const auto account = arguments.text("account");
    const auto service = arguments.text("service");
    json::array rows;
    std::string missing;
    for (auto& [index, client] : reach.workers) {
        ipc::Nothing nothing;
        auto list = co_await client->call<SessionList>(kListSessions, nothing, kWorkerTimeout);
        if (!list) {
            missing += " worker " + std::to_string(index) + " does not answer now.";
            continue;
        }
        for (const auto& row : list->sessions) {
            if (!account.empty() && row.account != account) continue;
            if (!service.empty() && row.service != service) continue;
            rows.push_back(json::object{{"id", session_name(index, row)},
                                        {"service", row.service},
                                        {"remote", row.remote},
                                        {"account", row.account},
                                        {"state", row.state},
                                        {"since", unix_seconds(row.since)}});
        }
    }
    auto reply = control::success(json::object{{"rows", std::move(rows)}});
    if (!missing.empty()) {
        reply.exit = control::kTemporary;
        reply.error = "not complete:" + missing;
    }
    co_return reply;
}

struct SessionName {
    std::uint32_t worker = 0;
    KickRequest request;
};

std::optional<SessionName> parse_session(std::string_view text) {
    const auto first = text.find(':');
    const auto last = text.rfind(':');
    if (first == text.npos || first == last) return std::nullopt;
    SessionName name;
    const auto number = [](std::string_view digits, auto& out) {
        const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), out);
        return parsed.ec == std::errc{} && parsed.ptr == digits.data() + digits.size();
    };
    if (!number(text.substr(0, first), name.worker) ||
        !number(text.substr(last + 1), name.request.id))
        return std::nullopt;
    name.request.service = text.substr(first + 1, last - first - 1);
    return name.request.id == 0 ? std::nullopt : std::optional(name);
}

net::Task<std::uint32_t> kick_on(ipc::Client& client, KickRequest request) {
    const auto result = co_await client.call<KickResult>(kKick, std::move(request), kWorkerTimeout);
    co_return result ? result->told : 0;
}

net::Task<Reply> kick(ControlReach& reach, Arguments arguments) {
    const auto target = arguments.text("target");
    std::uint32_t told = 0;
    if (const auto name = parse_session(target)) {
        const auto found = reach.workers.find(name->worker);
        if (found != reach.workers.end()) {
            const auto count = co_await kick_on(*found->second, name->request);
            told = count;
        }
        if (told == 0)
            co_return control::failure(control::kNoSuchDomain,
                                       "no session '" + target +
                                           "' now; see mailctl server sessions.");
    } else if (target.find('@') == target.npos) {
        co_return control::failure(control::kNoSuchDomain,
                                   "no session '" + target + "'; see mailctl server sessions.");
    } else {
        const auto account = co_await reach.admin.show_account(target);
        if (!account) co_return control::failure(account.error());
        const auto count = co_await kick_account(reach, account->id);
        told = count;
    }
    const auto text = std::to_string(told) +
                      (told == 1 ? " session was told to end\n" : " sessions were told to end\n");
    co_return control::success(json::object{{"changed", told > 0}, {"told", told}, {"text", text}});
}

net::Task<Reply> version(ControlReach& reach, Arguments) {
    co_return control::success(
        json::object{{"mailctl", MAILD_VERSION}, {"maild", reach.status.version}});
}

constexpr ControlCommand kCommands[] = {
    {"server status", status},     {"server reload", reload, true}, {"server stop", stop, true},
    {"server sessions", sessions}, {"server kick", kick, true},     {"version", version},
};

} // namespace

net::Task<std::uint32_t> kick_account(ControlReach& reach, AccountId account) {
    std::uint32_t told = 0;
    for (auto& [index, client] : reach.workers) {
        KickRequest request;
        request.account = account;
        const auto count = co_await kick_on(*client, std::move(request));
        told += count;
    }
    co_return told;
}

net::Task<Result<void>> end_sessions(ControlReach& reach, const directory::Account& account) {
    co_await kick_account(reach, account.id);
    store::AccountRef ref{.account = account.id, .shard = account.shard};
    auto dropped = co_await reach.store.drop_sessions(ref);
    co_return dropped;
}

std::span<const ControlCommand> server_commands() { return kCommands; }

} // namespace maild::daemon
