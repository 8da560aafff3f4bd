#include "daemon/account.hpp"
#include "daemon/forked.hpp"
#include "daemon/privileges.hpp"
#include "daemon/sandbox.hpp"
#include "support/effort.hpp"
#include "support/temp_dir.hpp"

#include "maild/net/host_lookup.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <arpa/inet.h>
#include <csignal>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <functional>
#include <netdb.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>

namespace maild::daemon {
namespace {

Identity somebody() {
    const auto account = find_account("nobody");
    if (::geteuid() != 0 || !account) return {"me", ::geteuid(), ::getegid(), false};
    return {account->name, account->uid, account->gid, true};
}

class SandboxTest : public testing::Test {
protected:
    void SetUp() override {
        if (test::kIsSanitized) GTEST_SKIP() << "sanitizers need more system calls than any role";
        ::chmod(dir_.path().c_str(), 0711);
        config_.paths = {dir_ / "data", dir_ / "run"};
        for (const auto& path : {config_.paths.data, config_.paths.directory(), config_.paths.tls(),
                                 config_.paths.shards(), config_.paths.traces()}) {
            std::filesystem::create_directory(path);
            ::chmod(path.c_str(), 0777);
        }
        std::ofstream(dir_ / "world") << "readable by all";
        ::chmod((dir_ / "world").c_str(), 0666);
    }
    // What becomes of a role that does this.
    test::Ended as(Role role, const std::function<std::string()>& body) {
        return test::run_forked([&] {
            SandboxFacts facts;
            if (!preload_libraries()) return std::string("preload failed");
            auto done = drop_privileges(somebody(), facts);
            if (done) done = enter_sandbox(role, config_, facts);
            if (!done) return "sandbox failed: " + done.error().internal;
            if (!facts.seccomp) return std::string("no seccomp");
            if (facts.landlock_abi == 0) return std::string("no landlock");
            return body();
        });
    }
    static std::string opened(const std::string& path, int flags) {
        const int fd = ::open(path.c_str(), flags, 0600);
        return fd >= 0 ? "opened" : std::strerror(errno);
    }

    test::TempDir dir_;
    Config config_;
};

struct Forbidden {
    const char* name;
    void (*call)();
};
const Forbidden kForbiddenToAll[] = {
    {"socket", [] { ::socket(AF_INET, SOCK_STREAM, 0); }},
    {"connect", [] { ::connect(0, nullptr, 0); }},
    {"bind", [] { ::bind(0, nullptr, 0); }},
    {"shutdown of a listener", [] { ::shutdown(0, SHUT_RDWR); }},
    {"connect by fast open", [] { ::sendto(0, "x", 1, MSG_FASTOPEN, nullptr, 0); }},
    {"connect by fast open message", [] { ::sendmsg(0, nullptr, MSG_FASTOPEN); }},
    {"execve", [] { ::execl("/bin/true", "true", nullptr); }},
    {"fork", [] { ::syscall(SYS_fork); }},
    {"clone a process", [] { ::syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr); }},
    {"ptrace", [] { ::ptrace(PTRACE_ATTACH, ::getppid(), nullptr, nullptr); }},
    {"kill", [] { ::kill(::getppid(), 0); }},
    {"io_uring_setup", [] { ::syscall(SYS_io_uring_setup, 1, nullptr); }},
    {"setuid", [] { ::syscall(SYS_setuid, 0); }},
    {"mount", [] { ::syscall(SYS_mount, "a", "b", "c", 0, nullptr); }},
    {"bpf", [] { ::syscall(SYS_bpf, 0, nullptr, 0); }},
    {"executable memory",
     [] { ::mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); }},
    {"set a limit", [] {
         const struct {
             unsigned long soft, hard;
         } limit{1, 1};
         ::syscall(SYS_prlimit64, 0, 4, &limit, nullptr);
     }}};

TEST_F(SandboxTest, ForbiddenCallsKillEveryRole) {
    for (const auto role : {Role::worker, Role::control, Role::auth, Role::store, Role::trace}) {
        for (const auto& [name, call] : kForbiddenToAll) {
            const auto ended = as(role, [call] {
                call();
                return std::string("lived");
            });
            EXPECT_EQ(ended.signal, SIGSYS) << name_of(role) << " " << name << " " << ended.output;
        }
    }
}

