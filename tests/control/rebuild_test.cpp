// `mailctl store rebuild` hands over to the maild that stands beside it: here a script in its
// place.
#include "control/session.hpp"
#include "support/temp_dir.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace maild::control {
namespace {

class ControlRebuild : public testing::Test {
protected:
    ControlRebuild() { session.program_path = dir / "mailctl"; }
    // Says its arguments in the result, and then what it is given.
    Reply run(const std::string& script) {
        const auto path = dir / "maild";
        std::ofstream(path) << "#!/bin/sh\n" << script << "\n";
        std::filesystem::permissions(path, std::filesystem::perms::owner_all);
        return run_rebuild(session);
    }
    static constexpr const char* kEcho =
        R"(printf '{"schema":"mailctl/1","exit":0,"result":{"text":"%s"}}' "$*")";

    test::TempDir dir;
    Session session;
};

TEST_F(ControlRebuild, HandsOverWhatWasAsked) {
    EXPECT_EQ(run(kEcho).result.at("text").as_string(), "--rebuild-shard damaged");
    session.invocation.arguments["shard"] = "3";
    session.invocation.arguments["config"] = "/etc/other maild.toml";
    EXPECT_EQ(run(kEcho).result.at("text").as_string(),
              "--rebuild-shard 3 --config /etc/other maild.toml");
}

TEST_F(ControlRebuild, PassesOnARefusalAndItsExitCode) {
    const auto reply =
        run(R"(printf '{"schema":"mailctl/1","exit":75,"error":"maild is running"}'; exit 75)");
    EXPECT_EQ(reply.exit, kTemporary);
    EXPECT_EQ(reply.error, "maild is running");
}

TEST_F(ControlRebuild, AnAnswerMayBeLongAndComeInPieces) {
    const auto reply = run("printf '{\"schema\":\"mailctl/1\",\"exit\":0,\"result\":{\"text\":\"'\n"
                           "head -c 100000 /dev/zero | tr '\\0' x\nprintf '\"}}'");
    EXPECT_EQ(reply.result.at("text").as_string().size(), 100'000U);
}

TEST_F(ControlRebuild, OneThatDiesHasNotFinished) {
    for (const std::string script : {"kill -9 $$", "exit 0", "echo no JSON"}) {
        const auto reply = run(script);
        EXPECT_EQ(reply.exit, kSoftware) << script;
        EXPECT_NE(reply.error, "") << script;
    }
    std::filesystem::remove(dir / "maild");
    EXPECT_EQ(run_rebuild(session).exit, kSoftware) << "there is none";
}

} // namespace
} // namespace maild::control
