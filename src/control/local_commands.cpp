#include "control/help.hpp"
#include "control/session.hpp"

#include <boost/json/object.hpp>

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

} // namespace

Reply run_here(Session& session) {
    const auto name = session.invocation.command->name;
    if (name == "setup init") return run_setup(session);
    if (name == "completion") return completion(session);
    return manual(session);
}

} // namespace maild::control
