#include "daemon/detach.hpp"
#include "daemon/forked.hpp"
#include "daemon/startup_report.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <climits>
#include <fcntl.h>
#include <sstream>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

namespace maild::daemon {
namespace {

std::string link_of(const std::string& path) {
    std::array<char, PATH_MAX> out{};
    const auto size = ::readlink(path.c_str(), out.data(), out.size());
    return {out.data(), size > 0 ? static_cast<std::size_t>(size) : 0};
}

TEST(Detach, LeavesSessionTerminalDirectoryAndDescriptors) {
    const auto ended = test::run_forked([] {
        std::ostringstream out;
        const pid_t session = ::getsid(0);
        if (!leave_session()) return std::string("leave_session failed");
        out << (::getsid(0) != session ? "own session, " : "old session, ");
        out << (::getsid(0) != ::getpid() ? "not its leader, " : "its leader, ");
        out << (::open("/dev/tty", O_RDWR) < 0 ? "no terminal, " : "a terminal, ");
        if (!change_to_safe_directory()) return std::string("chdir failed");
        out << link_of("/proc/self/cwd");
        if (!redirect_standard_descriptors()) return std::string("redirect failed");
        for (const char* fd : {"0", "1", "2"}) {
            out << ' ' << link_of(std::string("/proc/self/fd/") + fd);
        }
        set_umask();
        out << ", umask " << std::oct << ::umask(0);
        return out.str();
    });
    EXPECT_EQ(ended.output, "own session, not its leader, no terminal, / /dev/null /dev/null "
                            "/dev/null, umask 77");
}

TEST(Detach, ClosesExactlyWhatWasInherited) {
    const auto ended = test::run_forked([] {
        const int inherited = ::dup(STDIN_FILENO);
        const auto noted = inherited_descriptors();
        const int ours = ::open("/dev/null", O_RDONLY);
        const bool is_noted = std::ranges::find(noted, inherited) != noted.end();
        auto kept = noted;
        std::erase_if(kept, [&](int fd) { return fd != inherited; });
        close_descriptors(kept);
        return std::string(is_noted ? "noted " : "missed ") +
               (::fcntl(inherited, F_GETFD) < 0 ? "closed " : "open ") +
               (::fcntl(ours, F_GETFD) < 0 ? "closed" : "open");
    });
    EXPECT_EQ(ended.output, "noted closed open");
}

TEST(Detach, ClosedStandardDescriptorsAreFilledFirst) {
    const auto ended = test::run_forked([] {
        for (const int fd : {0, 1, 2}) ::close(fd);
        fill_standard_descriptors();
        return link_of("/proc/self/fd/0") + link_of("/proc/self/fd/1") + link_of("/proc/self/fd/2");
    });
    EXPECT_EQ(ended.output, "/dev/null/dev/null/dev/null");
}

TEST(Detach, RaisesTheDescriptorLimit) {
    const auto ended = test::run_forked([] {
        rlimit limit{};
        ::getrlimit(RLIMIT_NOFILE, &limit);
        const rlimit low{64, limit.rlim_max};
        ::setrlimit(RLIMIT_NOFILE, &low);
        return std::to_string(raise_descriptor_limit(128) >= 128);
    });
    EXPECT_EQ(ended.output, "1");
}

// What a shell sees of `maild` when the daemon reports this, or dies.
template <class Report> test::Ended start_and(Report report) {
    return test::run_forked([report]() -> std::string {
        auto pipe = fork_first();
        if (!pipe) return "no pipe";
        report(StartupReport(std::move(*pipe)));
        ::_exit(99);
    });
}

TEST(Readiness, ParentExitsZeroWhenTheDaemonIsReady) {
    EXPECT_EQ(start_and([](StartupReport report) { report.ready(); }).exit_code, EX_OK);
}

TEST(Readiness, ParentExitsWithTheDaemonsReason) {
    testing::internal::CaptureStderr();
    const auto ended =
        start_and([](StartupReport report) { report.failed(EX_IOERR, "store cannot start: io"); });
    EXPECT_EQ(ended.exit_code, EX_IOERR);
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "maild: store cannot start: io\n");
}

TEST(Readiness, ParentNoticesADaemonThatDied) {
    testing::internal::CaptureStderr();
    const auto ended = start_and([](StartupReport) { ::abort(); });
    EXPECT_EQ(ended.exit_code, EX_SOFTWARE);
    EXPECT_NE(testing::internal::GetCapturedStderr().find("died before it was ready"),
              std::string::npos);
}

} // namespace
} // namespace maild::daemon
