#include "support/temp_dir.hpp"

#include "maild/base/log.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <unistd.h>

namespace maild {
namespace {

std::string logged(auto write) {
    const test::TempDir dir;
    const int fd = ::open((dir / "log").c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
    log::to_descriptor(fd);
    write();
    log::to_nowhere();
    ::close(fd);
    std::ifstream file(dir / "log");
    return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Log, WritesOneEventAsOneLineWithFields) {
    const auto text =
        logged([] { log::info("session_finished", {{"id", 7}, {"ip", "::1"}, {"tls", true}}); });
    EXPECT_TRUE(text.ends_with("session_finished id=7 ip=::1 tls=true\n")) << text;
}

TEST(Log, EscapesWhatAPeerCouldForge) {
    const std::string forged("a\r\n2026 fake\x1b[2J\0\xe2\x80\xae", 20);
    const auto text = logged([&] { log::warning("helo", {{"name", forged}}); });
    EXPECT_EQ(std::ranges::count(text, '\n'), 1);
    EXPECT_NE(text.find(R"(name="a\x0d\x0a2026 fake\x1b[2J\x00\xe2\x80\xae")"), std::string::npos)
        << text;
}

TEST(Log, CapsALine) {
    const auto text = logged([] {
        const std::string big(100'000, 'x');
        log::info("e", {{"a", big}, {"b", big}, {"c", big}, {"d", big}, {"e", big}});
    });
    EXPECT_LE(text.size(), 4096U + 64);
}

TEST(Log, KeepsLinesBelowItsLevelOut) {
    EXPECT_EQ(logged([] { log::debug("noise"); }), "");
}

} // namespace
} // namespace maild
