#include "daemon/shortage_log.hpp"
#include "support/streams.hpp"

#include "maild/base/log.hpp"

#include <gtest/gtest.h>

#include <sys/mman.h>
#include <unistd.h>

namespace maild::daemon {
namespace {

using namespace std::chrono_literals;

class ShortageLogTest : public testing::Test {
protected:
    ShortageLogTest() { log::to_descriptor(file_.get()); }
    ~ShortageLogTest() override { log::to_descriptor(STDERR_FILENO); }

    // Its lines behind their time, without what comes before the event.
    std::string lines() {
        log::flush();
        std::string text(static_cast<std::size_t>(::lseek(file_.get(), 0, SEEK_END)), ' ');
        EXPECT_EQ(::pread(file_.get(), text.data(), text.size(), 0),
                  static_cast<ssize_t>(text.size()));
        std::string out;
        for (std::size_t at = 0; (at = text.find("room_short ", at)) != text.npos; ++at)
            out += text.substr(at, text.find('\n', at) + 1 - at);
        return out;
    }

    boost::asio::io_context io;

private:
    UniqueFd file_{::memfd_create("log", MFD_CLOEXEC)};
};

TEST_F(ShortageLogTest, SaysItAtOnceAndThenOncePerPause) {
    ShortageLog shortage(io, 50ms);
    shortage.set_remedies({.mail = "limits.memory", .connections = "limits.connections"});
    shortage.mail_refused();
    const std::string first =
        "room_short messages_refused=1 connections_turned_away=0 raise=limits.memory\n";
    EXPECT_EQ(lines(), first);
    for (int i = 0; i < 1000; ++i) shortage.connection_turned_away();
    for (int i = 0; i < 3; ++i) shortage.mail_refused();
    io.poll();
    EXPECT_EQ(lines(), first);
    io.run(); // to the end of a pause in which nothing came
    const auto second = first + "room_short messages_refused=3 connections_turned_away=1000 "
                                "raise=\"limits.memory, limits.connections\"\n";
    EXPECT_EQ(lines(), second);
    shortage.connection_turned_away();
    EXPECT_EQ(lines(), second + "room_short messages_refused=0 connections_turned_away=1 "
                                "raise=limits.connections\n");
}

} // namespace
} // namespace maild::daemon