std::string connected(int family, const char* address, std::uint16_t port) {
    const int fd = ::socket(family, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (fd < 0) return std::strerror(errno);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    ::inet_pton(AF_INET, address, &to.sin_addr);
    const int done = ::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to);
    const bool is_let = done == 0 || errno == EINPROGRESS || errno == ECONNREFUSED;
    return is_let ? "connects" : std::strerror(errno);
}

// Out to the issuer's port and to name servers, reading what says who they are; no more.
TEST_F(SandboxTest, OauthConnectsAndChangesNothing) {
    config_.oauth.introspection.port = 8443;
    const struct {
        const char* name;
        std::function<std::string()> body;
        const char* want; // "": killed
    } cases[] = {
        {"issuer", [] { return connected(AF_INET, "127.0.0.1", 8443); }, "connects"},
        {"DNS by TCP", [] { return connected(AF_INET, "127.0.0.1", 53); }, "connects"},
        {"elsewhere", [] { return connected(AF_INET, "127.0.0.1", 25); }, "Permission denied"},
        {"a Unix socket", [] { return connected(AF_UNIX, "", 0); },
         "Address family not supported by protocol"},
        {"a packet socket", [] { return connected(AF_PACKET, "", 0); }, ""},
        {"hosts", [] { return opened("/etc/hosts", O_RDONLY); }, "opened"},
        {"passwd", [] { return opened("/etc/passwd", O_RDONLY); }, "Permission denied"},
        {"data", [&] { return opened(config_.paths.shards(), O_RDONLY); }, "Permission denied"},
        {"to write", [&] { return opened(dir_ / "world", O_WRONLY); }, ""},
        {"to make", [&] { return opened(dir_ / "new", O_RDONLY | O_CREAT); }, ""},
        {"bind", [] { return std::to_string(::bind(0, nullptr, 0)); }, ""},
        {"listen", [] { return std::to_string(::listen(0, 1)); }, ""},
        {"unlink", [&] { return std::to_string(::unlink((dir_ / "world").c_str())); }, ""},
        {"process", [] { return std::to_string(::fork()); }, ""},
        {"execution", [] { return std::to_string(::execl("/bin/true", "true", nullptr)); }, ""},
        {"fast open", [] { return std::to_string(::sendto(0, "x", 1, MSG_FASTOPEN, nullptr, 0)); },
         ""},
        {"thread",
         [] {
             std::thread([] {}).join();
             return std::string("ran");
         },
         "ran"},
    };
    for (const auto& c : cases) {
        const auto ended = as(Role::oauth, c.body);
        if (*c.want == 0)
            EXPECT_EQ(ended.signal, SIGSYS) << c.name << " " << ended.output;
        else
            EXPECT_EQ(ended.output, c.want) << c.name << " signal " << ended.signal;
    }
}

// To other hosts on one port, and to nothing else.
TEST_F(SandboxTest, SenderConnectsToTheQueuesPort) {
    config_.queue.port = 2525;
    config_.queue.routes = {{.via = "smtp:[mail.example.net]:587"},
                            {.proxy = "socks5://127.0.0.1:9050"}};
    const struct {
        const char* name;
        std::function<std::string()> body;
        const char* want; // "": killed
    } cases[] = {
        {"the port", [] { return connected(AF_INET, "127.0.0.1", 2525); }, "connects"},
        {"a route's", [] { return connected(AF_INET, "127.0.0.1", 587); }, "connects"},
        {"a route's proxy", [] { return connected(AF_INET, "127.0.0.1", 9050); }, "connects"},
        {"HTTPS", [] { return connected(AF_INET, "127.0.0.1", 443); }, "connects"},
        {"another port", [] { return connected(AF_INET, "127.0.0.1", 25); }, "Permission denied"},
        {"passwd", [] { return opened("/etc/passwd", O_RDONLY); }, "Permission denied"},
        {"data", [&] { return opened(config_.paths.shards(), O_RDONLY); }, "Permission denied"},
        {"to write", [&] { return opened(dir_ / "world", O_WRONLY); }, ""},
        {"listen", [] { return std::to_string(::listen(0, 1)); }, ""},
        {"process", [] { return std::to_string(::fork()); }, ""},
    };
    for (const auto& c : cases) {
        const auto ended = as(Role::sender, c.body);
        if (*c.want == 0)
            EXPECT_EQ(ended.signal, SIGSYS) << c.name << " " << ended.output;
        else
            EXPECT_EQ(ended.output, c.want) << c.name << " signal " << ended.signal;
    }
}

