#include "support/temp_dir.hpp"

#include "maild/control/protocol.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace maild::control {
namespace {

TEST(ControlProtocol, RoundTrips) {
    const auto request = parse_request(format_request({"domain add", {{"domain", "example.org"}}}));
    ASSERT_TRUE(request);
    EXPECT_EQ(request->command, "domain add");
    EXPECT_EQ(request->arguments.at("domain").as_string(), "example.org");
    const auto reply = parse_reply(format_reply(failure(kNoSuchAccount, "no account")));
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->exit, 67);
    EXPECT_EQ(reply->error, "no account");
}

TEST(ControlProtocol, RefusesWhatIsNotItsSchema) {
    for (const std::string_view text :
         {"", "[]", "{}", "nonsense", R"({"schema":"mailctl/9","command":"x"})",
          R"({"schema":"mailctl/1"})", R"({"schema":"mailctl/1","command":"x","arguments":[]})"}) {
        EXPECT_FALSE(parse_request(text)) << text;
    }
    EXPECT_FALSE(parse_reply(R"({"schema":"mailctl/1","exit":"0"})"));
    EXPECT_FALSE(parse_request(R"({"schema":"mailctl/1","command":"x","arguments":)" +
                               std::string(100'000, '[')));
}

TEST(ControlProtocol, FramesAreBounded) {
    EXPECT_EQ(frame("abc"), std::string("\x03\0\0\0abc", 7));
    EXPECT_EQ(frame_size(std::string("\x03\0\0\0", 4)).value(), 3U);
    EXPECT_EQ(frame_size("\xff\xff\xff\xff").error().code, Errc::too_large);
    EXPECT_FALSE(frame_size("abc"));
}

TEST(ControlProtocol, ATrialFindsItsOwnSocket) {
    const test::TempDir dir;
    std::filesystem::create_directories(dir / "etc");
    std::filesystem::create_directories(dir / "bin");
    EXPECT_EQ(default_socket_path(dir / "bin/mailctl"), "/run/maild/control.sock");
    std::ofstream(dir / "etc/maild.toml") << "\n";
    EXPECT_EQ(default_socket_path(dir / "bin/mailctl"), dir / "run/control.sock");
}

} // namespace
} // namespace maild::control
