// A daemon whose roles do next to nothing, so that the process side is tested with real processes:
// started like maild, it answers each connection with who took it, and its control socket takes one
// line each:
//   status · reload · stop · reopen_logs · poke worker N WHAT
// Poking reaches a worker through its peer socket from control: abort, hang, open (what its sandbox
// forbids), nonsense (on the supervisor's channel), flood (there, too), letter (a note that is too
// long). Before that it leaves a note of what it was poked with, and the next one's status begins
// with it. A host name
// "store-fails.example" makes store fail.

#include "daemon/program.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>

#include <cstdlib>
#include <fcntl.h>
#include <map>
#include <poll.h>
#include <sstream>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace maild::daemon {
namespace {

std::string receive(int fd) {
    char bytes[4096];
    const auto size = ::recv(fd, bytes, sizeof bytes, 0);
    return {bytes, size > 0 ? static_cast<std::size_t>(size) : 0};
}

void say(int fd, const std::string& text) { ::send(fd, text.data(), text.size(), MSG_NOSIGNAL); }

// Calls back whenever the descriptor can be read, until it is destroyed.
class Watch {
public:
    Watch(boost::asio::io_context& io, UniqueFd fd, std::function<void(int)> readable)
        : stream_(io, fd.release()), readable_(std::move(readable)) {
        next();
    }
    int fd() { return stream_.native_handle(); }

private:
    void next() {
        stream_.async_wait(stream_.wait_read, [this](const boost::system::error_code& error) {
            if (error) return;
            readable_(fd());
            next();
        });
    }
    boost::asio::posix::stream_descriptor stream_;
    std::function<void(int)> readable_;
};
using WatchMap = std::map<std::string, std::unique_ptr<Watch>>;

class Double : public RoleProgram {
public:
    Result<void> start(RoleContext& context) override {
        context_ = &context;
        if (!context.note().empty()) context.set_status("after " + context.note());
        if (context.role() != Role::worker) context.ready();
        return {};
    }
    void on_drain(std::chrono::milliseconds) override { context_->finished(); }
    void on_reload() override { context_->set_status("reloaded " + context_->config().hostname); }

protected:
    RoleContext* context_ = nullptr;
};

// auth and store: answer every request with their PID.
class Answering : public Double {
public:
    Result<void> start(RoleContext& context) override {
        if (context.config().hostname == "store-fails.example" && context.role() == Role::store) {
            return fail(Errc::corrupt, "shard 0 is broken");
        }
        return Double::start(context);
    }
    void on_client_authorities(UniqueFd file) override {
        context_->set_status("authorities " + first_line(file));
    }
    void on_issuer_files(IssuerFiles files) override {
        context_->set_status("secret " + first_line(files.secret));
    }
    void on_certificate(CertificateFiles files) override {
        context_->set_status("certificate " + first_line(files.certificate) + " key " +
                             first_line(files.key));
    }
    void on_peer(Peer peer) override {
        const auto key = std::string(name_of(peer.role)) + std::to_string(peer.index) +
                         (peer.use == PeerUse::signing ? "s" : "r");
        const bool has_secret = context_->token_secret().size() == 32;
        peers_[key] = std::make_unique<Watch>(
            context_->io(), std::move(peer.socket), [this, key, has_secret](int fd) {
                if (receive(fd).empty()) return;
                say(fd, std::to_string(::getpid()) + (has_secret ? "+secret" : ""));
            });
    }

private:
    static std::string first_line(const UniqueFd& file) {
        char bytes[64];
        const auto size = ::read(file.get(), bytes, sizeof bytes);
        const std::string_view text(bytes, size > 0 ? static_cast<std::size_t>(size) : 0);
        return std::string(text.substr(0, text.find('\n')));
    }
    WatchMap peers_;
};

class WorkerDouble : public Double {
public:
    void on_listener(Listener listener) override {
        const auto name = listener.config.endpoint();
        listeners_[name] = std::make_unique<Watch>(context_->io(), std::move(listener.socket),
                                                   [this](int fd) { accept(fd); });
    }
    void on_listener_removed(const ListenerConfig& config) override {
        listeners_.erase(config.endpoint());
    }
    void on_crowded(std::uint32_t services) override { crowded_ = services; }
    void on_peer(Peer peer) override {
        if (peer.role == Role::control) {
            control_ = std::make_unique<Watch>(context_->io(), std::move(peer.socket),
                                               [this](int fd) { misbehave(receive(fd)); });
            return;
        }
        const auto key =
            std::string(name_of(peer.role)) + (peer.use == PeerUse::signing ? "-signing" : "");
        peers_[key] = std::move(peer.socket);
        if (peers_.size() == 5) context_->ready();
    }

private:
    void accept(int fd) {
        const UniqueFd client(::accept4(fd, nullptr, nullptr, SOCK_CLOEXEC));
        if (!client) return;
        std::string out =
            "worker-" + std::to_string(context_->index()) + " pid " + std::to_string(::getpid());
        for (const auto& [name, socket] : peers_) out += " " + name + " " + ask(socket.get());
        if (crowded_ == kSomeServices) out += " crowded";
        out += context_->token_secret().empty() ? "\n" : " and knows the secret\n";
        say(client.get(), out);
    }
    static std::string ask(int fd) {
        say(fd, "who");
        pollfd entry{fd, POLLIN, 0};
        return ::poll(&entry, 1, 5000) == 1 ? receive(fd) : "silent";
    }
    void misbehave(const std::string& what) {
        if (what.empty()) return; // control has ended
        context_->leave_note(what);
        if (what == "letter") context_->leave_note(std::string(5000, 'x'));
        if (what == "full") context_->tell_crowded(kSomeServices);
        if (what == "abort") std::abort();
        if (what == "open") ::open("/etc/passwd", O_RDONLY);
        if (what == "nonsense") say(3, std::string(1000, '\xff'));
        if (what == "flood") {
            const std::string pong("\x02\0\0\0\0\0\0\0\0", 9);
            while (::send(3, pong.data(), pong.size(), MSG_NOSIGNAL) > 0) {
            }
        }
    }