// To name servers alone, from a port of its own where that is UDP.
TEST_F(SandboxTest, ResolverAsksAndChangesNothing) {
    config_.dns.servers = {"192.0.2.53:5353"};
    const auto bound = [](int type) {
        const int fd = ::socket(AF_INET, type, 0);
        sockaddr_in any{};
        any.sin_family = AF_INET;
        const int done = ::bind(fd, reinterpret_cast<const sockaddr*>(&any), sizeof any);
        return std::string(done == 0 ? "bound" : std::strerror(errno));
    };
    const struct {
        const char* name;
        std::function<std::string()> body;
        const char* want; // "": killed
    } cases[] = {
        {"the server's port", [] { return connected(AF_INET, "127.0.0.1", 5353); }, "connects"},
        {"DNS by TCP", [] { return connected(AF_INET, "127.0.0.1", 53); }, "connects"},
        {"elsewhere", [] { return connected(AF_INET, "127.0.0.1", 25); }, "Permission denied"},
        {"a UDP port", [&] { return bound(SOCK_DGRAM); }, "bound"},
        {"passwd", [] { return opened("/etc/passwd", O_RDONLY); }, "Permission denied"},
        {"data", [&] { return opened(config_.paths.shards(), O_RDONLY); }, "Permission denied"},
        {"to write", [&] { return opened(dir_ / "world", O_WRONLY); }, ""},
        {"listen", [] { return std::to_string(::listen(0, 1)); }, ""},
        {"process", [] { return std::to_string(::fork()); }, ""},
    };
    for (const auto& c : cases) {
        const auto ended = as(Role::resolver, c.body);
        if (*c.want == 0)
            EXPECT_EQ(ended.signal, SIGSYS) << c.name << " " << ended.output;
        else
            EXPECT_EQ(ended.output, c.want) << c.name << " signal " << ended.signal;
    }
}

TEST_F(SandboxTest, OauthFindsNames) {
    net::HostLookup::use_files_and_dns();
    const auto ended = as(Role::oauth, [] {
        addrinfo* all = nullptr;
        const int error = ::getaddrinfo("localhost", nullptr, nullptr, &all);
        // Nobody answers for this one, or somebody says that it is not there: both are asked in
        // vain.
        addrinfo* none = nullptr;
        const int missing = ::getaddrinfo("maild.invalid", nullptr, nullptr, &none);
        return std::string(error == 0 ? "found" : ::gai_strerror(error)) +
               (missing == 0 ? " and nonsense" : "");
    });
    EXPECT_EQ(ended.output, "found") << "signal " << ended.signal;
}

TEST_F(SandboxTest, WorkerAndControlOpenNothing) {
    for (const auto role : {Role::worker, Role::control}) {
        EXPECT_EQ(as(role, [&] { return opened(dir_ / "world", O_RDONLY); }).signal, SIGSYS);
        const auto unlinked =
            as(role, [&] { return std::to_string(::unlink((dir_ / "world").c_str())); });
        EXPECT_EQ(unlinked.signal, SIGSYS);
        const auto thread = as(role, [] {
            std::thread([] {}).join();
            return std::string("ran");
        });
        EXPECT_EQ(thread.signal, SIGSYS);
    }
}

TEST_F(SandboxTest, AuthAndStoreOpenOnlyTheirOwn) {
    const struct {
        Role role;
        std::string path;
        const char* want;
    } cases[] = {{Role::store, config_.paths.shards() + "/x", "opened"},
                 {Role::store, config_.paths.directory() + "/x", "Permission denied"},
                 {Role::store, config_.paths.tls() + "/x", "Permission denied"},
                 {Role::auth, config_.paths.directory_database(), "opened"},
                 {Role::auth, config_.paths.tls() + "/x", "opened"},
                 {Role::auth, config_.paths.shards() + "/y", "Permission denied"},
                 {Role::auth, dir_ / "world", "Permission denied"},
                 {Role::store, "/etc/passwd", "Permission denied"},
                 {Role::trace, config_.paths.traces() + "/x", "opened"},
                 {Role::trace, config_.paths.shards() + "/x", "Permission denied"},
                 {Role::trace, config_.paths.directory() + "/x", "Permission denied"},
                 {Role::trace, "/etc/passwd", "Permission denied"}};
    for (const auto& [role, path, want] : cases) {
        const auto flags = path.starts_with("/etc") ? O_RDONLY : O_RDWR | O_CREAT;
        const auto ended = as(role, [&] { return opened(path, flags); });
        EXPECT_EQ(ended.output, want) << name_of(role) << " " << path << " signal " << ended.signal;
    }
}

