#include "daemon/oauth_role.hpp"

#include "daemon/descriptor_text.hpp"
#include "daemon/peer_messages.hpp"
#include "daemon/sandbox.hpp"

#include "maild/base/ascii.hpp"
#include "maild/base/encoding.hpp"
#include "maild/base/log.hpp"
#include "maild/ipc/server.hpp"
#include "maild/net/host_lookup.hpp"
#include "maild/net/spawn.hpp"
#include "maild/net/timer.hpp"
#include "maild/oauth/issuer.hpp"

#include <algorithm>
#include <array>
#include <optional>

// GCC 12 takes Asio's recycled coroutine frames (aligned_alloc, freed by the frame's operator
// delete) for a mismatch.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace maild::daemon {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMaxSecret = 4096;
constexpr auto kLook = 1s;      // how old the status may be
constexpr auto kAskAgain = 60s; // while the issuer does not answer
constexpr auto kEndStep = 20ms;

// A line's end behind it is the editor's.
Result<std::string> read_secret(int fd) {
    auto text = read_all(fd, kMaxSecret);
    if (!text) return text;
    while (text->ends_with('\n') || text->ends_with('\r')) text->pop_back();
    if (text->empty() || std::ranges::any_of(*text, ascii::is_control))
        return fail(Errc::invalid_argument, "oauth.client_secret_file is not one line of text");
    return text;
}

class Oauth final : public RoleProgram {
public:
    Result<void> prepare(const Config&) override {
        net::HostLookup::use_files_and_dns();
        return {};
    }

    Result<void> start(RoleContext& context) override {
        context_ = &context;
        server_.emplace(context.io(), "oauth",
                        [this](std::shared_ptr<ipc::Connection> connection, ipc::Request request) {
                            return answer(*this, std::move(connection), std::move(request));
                        });
        net::spawn(context.io(), keep_status(*this), "oauth_status");
        context.ready();
        return {};
    }

    void on_peer(Peer peer) override {
        if (peer.role == Role::auth)
            server_->attach(std::move(peer.socket), ipc::PeerRole::auth, peer.index);
    }

    void on_issuer_files(IssuerFiles files) override {
        auto loaded = load(files);
        if (loaded) return net::spawn(context_->io(), probe(*this), "oauth_probe");
        log::error("issuer_files_refused", {{"reason", loaded.error().internal}});
        fault_ = loaded.error().internal;
    }

    // What is asked from now on is for the next process, which knows the new configuration.
    void on_drain(std::chrono::milliseconds grace) override {
        is_draining_ = true;
        net::spawn(context_->io(), end(*this, grace), "oauth_end");
    }

private:
    Result<void> load(const IssuerFiles& files) {
        const auto& settings = context_->config().oauth;
        auto secret = read_secret(files.secret.get());
        if (!secret) return std::unexpected(std::move(secret.error()));
        oauth::IssuerSettings wanted{
            .endpoint = settings.introspection,
            .client = {settings.authentication, settings.client_id, std::move(*secret)},
            .names = settings.claims,
            .timeout = settings.timeout,
            .tls = nullptr};
        if (settings.introspection.is_https) {
            const auto authorities = read_all(files.authorities.get());
            if (!authorities) return std::unexpected(authorities.error());
            auto tls = net::ClientTls::create(*authorities);
            if (!tls) return std::unexpected(std::move(tls.error()));
            wanted.tls = std::move(*tls);
        }
        issuer_.emplace(context_->io(), std::move(wanted));
        return {};
    }

    static net::Task<void> answer(Oauth& self, std::shared_ptr<ipc::Connection> connection,
                                  ipc::Request request) {
        auto asked = request.type == kIntrospect ? ipc::decode<IntrospectRequest>(request.payload)
                                                 : fail(Errc::protocol_error, "unknown request");
        if (!asked) {
            log::error("oauth_request_malformed", {{"type", request.type}});
            connection->close();
            co_return;
        }
        if (!self.issuer_ || self.is_draining_) {
            const char* reason = self.is_draining_ ? "ends" : "the files of [oauth] are not there";
            const Error error{Errc::unavailable, reason};
            connection->reply_error(request.id, error);
            co_return;
        }
        const auto claims = co_await self.issuer_->introspect(std::move(asked->token));
        connection->answer(request.id, claims);
    }

    // A token that nobody has: whether the issuer answers, and takes our secret, is known before
    // the first login needs it.
    static net::Task<void> probe(Oauth& self) {
        std::array<std::byte, 16> bytes{};
        self.random_.fill(bytes);
        const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        auto token = "maild-" + hex_encode(text);
        const auto answer = co_await self.issuer_->introspect(std::move(token));
        static_cast<void>(answer); // the issuer has noted it
    }

    // For ever. Not with each answer: the supervisor hears only so much from a role.
    static net::Task<void> keep_status(Oauth& self) {
        auto asked_again = std::chrono::steady_clock::now();
        while (true) {
            co_await net::sleep_for(kLook);
            self.show();
            const auto now = std::chrono::steady_clock::now();
            if (!self.issuer_ || self.issuer_->fault().empty() || now < asked_again + kAskAgain)
                continue;
            asked_again = now;
            // resolv.conf was replaced by another file, which the sandbox does not know.
            if (is_forbidden("/etc/resolv.conf"))
                self.context_->fail({Errc::not_permitted, "/etc/resolv.conf was replaced"});
            co_await probe(self);
        }
    }

    void show() {
        auto fault = issuer_ ? issuer_->fault() : fault_;
        auto text = context_->config().oauth.introspection.text();
        if (issuer_ && !issuer_->was_asked()) return;
        text += fault.empty() ? ": answers" : ": " + fault;
        if (text == shown_) return;
        context_->set_status(text);
        log::write(fault.empty() ? log::Level::info : log::Level::error, "issuer",
                   {{"state", text}});
        shown_ = std::move(text);
    }

    static net::Task<void> end(Oauth& self, std::chrono::milliseconds grace) {
        const auto until = std::chrono::steady_clock::now() + grace;
        while (self.issuer_ && self.issuer_->running() > 0 &&
               std::chrono::steady_clock::now() < until)
            co_await net::sleep_for(kEndStep);
        self.context_->finished();
    }

    SystemRandom random_;
    RoleContext* context_ = nullptr;
    std::optional<oauth::Issuer> issuer_;
    std::string fault_ = "its files are not there"; // why there is no issuer_
    std::string shown_;
    bool is_draining_ = false;
    std::optional<ipc::Server> server_;
};

} // namespace

std::unique_ptr<RoleProgram> make_oauth() { return std::make_unique<Oauth>(); }

} // namespace maild::daemon
