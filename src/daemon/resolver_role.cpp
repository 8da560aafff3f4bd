#include "daemon/resolver_role.hpp"

#include "daemon/resolver_messages.hpp"

#include "maild/base/log.hpp"
#include "maild/ipc/server.hpp"
#include "maild/net/dns_resolver.hpp"
#include "maild/net/spawn.hpp"
#include "maild/net/timer.hpp"

#include <algorithm>
#include <cerrno>
#include <optional>
#include <sys/stat.h>

// GCC 12 takes Asio's recycled coroutine frames (aligned_alloc, freed by the frame's operator
// delete) for a mismatch.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace maild::daemon {
namespace {

using namespace std::chrono_literals;

constexpr auto kLook = 2s; // how old what is known of resolv.conf may be
constexpr auto kEndStep = 20ms;
constexpr std::chrono::milliseconds kLongestLookup = 30s; // whatever a worker asks for
constexpr std::uint32_t kFailuresToTell = 10;             // one after the other
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
        if (auto made = make(); !made) return made;
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
    }

    void on_drain(std::chrono::milliseconds grace) override {
        net::spawn(context_->io(), end(*this, grace), "resolver_end");
    }

private:
    bool has_own_servers() const { return !context_->config().dns.servers.empty(); }

    Result<void> make() {
        const auto& settings = context_->config().dns;
        net::DnsOptions options{.servers = settings.servers, .trust_anchor = settings.trust_anchor};
        if (!has_own_servers()) options.resolv_conf = kResolvConf;
        stamp_ = stamp_of(kResolvConf);
        auto made = net::DnsResolver::create(context_->io(), options);
        if (!made) return std::unexpected(std::move(made.error()));
        resolver_ = std::move(*made);
        return {};
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
        ++self.running_;
        const auto timeout = std::clamp(asked->timeout, 1ms, kLongestLookup);
        const auto resolver = self.resolver_;
        const Result<net::DnsAnswer> found =
            co_await resolver->lookup(std::move(asked->question), timeout);
        --self.running_;
        self.count(*found);
        connection->answer(request.id, found);
    }

    // One zone may be broken; when nothing is answered any more, the admin should know.
    void count(const net::DnsAnswer& answer) {
        failures_ = answer.failed() ? failures_ + 1 : 0;
        if (failures_ == 0 && !fault_.empty()) {
            log::info("dns_answers_again");
            fault_.clear();
            context_->set_status("");
        } else if (failures_ == kFailuresToTell) {
            fault_ = "the DNS does not answer: " + log::escaped(answer.problem);
            log::error("dns_silent", {{"reason", answer.problem}});
            context_->set_status(fault_.substr(0, kStatusLength));
        }
    }

    // For ever. Who is asked stands in resolv.conf, which DHCP and the like write anew.
    static net::Task<void> look_after(ResolverRole& self) {
        while (true) {
            co_await net::sleep_for(kLook);
            const bool is_same = self.has_own_servers() || stamp_of(kResolvConf) == self.stamp_;
            if (is_same && !self.resolver_->has_failed()) continue;
            const auto made = self.make();
            if (made) {
                log::info("dns_resolver_renewed");
                continue;
            }
            // Replaced by another file, which the sandbox does not know: a new process will.
            self.context_->fail(made.error());
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
    std::uint32_t failures_ = 0;
    std::string fault_;
    std::optional<ipc::Server> server_;
};

} // namespace

std::unique_ptr<RoleProgram> make_resolver() { return std::make_unique<ResolverRole>(); }

} // namespace maild::daemon
