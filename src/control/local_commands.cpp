#include "control/help.hpp"
#include "control/session.hpp"

#include <boost/json/object.hpp>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <unistd.h>
#include <vector>

namespace maild::control {
namespace json = boost::json;
namespace {

Reply text_reply(std::string text) { return success(json::object{{"text", std::move(text)}}); }

Reply completion(const Session& session) {
    const auto shell = session.invocation.arguments.at("shell").as_string();
    if (shell != "bash") return failure(kUsage, "there is completion for bash only.");
    return text_reply(bash_completion());
}

Reply manual(const Session& session) {
    if (session.invocation.arguments.contains("all")) return text_reply(manual_of_all());
    std::string name;
    for (const auto& word : session.invocation.arguments.at("command").as_array()) {
        name += (name.empty() ? "" : " ") + std::string(word.as_string());
    }
    if (name.empty()) return text_reply(manual_of_all());
    const auto* command = find_command(name);
    if (command == nullptr)
        return failure(kUsage, "no command '" + name + "'; see mailctl --help.");
    return text_reply(manual_for(*command));
}

// The suite that is installed beside the programs, in this process's place: it shows its progress
// itself. Returns only when it cannot be started.
Reply crash_test(const Session& session) {
    const auto programs = std::filesystem::path(session.program_path).parent_path();
    const auto script = programs.parent_path() / "libexec/maild/tests/reliability/crash_test";
    std::error_code ignored;
    if (!std::filesystem::exists(script, ignored))
        return failure(kNotReachable, "the crash test is not installed: no " + script.string());
    const auto& arguments = session.invocation.arguments;
    const auto text = [&](std::string_view name, std::string otherwise) {
        const auto* value = arguments.if_contains(name);
        return value == nullptr ? std::move(otherwise) : std::string(value->as_string());
    };
    const auto cycles = text("cycles", "10");
    if (cycles.empty() || cycles.size() > 6 ||
        cycles.find_first_not_of("0123456789") != cycles.npos)
        return failure(kUsage, "--cycles wants a number.");
    std::vector<std::string> words = {"python3", script.string(), "--cycles=" + cycles};
    if (session.invocation.globals.json) words.emplace_back("--json");
    words.insert(words.end(), {"--", text("directory", "")}); // it may begin with a dash
    std::vector<char*> argv;
    for (auto& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    ::setenv("MAILD_BUILD", programs.c_str(), 1); // where the suite takes the programs from
    ::setenv("PYTHONDONTWRITEBYTECODE", "1", 1);
    ::execvp(argv[0], argv.data());
    return failure(kNotReachable, "python3: " + std::string(std::strerror(errno)));
}

} // namespace

Reply run_here(Session& session) {
    const auto name = session.invocation.command->name;
    if (name == "setup init") return run_setup(session);
    if (name == "store rebuild") return run_rebuild(session);
    if (name == "message verify") return run_verify(session);
    if (name == "message sign") return run_sign(session);
    if (name == "domain check") return run_domain_check(session);
    if (name == "report dmarc") return run_report_dmarc(session);
    if (name == "report dmarc send") return run_report_send(session);
    if (name == "report tls") return run_report_tls(session);
    if (name == "report tls send") return run_report_send(session);
    if (name == "completion") return completion(session);
    if (name == "fsck crash-test") return crash_test(session);
    return manual(session);
}

} // namespace maild::control
