#include "sendmail/spool.hpp"

#include "maild/base/ascii.hpp"
#include "maild/base/clock.hpp"
#include "maild/base/unique_fd.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace maild::sendmail {
namespace {

constexpr std::string_view kWhole = "mail.";

Result<void> write_all(int file, std::string_view octets) {
    while (!octets.empty()) {
        const auto count = ::write(file, octets.data(), octets.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return fail_errno("write");
        octets.remove_prefix(static_cast<std::size_t>(count));
    }
    if (::fsync(file) != 0) return fail_errno("fsync");
    return {};
}

// The name, too. Who may not read the directory cannot sync it alone: then the file system is.
Result<void> sync_name(int directory, int file) {
    const UniqueFd readable(::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    const bool done = readable ? ::fsync(readable.get()) == 0 : ::syncfs(file) == 0;
    if (!done) return fail_errno("sync");
    return {};
}

// Sorted by time, and nobody can tell the next one.
std::string make_name() {
    SystemRandom random;
    const auto micros = SystemClock().now().time_since_epoch().count();
    return std::to_string(micros) + '.' + std::to_string(random.next());
}

} // namespace

bool is_spooled_name(std::string_view name) {
    return name.starts_with(kWhole) && name.size() <= 128 &&
           std::ranges::all_of(name.substr(kWhole.size()),
                               [](char c) { return ascii::is_digit(c) || c == '.'; });
}

Result<void> leave(const std::string& maildrop, const Submission& submission) {
    const auto bytes = format_spooled(submission);
    if (bytes.size() > kMostSpooled) return fail(Errc::too_large, "too large to wait");
    const UniqueFd directory(
        ::open(maildrop.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!directory) return fail_errno(maildrop);
    const auto name = make_name();
    const auto unfinished = std::string(kUnfinished) + name;
    const auto whole = std::string(kWhole) + name;
    const UniqueFd file(::openat(directory.get(), unfinished.c_str(),
                                 O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file) return fail_errno(maildrop);
    auto done = write_all(file.get(), bytes);
    // A umask may have taken even the owner's rights.
    if (done && ::fchmod(file.get(), 0600) != 0) done = fail_errno("fchmod");
    if (done &&
        ::renameat(directory.get(), unfinished.c_str(), directory.get(), whole.c_str()) != 0)
        done = fail_errno("rename");
    if (!done) {
        ::unlinkat(directory.get(), unfinished.c_str(), 0);
        return done;
    }
    return sync_name(directory.get(), file.get());
}

} // namespace maild::sendmail
