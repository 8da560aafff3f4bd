#include "daemon/sender_role.hpp"

#include "daemon/attempt_records.hpp"
#include "daemon/dsn_signer.hpp"
#include "daemon/own_addresses.hpp"
#include "daemon/probe_messages.hpp"
#include "daemon/resolver_line.hpp"
#include "daemon/sts_keeper.hpp"
#include "daemon/tls_records.hpp"

#include "maild/base/log.hpp"
#include "maild/directory/remote_directory.hpp"
#include "maild/ipc/server.hpp"
#include "maild/net/dns_cache.hpp"
#include "maild/net/spawn.hpp"
#include "maild/net/timer.hpp"
#include "maild/relay/mta_sts.hpp"
#include "maild/relay/route.hpp"
#include "maild/relay/sts_fetch.hpp"
#include "maild/sender/relay_transport.hpp"
#include "maild/sender/reporter.hpp"
#include "maild/sender/sender.hpp"
#include "maild/store/remote_store.hpp"
#include "maild/trace/recorder.hpp"

#include <fstream>
#include <map>
#include <optional>
#include <string>

// GCC 12 takes Asio's recycled coroutine frames (aligned_alloc, freed by the frame's operator
// delete) for a mismatch.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace maild::daemon {
namespace {

using namespace std::chrono_literals;

constexpr auto kStatusAge = 2s;
constexpr auto kTellTls = 10s;   // sessions that were alike are told once
constexpr auto kFetchTime = 15s; // of a policy that an admin waits for
constexpr auto kTraceTime = 1s;  // at the end, for policies and for the last records

sender::RetryPolicy retry_from(const QueueSettings& settings) {
    return {.first = settings.retry_first,
            .most = settings.retry_most,
            .lifetime = settings.lifetime,
            .notice = settings.delay_notice};
}

sender::Options options_from(const QueueSettings& settings) {
    return {.retry = retry_from(settings),
            .connections = settings.connections,
            .connections_per_destination = settings.connections_per_destination};
}

relay::Route route_from(const RouteSettings& settings) {
    relay::Route route;
    route.next_hop = relay::parse_next_hop(settings.via).value_or(relay::NextHop{});
    route.tls = relay::parse_tls_demand(settings.tls).value_or(relay::TlsDemand::opportunistic);
    route.hello_name = settings.hello;
    if (!settings.user.empty()) route.credentials = settings.user + " " + settings.password_file;
    if (auto proxy = relay::parse_proxy(settings.proxy)) route.proxy = std::move(*proxy);
    for (const auto& text : settings.source) {
        const auto address = net::parse_ip(text);
        if (address) (address->is_v4() ? route.source_v4 : route.source_v6) = *address;
    }
    return route;
}

Result<relay::Routes> routes_from(const QueueSettings& settings) {
    std::vector<relay::RouteRule> rules;
    for (const auto& one : settings.routes)
        rules.push_back({.name = one.to + " via " + one.via,
                         .recipients = one.to,
                         .senders = one.from,
                         .route = route_from(one)});
    return relay::Routes::create(std::move(rules));
}

// The end of a line behind it is the editor's.
Result<std::string> read_password(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    std::string text;
    if (!in || !std::getline(in, text) || text.empty())
        return fail(Errc::invalid_argument,
                    "queue.routes: " + file + " has no password in its first line, or may not be " +
                        "read by users.sender");
    if (text.ends_with('\r')) text.pop_back();
    return text;
}

Result<std::map<std::string, relay::Credentials>> credentials_from(const QueueSettings& settings) {
    std::map<std::string, relay::Credentials> all;
    for (const auto& one : settings.routes) {
        if (one.user.empty()) continue;
        auto password = read_password(one.password_file);
        if (!password) return std::unexpected(std::move(password.error()));
        all[route_from(one).credentials] = {.name = one.user, .password = std::move(*password)};
    }
    return all;
}

FetchedPolicy fetched(const std::expected<std::string, relay::StsFault>& text) {
    using relay::TlsResult;
    if (!text) {
        const bool is_certificate = text.error().result == TlsResult::sts_webpki_invalid;
        return {{.fault = is_certificate ? "certificate" : "fetch", .words = text.error().words}};
    }
    auto policy = relay::parse_sts_policy(*text);
    if (!policy) return {{.fault = "text", .words = policy.error().internal}};
    return {{.mode = std::string(name_of(policy->mode)),
             .max_age = static_cast<std::uint64_t>(policy->max_age.count()),
             .mx = std::move(policy->mx)}};
}

class SenderRole final : public RoleProgram {
public:
    // Files of authorities are read while that is allowed.
    Result<void> prepare(const Config& config) override {
        auto trust = sender::load_trust(config.queue.authorities);
        if (!trust) return std::unexpected(std::move(trust.error()));
        trust_ = std::move(*trust);
        auto credentials = credentials_from(config.queue);
        if (!credentials) return std::unexpected(std::move(credentials.error()));
        credentials_ = std::move(*credentials);
        own_addresses_ = own_addresses(config);
        return {};
    }