// What the store does to its shards: everything here must pass both walls.
TEST_F(SandboxTest, StoreDoesItsWork) {
    const auto ended = as(Role::store, [&] {
        const auto base = config_.paths.shards();
        const int fd = ::open((base + "/pack").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        struct flock lock{};
        lock.l_type = F_WRLCK;
        bool good = ::fcntl(fd, F_SETLK, &lock) == 0 && ::pwrite(fd, "abc", 3, 0) == 3 &&
                    ::fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 8192) == 0 && ::fdatasync(fd) == 0 &&
                    ::ftruncate(fd, 1) == 0 && ::posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) == 0;
        good = good && ::mkdir((base + "/00").c_str(), 0700) == 0 &&
               ::rename((base + "/pack").c_str(), (base + "/00/pack").c_str()) == 0 &&
               ::unlink((base + "/00/pack").c_str()) == 0 && ::rmdir((base + "/00").c_str()) == 0;
        int ran = 0;
        std::thread([&] { ran = 1; }).join();
        return std::string(good ? "files " : std::strerror(errno)) + (ran == 1 ? "thread" : "");
    });
    EXPECT_EQ(ended.output, "files thread") << ended.signal;
}

TEST_F(SandboxTest, ThreadsAreInsideToo) {
    const auto ended = as(Role::store, [] {
        std::thread([] { ::socket(AF_INET, SOCK_STREAM, 0); }).join();
        return std::string("lived");
    });
    EXPECT_EQ(ended.signal, SIGSYS);
}

TEST_F(SandboxTest, WorkerSpeaksOverWhatItWasGiven) {
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    const auto ended = as(Role::worker, [&] {
        char byte = 0;
        const bool good = ::send(ends[0], "x", 1, 0) == 1 && ::recv(ends[1], &byte, 1, 0) == 1;
        std::time_t now = ::time(nullptr);
        std::tm parts{};
        ::localtime_r(&now, &parts); // from the time zone that was loaded before
        return std::string(good && parts.tm_year > 100 ? "spoke" : "silent");
    });
    EXPECT_EQ(ended.output, "spoke") << ended.signal;
    ::close(ends[0]);
    ::close(ends[1]);
}

TEST_F(SandboxTest, WorkerMemoryEnds) {
    config_.limits.worker_memory_bytes = 64 << 20;
    const auto ended = as(Role::worker, []() -> std::string {
        void* memory =
            ::mmap(nullptr, 256 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        return memory == MAP_FAILED ? "refused" : "given";
    });
    EXPECT_EQ(ended.output, "refused");
}

std::string line_of_status(const std::string& key) {
    std::ifstream in("/proc/self/status");
    for (std::string line; std::getline(in, line);) {
        if (line.starts_with(key + ":"))
            return line.substr(line.find_first_not_of(" \t", key.size() + 1));
    }
    return "absent";
}

TEST(Privileges, DroppedForGood) {
    const auto identity = somebody();
    if (!identity.change) GTEST_SKIP() << "only root changes users";
    const auto ended = test::run_forked([&] {
        SandboxFacts facts;
        const auto done = drop_privileges(identity, facts);
        if (!done) return done.error().internal;
        if (!facts.own_user || !facts.no_capabilities || !facts.no_new_privileges ||
            !facts.lost.empty()) {
            return std::string("facts are wrong");
        }
        std::string out;
        for (const char* key : {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"}) {
            const auto set = line_of_status(key);
            if (set.find_first_not_of('0') != set.npos) out += std::string(key) + " " + set + " ";
        }
        out += "NoNewPrivs " + line_of_status("NoNewPrivs") + " uid " + std::to_string(::getuid());
        return out + (::setresuid(0, 0, 0) == 0 ? " came back" : " stays");
    });
    EXPECT_EQ(ended.output, "NoNewPrivs 1 uid " + std::to_string(identity.uid) + " stays");
}

TEST(Privileges, AnOrdinaryUserSaysWhatIsLost) {
    const auto ended = test::run_forked([] {
        if (::geteuid() == 0 && ::setresuid(65534, 65534, 65534) != 0)
            return std::string("no user");
        SandboxFacts facts;
        const auto done = drop_privileges({"me", ::geteuid(), ::getegid(), false}, facts);
        return done && !facts.own_user && facts.no_capabilities ? facts.lost : "wrong facts";
    });
    EXPECT_NE(ended.output.find("no user of its own"), std::string::npos) << ended.output;
}

} // namespace
} // namespace maild::daemon
