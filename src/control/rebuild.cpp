// `mailctl store rebuild`: hands over to `maild --rebuild-shard`, which has the store's code, its
// user and its sandbox, and answers with a reply as the control socket carries them.
#include "control/session.hpp"

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace maild::control {
namespace {

std::vector<std::string> command_line(const Session& session) {
    const auto shard = session.text_argument("shard");
    const auto config = session.text_argument("config");
    std::vector<std::string> words{
        (std::filesystem::path(session.program_path).parent_path() / "maild").string(),
        "--rebuild-shard", shard.empty() ? "damaged" : shard};
    if (!config.empty()) words.insert(words.end(), {"--config", config});
    return words;
}

[[noreturn]] void become(const std::vector<std::string>& words, int output) {
    std::vector<char*> arguments;
    for (const auto& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    if (::dup2(output, STDOUT_FILENO) >= 0) ::execv(arguments.front(), arguments.data());
    std::perror(arguments.front());
    ::_exit(kNotReachable);
}

// All that the program says on its standard output; what it says to people goes to the terminal.
Result<std::string> run(const std::vector<std::string>& words) {
    int ends[2] = {-1, -1};
    if (::pipe(ends) != 0) return fail_errno("pipe");
    UniqueFd in(ends[0]);
    UniqueFd out(ends[1]);
    const pid_t child = ::fork();
    if (child < 0) return fail_errno("fork");
    if (child == 0) become(words, out.get());
    out.reset();
    std::string said;
    char piece[4096];
    for (;;) {
        const auto count = ::read(in.get(), piece, sizeof piece);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) break;
        said.append(piece, static_cast<std::size_t>(count));
    }
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return said;
}

} // namespace

Reply run_rebuild(Session& session) {
    const auto said = run(command_line(session));
    if (!said) return failure(said.error());
    auto reply = parse_reply(*said);
    if (reply) return std::move(*reply);
    return failure(kSoftware, "maild did not finish; what it said stands above.");
}

} // namespace maild::control