    Result<void> start(RoleContext& context) override {
        context_ = &context;
        auto& io = context.io();
        const auto& config = context.config();
        store_line_.emplace(io, "store");
        auth_line_.emplace(io, "auth");
        trace_line_.emplace(io, "trace");
        store_.emplace(io, *store_line_);
        directory_.emplace(*auth_line_);
        resolver_line_.emplace(io);
        dns_.emplace(*resolver_line_, clock_);
        recorder_.emplace(io, *trace_line_, clock_);
        recorder_->set_wanted(config.trace.is_enabled);
        records_.emplace(*recorder_);
        tls_records_.emplace(*recorder_);
        auto routes = routes_from(config.queue);
        if (!routes) return std::unexpected(std::move(routes.error()));
        make_transport(config, std::move(*routes));
        sender_.emplace(io, *store_, *transport_, &*records_, clock_, random_,
                        options_from(config.queue));
        signer_.emplace(*directory_);
        reporter_.emplace(*store_, *store_, *directory_, clock_, reporter_options(config));
        sender_->on_owed([this] { reporter_->look(); });
        store_->on_queued([this](const std::vector<queue::Destination>& where) {
            sender_->queued(where);
            // Some of it may have been refused at once, or given up by an admin.
            reporter_->look();
        });
        net::spawn(io, sender_->run(), "sender");
        net::spawn(io, reporter_->run(), "reporter");
        net::spawn(io, keep_status(*this), "sender_status");
        net::spawn(io, tell_tls(*this), "sender_tls");
        net::spawn(io, StsKeeper::run(*sts_keeper_), "sender_sts");
        server_.emplace(io, "sender",
                        [this](std::shared_ptr<ipc::Connection> connection, ipc::Request request) {
                            return answer(*this, std::move(connection), std::move(request));
                        });
        context.ready();
        return {};
    }

    void on_peer(Peer peer) override {
        if (peer.role == Role::store) {
            store_line_->attach(std::move(peer.socket));
            sender_->queued({}); // what came while nobody listened
            reporter_->look();
        } else if (peer.role == Role::auth)
            auth_line_->attach(std::move(peer.socket));
        else if (peer.role == Role::resolver)
            resolver_line_->attach(std::move(peer.socket));
        else if (peer.role == Role::trace)
            trace_line_->attach(std::move(peer.socket));
        else if (peer.role == Role::control)
            server_->attach(std::move(peer.socket), ipc::PeerRole::control, peer.index);
    }

    // What is of [queue] comes with a new process.
    void on_reload() override {
        const auto& config = context_->config();
        recorder_->set_wanted(config.trace.is_enabled);
        sts_keeper_->set_wanted(config.trace.is_enabled);
        reporter_->set_options(reporter_options(config));
    }

    void on_drain(std::chrono::milliseconds grace) override {
        net::spawn(context_->io(), end(*this, grace), "sender_end");
    }

private:
    sender::ReporterOptions reporter_options(const Config& config) {
        return {.hostname = config.hostname,
                .retry = retry_from(config.queue),
                .signer = config.dkim.signs ? &*signer_ : nullptr};
    }

    // An admin's question.
    static net::Task<void> answer(SenderRole& self, std::shared_ptr<ipc::Connection> connection,
                                  ipc::Request request) {
        if (request.type == kProbe) {
            if (auto asked = ipc::decode<sender::ProbeRequest>(request.payload)) {
                const Result<sender::ProbeReport> report =
                    co_await self.transport_->probe(std::move(*asked));
                connection->answer(request.id, report);
                co_return;
            }
        } else if (request.type == kFetchPolicy) {
            auto asked = ipc::decode<PolicyRequest>(request.payload);
            if (asked && net::is_dns_name(asked->domain)) {
                const auto text = co_await self.look_fetcher_->fetch(std::move(asked->domain));
                const Result<FetchedPolicy> policy = fetched(text);
                connection->answer(request.id, policy);
                co_return;
            }
        }
        log::error("sender_request_malformed", {{"type", request.type}});
        connection->close();
    }

