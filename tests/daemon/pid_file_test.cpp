#include "daemon/forked.hpp"
#include "daemon/pid_file.hpp"
#include "support/temp_dir.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>

namespace maild::daemon {
namespace {

class PidFileTest : public testing::Test {
protected:
    Result<PidFile> lock() { return PidFile::lock(dir_ / "maild.lock", dir_ / "maild.pid"); }
    test::TempDir dir_;
};

TEST_F(PidFileTest, ASecondStartHearsWhoRuns) {
    auto first = lock();
    ASSERT_TRUE(first);
    ASSERT_TRUE(first->write());
    std::ifstream in(dir_ / "maild.pid");
    int pid = 0;
    in >> pid;
    EXPECT_EQ(pid, ::getpid());
    const auto second =
        test::run_forked([this] { return lock() ? "locked" : lock().error().internal; });
    EXPECT_EQ(second.output, "maild runs already, as PID " + std::to_string(::getpid()));
}

// A copy that a child was given and closed must not give the lock away.
TEST_F(PidFileTest, ClosedCopiesOfTheLockChangeNothing) {
    auto first = lock();
    ASSERT_TRUE(first);
    ASSERT_TRUE(first->write());
    {
        const auto copy = first->copy_of_lock();
    }
    const auto second =
        test::run_forked([this] { return lock() ? "locked" : lock().error().internal; });
    EXPECT_EQ(second.output, "maild runs already, as PID " + std::to_string(::getpid()));
}

TEST_F(PidFileTest, AStaleNumberMisleadsNobody) {
    std::ofstream(dir_ / "maild.pid") << ::getppid() << '\n';
    EXPECT_TRUE(lock());
}

TEST_F(PidFileTest, WaitsForTheLastProcessOfADeadDaemon) {
    int go[2];
    ASSERT_EQ(::pipe(go), 0);
    auto first = lock();
    ASSERT_TRUE(first);
    const pid_t orphan = ::fork(); // a role that holds a copy of the lock until it is told to end
    if (orphan == 0) {
        ::close(go[1]);
        char byte = 0;
        ::_exit(static_cast<int>(::read(go[0], &byte, 1)));
    }
    {
        const auto gone = std::move(*first);
    } // the supervisor dies
    ::close(go[0]);
    const pid_t ender = ::fork();
    if (ender == 0) {
        ::alarm(1); // in the middle of the wait
        ::pause();
    }
    ::close(go[1]);
    EXPECT_TRUE(lock());
    int status = 0;
    ::waitpid(ender, &status, 0);
    ::waitpid(orphan, &status, 0);
}

TEST_F(PidFileTest, FollowsNoSymbolicLink) {
    std::filesystem::create_symlink("/etc/passwd", dir_ / "maild.pid");
    EXPECT_FALSE(lock());
}

} // namespace
} // namespace maild::daemon
