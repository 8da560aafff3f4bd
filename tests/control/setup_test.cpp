#include "control/setup.hpp"

#include <gtest/gtest.h>

namespace maild::control {
namespace {

TEST(Setup, ATrialStaysOnLoopback) {
    const SetupPlan plan{.domain = "example.org",
                         .hostname = "mail.example.org",
                         .root = "/srv/trial",
                         .port_base = 20000};
    const auto config = initial_config(plan);
    EXPECT_EQ(config.find("address = \"*\""), std::string::npos);
    for (const char* port :
         {"20025", "20024", "20587", "20465", "20143", "20993", "20110", "20995"}) {
        EXPECT_NE(config.find(std::string("port = ") + port), std::string::npos) << port;
    }
    EXPECT_NE(config.find("/srv/trial/run/lmtp.sock"), std::string::npos);
    EXPECT_NE(config.find("[local]"), std::string::npos);
    EXPECT_NE(config.find("domain = \"example.org\"\n"), std::string::npos);
    EXPECT_NE(config.find("plaintext = \"loopback\""), std::string::npos);
}

TEST(Setup, AHostListensForAll) {
    const SetupPlan plan{.domain = "example.org", .hostname = "mail.example.org"};
    const auto config = initial_config(plan);
    EXPECT_NE(config.find("address = \"*\"\nport = 25\n"), std::string::npos);
    EXPECT_NE(config.find("address = \"127.0.0.1\"\nport = 24\n"),
              std::string::npos); // LMTP has no login
    EXPECT_EQ(config.find("plaintext"), std::string::npos);
}

} // namespace
} // namespace maild::control