    void make_transport(const Config& config, relay::Routes routes) {
        auto& io = context_->io();
        const relay::HttpsStsFetcher::Options fetching{.allows_loopback =
                                                           config.queue.allows_loopback};
        sts_fetcher_.emplace(io, *dns_, trust_, fetching);
        const relay::HttpsStsFetcher::Options looking{
            .allows_loopback = config.queue.allows_loopback, .timeout = kFetchTime};
        look_fetcher_.emplace(io, *dns_, trust_, looking);
        sts_policies_.emplace(*dns_, *sts_fetcher_, clock_, sts_cache_);
        sts_keeper_.emplace(*trace_line_, clock_, sts_cache_, *sts_policies_, StsKeeper::Options{});
        sts_keeper_->set_wanted(config.trace.is_enabled);
        transport_.emplace(io, *dns_, config.queue.asks_sts ? &*sts_policies_ : nullptr, clock_,
                           random_,
                           sender::RelayOptions{.hostname = config.hostname,
                                                .port = config.queue.port,
                                                .allows_loopback = config.queue.allows_loopback,
                                                .own_addresses = std::move(own_addresses_),
                                                .trust = trust_,
                                                .routes = std::move(routes),
                                                .credentials = std::move(credentials_),
                                                .tls = &*tls_records_});
    }

    static net::Task<void> end(SenderRole& self, std::chrono::milliseconds grace) {
        self.reporter_->stop();
        const std::chrono::milliseconds kept = kTraceTime;
        co_await self.sender_->stop(grace > 4 * kept ? grace - 2 * kept : grace / 2);
        self.tls_records_->flush();
        co_await self.sts_keeper_->finish(kept);
        co_await self.recorder_->finish(kept);
        self.context_->finished();
    }

    // For ever.
    static net::Task<void> tell_tls(SenderRole& self) {
        while (true) {
            co_await net::sleep_for(kTellTls);
            self.tls_records_->flush();
        }
    }

    // For ever.
    static net::Task<void> keep_status(SenderRole& self) {
        std::string told;
        while (true) {
            const auto figures = self.sender_->figures();
            auto text = figures.in_flight == 0
                            ? std::string()
                            : std::to_string(figures.in_flight) + " recipients on " +
                                  std::to_string(figures.connections) + " connections";
            if (text != told) self.context_->set_status(text);
            told = std::move(text);
            co_await net::sleep_for(kStatusAge);
        }
    }

    SystemClock clock_;
    SystemRandom random_;
    RoleContext* context_ = nullptr;
    std::shared_ptr<const net::ClientTls> trust_;
    std::map<std::string, relay::Credentials> credentials_;
    std::vector<net::IpAddress> own_addresses_;
    std::optional<ipc::Client> store_line_;
    std::optional<ipc::Client> auth_line_;
    std::optional<ipc::Client> trace_line_;
    std::optional<ResolverLine> resolver_line_;
    std::optional<store::RemoteStore> store_;
    std::optional<directory::RemoteDirectory> directory_;
    std::optional<net::DnsCache> dns_;
    std::optional<trace::Recorder> recorder_;
    std::optional<AttemptRecords> records_;
    std::optional<TlsRecords> tls_records_;
    relay::StsCache sts_cache_;
    std::optional<relay::HttpsStsFetcher> sts_fetcher_;
    std::optional<relay::HttpsStsFetcher> look_fetcher_; // for admins
    std::optional<relay::StsPolicies> sts_policies_;
    std::optional<StsKeeper> sts_keeper_;
    std::optional<sender::RelayTransport> transport_;
    std::optional<sender::Sender> sender_;
    std::optional<DsnSigner> signer_;
    std::optional<sender::Reporter> reporter_;
    std::optional<ipc::Server> server_;
};

} // namespace

std::unique_ptr<RoleProgram> make_sender() { return std::make_unique<SenderRole>(); }

} // namespace maild::daemon
