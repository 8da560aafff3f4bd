#include "daemon/resolver_role.hpp"

#include "daemon/resolver_messages.hpp"
#include "daemon/sandbox.hpp"

#include "maild/base/log.hpp"
#include "maild/ipc/server.hpp"
#include "maild/net/dns_resolver.hpp"
#include "maild/net/spawn.hpp"
#include "maild/net/timer.hpp"
#include "maild/net/zone_places.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <sys/stat.h>
#include <unistd.h>

// GCC 12 takes Asio's recycled coroutine frames (aligned_alloc, freed by the frame's operator
// delete) for a mismatch.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace maild::daemon {
namespace {

using namespace std::chrono_literals;

constexpr auto kLook = 2s; // how old what is known of resolv.conf may be
constexpr auto kEndStep = 20ms;
constexpr std::chrono::milliseconds kLongestLookup = 30s; // whatever a worker asks for
constexpr std::size_t kZonesToTell = 5; // different ones that fail, and none that does not
// Workers ask 256 at once each, and libunbound goes on for a minute after they have given up.
constexpr std::size_t kMaxPending = 4096;

// Which file resolv.conf is, and when it was written.
struct Stamp {
    ino_t inode = 0;
    timespec changed{};
    bool operator==(const Stamp& other) const {
        return inode == other.inode && changed.tv_sec == other.changed.tv_sec &&
               changed.tv_nsec == other.changed.tv_nsec;
    }
};

Stamp stamp_of(const char* file) {
    struct stat facts{};
    if (::stat(file, &facts) != 0) return {};
    return {facts.st_ino, facts.st_mtim};
}

class ResolverRole final : public RoleProgram {
public:
    Result<void> start(RoleContext& context) override {
        context_ = &context;
        make();
        server_.emplace(context.io(), "resolver",
                        [this](std::shared_ptr<ipc::Connection> connection, ipc::Request request) {
                            return answer(*this, std::move(connection), std::move(request));
                        });
        net::spawn(context.io(), look_after(*this), "resolver_files");
        context.ready();
        return {};
    }

    void on_peer(Peer peer) override {
        if (peer.role == Role::worker)
            server_->attach(std::move(peer.socket), ipc::PeerRole::worker, peer.index);
        else if (peer.role == Role::sender)
            server_->attach(std::move(peer.socket), ipc::PeerRole::sender, peer.index);
        else if (peer.role == Role::control)
            server_->attach(std::move(peer.socket), ipc::PeerRole::control, peer.index);
    }

    void on_drain(std::chrono::milliseconds grace) override {
        net::spawn(context_->io(), end(*this, grace), "resolver_end");
    }

private:
    bool has_own_servers() const { return !context_->config().dns.servers.empty(); }

    // Without a resolver every question fails, and the status says why.
    void make() {
        const auto& settings = context_->config().dns;
        net::DnsOptions options{.servers = settings.servers,
                                .resolv_conf = has_own_servers() ? "" : kResolvConf,
                                .trust_anchor = settings.trust_anchor,
                                .max_pending = kMaxPending};
        stamp_ = stamp_of(kResolvConf);
        if (!has_own_servers() && stamp_ == Stamp{}) // resolv.conf(5): then it is this host
            options = {.servers = {"127.0.0.1"},
                       .trust_anchor = settings.trust_anchor,
                       .max_pending = kMaxPending};
        auto made = net::DnsResolver::create(context_->io(), options);
        if (made) {
            resolver_ = std::move(*made);
            return;
        }
        resolver_.reset();
        tell_fault(made.error().internal);
    }

    static net::Task<void> answer(ResolverRole& self, std::shared_ptr<ipc::Connection> connection,
                                  ipc::Request request) {
        auto asked = request.type == kLookup ? ipc::decode<LookupRequest>(request.payload)
                                             : fail(Errc::protocol_error, "unknown request");
        if (!asked) {
            log::error("resolver_request_malformed", {{"type", request.type}});
            connection->close();
            co_return;
        }
        const auto timeout = std::clamp(asked->timeout, 1ms, kLongestLookup);
        const auto zone = net::zone_of(asked->question.name);
        const auto resolver = self.resolver_;
        if (!resolver) {
            const Error error{Errc::unavailable, self.fault_};
            connection->reply_error(request.id, error);
            co_return;
        }
        ++self.running_;
        const Result<net::DnsAnswer> found =
            co_await resolver->lookup(std::move(asked->question), timeout);
        --self.running_;
        self.count(zone, *found);
        connection->answer(request.id, found);
    }

    // One zone may be broken, and another be somebody's who likes it so; when none is answered any
    // more, the admin should know.
    void count(const std::string& zone, const net::DnsAnswer& answer) {
        if (!answer.failed()) {
            failed_zones_.clear();
            if (fault_.empty()) return;
            log::info("dns_answers_again");
            fault_.clear();
            context_->set_status("");
        } else if (failed_zones_.size() < kZonesToTell) {
            failed_zones_.insert(zone);
            if (failed_zones_.size() == kZonesToTell)
                tell_fault("the DNS does not answer: " + log::escaped(answer.problem));
        }
    }

    void tell_fault(std::string fault) {
        if (fault == fault_) return;
        fault_ = std::move(fault);
        log::error("dns_silent", {{"reason", fault_}});
        context_->set_status(fault_.substr(0, kStatusLength));
    }

    // For ever. Who is asked stands in resolv.conf, which DHCP and the like write anew.
    static net::Task<void> look_after(ResolverRole& self) {
        while (true) {
            co_await net::sleep_for(kLook);
            const bool is_same = self.has_own_servers() || stamp_of(kResolvConf) == self.stamp_;
            const bool is_good = self.resolver_ && !self.resolver_->has_failed();
            if (is_same && is_good) continue;
            // Replaced by another file, which the sandbox does not know: a new process will.
            if (!is_same && is_forbidden(kResolvConf))
                self.context_->fail({Errc::not_permitted, "/etc/resolv.conf was replaced"});
            self.make();
            if (self.resolver_) log::info("dns_resolver_renewed");
        }
    }

    static net::Task<void> end(ResolverRole& self, std::chrono::milliseconds grace) {
        const auto until = std::chrono::steady_clock::now() + grace;
        while (self.running_ > 0 && std::chrono::steady_clock::now() < until)
            co_await net::sleep_for(kEndStep);
        self.context_->finished();
    }

    static constexpr const char* kResolvConf = "/etc/resolv.conf";
    static constexpr std::size_t kStatusLength = 200;

    RoleContext* context_ = nullptr;
    std::shared_ptr<net::DnsResolver> resolver_; // lookups of the one before go on with that
    Stamp stamp_;
    std::size_t running_ = 0;
    std::set<std::string> failed_zones_; // since something was answered
    std::string fault_;
    std::optional<ipc::Server> server_;
};

} // namespace

std::unique_ptr<RoleProgram> make_resolver() { return std::make_unique<ResolverRole>(); }

} // namespace maild::daemon