    static constexpr std::uint32_t kSomeServices = 5;

    WatchMap listeners_;
    std::uint32_t crowded_ = 0;
    std::unique_ptr<Watch> control_;
    std::map<std::string, UniqueFd> peers_;
};

class ControlDouble : public Double {
public:
    void on_listener(Listener listener) override {
        listener_ = std::make_unique<Watch>(context_->io(), std::move(listener.socket),
                                            [this](int fd) { accept(fd); });
    }
    void on_peer(Peer peer) override {
        peers_[std::string(name_of(peer.role)) + std::to_string(peer.index)] =
            std::move(peer.socket);
    }
    void on_status(const ServerStatus& status) override { status_ = status; }

private:
    void accept(int fd) {
        auto client = std::make_shared<UniqueFd>(::accept4(fd, nullptr, nullptr, SOCK_CLOEXEC));
        if (!*client) return;
        std::istringstream in(receive(client->get()));
        std::string command;
        in >> command;
        if (command == "status") return say(client->get(), status());
        if (command == "poke") {
            std::string role;
            std::string index;
            std::string what;
            in >> role >> index >> what;
            return say(peers_[role + index].get(), what);
        }
        const auto request = command == "reload" ? SupervisorRequest::reload
                             : command == "stop" ? SupervisorRequest::stop
                                                 : SupervisorRequest::reopen_logs;
        context_->ask_supervisor(request, [client](const Result<std::string>& result) {
            say(client->get(), result ? "ok\n" : result.error().internal);
        });
    }
    std::string status() const {
        std::ostringstream out;
        for (const auto& p : status_.processes) {
            out << name_of(p.role) << ' ' << p.index << ' ' << p.pid << ' ' << name_of(p.state)
                << ' ' << p.restarts << ' ' << p.user << " user=" << p.sandbox.own_user
                << " privileges=" << p.sandbox.no_new_privileges
                << " capabilities=" << p.sandbox.no_capabilities
                << " landlock=" << p.sandbox.landlock_abi << " seccomp=" << p.sandbox.seccomp
                << " text=" << p.text << '\n';
        }
        return out.str();
    }

    std::unique_ptr<Watch> listener_;
    std::map<std::string, UniqueFd> peers_;
    ServerStatus status_;
};

std::unique_ptr<RoleProgram> make_double(Role role) {
    if (role == Role::worker) return std::make_unique<WorkerDouble>();
    if (role == Role::control) return std::make_unique<ControlDouble>();
    return std::make_unique<Answering>();
}

} // namespace
} // namespace maild::daemon

int main(int argc, char** argv) {
    return maild::daemon::run_program(argc, argv, &maild::daemon::make_double);
}
