#include "maild/control/mailctl.hpp"

#include "control/help.hpp"
#include "control/render.hpp"
#include "control/session.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <unistd.h>
#include <vector>

namespace maild::control {
namespace json = boost::json;
namespace {

void print(std::FILE* stream, std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stream);
}

// Several lines come from the daemon as such: faults of a configuration.
int complain(int exit, std::string_view what) {
    std::string text = "mailctl: ";
    while (true) {
        const auto line = what.substr(0, what.find('\n'));
        text += printable(line) + "\n";
        what.remove_prefix(std::min(line.size() + 1, what.size()));
        if (what.empty()) break;
    }
    print(stderr, text);
    return exit;
}

// What never reached the daemon, in the form that was asked for.
int refuse(bool as_json, int exit, std::string_view what) {
    if (!as_json) return complain(exit, what);
    print(stdout, format_reply(failure(exit, std::string(what))) + "\n");
    return exit;
}

std::string own_path() {
    std::error_code ignored;
    return std::filesystem::read_symlink("/proc/self/exe", ignored).string();
}

bool confirmed(const Session& session) {
    const auto& invocation = session.invocation;
    if (!invocation.command->is_destructive || invocation.globals.yes) return true;
    if (::isatty(STDIN_FILENO) == 0) return false;
    std::string target;
    for (const auto& parameter : invocation.command->parameters) {
        if (const auto* value = invocation.arguments.if_contains(parameter.name);
            value != nullptr && value->is_string()) {
            target += " " + std::string(value->as_string());
        }
    }
    print(stderr, "mailctl " + std::string(invocation.command->name) + printable(target) +
                      ": sure? [y/N] ");
    const int answer = std::getchar();
    return answer == 'y' || answer == 'Y';
}

int show(const Session& session, const Reply& reply) {
    const auto& globals = session.invocation.globals;
    if (globals.json)
        print(stdout, format_reply(reply) + "\n");
    else if (globals.tsv)
        print(stdout, render_tsv(*session.invocation.command, reply.result));
    else if (!globals.quiet || reply.exit != kOk)
        print(stdout, render_text(*session.invocation.command, reply.result));
    if (!reply.error.empty() && !globals.json) return complain(reply.exit, reply.error);
    return reply.exit;
}

// What --generate made is part of the answer: it is shown this once.
void add_generated(Reply& reply, const std::string& password) {
    if (password.empty() || reply.exit != kOk || !reply.result.is_object()) return;
    auto& result = reply.result.as_object();
    if (const auto* changed = result.if_contains("changed");
        changed != nullptr && changed->is_bool() && !changed->as_bool())
        return;
    result["password"] = password;
    result["text"] = "password   " + password + "   (shown this once)\n";
}

int run(Session& session) {
    const auto& command = *session.invocation.command;
    const bool as_json = session.invocation.globals.json;
    if (!confirmed(session)) {
        return refuse(as_json, kUsage,
                      "not done: " + std::string(command.summary) + ". Confirm with --yes.");
    }
    if (command.runs == Runs::here) return show(session, run_here(session));
    std::string generated;
    if (auto complete = complete_arguments(session, generated); !complete) {
        return refuse(as_json, exit_for(complete.error().code), complete.error().internal);
    }
    auto reply = command.runs == Runs::in_steps ? ask_in_steps(session)
                 : session.invocation.arguments.contains("follow")
                     ? follow(session)
                     : session.ask({std::string(command.name), session.invocation.arguments});
    if (!reply && command.name == "version") {
        return show(session,
                    success(json::object{{"mailctl", MAILD_VERSION}, {"maild", "not running"}}));
    }
    if (!reply) {
        const bool unreachable = reply.error().code == Errc::unavailable;
        return show(session,
                    failure(unreachable ? int{kNotReachable} : int{exit_for(reply.error().code)},
                            reply.error().internal));
    }
    add_generated(*reply, generated);
    return show(session, *reply);
}

} // namespace

Result<Reply> Session::ask(Request request) const {
    auto client = Client::connect(socket_path);
    if (!client) return std::unexpected(client.error());
    return client->call(request);
}

std::string Session::text_argument(std::string_view name) const {
    const auto* value = invocation.arguments.if_contains(name);
    return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

int mailctl_main(int argc, char** argv) {
    const std::vector<std::string_view> arguments(argv + 1, argv + argc);
    auto invocation = parse_command_line(arguments);
    if (!invocation) {
        const bool as_json = std::ranges::find(arguments, "--json") != arguments.end();
        return refuse(as_json, kUsage, invocation.error());
    }
    if (invocation->command == nullptr) {
        print(stdout, overview(invocation->noun));
        return kOk;
    }
    if (invocation->globals.help) {
        print(stdout, help_for(*invocation->command));
        return kOk;
    }
    Session session{
        .invocation = std::move(*invocation), .program_path = own_path(), .socket_path = {}};
    const auto& chosen = session.invocation.globals.socket;
    session.socket_path = chosen.empty() ? default_socket_path(session.program_path) : chosen;
    return run(session);
}

} // namespace maild::control
