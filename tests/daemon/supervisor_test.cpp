#include "daemon/daemon_runner.hpp"
#include "support/client_authority.hpp"

#include "maild/base/clock.hpp"
#include "maild/net/certificate.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <climits>
#include <filesystem>
#include <sys/ptrace.h>
#include <sysexits.h>

namespace maild::daemon {
namespace {

using test::eventually;

std::string link_of(const std::string& path) {
    std::array<char, PATH_MAX> out{};
    const auto size = ::readlink(path.c_str(), out.data(), out.size());
    return {out.data(), size > 0 ? static_cast<std::size_t>(size) : 0};
}

long ticks_of(int pid) { // of the processor's time
    std::ifstream in("/proc/" + std::to_string(pid) + "/stat");
    std::string field;
    for (int i = 0; i < 13; ++i) in >> field;
    long user = 0;
    long system = 0;
    in >> user >> system;
    return user + system;
}

bool is_gone(int pid) { return link_of("/proc/" + std::to_string(pid) + "/exe").empty(); }

std::string status_of(int pid, const std::string& key) {
    std::ifstream in("/proc/" + std::to_string(pid) + "/status");
    for (std::string line; std::getline(in, line);) {
        if (line.starts_with(key + ":"))
            return line.substr(line.find_first_not_of("\t ", key.size() + 1));
    }
    return {};
}

class SupervisorTest : public testing::Test {
protected:
    void start() {
        const auto run = daemon_.start();
        ASSERT_EQ(run.exit_code, 0) << run.output << daemon_.log();
        // Control's picture follows the supervisor's within a tenth of a second.
        ASSERT_TRUE(eventually([this] {
            const auto all = daemon_.processes();
            return all.size() == 8 && std::ranges::all_of(all, [](const auto& entry) {
                       return entry.second.state == "ready";
                   });
        }));
    }
    std::size_t count_in_log(const std::string& text) const {
        const auto log = daemon_.log();
        std::size_t count = 0;
        for (auto at = log.find(text); at != log.npos; at = log.find(text, at + 1)) ++count;
        return count;
    }
    test::DaemonRunner daemon_;
};

TEST_F(SupervisorTest, ReadyMeansThatEveryRoleServesAndFindsTheOthers) {
    start();
    const auto answer = daemon_.ask("lmtp.sock");
    auto all = daemon_.processes();
    EXPECT_EQ(all.size(), 8u);
    for (const auto& [name, process] : all) EXPECT_EQ(process.state, "ready") << name;
    EXPECT_TRUE(answer.starts_with("worker-")) << answer;
    const auto auth = std::to_string(all["auth 0"].pid) + "+secret";
    const auto store = std::to_string(all["store 0"].pid) + "+secret";
    const auto resolver = std::to_string(all["resolver 0"].pid);
    const auto trace = std::to_string(all["trace 0"].pid);
    EXPECT_NE(answer.find(" auth " + auth + " auth-signing " + auth + " resolver " + resolver +
                          " store " + store + " trace " + trace + "\n"),
              answer.npos)
        << answer;
}

TEST_F(SupervisorTest, DetachedAndEveryRoleItsOwnUser) {
    start();
    const int pid = daemon_.supervisor();
    const auto proc = "/proc/" + std::to_string(pid);
    EXPECT_NE(::getsid(pid), ::getsid(0));
    EXPECT_NE(::getsid(pid), pid);
    EXPECT_EQ(link_of(proc + "/cwd"), "/");
    for (const char* fd : {"/fd/0", "/fd/1", "/fd/2"}) EXPECT_EQ(link_of(proc + fd), "/dev/null");
    auto all = daemon_.processes();
    for (const auto& [name, process] : all) {
        EXPECT_EQ(status_of(process.pid, "NoNewPrivs"), "1") << name;
        EXPECT_EQ(status_of(process.pid, "CapEff"), "0000000000000000") << name;
        EXPECT_NE(process.rest.find("capabilities=1"), std::string::npos) << process.rest;
    }
    if (::geteuid() != 0) return;
    EXPECT_EQ(all["worker 0"].user, "nobody");
    EXPECT_EQ(all["auth 0"].user, "daemon");
    EXPECT_EQ(all["store 0"].user, "bin");
    EXPECT_EQ(all["control 0"].user, "mail");
    EXPECT_EQ(all["trace 0"].user, "mail");
    EXPECT_EQ(status_of(all["worker 0"].pid, "CapBnd"), "0000000000000000");
}

TEST_F(SupervisorTest, ASecondStartSaysWhoRuns) {
    start();
    const auto second = daemon_.start();
    EXPECT_EQ(second.exit_code, EX_TEMPFAIL);
    EXPECT_NE(second.output.find("as PID " + std::to_string(daemon_.supervisor())),
              std::string::npos)
        << second.output;
}

TEST_F(SupervisorTest, AKilledRoleComesBackAndIsConnectedAnew) {
    start();
    for (const std::string name :
         {"store 0", "auth 0", "trace 0", "worker 0", "worker 1", "control 0"}) {
        const auto before = daemon_.processes()[name];
        ASSERT_EQ(::kill(before.pid, SIGKILL), 0) << name;
        ASSERT_TRUE(daemon_.is_replaced(name, before.pid)) << name << daemon_.log();
        EXPECT_EQ(daemon_.processes()[name].restarts, 1) << name;
        const auto answer = daemon_.ask("lmtp.sock");
        const auto store = std::to_string(daemon_.processes()["store 0"].pid) + "+secret";
        EXPECT_NE(answer.find(" store " + store), answer.npos) << name << ": " << answer;
    }
}

TEST_F(SupervisorTest, ConnectionsThatWaitSurviveTheDeathOfAllWorkers) {
    start();
    const auto before = daemon_.processes();
    for (const char* name : {"worker 0", "worker 1"}) ::kill(before.at(name).pid, SIGSTOP);
    std::vector<int> clients;
    for (int i = 0; i < 20; ++i) clients.push_back(daemon_.connect("lmtp.sock"));
    for (const char* name : {"worker 0", "worker 1"}) ::kill(before.at(name).pid, SIGKILL);
    for (const int client : clients) {
        EXPECT_TRUE(daemon_.answer(client).starts_with("worker-"));
        ::close(client);
    }
}

TEST_F(SupervisorTest, WhatASandboxForbidsEndsTheWorkerAlone) {
    start();
    const auto before = daemon_.processes();
    if (before.at("worker 0").rest.find("seccomp=1") == std::string::npos)
        GTEST_SKIP() << "no seccomp";
    daemon_.control("poke worker 0 open");
    ASSERT_TRUE(daemon_.is_replaced("worker 0", before.at("worker 0").pid));
    EXPECT_NE(daemon_.log().find("SIGSYS"), std::string::npos);
    EXPECT_EQ(daemon_.processes()["store 0"].pid, before.at("store 0").pid);
}

TEST_F(SupervisorTest, AWorkerThatSaysNonsenseOrTooMuchIsReplaced) {
    start();
    for (const std::string what : {"nonsense", "flood", "abort", "letter"}) {
        const auto before = daemon_.processes()["worker 1"];
        daemon_.control("poke worker 1 " + what);
        ASSERT_TRUE(daemon_.is_replaced("worker 1", before.pid)) << what << daemon_.log();
    }
    EXPECT_EQ(count_in_log("it says what no role says"), 4u) << daemon_.log(); // killed, ended
    EXPECT_EQ(count_in_log("it says too much"), 2u);
    EXPECT_NE(daemon_.log().find("SIGABRT"), std::string::npos);
}

TEST_F(SupervisorTest, ANoteReachesTheNextProcessInItsPlaceAndNoOther) {
    start();
    for (int restarts = 1; restarts <= 2; ++restarts) { // it stays until another takes its place
        const auto before = daemon_.processes()["worker 1"];
        if (restarts == 1)
            daemon_.control("poke worker 1 abort");
        else
            ASSERT_EQ(::kill(before.pid, SIGKILL), 0);
        ASSERT_TRUE(daemon_.is_replaced("worker 1", before.pid)) << daemon_.log();
        EXPECT_NE(daemon_.processes()["worker 1"].rest.find("text=after abort"), std::string::npos)
            << daemon_.processes()["worker 1"].rest;
    }
    EXPECT_EQ(daemon_.processes()["worker 0"].rest.find("after"), std::string::npos);
}

TEST_F(SupervisorTest, WorkersHearWhenNoneOfThemHasRoom) {
    start();
    const auto hears = [this] { return daemon_.ask("lmtp.sock").contains(" crowded"); };
    daemon_.control("poke worker 0 full");
    EXPECT_FALSE(hears());
    daemon_.control("poke worker 1 full");
    EXPECT_TRUE(eventually(hears)) << daemon_.log();
    const auto before = daemon_.processes()["worker 0"];
    ASSERT_EQ(::kill(before.pid, SIGKILL), 0);
    ASSERT_TRUE(daemon_.is_replaced("worker 0", before.pid)) << daemon_.log();
    EXPECT_TRUE(eventually([&] { return !hears(); })) << "the new one has";
}

TEST_F(SupervisorTest, ARoleThatCannotStartEndsTheStartWithItsReason) {
    daemon_.configure("store-fails.example");
    const auto run = daemon_.start();
    EXPECT_EQ(run.exit_code, EX_SOFTWARE);
    EXPECT_EQ(run.output, "maild: store cannot start: corrupt: shard 0 is broken\n");
    EXPECT_TRUE(
        eventually([&] { return daemon_.log().find("daemon_stopped") != std::string::npos; }));
    EXPECT_FALSE(std::filesystem::exists(daemon_.run() + "/maild.pid"));
}

TEST_F(SupervisorTest, AFaultyConfigurationStartsNothing) {
    daemon_.configure("mx.example.org", "[nonsense]\n");
    for (const char* options : {"", "--check", "--foreground"}) {
        const auto run = daemon_.start(options);
        EXPECT_EQ(run.exit_code, EX_CONFIG);
        EXPECT_NE(run.output.find("nonsense is not a known key"), std::string::npos) << run.output;
    }
}

TEST_F(SupervisorTest, CheckSaysWhatWouldRun) {
    const auto run = daemon_.start("--check");
    EXPECT_EQ(run.exit_code, EX_OK);
    EXPECT_NE(run.output.find("lmtp on "), std::string::npos) << run.output;
    EXPECT_FALSE(std::filesystem::exists(daemon_.run() + "/maild.pid"));
}

// No machine that runs this has so much, and nobody has set limits.memory.
TEST_F(SupervisorTest, TheStartSaysWhatThereIsTooLittleMemoryFor) {
    daemon_.configure("mx.example.org", "[limits]\nworker_memory = \"1024 GiB\"\n");
    start();
    EXPECT_EQ(count_in_log("memory_divided"), 1U) << daemon_.log();
    EXPECT_EQ(count_in_log("mail on its way in of a worker 524288 MiB to "), 1U) << daemon_.log();
    const auto run = daemon_.start("--check");
    EXPECT_NE(run.output.find("  reduced    "), std::string::npos) << run.output;
}

TEST_F(SupervisorTest, TermDrainsAndLeavesNothingBehind) {
    start();
    const int pid = daemon_.supervisor();
    const auto all = daemon_.processes();
    ::kill(pid, SIGTERM);
    ASSERT_TRUE(eventually([&] { return is_gone(pid); }));
    for (const auto& [name, process] : all) EXPECT_TRUE(is_gone(process.pid)) << name;
    EXPECT_FALSE(std::filesystem::exists(daemon_.run() + "/maild.pid"));
    EXPECT_FALSE(std::filesystem::exists(daemon_.run() + "/lmtp.sock"));
    EXPECT_EQ(count_in_log("how=\"exit code 0\""), 8u) << daemon_.log();
}

TEST_F(SupervisorTest, ControlMayStopTheDaemon) {
    start();
    const int pid = daemon_.supervisor();
    EXPECT_EQ(daemon_.control("stop"), "ok\n");
    EXPECT_TRUE(eventually([&] { return is_gone(pid); }));
}

TEST_F(SupervisorTest, HupOpensNewListenersAndClosesOldOnes) {
    start();
    const auto before = daemon_.processes();
    daemon_.configure("new.example.org", {}, "second.sock");
    ::kill(daemon_.supervisor(), SIGHUP);
    ASSERT_TRUE(eventually([&] { return daemon_.ask("second.sock").starts_with("worker-"); }))
        << daemon_.log();
    EXPECT_LT(daemon_.connect("lmtp.sock"), 0);
    const auto after = daemon_.processes();
    EXPECT_EQ(before.at("worker 0").pid, after.at("worker 0").pid); // sessions live on
    EXPECT_TRUE(eventually([this] {
        const auto store = daemon_.processes()["store 0"];
        return store.rest.find("reloaded new.example.org") != std::string::npos;
    }));
}

TEST_F(SupervisorTest, AFaultyReloadIsRefusedAndTheOldOneStays) {
    start();
    daemon_.configure("new.example.org", "[limits]\nrecipients = 1\n");
    const auto answer = daemon_.control("reload");
    EXPECT_NE(answer.find("limits.recipients is 1"), answer.npos) << answer;
    EXPECT_NE(answer.find("maild.toml:"), answer.npos) << answer;
    EXPECT_TRUE(daemon_.ask("lmtp.sock").starts_with("worker-"));
    daemon_.configure("new.example.org");
    EXPECT_EQ(daemon_.control("reload"), "ok\n");
}

TEST_F(SupervisorTest, CertificateFilesReachAuthThroughDescriptors) {
    const auto& dir = daemon_.dir();
    const auto made = net::make_self_signed({"mx.example.org"}, 2, SystemClock().now());
    ASSERT_TRUE(made);
    std::ofstream(dir / "cert.pem") << "CERT\n" << made->certificate;
    std::ofstream(dir / "key.pem") << "KEY\n" << made->key;
    ::chmod((dir / "key.pem").c_str(), 0600);
    daemon_.configure("mx.example.org", "[tls]\ncertificate = \"" + (dir / "cert.pem") +
                                            "\"\nkey = \"" + (dir / "key.pem") + "\"\n");
    start();
    EXPECT_TRUE(eventually([&] {
        return daemon_.processes()["auth 0"].rest.find("certificate CERT key KEY") !=
               std::string::npos;
    }));
}

TEST_F(SupervisorTest, ClientAuthoritiesReachAuthBesideItsOwnCertificate) {
    const auto& dir = daemon_.dir();
    std::ofstream(dir / "clients.pem") << "CLIENTS\n" << test::ClientAuthority().pem();
    daemon_.configure("mx.example.org", "[tls]\nclient_ca = \"" + (dir / "clients.pem") + "\"\n");
    start();
    EXPECT_TRUE(eventually([&] {
        return daemon_.processes()["auth 0"].rest.find("authorities CLIENTS") != std::string::npos;
    }));
}

// There when it is configured, anew with each reload, and gone without.
TEST_F(SupervisorTest, TheIssuersRoleComesAndGoesWithItsConfiguration) {
    const auto& dir = daemon_.dir();
    std::ofstream(dir / "secret") << "SECRET\n";
    ::chmod((dir / "secret").c_str(), 0600);
    const auto section = "[oauth]\nintrospection = \"http://127.0.0.1:9/i\"\nclient_id = \"m\"\n"
                         "client_secret_file = \"" +
                         (dir / "secret") + "\"\n";
    start();
    EXPECT_FALSE(daemon_.processes().contains("oauth 0"));
    const auto reload = [&](const std::string& more) {
        daemon_.configure("mx.example.org", more);
        EXPECT_EQ(daemon_.control("reload"), "ok\n");
    };
    const auto is_there = [&](const std::string& secret) {
        return eventually([&] {
            const auto all = daemon_.processes();
            const auto found = all.find("oauth 0");
            return found != all.end() && found->second.state == "ready" &&
                   found->second.rest.find("secret " + secret) != std::string::npos;
        });
    };
    reload(section);
    ASSERT_TRUE(is_there("SECRET"));
    const auto first = daemon_.processes()["oauth 0"];
    std::ofstream(dir / "secret") << "ANOTHER\n";
    reload(section);
    ASSERT_TRUE(is_there("ANOTHER"));
    EXPECT_NE(daemon_.processes()["oauth 0"].pid, first.pid);
    ::kill(daemon_.processes()["oauth 0"].pid, SIGKILL);
    ASSERT_TRUE(is_there("ANOTHER")) << "it comes back like any other";
    reload("");
    EXPECT_TRUE(eventually([&] { return !daemon_.processes().contains("oauth 0"); }));
    EXPECT_EQ(daemon_.processes().size(), 8U);
}

TEST_F(SupervisorTest, TracesAreKeptAsLongAsTheyAreWanted) {
    start();
    const auto reload = [&](const std::string& more) {
        daemon_.configure("mx.example.org", more);
        EXPECT_EQ(daemon_.control("reload"), "ok\n");
    };
    const auto first = daemon_.processes()["trace 0"];
    reload("[trace]\nkeep = \"2 d\"\n");
    EXPECT_TRUE(eventually([&] {
        return daemon_.processes()["trace 0"].rest.find("reloaded") != std::string::npos;
    })) << "it goes on with other bounds";
    EXPECT_EQ(daemon_.processes()["trace 0"].pid, first.pid);
    reload("[trace]\nrecord = \"off\"\n");
    EXPECT_TRUE(eventually([&] { return !daemon_.processes().contains("trace 0"); }));
    EXPECT_TRUE(daemon_.ask("lmtp.sock").starts_with("worker-"));
    reload("");
    EXPECT_TRUE(eventually([&] { return daemon_.processes()["trace 0"].state == "ready"; }));
    EXPECT_NE(daemon_.processes()["trace 0"].pid, first.pid);
}

TEST_F(SupervisorTest, Usr1OpensTheLogAgainForEverybody) {
    start();
    std::filesystem::rename(daemon_.log_file(), daemon_.log_file() + ".1");
    ::kill(daemon_.supervisor(), SIGUSR1);
    ASSERT_TRUE(
        eventually([&] { return daemon_.log().find("log_reopened") != std::string::npos; }));
    // A role that is orphaned says so itself: into the new file.
    ::kill(daemon_.supervisor(), SIGKILL);
    EXPECT_TRUE(eventually([&] {
        return daemon_.log().find("store[") != std::string::npos &&
               daemon_.log().find("supervisor_gone") != std::string::npos;
    }));
}

TEST_F(SupervisorTest, AfterTheSupervisorsDeathAllEndAndTheNextStarts) {
    start();
    const auto all = daemon_.processes();
    ::kill(daemon_.supervisor(), SIGKILL);
    start();
    for (const auto& [name, process] : all) EXPECT_TRUE(is_gone(process.pid)) << name;
    EXPECT_TRUE(daemon_.ask("lmtp.sock").starts_with("worker-"));
}

TEST_F(SupervisorTest, AStormOfSignalsChangesNothing) {
    start();
    const auto before = daemon_.processes();
    const int pid = daemon_.supervisor();
    for (int i = 0; i < 1000; ++i) {
        ::kill(pid, i % 2 == 0 ? SIGHUP : SIGPIPE);
        ::kill(pid, SIGUSR2);
    }
    EXPECT_TRUE(daemon_.ask("lmtp.sock").starts_with("worker-"));
    EXPECT_EQ(daemon_.processes().at("store 0").pid, before.at("store 0").pid);
    EXPECT_EQ(daemon_.supervisor(), pid);
}

TEST_F(SupervisorTest, StartsWithClosedDescriptorsAndWithoutAnyUmask) {
    const auto run = test::run_command("sh -c 'umask 0; exec " MAILD_DAEMON_DOUBLE " --config " +
                                       daemon_.config() + " 0<&- 1>&- 2>&-'");
    EXPECT_EQ(run.exit_code, 0);
    EXPECT_TRUE(daemon_.ask("lmtp.sock").starts_with("worker-"));
    struct stat facts{};
    ASSERT_EQ(::stat(daemon_.log_file().c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 0007, 0u);
}

TEST_F(SupervisorTest, AStuckWorkerNeitherStopsTheOthersNorTheEnd) {
    start();
    const auto before = daemon_.processes();
    ::kill(before.at("worker 0").pid, SIGSTOP);
    EXPECT_TRUE(daemon_.ask("lmtp.sock").starts_with("worker-1")); // the other one serves
    EXPECT_EQ(daemon_.control("stop"), "ok\n");
    ::kill(daemon_.supervisor(), SIGTERM); // in a hurry: the stuck one is killed
    EXPECT_TRUE(eventually([&] { return is_gone(before.at("worker 0").pid); }));
}

// In a crash loop the supervisor waits, and costs nothing while it does; the others serve.
TEST_F(SupervisorTest, ARoleThatKeepsDyingIsStartedLaterAndLater) {
    start();
    auto pid = daemon_.processes().at("control 0").pid;
    for (int death = 1; death <= 6; ++death) {
        ASSERT_EQ(::kill(pid, SIGKILL), 0);
        ASSERT_TRUE(daemon_.is_replaced("control 0", pid)) << death << daemon_.log();
        pid = daemon_.processes().at("control 0").pid;
    }
    EXPECT_EQ(count_in_log("restart_in_ms=0"), 4u) << daemon_.log();
    EXPECT_EQ(count_in_log("restart_in_ms=1000"), 1u);
    EXPECT_EQ(count_in_log("restart_in_ms=2000"), 1u);
    const auto before = ticks_of(daemon_.supervisor());
    ASSERT_EQ(::kill(pid, SIGKILL), 0);
    ASSERT_TRUE(eventually([&] { return count_in_log("restart_in_ms=4000") == 1; }));
    EXPECT_TRUE(daemon_.ask("lmtp.sock").starts_with("worker-"));
    ASSERT_TRUE(daemon_.is_replaced("control 0", pid));
    EXPECT_LT(ticks_of(daemon_.supervisor()) - before, ::sysconf(_SC_CLK_TCK) / 4);
}

// A process that hangs in the kernel, as with a disk that does not answer, outlives its SIGKILL;
// here because a tracer has not seen its end yet.
TEST_F(SupervisorTest, AProcessThatDoesNotEndIsKilledOnceAndReplacedAtLast) {
    start();
    const auto pid = daemon_.processes().at("store 0").pid;
    if (::ptrace(PTRACE_SEIZE, pid, nullptr, nullptr) != 0) GTEST_SKIP() << "may not trace";
    ASSERT_EQ(::kill(pid, SIGKILL), 0);
    ASSERT_TRUE(eventually([&] { return count_in_log("role_killed") > 0; })) << daemon_.log();
    const auto checks = ticks_of(daemon_.supervisor());
    ::poll(nullptr, 0, 2500); // two more checks of the heartbeat, which must say nothing
    EXPECT_EQ(count_in_log("role_killed"), 1u) << daemon_.log();
    EXPECT_LT(ticks_of(daemon_.supervisor()) - checks, ::sysconf(_SC_CLK_TCK) / 4);
    int status = 0;
    EXPECT_EQ(::waitpid(pid, &status, __WALL), pid);
    EXPECT_TRUE(daemon_.is_replaced("store 0", pid)) << daemon_.log();
}

} // namespace
} // namespace maild::daemon
