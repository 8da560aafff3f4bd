#include "sendmail/spooled_file.hpp"

#include "sendmail/handle.hpp"

#include "maild/base/clock.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <exception>
#include <fcntl.h>
#include <grp.h>
#include <optional>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

namespace maild::sendmail {
namespace {

constexpr std::chrono::hours kGivesUp{5 * 24}; // as the queue does, RFC 5321 §4.5.4.1
constexpr unsigned kMostSeconds = 1'800;       // of one file; then the kernel ends the process
constexpr gid_t kNoGroup = 65'534;             // the group has no say in anything here

// Nothing of root's is left, and nothing can come back.
bool become(uid_t uid) {
    if (::geteuid() != 0) return uid == ::geteuid();
    const gid_t gid = uid == 0 ? 0 : kNoGroup;
    if (::setgroups(0, nullptr) != 0 || ::setresgid(gid, gid, gid) != 0 ||
        ::setresuid(uid, uid, uid) != 0)
        return false;
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    return uid == 0 || (::setuid(0) != 0 && ::geteuid() == uid);
}

std::optional<std::string> read_whole(int file, std::size_t size) {
    std::string out(size, '\0');
    std::size_t done = 0;
    while (done < size) {
        const auto count = ::pread(file, out.data() + done, size - done, static_cast<off_t>(done));
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return std::nullopt; // its owner has cut it off meanwhile
        done += static_cast<std::size_t>(count);
    }
    return out;
}

SpooledFile::End conclude(const Submission& submission, const Outcome& outcome,
                          const Places& places, bool is_old) {
    using Kind = Outcome::Kind;
    if (outcome.kind == Kind::unreachable) return {EX_UNAVAILABLE, outcome.why};
    const bool is_over = outcome.kind == Kind::refused && outcome.exit != EX_TEMPFAIL;
    if (outcome.kind != Kind::accepted && !is_over && !is_old) return {EX_TEMPFAIL, outcome.why};
    // What some recipients did not get goes into a file of its own before this one may go.
    if (outcome.kind == Kind::accepted && !outcome.waiting.empty() &&
        !leave_rest(submission, outcome, places))
        return {EX_DATAERR, "taken for some recipients; the others' part cannot be kept"};
    const bool has_news = outcome.kind != Kind::accepted || !outcome.refused.empty();
    if (!has_news || tell_sender(submission, outcome, places)) return {EX_OK, {}};
    const auto& why = outcome.refused.empty() ? outcome.why : outcome.refused.front().words;
    return {EX_DATAERR, "refused, and its sender cannot be told: " + why};
}

SpooledFile::End run(int file, const struct stat& facts, const Places& places) {
    const auto text = read_whole(file, static_cast<std::size_t>(facts.st_size));
    if (!text) return {EX_TEMPFAIL, "it cannot be read"};
    const auto submission = parse_spooled(*text);
    if (!submission) return {EX_DATAERR, submission.error().internal};
    const auto begun = std::chrono::sys_seconds(std::chrono::seconds(facts.st_mtim.tv_sec));
    const bool is_old = SystemClock().now() - begun > kGivesUp;
    const auto outcome = submit(*submission, places.socket);
    return conclude(*submission, outcome, places, is_old);
}

// In the child: what it has found out goes into the pipe, and it never returns.
[[noreturn]] void be_owner(int file, const struct stat& facts, int pipe, const Places& places) {
    ::alarm(kMostSeconds);
    SpooledFile::End end{EX_TEMPFAIL, "its owner cannot be become"};
    if (become(facts.st_uid)) {
        try {
            end = run(file, facts, places);
        } catch (const std::exception& error) {
            end = {EX_TEMPFAIL, error.what()};
        }
    }
    const auto why = end.why.substr(0, 1'000);
    (void)!::write(pipe, why.data(), why.size());
    ::_exit(end.exit);
}

} // namespace

SpooledFile::SpooledFile(int directory, const std::string& name, std::uint64_t most_octets)
    : file_(::openat(directory, name.c_str(),
                     O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)) {
    if (file_) {
        if (::fstat(file_.get(), &facts_) != 0) fault_ = "it cannot be looked at";
        if (fault_.empty()) fault_ = judge(most_octets);
        return;
    }
    const int number = errno;
    if (::fstatat(directory, name.c_str(), &facts_, AT_SYMLINK_NOFOLLOW) != 0) {
        is_there_ = false;
        return;
    }
    if (number == EACCES && ::geteuid() != 0) return; // another's
    fault_ = S_ISLNK(facts_.st_mode) ? "a symbolic link" : std::strerror(number);
}

// What others could have planted or can still change is not its owner's word.
std::string SpooledFile::judge(std::uint64_t most_octets) const {
    if (!S_ISREG(facts_.st_mode)) return "no regular file";
    if (facts_.st_nlink != 1) return "it has another name somewhere";
    if ((facts_.st_mode & 0022) != 0) return "others can write it";
    if (static_cast<std::uint64_t>(facts_.st_size) > most_octets) return "it is too large";
    return {};
}

bool SpooledFile::is_ours_to_take() const {
    return file_ && (::geteuid() == 0 || facts_.st_uid == ::geteuid());
}

SpooledFile::End SpooledFile::submit_as_owner(const std::string& socket,
                                              const std::string& maildrop) const {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return {EX_TEMPFAIL, std::strerror(errno)};
    const UniqueFd from_child(ends[0]);
    UniqueFd to_parent(ends[1]);
    const pid_t child = ::fork();
    if (child < 0) return {EX_TEMPFAIL, std::strerror(errno)};
    if (child == 0) be_owner(file_.get(), facts_, to_parent.get(), {socket, maildrop, {}});
    to_parent.reset();
    End end{EX_TEMPFAIL, {}};
    std::array<char, 1'000> text{};
    std::size_t size = 0;
    while (size < text.size()) {
        const auto count = ::read(from_child.get(), text.data() + size, text.size() - size);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) break;
        size += static_cast<std::size_t>(count);
    }
    end.why.assign(text.data(), size);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (WIFEXITED(status)) end.exit = WEXITSTATUS(status);
    return end;
}

} // namespace maild::sendmail
